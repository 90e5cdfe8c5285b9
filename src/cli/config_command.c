// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/run_options.h"
#include "session/session.h"
#include "util/complain.h"
#include "util/json.h"

struct config_options {
	struct command_options common;
	const char *config;
	bool check;
};

enum { OPT_CONFIG = 0x100, OPT_CHECK };

static const struct argp_option option_table[] = {
	FORMAT_OPTION,
	{ "config", OPT_CONFIG, "FILE", 0, "Read FILE, and FILE.d/*.conf, instead of " CONFIG_FILE,
	  0 },
	{ "check", OPT_CHECK, NULL, 0, "Only report mistakes", 0 },
	{ 0 },
};

static error_t parse_config(int key, char *arg, struct argp_state *state)
{
	struct config_options *o = state->input;

	switch (key) {
	case OPT_CONFIG:
		o->config = arg;
		return 0;
	case OPT_CHECK:
		o->check = true;
		return 0;
	default:
		return options_parse(key, arg, state);
	}
}

const struct argp config_argp = {
	.options = option_table,
	.parser = parse_config,
	.doc = "Shows the settings of `snp-guard run`, and the file and line that each comes from.",
};

static void config_put_place(struct json_object *o, const char *file, unsigned int line)
{
	json_put_str(o, "file", file);
	if (line)
		json_put_int(o, "line", line);
	else
		json_put_str(o, "line", NULL);
}

static void config_print_place(const char *file, unsigned int line)
{
	fputs(file, stdout);
	if (line)
		printf(":%u", line);
}

static void config_problem(void *ctx, const char *file, unsigned int line, const char *text)
{
	const struct config_options *options = ctx;
	struct json_object *o;

	if (options->common.format == REPORT_JSON) {
		o = json_object_new_object();
		config_put_place(o, file, line);
		json_put_str(o, "problem", text);
		json_print(stdout, o);
		return;
	}
	config_print_place(file, line);
	printf(": %s\n", text);
}

static void config_show(void *ctx, const char *section, const char *key, const char *value,
			const struct run_origin *origin)
{
	const struct config_options *options = ctx;
	struct json_object *o;

	if (options->common.format == REPORT_JSON) {
		o = json_object_new_object();
		json_put_str(o, "section", section);
		json_put_str(o, "key", key);
		json_put_str(o, "value", *value ? value : NULL);
		config_put_place(o, origin->file, origin->line);
		json_print(stdout, o);
		return;
	}
	printf("%-9s %-19s %-12s ", section, key, *value ? value : "(not set)");
	config_print_place(origin->file ? origin->file : "default", origin->line);
	putchar('\n');
}

int command_config(int argc, char **argv, int *status)
{
	struct config_options options = { 0 };
	struct run_options settings;
	int problems;

	options_read(&config_argp, argc, argv, &options.common);
	problems = run_options_from_files(&settings, options.config, config_problem, &options);
	if (problems < 0)
		complain("the configuration can't be read: %s", strerror(-problems));
	if (!problems && !options.check)
		run_options_show(&settings, config_show, &options);
	if (problems >= 0)
		*status = problems ? STATUS_UNVERIFIED : STATUS_CLEAN;
	run_options_free(&settings);
	return problems < 0 ? problems : 0;
}
