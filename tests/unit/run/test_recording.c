// SPDX-License-Identifier: GPL-2.0-only
/* A run that is recorded, and what replay and timeline make of the recording. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "standin/guard.h"
#include "standin/kernel.h"

static char recording[128], picture[128];
static char recorded_out[sizeof(ended.out)];

static void begin(void)
{
	kernel_begin_usual();
	snprintf(recording, sizeof(recording), "%s/recording", host.kernel.files.root);
	snprintf(picture, sizeof(picture), "%s/picture.html", host.kernel.files.root);
}

TestSuite(recording, .init = begin, .fini = kernel_end);

static void down(void)
{
	kernel_cpu_down(3);
}

static void deny(void)
{
	kernel_open_for_writing("cpu%u/online", 1);
}

static void record(void)
{
	at(1, kernel_begin_snp);
	at(2, deny);
	at(3, down);
	at(8, kernel_full_shutdown);
	guard("run", "--record", recording, "--flight-recorder", "off", "--for", "10", "--format",
	      "json", NULL);
	cr_status(WARNING);
	strcpy(recorded_out, ended.out);
}

Test(recording, replay_says_what_the_run_said)
{
	record();
	guard("replay", "--format", "json", recording, NULL);
	cr_status(WARNING);
	cr_quiet();
	cr_assert_str_eq(ended.out, recorded_out);
}

Test(recording, replay_by_severity_and_in_text)
{
	record();
	guard("replay", "--severity", "cpu-offlined=critical", recording, NULL);
	cr_status(CRITICAL);
	cr_out("cpu-offlined");
	guard("replay", "--severity", "cpu-offlined=off", recording, NULL);
	cr_status(CLEAN);
}

Test(recording, replay_publishes_metrics)
{
	char textfile[160], text[8192] = "";
	FILE *f;

	snprintf(textfile, sizeof(textfile), "%s.prom", recording);
	record();
	guard("replay", "--textfile", textfile, recording, NULL);
	cr_status(WARNING);
	f = fopen(textfile, "r");
	cr_assert(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	cr_assert(strstr(text, "snp_guard_breaches_total{breach=\"cpu-offlined\",severity="
			       "\"warning\"} 1\n"),
		  "%s", text);
	cr_assert(strstr(text, "snp_guard_denied_writes_total 1\n"), "%s", text);
}

Test(recording, timeline_draws_it)
{
	record();
	guard("timeline", recording, NULL);
	cr_status(CLEAN);
	cr_out("<svg");
	cr_not_out("<html");
	guard("timeline", "--format", "html", recording, NULL);
	cr_status(CLEAN);
	cr_out("<html");
}

Test(recording, timeline_draws_a_part)
{
	record();
	guard("timeline", "--window", "1", recording, NULL);
	cr_status(CLEAN);
	cr_out("cpu-offlined");
	guard("timeline", "--from", "0.5", "--to", "1.5", recording, NULL);
	cr_status(CLEAN);
	cr_not_out("cpu-offlined");
}

Test(recording, timeline_of_a_part_that_is_not_there)
{
	record();
	guard("timeline", "--window", "2", recording, NULL);
	cr_status(UNVERIFIED);
	cr_err("has no window 2; it has 1 to 1");
	guard("timeline", "--from", "100", recording, NULL);
	cr_status(UNVERIFIED);
	cr_err("nothing is there to draw: it is 1");
	guard("run", "--record", recording, "--for", "1", NULL);
	guard("timeline", "--window", "1", recording, NULL);
	cr_status(UNVERIFIED);
	cr_err("has no window\n");
}

Test(recording, timeline_draws_by_the_files_name)
{
	struct stat st;

	record();
	guard("timeline", "--output", picture, recording, NULL);
	cr_status(CLEAN);
	cr_assert_str_empty(ended.out);
	cr_assert_eq(stat(picture, &st), 0);
	cr_assert_gt(st.st_size, 1000);
}

Test(recording, timeline_to_where_it_can_not_write)
{
	record();
	guard("timeline", "--output", "/run/no/such/dir", recording, NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/no/such/dir: No such file");
}

Test(recording, what_is_no_recording)
{
	host_write("/run/other", "something else\n");
	guard("replay", "/run/other", NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/other");
	guard("replay", "/run/none", NULL);
	cr_status(UNVERIFIED);
	cr_err("No such file");
	guard("timeline", "/run/none", NULL);
	cr_status(UNVERIFIED);
	cr_err("No such file");
}

/* ---- recordings that are not whole ---- */

static off_t size_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_size;
}

