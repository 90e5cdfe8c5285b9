// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "monitor/publish.h"
#include "session/replay.h"
#include "util/complain.h"

struct replay_options {
	struct command_options common;
	const char *textfile;
};

enum { OPT_TEXTFILE = 0x200 };

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ "textfile", OPT_TEXTFILE, "FILE", 0,
	  "Write metrics to FILE, for node_exporter's textfile collector", 0 },
	SEVERITY_OPTION,
	{ 0 },
};

static error_t parse_replay(int key, char *arg, struct argp_state *state)
{
	struct replay_options *o = state->input;

	if (key != OPT_TEXTFILE)
		return options_parse(key, arg, state);
	o->textfile = arg;
	return 0;
}

const struct argp replay_argp = {
	.options = option_table,
	.parser = parse_replay,
	.args_doc = "FILE",
	.doc = "Judges a recording of `snp-guard run --record FILE` again. Needs no SNP "
	       "host and no root.",
};

/* Replays, and publishes the metrics that the run would have ended with. */
static int replay_and_publish(struct trace *t, struct session *s, const struct replay_options *o)
{
	struct publisher publisher = { .textfile = o->textfile };
	int err = session_init(s, o->common.format, stdout, &t->header);

	if (err) {
		complain("%s: %s", o->common.argument, strerror(-err));
		return err;
	}
	session_set_severities(s, &o->common.severities);
	s->report.gathers = !isatty(STDOUT_FILENO);
	err = replay(t, s, o->common.argument);
	if (err)
		return err;
	publish(&publisher, s, NULL);
	return publisher.complained ? -EIO : 0;
}

int command_replay(int argc, char **argv, int *status)
{
	struct replay_options o = { 0 };
	struct session session = { 0 };
	struct trace trace = { 0 };
	int err;

	options_read(&replay_argp, argc, argv, &o.common);
	err = publisher_check(o.textfile);
	if (!err)
		err = replay_open(&trace, o.common.argument);
	if (!err)
		err = replay_and_publish(&trace, &session, &o);
	if (!err)
		*status = session_status(&session);
	session_free(&session);
	trace_close(&trace);
	return err;
}
