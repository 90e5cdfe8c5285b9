// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/standard_output.h"
#include "util/complain.h"
#include "session/replay.h"
#include "timeline/timeline_picture.h"
#include "util/words.h"

static const struct argp_option option_table[] = {
	OUTPUT_OPTION,
	{ "format", 'f', "PICTURE", 0, "svg or html (default: the ending of FILE's name, or svg)",
	  0 },
	{ 0 },
};

const struct argp timeline_argp = {
	.options = option_table,
	.parser = options_parse,
	.args_doc = "FILE",
	.doc = "Draws a recording of `snp-guard run --record FILE`: the windows, what disabled CPU "
	       "hotplug, firmware commands, refusals and breaches over time, and SNP_EN of each "
	       "CPU. The picture needs no other file. Needs no SNP host and no root.",
};

/* The session's report becomes the timeline. */
static int replay_into(struct timeline *t, struct trace *trace, struct session *s, const char *file)
{
	int err = session_init(s, REPORT_TEXT, stdout, &trace->header);

	if (!err)
		err = timeline_init(t, &s->host, &s->severities, s->window);
	if (err) {
		complain("%s: %s", file, strerror(-err));
		return err;
	}
	s->report.ops = &report_timeline;
	s->report.state = t;
	return replay(trace, s, file);
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
	struct command_options o = { .format = -1 }; /* by the output's name */
	struct session session = { 0 };
	struct timeline t = { 0 };
	struct trace trace = { 0 };
	int err;

	options_read(&timeline_argp, argc, argv, &o);
	err = replay_open(&trace, o.argument);
	if (!err)
		err = replay_into(&t, &trace, &session, o.argument);
	if (!err)
		err = t.err;
	if (!err)
		err = output_write(o.output, put_picture, &(struct picture){ &t, format_of(&o) });
	if (!err)
		*status = STATUS_CLEAN;
	timeline_free(&t);
	session_free(&session);
	trace_close(&trace);
	return err;
}