/* So it is told, and what is left of it is replayed and drawn, to its breach at the least. */
static void is_shown_as_far_as_it_goes(const char *why)
{
	guard("replay", "--format", "json", recording, NULL);
	cr_status(WARNING);
	cr_err(why);
	cr_assert_eq(times(ended.err, "\n"), 1, "%s", ended.err);
	cr_out(BREACH("cpu-offlined"));
	cr_out(BREACH("blind"));
	cr_out("\"uncovered\":[\"what came after the recording's cut\"]");
	cr_out("\"type\":\"summary\"");
	guard("timeline", recording, NULL);
	cr_status(CLEAN);
	cr_err(why);
	cr_out("cpu-offlined");
}

Test(recording, one_that_is_cut_off_between_records)
{
	record();
	cr_assert_eq(truncate(recording, size_of(recording) - 120), 0);
	is_shown_as_far_as_it_goes("it was cut off after ");
}

Test(recording, one_that_is_cut_off_inside_a_record)
{
	record();
	cr_assert_eq(truncate(recording, size_of(recording) - 3), 0);
	is_shown_as_far_as_it_goes("it is cut off inside record ");
}

/* The file has its size, and not all of its blocks. */
Test(recording, one_that_ends_in_zeros)
{
	off_t size;

	record();
	size = size_of(recording);
	cr_assert_eq(truncate(recording, size - 120), 0);
	cr_assert_eq(truncate(recording, size + 4000), 0);
	is_shown_as_far_as_it_goes("it ends in zeros after record ");
	guard("replay", "--format", "json", recording, NULL);
	cr_assert_eq(times(ended.out, EVENT("prepare-enter")), 1);
}

Test(recording, one_whose_time_runs_backwards)
{
	unsigned char record_of_start[120];
	int fd;

	record();
	fd = open(recording, O_RDWR);
	cr_assert_eq(pread(fd, record_of_start, 120, 136), 120);
	/* In place of END. */
	cr_assert_eq(pwrite(fd, record_of_start, 120, size_of(recording) - 120), 120);
	close(fd);
	is_shown_as_far_as_it_goes("time runs backwards at record ");
}

Test(recording, one_of_a_pinned_guard_that_was_resumed_begins_with_its_state)
{
	at(1, kernel_begin_snp);
	guard("run", "--pin", "--for", "5", "--format", "json", NULL);
	cr_status(CLEAN);
	at(1, down);
	guard("run", "--pin", "--record", recording, "--for", "5", "--format", "json", NULL);
	cr_status(WARNING);
	guard("replay", "--format", "json", recording, NULL);
	cr_status(WARNING);
	cr_out(EVENT("adopt"));
	cr_out(BREACH("cpu-offlined"));
	cr_out("\"windows\":1,\"window_open\":true");
}

Test(recording, a_state_that_is_damaged)
{
	unsigned char byte = 0;
	int fd;

	at(1, kernel_begin_snp);
	guard("run", "--pin", "--for", "5", "--format", "json", NULL);
	guard("run", "--pin", "--record", recording, "--for", "5", "--format", "json", NULL);
	fd = open(recording, O_RDWR);
	cr_assert_eq(pread(fd, &byte, 1, 512), 1);
	byte ^= 0xff;
	cr_assert_eq(pwrite(fd, &byte, 1, 512), 1);
	close(fd);
	guard("replay", recording, NULL);
	cr_status(UNVERIFIED);
	cr_err(recording);
}

Test(recording, a_state_that_this_version_does_not_know)
{
	static const char layout = 99, version[16] = "9.8.7";
	int fd;

	at(1, kernel_begin_snp);
	guard("run", "--pin", "--for", "5", "--format", "json", NULL);
	guard("run", "--pin", "--record", recording, "--for", "5", "--format", "json", NULL);
	fd = open(recording, O_RDWR);
	cr_assert_eq(pwrite(fd, &layout, 1, 136 + 4 + 4), 1);
	cr_assert_eq(pwrite(fd, version, 16, 136 + 4 + 12), 16);
	close(fd);
	guard("replay", recording, NULL);
	cr_status(UNVERIFIED);
	cr_err("replay it with snp-guard 9.8.7 or later");
	cr_assert_eq(times(ended.err, "\n"), 1, "%s", ended.err);
}

/* Made by 0.1.0 as of November 2026, whose recordings did not say the state's layout. */
Test(recording, a_state_of_the_first_layout)
{
	guard("replay", "--format", "json", "tests/unit/session/state-0.trace", NULL);
	cr_status(CLEAN);
	cr_quiet();
	cr_out(EVENT("adopt"));
	cr_out("\"windows\":1,\"window_open\":false");
	cr_out("\"no-latch\":1");
	cr_out(STATE("window-closed"));
}
