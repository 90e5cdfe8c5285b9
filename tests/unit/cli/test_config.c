// SPDX-License-Identifier: GPL-2.0-only
/* Configuration files: what each mistake is told as, what is refused, which setting wins. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "util/complain.h"
#include "kernel/hooks.h"
#include "cli/run_options.h"
#include "events.h"

static struct fixture fixture;
static char conf[128], told[8192];
static struct run_options options;

/* In place of the one beside main(). */
void complain(const char *format, ...)
{
	size_t len = strlen(told);
	va_list args;

	va_start(args, format);
	vsnprintf(told + len, sizeof(told) - len, format, args);
	va_end(args);
}

static void begin(void)
{
	fixture_begin(&fixture);
	snprintf(conf, sizeof(conf), "%s/conf", fixture.root);
	told[0] = 0;
}

static void finish(void)
{
	run_options_free(&options);
	fixture_end(&fixture);
}

TestSuite(config, .init = begin, .fini = finish);

static void problem(void *ctx, const char *file, unsigned int line, const char *text)
{
	size_t len = strlen(told);

	(void)ctx;
	cr_expect_eq(strncmp(file, fixture.root, strlen(fixture.root)), 0, "%s", file);
	snprintf(told + len, sizeof(told) - len, "%s:%u: %s\n", file + strlen(fixture.root), line,
		 text);
}

static int read_files(void)
{
	run_options_free(&options);
	told[0] = 0;
	return run_options_from_files(&options, conf, problem, NULL);
}

/* The file is this, and is read with no problem. */
static void is_read(const char *text)
{
	fixture_write(&fixture, "/conf", text);
	cr_expect_eq(read_files(), 0);
	cr_expect_str_eq(told, "");
}

/* The file is this, and these are its problems. */
static void is_told(const char *text, int count, const char *problems)
{
	fixture_write(&fixture, "/conf", text);
	cr_expect_eq(read_files(), count, "%s", told);
	cr_expect_str_eq(told, problems);
}

Test(config, an_empty_file_changes_nothing)
{
	is_read("");
	cr_expect_eq(options.settings.interval, 10);
	cr_expect_not(options.settings.audit || options.settings.until_breach ||
		      options.settings.record);
	for (int i = 0; i < RUN_OPTION_COUNT; i++)
		cr_expect_null(options.origins[i].file);
}

Test(config, every_key)
{
	is_read("# a comment\n; another\n\n[run]\naudit = yes\nformat=json\nrecord = /a b\r\n"
		"\tinterval: 2.5\nuntil-breach = on ; and a third\nbuffer = 64\navoid = kprobe\n"
		"avoid = lsm\n[severity]\nblind = off\n[run]\naudit = no");
	cr_expect_eq(options.settings.format, REPORT_JSON);
	cr_expect_str_eq(options.settings.record, "/a b");
	cr_expect_eq(options.settings.interval, 2.5);
	cr_expect(options.settings.until_breach && !options.settings.audit);
	cr_expect_eq(options.settings.buffer_kib, 64);
	cr_expect_eq(options.settings.avoid, 1u << HOOK_KPROBE | 1u << HOOK_LSM);
	cr_expect(severity_is_off(&options.settings.severities, SNP_BREACH_BLIND));
	cr_expect_eq(options.origins[RUN_OPTION_INTERVAL].line, 8);
	cr_expect_str_eq(options.origins[RUN_OPTION_INTERVAL].file, conf);
	cr_expect_eq(options.origins[RUN_OPTION_AUDIT].line, 16);
	cr_expect_eq(options.severity_origins[SNP_BREACH_BLIND].line, 14);
	cr_expect_null(options.severity_origins[SNP_BREACH_NO_LATCH].file);
}

