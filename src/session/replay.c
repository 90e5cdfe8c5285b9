// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "util/complain.h"
#include "cli/options.h"
#include "monitor/publish.h"
#include "session/session.h"

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

/* A recording without its end can't vouch for what came after it. */
static int feed_cut(struct session *s, const char *why)
{
	struct snp_event e = {
		.kind = SNP_EV_UNCOVERED,
		.time_ns = s->last_ns,
		.subject = SNP_NO_SUBJECT,
		.count = SNP_COUNT_UNKNOWN,
		.name = "what came after the recording's cut",
	};

	complain("the recording is not whole: %s", why);
	return session_feed(s, &e);
}

static int load_state(struct trace *t, struct session *s, const char *file)
{
	struct pack p = { .data = t->state, .size = t->state_size, .reading = true };
	int err = session_load(s, &p);

	if (err)
		complain("%s: %s", file,
			 err == -EBADMSG ? "the state that it begins with is damaged"
					 : strerror(-err));
	return err;
}

static int feed_all(struct trace *t, struct session *s, const char *file)
{
	struct snp_event e;
	__u64 denied;
	int err;

	while ((err = trace_read(t, &e)) > 0) {
		err = session_feed(s, &e);
		if (err == -EINVAL)
			snprintf(t->why, sizeof(t->why), "record %llu can't be", t->records);
		if (err)
			break;
		if (e.kind == SNP_EV_END)
			goto out;
	}
	if (!err)
		err = feed_cut(s, t->why);
out:
	if (err) {
		complain("%s: %s", file,
			 err == -EBADMSG || err == -EINVAL ? t->why : strerror(-err));
		return err;
	}
	denied = window_totals(s->window).denied;
	session_end(s, denied);
	return 0;
}

int replay_file(const char *file, session_begin_fn begin, void *ctx, const char *textfile,
		int *status)
{
	struct session session = { 0 };
	struct trace trace = { 0 };
	FILE *f;
	int err;

	f = fopen(file, "re");
	if (!f) {
		err = -errno;
		complain("%s: %s", file, strerror(errno));
		return err;
	}
	err = trace_open(&trace, f);
	if (err) {
		complain("%s: %s", file, err == -EBADMSG ? trace.why : strerror(-err));
		goto out;
	}
	err = begin(ctx, &session, &trace.header);
	if (!err && trace.state)
		err = load_state(&trace, &session, file);
	if (err)
		goto out;
	err = feed_all(&trace, &session, file);
	if (!err)
		publish(&(struct publisher){ .textfile = textfile }, &session, NULL);
	if (!err)
		*status = session_status(&session);
out:
	if (session.window)
		session_free(&session);
	trace_close(&trace);
	return err;
}

static int begin(void *ctx, struct session *s, const struct trace_header *host)
{
	const struct options *o = ctx;
	int err = session_init(s, o->format, stdout, host);

	if (!err)
		session_set_severities(s, &o->severities);
	return err;
}

int command_replay(int argc, char **argv, int *status)
{
	struct options o = { .format = REPORT_TEXT };

	argp_parse(&replay_argp, argc, argv, 0, NULL, &o);
	return replay_file(o.file, begin, &o, o.textfile, status);
}
