// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "monitor/publish.h"
#include "session/replay.h"
#include "util/complain.h"

struct options {
	enum report_format format;
	struct severities severities;
	const char *file, *textfile;
};

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	TEXTFILE_OPTION,
	SEVERITY_OPTION,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		return option_format(state, arg, &o->format);
	case OPT_TEXTFILE:
		o->textfile = arg;
		return 0;
	case OPT_SEVERITY:
		return option_severity(state, arg, &o->severities);
	case ARGP_KEY_ARG:
		if (o->file)
			argp_error(state, "one FILE at a time");
		o->file = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which FILE?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp replay_argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Feeds a recording of `snp-guard run --record FILE` through the automaton again. "
	       "Needs no SNP host and no root.",
};

/* Replays, and publishes the metrics that the run would have ended with. */
static int replay_and_publish(struct trace *t, struct session *s, const struct options *o)
{
	int err = session_init(s, o->format, stdout, &t->header);

	if (err) {
		complain("%s: %s", o->file, strerror(-err));
		return err;
	}
	session_set_severities(s, &o->severities);
	err = replay(t, s, o->file);
	if (!err)
		publish(&(struct publisher){ .textfile = o->textfile }, s, NULL);
	return err;
}

int command_replay(int argc, char **argv, int *status)
{
	struct options o = { .format = REPORT_TEXT };
	struct session session = { 0 };
	struct trace trace = { 0 };
	int err;

	argp_parse(&replay_argp, argc, argv, 0, NULL, &o);
	err = replay_open(&trace, o.file);
	if (!err)
		err = replay_and_publish(&trace, &session, &o);
	if (!err)
		*status = session_status(&session);
	session_free(&session);
	trace_close(&trace);
	return err;
}
