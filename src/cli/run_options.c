// SPDX-License-Identifier: GPL-2.0-only
#include "cli/run_options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "util/complain.h"
#include "kernel/hooks.h"
#include "util/nearest.h"
#include "cli/options.h"

/* ---- types of values: text to field and back ---- */

static int parse_bool(const char *text, void *field)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(text, words[i])) {
			*(bool *)field = i % 2;
			return 0;
		}
	return -EINVAL;
}

static void print_bool(const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", *(const bool *)field ? "yes" : "no");
}

static int parse_seconds(const char *text, void *field)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.01 && s <= 1e9))
		return -EINVAL;
	*(double *)field = s;
	return 0;
}

static void print_seconds(const void *field, char *text, size_t size)
{
	snprintf(text, size, "%.10g", *(const double *)field);
}

static int parse_kib(const char *text, void *field)
{
	char *end;
	unsigned long kib = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || kib < 4 || kib > 1 << 20 || kib & (kib - 1))
		return -EINVAL;
	*(unsigned int *)field = kib;
	return 0;
}

static void print_kib(const void *field, char *text, size_t size)
{
	unsigned int kib = *(const unsigned int *)field;

	*text = 0;
	if (kib)
		snprintf(text, size, "%u", kib);
}

static int parse_format(const char *text, void *field)
{
	int format = report_format_by_name(text);

	if (format >= 0)
		*(enum report_format *)field = format;
	return format < 0 ? format : 0;
}

static void print_format(const void *field, char *text, size_t size)
{
	snprintf(text, size, "%s", report_format_name(*(const enum report_format *)field));
}

/* An empty one is none. */
static int parse_file(const char *text, void *field)
{
	char *copy = *text ? strdup(text) : NULL;

	if (*text && !copy)
		return -ENOMEM;
	free(*(char **)field);
	*(char **)field = copy;
	return 0;
}

static void print_file(const void *field, char *text, size_t size)
{
	const char *file = *(char *const *)field;

	snprintf(text, size, "%s", file ? file : "");
}

static int parse_hook_kind(const char *text, void *field)
{
	int kind = hook_kind_by_name(text);

	if (kind >= 0)
		*(unsigned int *)field |= 1u << kind;
	return kind < 0 ? kind : 0;
}

static void print_hook_kind(const void *field, char *text, size_t size)
{
	unsigned int kinds = *(const unsigned int *)field;
	size_t len = 0;

	*text = 0;
	for (int i = 0; i < HOOK_KIND_COUNT && len < size; i++)
		if (kinds >> i & 1)
			len += snprintf(text + len, size - len, "%s%s", len ? " " : "",
					hook_kind_name(i));
}

enum type {
	TYPE_BOOL,
	TYPE_FLAG,
	TYPE_SECONDS,
	TYPE_KIB,
	TYPE_FORMAT,
	TYPE_FILE,
	TYPE_ADDRESS,
	TYPE_HOOK_KIND
};

static const struct {
	int (*parse)(const char *text, void *field);
	void (*print)(const void *field, char *text, size_t size);
	const char *takes;
} types[] = {
	[TYPE_BOOL] = { parse_bool, print_bool, "yes or no" },
	[TYPE_FLAG] = { parse_bool, print_bool, "nothing" },
	[TYPE_SECONDS] = { parse_seconds, print_seconds, "seconds, from 0.01 on" },
	[TYPE_KIB] = { parse_kib, print_kib, "a power of two from 4 to 1048576" },
	[TYPE_FORMAT] = { parse_format, print_format, "text, json or journal" },
	[TYPE_FILE] = { parse_file, print_file, "a file's name" },
	[TYPE_ADDRESS] = { parse_file, print_file, "HOST:PORT or unix:PATH" },
	[TYPE_HOOK_KIND] = { parse_hook_kind, print_hook_kind,
			     "fentry, kprobe, tracepoint or lsm" },
};

/* ---- the table ---- */

enum when { CALL, START, RELOAD };

