// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "hooks.h"
#include "report.h"
#include "session.h"

static const struct argp_option option_table[] = {
	{ "format", 'f', "FORMAT", 0, "text (default) or json", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	int *format = state->input;

	if (key == ARGP_KEY_ARG)
		argp_error(state, "it takes no argument: `%s`", arg);
	if (key != 'f')
		return ARGP_ERR_UNKNOWN;
	*format = report_format_by_name(arg);
	if (*format < 0)
		argp_error(state, "--format takes text or json, not `%s`", arg);
	return 0;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.doc = "Shows, for each fact that the guard follows, the source that this kernel offers, "
	       "and what falls away where there is none. Attaches nothing; needs no SNP.",
};

static void print_text(const struct hooks *h)
{
	printf("%-13s %-45s %s\n", "FACT", "SOURCE", "NOTE");
	for (int i = 0; i < FACT_COUNT_OF; i++) {
		const struct hook_state *s = hooks_state(h, i);

		printf("%-13s %-45s %s%s\n", hook_fact_name(i), s->source[0] ? s->source : "none",
		       s->source[0] ? "" : "without it: ",
		       s->source[0] ? s->note : hook_fact_without(i));
	}
}

static void print_json(const struct hooks *h)
{
	for (int i = 0; i < FACT_COUNT_OF; i++) {
		const struct hook_state *s = hooks_state(h, i);
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "fact", json_object_new_string(hook_fact_name(i)));
		json_object_object_add(o, "covered", json_object_new_boolean(s->source[0]));
		json_object_object_add(o, "source", json_object_new_string(s->source));
		json_object_object_add(o, "note", json_object_new_string(s->note));
		json_object_object_add(o, "without", json_object_new_string(hook_fact_without(i)));
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	}
}

int command_hooks(int argc, char **argv, int *status)
{
	struct hooks_options options = { 0 };
	struct platform platform = { .root = "" };
	struct hooks *hooks;
	int format = REPORT_TEXT, err;

	argp_parse(&argp, argc, argv, 0, NULL, &format);
	err = hooks_probe(&hooks, &platform, &options);
	if (err == -EPERM)
		complain("the kernel hides its symbols' addresses: run as root");
	else if (err == -ENOENT || err == -ESRCH)
		complain("the kernel has no BTF: it needs CONFIG_DEBUG_INFO_BTF=y");
	else if (err)
		complain("can't look at the kernel: %s", strerror(-err));
	if (err)
		return err;
	if (format == REPORT_JSON)
		print_json(hooks);
	else
		print_text(hooks);
	hooks_free(hooks);
	*status = STATUS_CLEAN;
	return 0;
}