Test(config, a_path_of_a_flight_recording_fits)
{
	char text[256], problem[256], path[FLIGHT_PATH];

	snprintf(text, sizeof(text), "[run]\nflight-recorder = /%0*d\n", FLIGHT_DIR_MAX - 1, 0);
	is_read(text);
	cr_expect_eq(strlen(options.settings.flight), FLIGHT_DIR_MAX);
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		cr_expect_lt(recorder_path(path, sizeof(path), options.settings.flight, 0, i),
			     (int)sizeof(path), "%s", path);
	snprintf(text, sizeof(text), "[run]\nflight-recorder = /%0*d\n", FLIGHT_DIR_MAX, 0);
	snprintf(problem, sizeof(problem),
		 "/conf:2: flight-recorder takes a directory's name of at most 100 characters, or "
		 "off, not `/%0*d`\n",
		 FLIGHT_DIR_MAX, 0);
	is_told(text, 1, problem);
}

Test(config, each_mistake_is_told_with_its_line)
{
	is_told("audit = yes\n[run]\naudti = yes\nxyzzy = 1\ninterval = 0\nbuffer = 3\n"
		"format = xml\naudit = maybe\navoid = stuff\nfor = 1\nsince = x\naudit\n= x\n",
		12,
		"/conf:1: `audit` is in no section; put [run] before it\n"
		"/conf:3: no key of [run] is called `audti`, is it `audit`?\n"
		"/conf:4: no key of [run] is called `xyzzy`; snp-guard.conf(5) names them\n"
		"/conf:5: interval takes seconds, from 0.01 on, not `0`\n"
		"/conf:6: buffer takes a power of two from 4 to 1048576, not `3`\n"
		"/conf:7: format takes text, json or journal, not `xml`\n"
		"/conf:8: audit takes yes or no, not `maybe`\n"
		"/conf:9: avoid takes fentry, kprobe, tracepoint, lsm or fmod_ret, not `stuff`\n"
		"/conf:10: for can be given on the command line only\n"
		"/conf:11: since can be given on the command line only\n"
		"/conf:12: not `KEY = VALUE`, [SECTION] or a comment\n"
		"/conf:13: no key of [run] is called ``; snp-guard.conf(5) names them\n");
}

Test(config, sections_and_severities)
{
	is_told("[rnu]\naudit = nonsense\n[severity]\nblnd = off\nblind = of\n[run\naudit = x\n"
		"[else]\n[run]\nsevertiy = x",
		6,
		"/conf:1: no section is called [rnu]; is it [run]?\n"
		"/conf:4: no breach is called `blnd`, is it `blind`?\n"
		"/conf:5: blind is off, notice, warning or critical, not `of`\n"
		"/conf:6: a section's heading ends with `]`\n"
		"/conf:8: no section is called [else]; there are [run] and [severity]\n"
		"/conf:10: no key of [run] is called `severtiy`; snp-guard.conf(5) names them\n");
}

Test(config, a_value_does_not_go_on_in_the_next_line)
{
	is_told("[run]\nrecord = /a\n  /b\n", 1,
		"/conf:3: not `KEY = VALUE`, [SECTION] or a comment\n");
}

Test(config, what_is_no_text)
{
	char text[1024] = "[run]\n# ";
	FILE *f;

	is_told("[run]\nrecord = a\033[2Jb\n", 1, "/conf:2: contains control characters\n");
	memset(text + 8, 'x', 500);
	strcpy(text + 508, "\nrecord = /");
	is_read(text);
	memset(text + strlen(text), 'x', 400);
	is_told(text, 1, "/conf:3: longer than 199 characters\n");
	f = fopen(conf, "we");
	fwrite("[run]\nrecord = /a\0b\n", 1, 20, f);
	fclose(f);
	cr_expect_eq(read_files(), 1);
	cr_expect_str_eq(told, "/conf:2: contains control characters\n");
}

