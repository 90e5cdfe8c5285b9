// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/standard_output.h"
#include "cli/value_type.h"
#include "util/complain.h"
#include "session/replay.h"
#include "timeline/timeline_picture.h"
#include "util/words.h"

enum { OPT_FROM = 0x300, OPT_TO, OPT_WINDOW };

static const struct argp_option option_table[] = {
	OUTPUT_OPTION,
	{ "from", OPT_FROM, "SECONDS", 0, "Draw what is later than SECONDS after the start", 0 },
	{ "to", OPT_TO, "SECONDS", 0, "Draw what is earlier than SECONDS after the start", 0 },
	{ "window", OPT_WINDOW, "N", 0, "Draw window N, with a second before and after it", 0 },
	{ "format", 'f', "PICTURE", 0, "svg or html (default: the ending of FILE's name, or svg)",
	  0 },
	{ 0 },
};

struct timeline_options {
	struct command_options common;
	struct timeline_part part;
};

static double seconds_of(const struct argp_state *state, const char *name, const char *arg)
{
	double seconds = 0;

	if (value_types[TYPE_SECONDS].parse(arg, &seconds))
		argp_error(state, "--%s takes %s, not `%s`", name, value_types[TYPE_SECONDS].takes,
			   arg);
	return seconds;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct timeline_options *o = state->input;
	unsigned long n;
	char *end;

	switch (key) {
	case OPT_FROM:
		o->part.from_s = seconds_of(state, "from", arg);
		return 0;
	case OPT_TO:
		o->part.to_s = seconds_of(state, "to", arg);
		return 0;
	case OPT_WINDOW:
		n = strtoul(arg, &end, 10);
		if (!isdigit((unsigned char)*arg) || *end || !n || n > UINT_MAX)
			argp_error(state, "--window takes the number of a window, not `%s`", arg);
		o->part.window = n;
		return 0;
	default:
		return options_parse(key, arg, state);
	}
}

const struct argp timeline_argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Draws a recording of `snp-guard run --record FILE`: the windows, what disabled CPU "
	       "hotplug, firmware commands, refusals and breaches over time, and SNP_EN of each "
	       "CPU. The picture needs no other file. Needs no SNP host and no root.",
};

/* The session's report becomes the timeline. */
static int replay_into(struct timeline *t, const struct timeline_part *part, struct trace *trace,
		       struct session *s, const char *file)
{
	int err = session_init(s, REPORT_TEXT, stdout, &trace->header);

	if (!err)
		err = timeline_init(t, &s->host, &s->severities, s->window);
	if (err) {
		complain("%s: %s", file, strerror(-err));
		return err;
	}
	t->part = *part;
	s->report.ops = &report_timeline;
	s->report.state = t;
	return replay(trace, s, file);
}

static void complain_of_part(const struct timeline *t, const char *file)
{
	unsigned int windows = t->end.totals.windows;
	double length = (double)(t->end_ns - t->start_ns) / 1e9;

	if (!t->part.window)
		complain("%s: nothing is there to draw: it is %.3f s long", file, length);
	else if (!t->first_window)
		complain("%s has no window", file);
	else
		complain("%s has no window %u; it has %u to %u", file, t->part.window,
			 t->first_window, windows);
}

static enum timeline_format format_of(const struct command_options *o)
{
	const char *dot = o->output ? strrchr(o->output, '.') : NULL;
	int format = dot ? words_find(option_words("PICTURE"), dot + 1) : -EINVAL;

	return o->format >= 0 ? o->format : format >= 0 ? format : TIMELINE_SVG;
}

struct picture {
	const struct timeline *timeline;
	enum timeline_format format;
};

static int put_picture(const void *what, FILE *out)
{
	const struct picture *p = what;

	return timeline_draw(p->timeline, p->format, out);
}

int command_timeline(int argc, char **argv, int *status)
{
	struct timeline_options o = { .common.format = -1 }; /* by the output's name */
	struct session session = { 0 };
	struct timeline t = { 0 };
	struct trace trace = { 0 };
	int err;

	options_read(&timeline_argp, argc, argv, &o.common);
	err = replay_open(&trace, o.common.argument);
	if (!err)
		err = replay_into(&t, &o.part, &trace, &session, o.common.argument);
	if (!err && t.err == -ENOENT)
		complain_of_part(&t, o.common.argument);
	if (!err)
		err = t.err;
	if (!err)
		err = output_write(o.common.output, put_picture,
				   &(struct picture){ &t, format_of(&o.common) });
	if (!err)
		*status = STATUS_CLEAN;
	timeline_free(&t);
	session_free(&session);
	trace_close(&trace);
	return err;
}
