// SPDX-License-Identifier: GPL-2.0-only
#include "cli/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/value_type.h"
#include "util/complain.h"
#include "util/nearest.h"
#include "util/words.h"

/* ---- the table ---- */

enum when { CALL, START, RELOAD };

static const struct row {
	const char *name, *argument;
	enum value_types type;
	enum when when;
	size_t offset, size;
} rows[] = {
#define X(sym, name, key, type, arg, when, field, help)                                            \
	{ name,                                                                                    \
	  arg,                                                                                     \
	  TYPE_##type,                                                                             \
	  when,                                                                                    \
	  offsetof(struct run_options, field),                                                     \
	  sizeof(((struct run_options *)0)->field) },
	RUN_OPTIONS(X)
#undef X
};

enum { FIRST_KEY = 0x100 };

static const struct argp_option option_table[] = {
#define X(sym, name, key, type, arg, when, field, help)                                            \
	{ name, (key) ? (key) : FIRST_KEY + RUN_OPTION_##sym,                                      \
	  arg,	TYPE_##type == TYPE_BOOL ? OPTION_ARG_OPTIONAL : 0,                                \
	  help, 0 },
	RUN_OPTIONS(X)
#undef X
		SEVERITY_OPTION,
	{ 0 },
};

static void *field_of(struct run_options *o, int i)
{
	return (char *)o + rows[i].offset;
}

static void print_row(const struct run_options *o, int i, char *text, size_t size)
{
	value_types[rows[i].type].print((const char *)o + rows[i].offset, text, size);
}

/* Returns 0, or a negative errno with what is wrong in why. */
static int set_row(struct run_options *o, int i, const char *value, const struct run_origin *origin,
		   char *why, size_t size)
{
	const struct value_type *type = &value_types[rows[i].type];
	char takes[128];
	int err;

	/* Kinds add up in one file or on the command line, and replace those of files before. */
	if (rows[i].type == TYPE_HOOK_KIND && o->origins[i].file != origin->file)
		o->settings.avoid = 0;
	err = type->parse(value, field_of(o, i));
	if (err)
		snprintf(why, size, "%s takes %s, not `%s`", rows[i].name,
			 type->takes
				 ? type->takes
				 : words_join(option_words(rows[i].argument), takes, sizeof(takes)),
			 value);
	else
		o->origins[i] = *origin;
	return err;
}

/* ---- the command line ---- */

static const char command_line[] = "command line";

