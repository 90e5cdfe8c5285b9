// SPDX-License-Identifier: GPL-2.0-only
/* The configuration file: the input is a file of it. */
#include "cli/run_options.c"
#include "fuzz.h"

static bool complained;

struct told {
	unsigned int lines;
	int count;
};

static void on_problem(void *ctx, const char *file, unsigned int line, const char *text)
{
	struct told *told = ctx;

	told->count++;
	fuzz_check(!strcmp(file, "input"), "%s", file);
	fuzz_check(line >= 1 && line <= told->lines, "line %u of %u: %s", line, told->lines, text);
	for (; *text; text++)
		fuzz_check(*text == '\t' || !iscntrl((unsigned char)*text), "%#x", *text);
}

static void on_setting(void *ctx, const char *section, const char *key, const char *value,
		       const struct run_origin *origin)
{
	const struct told *told = ctx;

	fuzz_check(*section && *key && value, "%s %s", section, key);
	fuzz_check(!origin->file == !origin->line && origin->line <= told->lines, "%s: line %u",
		   key, origin->line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told told = { .lines = 1 };
	struct run_options o;
	struct reading reading = { .options = &o, .problem = on_problem, .ctx = &told };
	const struct config_user user = {
		.section = take_section, .key = take_key, .problem = pass_problem, .ctx = &reading
	};
	FILE *f = fuzz_file(data, size);
	int problems;

	complain_through(fuzz_complaint, &complained);
	for (size_t i = 0; i < size; i++)
		told.lines += data[i] == '\n';
	set_defaults(&o);
	problems = config_read_stream(f, "input", &user);
	fclose(f);
	fuzz_check(problems == told.count, "%d problems, %d told", problems, told.count);
	fuzz_check(o.settings.interval >= 0.01 && o.settings.interval <= 1e9, "%f",
		   o.settings.interval);
	fuzz_check(!o.settings.buffer_kib ||
			   (o.settings.buffer_kib >= 4 &&
			    !(o.settings.buffer_kib & (o.settings.buffer_kib - 1))),
		   "%u", o.settings.buffer_kib);
	fuzz_check(!o.settings.duration && !o.settings.ready && !o.since && !o.config &&
			   !o.no_config,
		   "what belongs to one call was set");
	run_options_show(&o, on_setting, &told);
	run_options_free(&o);
	return 0;
}