Test(config, drop_ins_come_after_it_by_name)
{
	fixture_write(&fixture, "/conf.d/20-b.conf", "[run]\ninterval = 3\navoid = lsm\n");
	fixture_write(&fixture, "/conf.d/10-a.conf", "[run]\ninterval = 2\nbuffer = 8\n");
	fixture_write(&fixture, "/conf.d/30-c", "nonsense\n");
	fixture_write(&fixture, "/conf.d/.40-d.conf", "nonsense\n");
	is_read("[run]\ninterval = 1\nbuffer = 4\navoid = fentry\naudit = yes\n");
	cr_expect_eq(options.settings.interval, 3);
	cr_expect_eq(options.settings.buffer_kib, 8);
	cr_expect(options.settings.audit);
	cr_expect_eq(options.settings.avoid, 1u << HOOK_LSM,
		     "one file's take the place of another's");
	cr_expect(strstr(options.origins[RUN_OPTION_INTERVAL].file, "/conf.d/20-b.conf"));
	cr_expect_str_eq(options.origins[RUN_OPTION_AUDIT].file, conf);
	fixture_write(&fixture, "/conf.d/20-b.conf", "[run]\nx = 3\n");
	cr_expect_eq(read_files(), 1);
	cr_expect_str_eq(told, "/conf.d/20-b.conf:2: no key of [run] is called `x`; "
			       "snp-guard.conf(5) names them\n");
}

Test(config, what_others_may_write_to_is_not_read)
{
	char dir[160];

	snprintf(dir, sizeof(dir), "%s.d", conf);
	is_read("[run]\naudit = yes\n");
	chmod(conf, 0646);
	cr_expect_eq(read_files(), 1);
	cr_expect_str_eq(told, "/conf:0: others than root may write to it; chmod go-w it\n");
	cr_expect_not(options.settings.audit);
	chmod(conf, 0664);
	cr_expect_eq(read_files(), 1);
	chmod(conf, 0644);
	fixture_write(&fixture, "/conf.d/a.conf", "[run]\nbuffer = 8\n");
	chmod(dir, 0777);
	cr_expect_eq(read_files(), 1);
	cr_expect_str_eq(told, "/conf.d:0: others than root may write to it; chmod go-w it\n");
	cr_expect_eq(options.settings.buffer_kib, 0);
	chmod(dir, 0755);
	if (!geteuid()) {
		cr_assert_eq(chown(conf, 65534, 0), 0);
		cr_expect_eq(read_files(), 1);
		cr_expect_str_eq(told, "/conf:0: not owned by root; chown root it\n");
	}
}

Test(config, what_is_no_file)
{
	cr_expect_eq(read_files(), 1);
	cr_expect_str_eq(told, "/conf:0: No such file or directory\n");
	cr_assert_eq(mkfifo(conf, 0644), 0);
	cr_expect_eq(read_files(), 1);
	cr_expect_str_eq(told, "/conf:0: not a regular file\n");
	unlink(conf);
	mkdir(conf, 0755);
	cr_expect_eq(read_files(), 1);
	cr_expect_str_eq(told, "/conf:0: not a regular file\n");
}

/* ---- with a command line, and again ---- */

static char *argv[8];

static int run_with(const char *first, const char *second)
{
	int argc = 0;

	argv[argc++] = "snp-guard run";
	argv[argc++] = "--config";
	argv[argc++] = conf;
	if (first)
		argv[argc++] = (char *)first;
	if (second)
		argv[argc++] = (char *)second;
	argv[argc] = NULL;
	told[0] = 0;
	run_options_free(&options);
	return run_options_read(&options, argc, argv);
}

static void reload(const char *text)
{
	fixture_write(&fixture, "/conf", text);
	told[0] = 0;
	run_options_reload(&options);
}

