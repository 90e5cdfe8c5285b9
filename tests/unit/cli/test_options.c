// SPDX-License-Identifier: GPL-2.0-only
/* The program itself, by its command line: SNP_GUARD names it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"

enum { CLEAN = 0, WARNING = 1, CRITICAL = 2, UNVERIFIED = 3, USAGE = 64, CANNOT_RUN = 78 };

static struct fixture fixture;
static char recording[128];
static struct {
	int status; /* negative: the signal that ended it */
	char out[65536], err[4096];
} run;

static void begin(void)
{
	fixture_begin(&fixture);
	snprintf(recording, sizeof(recording), "%s/recording", fixture.root);
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(options, .init = begin, .fini = finish);
TestSuite(replay, .init = begin, .fini = finish);

static void collect(FILE *f, char *buf, size_t size)
{
	rewind(f);
	buf[fread(buf, 1, size - 1, f)] = 0;
	fclose(f);
}

#define ARGS_MAX 8

/* Runs it with its output in out; NULL: its standard output is closed. */
static void guard_to(FILE *out, const char *first, va_list list)
{
	const char *args[ARGS_MAX + 2] = { getenv("SNP_GUARD"), first };
	FILE *err = tmpfile();
	int status;
	pid_t child;

	cr_assert(args[0], "SNP_GUARD names no program; use make unit");
	cr_assert(err);
	for (int i = 2; first && i < ARGS_MAX; i++) {
		args[i] = va_arg(list, const char *);
		if (!args[i])
			break;
	}
	child = fork();
	cr_assert_geq(child, 0);
	if (!child) {
		dup2(fileno(err), STDERR_FILENO);
		if (out)
			dup2(fileno(out), STDOUT_FILENO);
		else
			close(STDOUT_FILENO);
		execv(args[0], (char **)args);
		_exit(127);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	collect(err, run.err, sizeof(run.err));
}

static void guard(const char *first, ...)
{
	FILE *out = tmpfile();
	va_list list;

	va_start(list, first);
	guard_to(out, first, list);
	va_end(list);
	collect(out, run.out, sizeof(run.out));
}

/* Runs it on a terminal, whose line discipline makes "\r\n" of a line's end. */
static void guard_on_terminal(unsigned short columns, const char *first, ...)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	size_t len = 0;
	int master, slave;
	va_list list;
	ssize_t n;
	FILE *out;

	cr_assert_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
	out = fdopen(slave, "w");
	va_start(list, first);
	guard_to(out, first, list);
	va_end(list);
	fclose(out);
	/* After the last writer has gone a terminal's master returns EIO. */
	while (len < sizeof(run.out) - 1 &&
	       (n = read(master, run.out + len, sizeof(run.out) - 1 - len)) > 0)
		len += n;
	run.out[len] = 0;
	close(master);
}

/* It ended so, and said so on stderr. */
#define cr_ended(expected, what)                                                                   \
	do {                                                                                       \
		cr_expect_eq(run.status, expected, "status %d, expected %d; stderr: %s",           \
			     run.status, expected, run.err);                                       \
		cr_expect(strstr(run.err, what), "stderr: `%s`, should say `%s`", run.err, what);  \
	} while (0)

static bool is_one_line(const char *text)
{
	return *text && strchr(text, '\n') == text + strlen(text) - 1;
}

/* ---- help and usage ---- */

Test(options, help_names_the_commands)
{
	guard("--help", NULL);
	cr_ended(CLEAN, "");
	cr_expect_str_eq(run.err, "");
	cr_expect(strstr(run.out, "run") && strstr(run.out, "replay") && strstr(run.out, "hooks"));
	cr_expect(strstr(run.out, "Exit status: 0"));
}

Test(options, help_of_run_names_each_option)
{
	static const char *const options[] = { "--audit",	"-f, --format=REPORT",
					       "--record=FILE", "-i, --interval=SECONDS",
					       "--for=SECONDS", "--until-breach",
					       "--buffer=KIB",	"--ready-file=FILE" };

	guard("run", "--help", NULL);
	cr_ended(CLEAN, "");
	cr_expect(strstr(run.out, "Usage: snp-guard run"), "%s", run.out);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		cr_expect(strstr(run.out, options[i]), "no %s in %s", options[i], run.out);
}

Test(options, help_of_replay_and_hooks)
{
	guard("replay", "--help", NULL);
	cr_ended(CLEAN, "");
	cr_expect(strstr(run.out, "Usage: snp-guard replay") && strstr(run.out, "FILE") &&
		  strstr(run.out, "--format=FORMAT"));
	guard("hooks", "--help", NULL);
	cr_ended(CLEAN, "");
	cr_expect(strstr(run.out, "Usage: snp-guard hooks") && strstr(run.out, "--format=FORMAT"));
}

Test(options, version)
{
	guard("--version", NULL);
	cr_ended(CLEAN, "");
	cr_expect_eq(strncmp(run.out, "snp-guard ", 10), 0);
}

Test(options, no_or_an_unknown_command_is_a_usage_error)
{
	guard(NULL);
	cr_ended(USAGE, "Usage: snp-guard COMMAND");
	guard("gaurd", NULL);
	cr_ended(USAGE, "no command is called `gaurd`");
	cr_expect_str_eq(run.out, "");
}

Test(options, unknown_options_are_usage_errors)
{
	static const char *const commands[] = { "run", "replay", "hooks" };

	for (int i = 0; i < 3; i++) {
		guard(commands[i], "--nonsense", NULL);
		cr_ended(USAGE, "--nonsense");
		guard(commands[i], "--format", "xml", NULL);
		cr_ended(USAGE, i ? "--format takes text or json, not `xml`"
				  : "--format takes text, json or journal, not `xml`");
		guard(commands[i], "--format", NULL);
		cr_ended(USAGE, "requires an argument");
	}
}

/* A recording's breaches are not to be told as if they were now. */
Test(options, the_journal_is_for_a_run)
{
	guard("replay", "--format", "journal", recording, NULL);
	cr_ended(USAGE, "--format takes text or json, not `journal`");
}

Test(options, each_command_has_its_own_formats)
{
	guard("timeline", "--format", "png", recording, NULL);
	cr_ended(USAGE, "--format takes svg or html, not `png`");
	guard("timeline", "--window", "last", recording, NULL);
	cr_ended(USAGE, "--window takes the number of a window, not `last`");
	guard("timeline", "--window", "4294967297", recording, NULL);
	cr_ended(USAGE, "--window takes the number of a window, not `4294967297`");
	guard("timeline", "--from", "-1", recording, NULL);
	cr_ended(USAGE, "--from takes seconds");
	guard("check", "--only", "snp-en,onlin", NULL);
	cr_ended(USAGE, "no check is called `onlin`; did you mean `online`?");
	guard("check", "--format", "journal", NULL);
	cr_ended(USAGE,
		 "--format takes text, json, junit, prometheus, nagios or npd, not `journal`");
	guard("check", "--exit-map", "icinga", NULL);
	cr_ended(USAGE, "--exit-map takes nagios or npd, not `icinga`");
}

Test(options, an_argument_that_is_no_name_is_a_usage_error)
{
	guard("explain", "cpu-online", NULL);
	cr_ended(USAGE, "no breach is called `cpu-online`; did you mean `cpu-onlined`?");
	guard("explain", "xyzzy", NULL);
	cr_ended(USAGE, "no breach is called `xyzzy`; without one, all are listed");
	guard("completion", "powershell", NULL);
	cr_ended(USAGE, "no shell is called `powershell`; choose bash or zsh");
	guard("completion", NULL);
	cr_ended(USAGE, "SHELL is missing");
}

Test(options, an_argument_that_is_a_name_is_taken)
{
	guard("explain", "no-latch", NULL);
	cr_ended(CLEAN, "");
	cr_expect_eq(strncmp(run.out, "no-latch (notice)\n", 18), 0, "%s", run.out);
	guard("completion", "zsh", NULL);
	cr_ended(CLEAN, "");
	cr_expect_eq(strncmp(run.out, "#compdef snp-guard\n", 19), 0);
}

Test(options, bad_seconds_are_usage_errors)
{
	static const char *const bad[] = {
		"", "x", "0", "-1", "1s", "nan", "inf", "1e10", "0.001"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		guard("run", "--interval", bad[i], NULL);
		cr_ended(USAGE, "--interval takes seconds");
		guard("run", "--for", bad[i], NULL);
		cr_ended(USAGE, "--for takes seconds");
	}
}

Test(options, bad_buffers_are_usage_errors)
{
	static const char *const bad[] = { "",
					   "x",
					   "0",
					   "2",
					   "3",
					   "256k",
					   "100",
					   "2097152",
					   "-4",
					   "-18446744073709551360",
					   "99999999999999999999" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		guard("run", "--buffer", bad[i], NULL);
		cr_ended(USAGE, "--buffer takes a power of two");
	}
}

Test(options, arguments_too_many_or_too_few_are_usage_errors)
{
	guard("run", "now", NULL);
	cr_ended(USAGE, "unexpected argument `now`");
	guard("hooks", "now", NULL);
	cr_ended(USAGE, "unexpected argument `now`");
	guard("detach", "now", NULL);
	cr_ended(USAGE, "unexpected argument `now`");
	guard("replay", "a", "b", NULL);
	cr_ended(USAGE, "only one FILE can be given");
	guard("replay", NULL);
	cr_ended(USAGE, "FILE is missing");
}

/* ---- output that nobody gets ---- */

static void guard_for_nobody(FILE *out, const char *first, ...)
{
	va_list list;

	va_start(list, first);
	guard_to(out, first, list);
	va_end(list);
	if (out)
		fclose(out);
	cr_expect(is_one_line(run.err), "%s", run.err);
}

static FILE *closed_pipe(void)
{
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	return fdopen(fds[1], "w");
}

Test(options, output_that_is_lost_is_could_not_verify)
{
	static const char *const rows[][2] = {
		{ "--help" },
		{ "help" },
		{ "--version" },
		{ "explain" },
		{ "catalog" },
		{ "completion", "bash" },
		{ "run", "--help" },
		{ "check", "--help" },
		{ "replay", "--usage" },
		{ "status", "-?" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		guard_for_nobody(fopen("/dev/full", "w"), rows[i][0], rows[i][1], NULL);
		cr_ended(UNVERIFIED, "snp-guard: standard output: ");
		guard_for_nobody(closed_pipe(), rows[i][0], rows[i][1], NULL);
		cr_ended(UNVERIFIED, "snp-guard: standard output: ");
		guard_for_nobody(NULL, rows[i][0], rows[i][1], NULL);
		cr_ended(UNVERIFIED, "snp-guard: standard output: ");
	}
}

/* Of short output the last write says why. */
Test(options, why_output_is_lost)
{
	guard_for_nobody(fopen("/dev/full", "w"), "--version", NULL);
	cr_ended(UNVERIFIED, "snp-guard: standard output: No space left on device");
	guard_for_nobody(closed_pipe(), "--version", NULL);
	cr_ended(UNVERIFIED, "snp-guard: standard output: Broken pipe");
	guard_for_nobody(NULL, "--version", NULL);
	cr_ended(UNVERIFIED, "snp-guard: standard output: Bad file descriptor");
}

Test(options, a_usage_error_stays_one)
{
	guard_for_nobody(fopen("/dev/full", "w"), "repaly", NULL);
	cr_ended(USAGE, "did you mean `replay`?");
}

/* ---- the terminal ---- */

Test(options, explain_wraps_at_the_terminals_width)
{
	static const unsigned short widths[] = { 80, 120 };

	setenv("NO_COLOR", "1", 1);
	for (int w = 0; w < 2; w++) {
		guard_on_terminal(widths[w], "explain", "no-latch", NULL);
		cr_ended(CLEAN, "");
		for (const char *line = run.out; *line; line += strcspn(line, "\n") + 1)
			cr_expect_leq(strcspn(line, "\r"), widths[w], "%s", line);
	}
}

Test(options, the_list_of_explain_is_as_wide_as_the_terminal_and_in_colour)
{
	unsetenv("NO_COLOR");
	guard_on_terminal(80, "explain", NULL);
	cr_ended(CLEAN, "");
	cr_expect(strstr(run.out, "\033[1;31mcritical  \033[0mcpu-onlined         a CPU came "
				  "online inside a window; it may skip the\r\n"),
		  "%s", run.out);
	setenv("NO_COLOR", "1", 1);
	guard_on_terminal(80, "explain", NULL);
	cr_expect_not(strchr(run.out, '\033'), "%s", run.out);
}

/* ---- config ---- */

Test(options, config_shows_each_setting_and_its_place)
{
	char conf[160], place[256];

	snprintf(conf, sizeof(conf), "%s/conf", fixture.root);
	fixture_write(&fixture, "/conf", "[run]\ninterval = 2\n[severity]\nblind = off\n");
	guard("config", "--config", conf, NULL);
	cr_ended(CLEAN, "");
	snprintf(place, sizeof(place), "run       interval            2            %s:2\n", conf);
	cr_expect(strstr(run.out, place), "%s", run.out);
	cr_expect(strstr(run.out, "audit               no           default\n"), "%s", run.out);
	guard("config", "--format=json", "--config", conf, NULL);
	cr_ended(CLEAN, "");
	snprintf(place, sizeof(place),
		 "{\"section\":\"severity\",\"key\":\"blind\",\"value\":\"off\",\"file\":\"%s\","
		 "\"line\":4}\n",
		 conf);
	cr_expect(strstr(run.out, place), "%s", run.out);
	cr_expect(
		strstr(run.out, "\"key\":\"record\",\"value\":null,\"file\":null,\"line\":null}"));
	guard("config", "--check", "--config", conf, NULL);
	cr_ended(CLEAN, "");
	cr_expect_str_eq(run.out, "");
}

Test(options, config_check_lists_each_mistake)
{
	char conf[160], expected[768];

	snprintf(conf, sizeof(conf), "%s/conf", fixture.root);
	fixture_write(&fixture, "/conf",
		      "[run]\naudt = 2\nlisten = 9817\n[severity]\nblind = no\n");
	guard("config", "--check", "--config", conf, NULL);
	cr_ended(UNVERIFIED, "");
	snprintf(expected, sizeof(expected),
		 "%s:2: no key of [run] is called `audt`, is it `audit`?\n"
		 "%s:3: listen takes IP:PORT or unix:PATH, not `9817`\n"
		 "%s:5: blind is off, notice, warning or critical, not `no`\n",
		 conf, conf, conf);
	cr_expect_str_eq(run.out, expected);
	guard("config", "--format", "json", "--config", conf, NULL);
	cr_ended(UNVERIFIED, "");
	snprintf(expected, sizeof(expected), "{\"file\":\"%s\",\"line\":2,\"problem\":", conf);
	cr_expect(strstr(run.out, expected), "%s", run.out);
	cr_expect_not(strstr(run.out, "\"key\""), "%s", run.out);
	guard("run", "--config", conf, NULL);
	cr_ended(CANNOT_RUN, ":2: no key of [run]");
	cr_expect(is_one_line(run.err), "stderr: `%s`", run.err);
}

/* ---- replay ---- */

static struct trace trace;
static struct story story;

/* Begins a recording; what the story is told is in it. */
static void record(void)
{
	struct trace_header header = { .boot_id = "boot", .release = "7.3.0" };

	cr_assert_eq(trace_create(&trace, recording, &header, NULL, 0), 0);
	story_begin(&story, 2);
	story.trace = &trace;
	start(&story);
}

static void stop(void)
{
	trace_close(&trace);
	story_end(&story);
}

static void stop_whole(void)
{
	end(&story);
	stop();
}

static void v10_life(void)
{
	v10_prepare(&story);
	snp_init(&story);
	settle(&story);
	v10_full_shutdown(&story);
	settle(&story);
}

static void overwrite(size_t at, const void *data, size_t size)
{
	int fd = open(recording, O_WRONLY);

	cr_assert_eq(pwrite(fd, data, size, at), (ssize_t)size);
	close(fd);
}

static size_t record_at(unsigned int i)
{
	return sizeof(struct trace_header) + i * sizeof(struct snp_event);
}

static void complains(int status, const char *what)
{
	cr_ended(status, what);
	cr_expect(is_one_line(run.err), "stderr: `%s`", run.err);
	cr_expect_eq(strncmp(run.err, "snp-guard: ", 11), 0, "stderr: `%s`", run.err);
}

Test(replay, of_a_clean_recording_is_0)
{
	record();
	v10_life();
	stop_whole();
	guard("replay", recording, NULL);
	cr_ended(CLEAN, "");
	cr_expect_str_eq(run.err, "");
	cr_expect(strstr(run.out, "findings:     none\n"), "%s", run.out);
	cr_expect(strstr(run.out, "windows:      1\n"), "%s", run.out);
}

Test(replay, of_notices_alone_is_0)
{
	record();
	prepare(&story);
	snp_init(&story);
	settle(&story);
	stop_whole();
	guard("replay", recording, NULL);
	cr_ended(CLEAN, "");
	cr_expect(strstr(run.out, "no-latch (1)"), "%s", run.out);
}

Test(replay, of_a_warning_is_1)
{
	record();
	prepare(&story);
	snp_init(&story);
	hp_disable(&story, "__sev_snp_init_locked");
	stop_whole();
	guard("replay", recording, NULL);
	cr_ended(WARNING, "");
	cr_expect(strstr(run.out, "late-disable (1)"), "%s", run.out);
}

Test(replay, of_a_critical_breach_is_2)
{
	record();
	v10_prepare(&story);
	cpu_up(&story, 3);
	lost(&story, 1);
	stop_whole();
	guard("replay", "--format", "json", recording, NULL);
	cr_ended(CRITICAL, "");
	cr_expect(strstr(run.out, "\"breach\":\"cpu-onlined\""), "%s", run.out);
	cr_expect(strstr(run.out, "\"status\":2}\n"), "%s", run.out);
}

Test(replay, counts_a_breach_as_it_is_told_to)
{
	record();
	prepare(&story);
	snp_init(&story);
	hp_disable(&story, "__sev_snp_init_locked");
	stop_whole();
	guard("replay", "--severity", "late-disable=off", recording, NULL);
	cr_ended(CLEAN, "");
	cr_expect(strstr(run.out, "hidden:       late-disable (1)\n"), "%s", run.out);
	cr_expect_not(strstr(run.out, "WARNING"), "%s", run.out);
	guard("replay", "--severity=no-latch=off", "--severity=late-disable=critical", recording,
	      NULL);
	cr_ended(CRITICAL, "");
	cr_expect(strstr(run.out, "1 critical: late-disable (1)\n"), "%s", run.out);
}

Test(options, bad_severities_are_usage_errors)
{
	static const char *const commands[] = { "run", "replay", "check" };

	for (int i = 0; i < 3; i++) {
		guard(commands[i], "--severity", "blnd=off", NULL);
		cr_ended(USAGE, "--severity: no breach is called `blnd`, is it `blind`?");
		guard(commands[i], "--severity", "blind=no", NULL);
		cr_ended(USAGE, "blind is off, notice, warning or critical, not `no`");
	}
}

Test(replay, of_a_run_without_a_sweep_is_3)
{
	struct trace_header header = { .boot_id = "boot" };
	struct snp_event e;

	cr_assert_eq(trace_create(&trace, recording, &header, NULL, 0), 0);
	story_begin(&story, 2);
	story.trace = &trace;
	start_only(&story);
	e = story_event(&story, SNP_EV_END);
	cr_assert_eq(story_feed(&story, &e), 0);
	stop();
	guard("replay", recording, NULL);
	cr_ended(UNVERIFIED, "");
}

Test(replay, reaches_the_same_verdicts_each_time)
{
	char first[sizeof(run.out)];

	record();
	v10_life();
	prepare(&story);
	cpu_down(&story, 1);
	stop_whole();
	guard("replay", recording, NULL);
	memcpy(first, run.out, sizeof(first));
	guard("replay", recording, NULL);
	cr_expect_str_eq(run.out, first);
}

Test(replay, of_a_missing_file)
{
	guard("replay", recording, NULL);
	complains(UNVERIFIED, "No such file");
	cr_expect_str_eq(run.out, "");
}

Test(replay, of_a_directory)
{
	guard("replay", fixture.root, NULL);
	complains(UNVERIFIED, fixture.root);
}

Test(replay, of_another_file)
{
	char text[512];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	fixture_write(&fixture, "/recording", text);
	guard("replay", recording, NULL);
	complains(UNVERIFIED, "it is not a recording of snp-guard");
	fixture_write(&fixture, "/recording", "");
	guard("replay", recording, NULL);
	complains(UNVERIFIED, "it is shorter than its header");
}

Test(replay, of_a_recording_cut_between_records_can_not_vouch_for_the_rest)
{
	record();
	v10_life();
	stop();
	guard("replay", recording, NULL);
	complains(WARNING, "the recording is not whole: it was cut off after");
	cr_expect(strstr(run.out, "blind"), "%s", run.out);
}

Test(replay, of_a_recording_cut_before_the_first_sweep)
{
	record();
	stop();
	cr_assert_eq(truncate(recording, record_at(1)), 0);
	guard("replay", recording, NULL);
	complains(UNVERIFIED, "the recording is not whole: it was cut off after 1 records");
}

Test(replay, of_a_header_alone)
{
	record();
	stop();
	cr_assert_eq(truncate(recording, record_at(0)), 0);
	guard("replay", recording, NULL);
	cr_expect_eq(run.status, UNVERIFIED);
	cr_expect(strstr(run.err, "not whole"), "stderr: `%s`", run.err);
}

Test(replay, of_a_recording_cut_inside_a_record)
{
	record();
	v10_life();
	stop_whole();
	cr_assert_eq(truncate(recording, record_at(4) + 60), 0);
	guard("replay", recording, NULL);
	complains(WARNING, "it is cut off inside record 5");
	cr_expect(strstr(run.out, "blind"), "%s", run.out);
}

Test(replay, of_a_recording_whose_checksum_is_wrong)
{
	record();
	v10_life();
	stop_whole();
	overwrite(record_at(3) + offsetof(struct snp_event, tgid), "\x01", 1);
	guard("replay", recording, NULL);
	complains(UNVERIFIED, "its checksum is wrong");
}

static void replay_impossible(const char *format)
{
	guard("replay", "--format", format, recording, NULL);
	complains(UNVERIFIED, "record 2 is invalid");
}

Test(replay, of_an_event_that_no_guard_knows)
{
	__u32 kind = 0x10000000, cpu = 1;

	record();
	v10_life();
	stop_whole();
	overwrite(record_at(1) + offsetof(struct snp_event, kind), &kind, sizeof(kind));
	overwrite(record_at(1) + offsetof(struct snp_event, subject), &cpu, sizeof(cpu));
	replay_impossible("text");
	replay_impossible("json");
}

Test(replay, of_a_cpu_that_no_kernel_has)
{
	__u32 cpu = 65536;

	record();
	stop_whole();
	overwrite(record_at(1) + offsetof(struct snp_event, subject), &cpu, sizeof(cpu));
	replay_impossible("text");
	replay_impossible("json");
}