static int row_of_key(int key)
{
	for (int i = 0; i < RUN_OPTION_COUNT; i++)
		if (option_table[i].key == key)
			return i;
	return -1;
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	const struct run_origin origin = { .file = command_line };
	struct run_options *o = state->input;
	int i = row_of_key(key), err;
	char why[256];

	if (i >= 0) {
		err = set_row(o, i, arg ? arg : "yes", &origin, why, sizeof(why));
		if (err == -ENOMEM)
			return ENOMEM;
		if (err)
			argp_error(state, "--%s", why);
		return 0;
	}
	switch (key) {
	case OPT_SEVERITY:
		return option_severity(state, arg, &o->settings.severities);
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument `%s`", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp run_argp = {
	.options = option_table,
	.parser = parse_run,
	.doc = "Watches SNP on this host: firmware commands, CPU hotplug, and SNP_EN of each CPU. "
	       "While a window is open, the gate refuses attempts to change the set of online "
	       "CPUs.",
};

/* ---- the files ---- */

struct reading {
	struct run_options *options;
	void (*problem)(void *ctx, const char *file, unsigned int line, const char *text);
	void *ctx;
};

/* Keeps a file's name for the origins of settings. Returns NULL without memory. */
static const char *keep_name(struct run_options *o, const char *name)
{
	char **files;

	if (o->file_count && !strcmp(o->files[o->file_count - 1], name))
		return o->files[o->file_count - 1];
	files = realloc(o->files, (o->file_count + 1) * sizeof(*files));
	if (!files)
		return NULL;
	o->files = files;
	files[o->file_count] = strdup(name);
	return files[o->file_count] ? files[o->file_count++] : NULL;
}

static const char *section_name(unsigned int i)
{
	static const char *const names[] = { "run", "severity" };

	return names[i];
}

static const char *key_name(unsigned int i)
{
	return rows[i].when == CALL ? NULL : rows[i].name;
}

static int take_section(void *ctx, const char *section, char *why, size_t size)
{
	const char *near;

	(void)ctx;
	if (!strcmp(section, section_name(0)) || !strcmp(section, section_name(1)))
		return 0;
	near = nearest(section, section_name, 2);
	snprintf(why, size, "no section is called [%s]; %s%s%s", section, near ? "is it [" : "",
		 near ? near : "there are [run] and [severity]", near ? "]?" : "");
	return -EINVAL;
}

static int set_severity(struct run_options *o, const char *breach, const char *level,
			const struct run_origin *origin, char *why, size_t size)
{
	int i = severity_set(&o->settings.severities, breach, level, why, size);

	if (i >= 0)
		o->severity_origins[i] = *origin;
	return i < 0 ? i : 0;
}

static int take_key(void *ctx, const char *section, const char *key, const char *value,
		    const char *file, unsigned int line, char *why, size_t size)
{
	struct run_options *o = ((struct reading *)ctx)->options;
	struct run_origin origin = { keep_name(o, file), line };
	const char *near;
	int i = 0;

	if (!origin.file) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	if (!strcmp(section, section_name(1)))
		return set_severity(o, key, value, &origin, why, size);
	while (i < RUN_OPTION_COUNT && strcmp(rows[i].name, key))
		i++;
	if (i < RUN_OPTION_COUNT && rows[i].when != CALL)
		return set_row(o, i, value, &origin, why, size);
	near = nearest(key, key_name, RUN_OPTION_COUNT);
	if (i < RUN_OPTION_COUNT)
		snprintf(why, size, "%s can be given on the command line only", key);
	else
		snprintf(why, size, "no key of [run] is called `%s`%s%s%s", key,
			 near ? ", is it `" : "; snp-guard.conf(5) names them", near ? near : "",
			 near ? "`?" : "");
	return -EINVAL;
}

static void pass_problem(void *ctx, const char *file, unsigned int line, const char *text)
{
	struct reading *r = ctx;

	r->problem(r->ctx, file, line, text);
}

static int set_defaults(struct run_options *o)
{
	*o = (struct run_options){ .settings = { .interval = 10, .flight = strdup(FLIGHT_DIR) } };
	return o->settings.flight ? 0 : -ENOMEM;
}

static int read_files(struct run_options *o, const char *path,
		      void (*problem)(void *ctx, const char *file, unsigned int line,
				      const char *text),
		      void *ctx)
{
	struct reading reading = { .options = o, .problem = problem, .ctx = ctx };
	const struct config_user user = {
		.section = take_section, .key = take_key, .problem = pass_problem, .ctx = &reading
	};

	return config_read(path, &user);
}

int run_options_from_files(struct run_options *o, const char *path,
			   void (*problem)(void *ctx, const char *file, unsigned int line,
					   const char *text),
			   void *ctx)
{
	int err = set_defaults(o);

	return err ? err : read_files(o, path, problem, ctx);
}

/* ---- both ---- */

/* Of several problems run reports the first. */
struct first_problem {
	char text[1024];
};

static void note_first(void *ctx, const char *file, unsigned int line, const char *text)
{
	struct first_problem *first = ctx;
	char at[16] = "";

	if (line)
		snprintf(at, sizeof(at), ":%u", line);
	if (!*first->text)
		snprintf(first->text, sizeof(first->text), "%s%s: %s", file, at, text);
}

/* Returns 0, or a negative errno with what is wrong in first. */
static int read_all(struct run_options *o, int argc, char **argv, struct first_problem *first)
{
	size_t len;
	char *path;
	int n = set_defaults(o);

	/* The command line names the files, and overrides them: parse it before and after. */
	if (!n)
		n = -argp_parse(&run_argp, argc, argv, 0, NULL, o);
	if (!n && !o->no_config) {
		path = o->config;
		o->config = NULL;
		run_options_free(o);
		n = set_defaults(o);
		if (!n)
			n = read_files(o, path, note_first, first);
		free(path);
		if (!n)
			n = -argp_parse(&run_argp, argc, argv, 0, NULL, o);
	}
	o->argc = argc;
	o->argv = argv;
	len = strlen(first->text);
	if (n > 1)
		snprintf(first->text + len, sizeof(first->text) - len,
			 "; `snp-guard config --check` lists %d more", n - 1);
	if (n < 0 && !len)
		snprintf(first->text, sizeof(first->text), "%s", strerror(-n));
	return n > 0 ? -EINVAL : n;
}

int run_options_read(struct run_options *o, int argc, char **argv)
{
	struct first_problem first = { 0 };
	int err = read_all(o, argc, argv, &first);

	if (err)
		complain("%s", first.text);
	return err;
}

void run_options_free(struct run_options *o)
{
	for (int i = 0; i < RUN_OPTION_COUNT; i++)
		if (value_is_allocated(rows[i].type))
			free(*(char **)field_of(o, i));
	for (unsigned int i = 0; i < o->file_count; i++)
		free(o->files[i]);
	free(o->files);
	*o = (struct run_options){ 0 };
}

/* Takes over the RELOAD settings; notes the names of changed ones, and of those that it kept. */
static void take_over(struct run_options *o, const struct run_options *new, char *changed,
		      char *kept, size_t size)
{
	char before[512], after[512];

	for (int i = 0; i < RUN_OPTION_COUNT; i++) {
		char *names = rows[i].when == RELOAD ? changed : kept;
		size_t len = strlen(names);

		print_row(o, i, before, sizeof(before));
		print_row(new, i, after, sizeof(after));
		if (!strcmp(before, after))
			continue;
		snprintf(names + len, size - len, "%s%s", len ? ", " : "", rows[i].name);
		if (rows[i].when == RELOAD)
			memcpy(field_of(o, i), (const char *)new + rows[i].offset, rows[i].size);
	}
	if (memcmp(&o->settings.severities, &new->settings.severities,
		   sizeof(o->settings.severities)))
		snprintf(changed + strlen(changed), size - strlen(changed), "%sseverity",
			 *changed ? ", " : "");
	o->settings.severities = new->settings.severities;
}

void run_options_reload(struct run_options *o)
{
	struct first_problem first = { 0 };
	char changed[256] = "", kept[256] = "";
	struct run_options new;

	if (read_all(&new, o->argc, o->argv, &first)) {
		complain("reload failed, settings kept: %s", first.text);
	} else {
		take_over(o, &new, changed, kept, sizeof(changed));
		complain("configuration reloaded; changed: %s%s%s", *changed ? changed : "nothing",
			 *kept ? "; changes need a restart: " : "", kept);
	}
	run_options_free(&new);
}

void run_options_show(const struct run_options *o,
		      void (*show)(void *ctx, const char *section, const char *key,
				   const char *value, const struct run_origin *origin),
		      void *ctx)
{
	char value[4096];

	for (int i = 0; i < RUN_OPTION_COUNT; i++) {
		if (rows[i].when == CALL)
			continue;
		print_row(o, i, value, sizeof(value));
		show(ctx, section_name(0), rows[i].name, value, &o->origins[i]);
	}
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		show(ctx, section_name(1), snp_breach_name(i),
		     severity_name(&o->settings.severities, i), &o->severity_origins[i]);
}