Test(config, the_command_line_is_over_the_files)
{
	fixture_write(&fixture, "/conf",
		      "[run]\naudit = yes\ninterval = 3\navoid = lsm\n[severity]\nblind = off\n");
	cr_assert_eq(run_with("--audit=no", "--avoid=fentry"), 0, "%s", told);
	cr_expect_not(options.settings.audit);
	cr_expect_eq(options.settings.interval, 3);
	cr_expect_eq(options.settings.avoid, 1u << HOOK_FENTRY);
	cr_assert_eq(run_with("--avoid=fentry", "--avoid=kprobe"), 0);
	cr_expect_eq(options.settings.avoid, 1u << HOOK_FENTRY | 1u << HOOK_KPROBE);
	cr_expect(options.settings.audit);
	cr_assert_eq(run_with("--severity=blind=notice", "--until-breach"), 0);
	cr_expect_str_eq(severity_name(&options.settings.severities, SNP_BREACH_BLIND), "notice");
	cr_expect(options.settings.until_breach);
	cr_assert_eq(run_with("--no-config", NULL), 0);
	cr_expect_not(options.settings.audit);
	cr_expect_eq(options.settings.interval, 10);
}

Test(config, a_run_tells_the_first_mistake_and_how_many_more)
{
	char expected[256];

	fixture_write(&fixture, "/conf", "[run]\nx = 1\n");
	cr_expect_eq(run_with(NULL, NULL), -EINVAL);
	snprintf(expected, sizeof(expected),
		 "%s:2: no key of [run] is called `x`; snp-guard.conf(5) names them", conf);
	cr_expect_str_eq(told, expected);
	fixture_write(&fixture, "/conf", "[run]\nx = 1\ny = 2\n[z]\n");
	cr_expect_eq(run_with(NULL, NULL), -EINVAL);
	cr_expect(strstr(told, "them; `snp-guard config --check` lists 2 more"), "%s", told);
}

Test(config, a_reload_changes_what_can_change)
{
	fixture_write(&fixture, "/conf", "[run]\nrecord = /a\n");
	cr_assert_eq(run_with(NULL, NULL), 0, "%s", told);
	reload("[run]\nrecord = /a\ninterval = 2\nuntil-breach = yes\n[severity]\nblind = off\n");
	cr_expect_str_eq(told, "configuration reloaded; changed: interval, until-breach, "
			       "severity");
	cr_expect_eq(options.settings.interval, 2);
	cr_expect(options.settings.until_breach);
	cr_expect(severity_is_off(&options.settings.severities, SNP_BREACH_BLIND));
	reload("[run]\nrecord = /b\nformat = json\nbuffer = 8\navoid = lsm\naudit = yes\n");
	cr_expect_str_eq(told, "configuration reloaded; changed: audit, interval, "
			       "until-breach, severity; changes need a restart: format, "
			       "record, buffer, avoid");
	cr_expect_str_eq(options.settings.record, "/a");
	cr_expect_eq(options.settings.format, REPORT_TEXT);
	cr_expect(options.settings.audit);
	cr_expect_not(options.settings.avoid || options.settings.buffer_kib);
	cr_expect_eq(options.settings.interval, 10);
	cr_expect_not(options.settings.until_breach);
	reload("[run]\nrecord = /a\naudit = yes\n");
	cr_expect_str_eq(told, "configuration reloaded; changed: nothing");
}

Test(config, a_reload_with_a_mistake_changes_nothing)
{
	fixture_write(&fixture, "/conf", "[run]\ninterval = 2\n[severity]\nblind = off\n");
	cr_assert_eq(run_with("--until-breach", NULL), 0, "%s", told);
	reload("[run]\ninterval = 3\n[severity]\nblind = nonsense\n");
	cr_expect_eq(strncmp(told, "reload failed, settings kept: ", 30), 0, "%s", told);
	cr_expect(strstr(told, "/conf:4: blind is off"), "%s", told);
	cr_expect_eq(options.settings.interval, 2);
	cr_expect(severity_is_off(&options.settings.severities, SNP_BREACH_BLIND));
	unlink(conf);
	told[0] = 0;
	run_options_reload(&options);
	cr_expect(strstr(told, "No such file"), "%s", told);
	cr_expect_eq(options.settings.interval, 2);
	reload("[run]\ninterval = 4\n");
	cr_expect_eq(options.settings.interval, 4);
	cr_expect(options.settings.until_breach, "the command line still holds");
}
