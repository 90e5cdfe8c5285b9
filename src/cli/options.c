// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_output.h"
#include "cli/shells.h"
#include "kernel/hooks.h"
#include "session/session.h"
#include "timeline/timeline_picture.h"
#include "util/complain.h"
#include "util/nearest.h"
#include "util/words.h"

enum { CHECK_NAMES_MAX = 255 };

static void list_checks(const char *words[])
{
	const char *name, *what;
	int n = 0;

	for (unsigned int i = 0; n < CHECK_NAMES_MAX && (name = check_name(i, &what)); i++)
		if (*name)
			words[n++] = name;
}

const char *const *option_words(const char *argument)
{
	static const char *checks[CHECK_NAMES_MAX + 1];
	static const char *const breaches[] = { SNP_BREACHES(WORDS_NAME) NULL };
	static const char *const formats[] = { REPORT_FORMATS(WORDS_NAME) NULL };
	static const char *const kinds[] = { HOOK_KINDS_AVOIDABLE(WORDS_NAME) NULL };
	static const char *const maps[] = { CHECK_EXIT_MAPS(WORDS_NAME) NULL };
	static const char *const pictures[] = { TIMELINE_FORMATS(WORDS_NAME) NULL };
	static const char *const reports[] = { RUN_FORMATS(WORDS_NAME) NULL };
	static const char *const results[] = { CHECK_FORMATS(WORDS_NAME) NULL };
	static const char *const shells[] = { COMPLETION_SHELLS(WORDS_NAME) NULL };
	static const struct {
		const char *argument;
		const char *const *words;
	} table[] = {
		{ "BREACH", breaches }, { "CHECK", checks },	{ "FORMAT", formats },
		{ "KIND", kinds },	{ "MAP", maps },	{ "PICTURE", pictures },
		{ "REPORT", reports },	{ "RESULTS", results }, { "SHELL", shells },
	};

	if (!*checks)
		list_checks(checks);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].argument, argument))
			return table[i].words;
	return NULL;
}

int option_word(const struct argp_state *state, int key, const char *arg)
{
	const struct command_options *common = state->input;
	const struct argp_option *o = common->argp->options;
	const char *const *words;
	char takes[128];
	int place;

	while (o->key != key)
		o++;
	words = option_words(o->arg);
	place = words_find(words, arg);
	if (place < 0)
		argp_error(state, "--%s takes %s, not `%s`", o->name,
			   words_join(words, takes, sizeof(takes)), arg);
	return place;
}

error_t option_severity(struct argp_state *state, const char *arg, struct severities *severities)
{
	char why[256];

	if (severity_parse(severities, arg, why, sizeof(why)) < 0)
		argp_error(state, "--severity: %s", why);
	return 0;
}

/* ---- the argument ---- */

const char *option_argument(const struct argp *argp, char *buf, size_t size)
{
	const char *from = argp->args_doc ? argp->args_doc : "";

	from += strspn(from, "[");
	snprintf(buf, size, "%.*s", (int)strcspn(from, "]"), from);
	return buf;
}

static bool may_be_left_out(const struct argp *argp)
{
	return !argp->args_doc || *argp->args_doc == '[';
}

/* The place of the argument among its words; another word is a usage error. */
static int find_argument(const struct command_options *o, const struct argp_state *state,
			 const char *name, const char *const *words, const char *arg)
{
	struct nearest nearest = { .word = arg };
	char kind[32], all[128];
	int place = words_find(words, arg);

	if (place >= 0)
		return place;
	for (size_t i = 0; i < sizeof(kind); i++) {
		kind[i] = (char)tolower((unsigned char)name[i]);
		if (!name[i])
			break;
	}
	for (int i = 0; words[i]; i++)
		nearest_offer(&nearest, words[i]);
	if (nearest.name)
		argp_error(state, "no %s is called `%s`; did you mean `%s`?", kind, arg,
			   nearest.name);
	else if (may_be_left_out(o->argp))
		argp_error(state, "no %s is called `%s`; without one, all are listed", kind, arg);
	else
		argp_error(state, "no %s is called `%s`; choose %s", kind, arg,
			   words_join(words, all, sizeof(all)));
	return place;
}

static void take_argument(struct command_options *o, char *arg, const struct argp_state *state)
{
	const char *const *words;
	char name[32];

	option_argument(o->argp, name, sizeof(name));
	if (!*name) {
		argp_error(state, "unexpected argument `%s`", arg);
		return;
	}
	if (o->argument)
		argp_error(state, "only one %s can be given", name);
	o->argument = arg;
	words = option_words(name);
	if (words)
		o->word = find_argument(o, state, name, words, arg);
}

void options_read(const struct argp *argp, int argc, char **argv, struct command_options *o)
{
	error_t err;

	/* argp calls parsers with an argp of its own as the root. */
	o->argp = argp;
	err = argp_parse(argp, argc, argv, 0, NULL, o);
	if (!err)
		return;
	/* As argp ends the process for a mistake. */
	complain("can't read the command line: %s", strerror(err));
	exit(STATUS_UNVERIFIED);
}

error_t options_parse(int key, char *arg, struct argp_state *state)
{
	struct command_options *o = state->input;

	switch (key) {
	case 'f':
		o->format = option_word(state, key, arg);
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	case OPT_SEVERITY:
		return option_severity(state, arg, &o->severities);
	case ARGP_KEY_ARG:
		take_argument(o, arg, state);
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (!may_be_left_out(o->argp))
			argp_error(state, "%s is missing", o->argp->args_doc);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}