static const struct row {
	const char *name;
	enum type type;
	enum when when;
	size_t offset, size;
} rows[] = {
#define X(sym, name, key, type, arg, when, field, help)                                            \
	{ name, TYPE_##type, when, offsetof(struct run_options, field),                            \
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

static void print(const struct run_options *o, int i, char *text, size_t size)
{
	types[rows[i].type].print((const char *)o + rows[i].offset, text, size);
}

/* Returns 0, or a negative errno with what is wrong in why. */
static int set(struct run_options *o, int i, const char *value, const struct run_origin *origin,
	       char *why, size_t size)
{
	int err;

	/* Kinds add up in one file or command line, and take the place of those before it. */
	if (rows[i].type == TYPE_HOOK_KIND && o->origins[i].file != origin->file)
		o->settings.avoid = 0;
	err = types[rows[i].type].parse(value, field_of(o, i));
	if (err)
		snprintf(why, size, "%s takes %s, not `%s`", rows[i].name,
			 types[rows[i].type].takes, value);
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

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const struct run_origin origin = { .file = command_line };
	struct run_options *o = state->input;
	int i = row_of_key(key);
	char why[256];

	if (i >= 0) {
		if (set(o, i, arg ? arg : "yes", &origin, why, sizeof(why)))
			argp_error(state, "--%s", why);
		return 0;
	}
	switch (key) {
	case OPT_SEVERITY:
		return option_severity(state, arg, &o->settings.severities);
	case ARGP_KEY_ARG:
		argp_error(state, "it takes no argument: `%s`", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp run_argp = {
	.options = option_table,
	.parser = parse,
	.doc = "Follows each SNP window of this host: what is disabled and enabled, which CPUs "
	       "come and go, which of them have SNP_EN. While a window is open, writes that would "
	       "change the set of online CPUs are refused.",
};

/* ---- the files ---- */

struct reading {
	struct run_options *options;
	void (*problem)(void *ctx, const char *file, unsigned int line, const char *text);
	void *ctx;
};

/* A setting's origin outlives the reading. NULL without memory. */
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
		return set(o, i, value, &origin, why, size);
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

static void begin(struct run_options *o)
{
	*o = (struct run_options){ .settings = { .interval = 10 } };
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
	begin(o);
	return read_files(o, path, problem, ctx);
}

/* ---- both ---- */

/* Of several problems a run tells the first. */
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
	int n = 0;

	/* The command line comes last, and says which files come first. */
	begin(o);
	argp_parse(&run_argp, argc, argv, 0, NULL, o);
	if (!o->no_config) {
		path = o->config;
		o->config = NULL;
		run_options_free(o);
		begin(o);
		n = read_files(o, path, note_first, first);
		free(path);
		argp_parse(&run_argp, argc, argv, 0, NULL, o);
	}
	o->argc = argc;
	o->argv = argv;
	len = strlen(first->text);
	if (n > 1)
		snprintf(first->text + len, sizeof(first->text) - len,
			 "; `snp-guard config --check` lists %d more", n - 1);
	if (n < 0)
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
		if (types[rows[i].type].parse == parse_file)
			free(*(char **)field_of(o, i));
	for (unsigned int i = 0; i < o->file_count; i++)
		free(o->files[i]);
	free(o->files);
	*o = (struct run_options){ 0 };
}

/* Takes over what can change, and notes the names of what changed and of what can't. */
static void take_over(struct run_options *o, const struct run_options *new, char *changed,
		      char *kept, size_t size)
{
	char before[512], after[512];

	for (int i = 0; i < RUN_OPTION_COUNT; i++) {
		char *names = rows[i].when == RELOAD ? changed : kept;
		size_t len = strlen(names);

		print(o, i, before, sizeof(before));
		print(new, i, after, sizeof(after));
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
		complain("all stays as it was: %s", first.text);
	} else {
		take_over(o, &new, changed, kept, sizeof(changed));
		complain("read the configuration again; changed: %s%s%s",
			 *changed ? changed : "nothing",
			 *kept ? "; as they were until a restart: " : "", kept);
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
		print(o, i, value, sizeof(value));
		show(ctx, section_name(0), rows[i].name, value, &o->origins[i]);
	}
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		show(ctx, section_name(1), snp_breach_name(i),
		     severity_name(&o->settings.severities, i), &o->severity_origins[i]);
}
