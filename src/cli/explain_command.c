// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"
#include "contract/explain.h"
#include "contract/names.h"
#include "util/nearest.h"
#include "cli/options.h"
#include "session/session.h"

struct options {
	enum report_format format;
	int breach; /* -1: all */
};

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ 0 },
};

static int breach_of(struct argp_state *state, const char *name)
{
	struct nearest nearest = { .word = name };
	int breach = explain_breach_by_name(name);

	if (breach >= 0)
		return breach;
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		nearest_offer(&nearest, snp_breach_name(i));
	if (nearest.name)
		argp_error(state, "no breach is called `%s`; did you mean `%s`?", name,
			   nearest.name);
	else
		argp_error(state, "no breach is called `%s`; without one, all are listed", name);
	return -1;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		return option_format(state, arg, &o->format);
	case ARGP_KEY_ARG:
		if (o->breach >= 0)
			argp_error(state, "one BREACH at a time");
		o->breach = breach_of(state, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp explain_argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "[BREACH]",
	.doc = "Says what a breach is and means, what to do, when it is named and when it is not, "
	       "and which tests show it; without BREACH, lists all.",
};

int command_explain(int argc, char **argv, int *status)
{
	struct options o = { .format = REPORT_TEXT, .breach = -1 };

	argp_parse(&explain_argp, argc, argv, 0, NULL, &o);
	if (o.breach < 0 && o.format == REPORT_TEXT)
		explain_list(stdout);
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		if (o.breach >= 0 ? i != o.breach : o.format == REPORT_TEXT)
			continue;
		if (o.format == REPORT_JSON)
			explain_json(stdout, i);
		else
			explain_text(stdout, i);
	}
	*status = STATUS_CLEAN;
	return 0;
}
