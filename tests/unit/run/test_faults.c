// SPDX-License-Identifier: GPL-2.0-only
/* Outputs that fail while a guard runs: the guard and its gate go on, and the guard says so. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "standin/guard.h"
#include "standin/kernel.h"

static char recording[128], moved[160];

static void begin(void)
{
	kernel_begin_usual();
	snprintf(recording, sizeof(recording), "%s/recording", host.kernel.files.root);
	snprintf(moved, sizeof(moved), "%s.1", recording);
}

TestSuite(faults, .init = begin, .fini = kernel_end);

/* ---- for scripts ---- */

static void try_the_gate(void)
{
	kernel_open_for_writing("cpu%u/online", 2);
}

static void lose_snp_en(void)
{
	host_set_snp_en(3, false);
}

/* Of the window that each test opens: the gate refuses, and a breach is named. */
static void window_with_a_breach(void)
{
	at(1, kernel_begin_snp);
	at(8, try_the_gate);
	at(9, lose_snp_en);
}

static void expect_all_of_the_guard(void)
{
	cr_assert_eq(kernel.opened, -EPERM, "opening was not refused: %d", kernel.opened);
	cr_assert_geq(took(), 29);
}

/* ---- writes that fail ---- */

static struct {
	const char *path; /* NULL: of stdout */
	int err;	  /* 0: none fails */
	size_t passes;	  /* bytes that still fit */
	int failed, seen;
} writes;

static bool is_meant(int fd)
{
	struct stat meant, st;

	if (!writes.path)
		return fd == fileno(stdout);
	return !stat(writes.path, &meant) && !fstat(fd, &st) && st.st_ino == meant.st_ino;
}

static int on_write(int fd, size_t *size)
{
	if (!writes.err || !is_meant(fd))
		return 0;
	if (writes.passes) {
		*size = *size < writes.passes ? *size : writes.passes;
		writes.passes -= *size;
		return 0;
	}
	writes.failed++;
	errno = writes.err;
	return -1;
}

static void fail_writes(const char *path, int err, size_t passes)
{
	host.on_write = on_write;
	writes.path = path;
	writes.err = err;
	writes.passes = passes;
	writes.failed = 0;
}

/* Room for one record and a part of the next one. */
static void disk_is_full(void)
{
	fail_writes(recording, ENOSPC, 200);
}

static void disk_has_room(void)
{
	writes.err = 0;
}

static void pipe_is_closed(void)
{
	fail_writes(NULL, EPIPE, 0);
}

/* ---- the recording ---- */

Test(faults, a_full_disk_ends_no_run)
{
	window_with_a_breach();
	at(3, disk_is_full);
	guard("run", "--record", recording, "--format", "json", "--for", "30", NULL);
	expect_all_of_the_guard();
	cr_status(UNVERIFIED);
	cr_assert_geq(writes.failed, 2, "it is tried again");
	cr_out(BREACH("cpu-without-snp-en"));
	cr_assert_eq(times(ended.out, FAULT("recording", "failing")), 1);
	cr_out("\"faults\":{\"recording\":{\"lost\":");
	cr_err("recording: No space left on device; the guard goes on");
}

Test(faults, a_disk_that_has_room_again_gets_the_whole_recording)
{
	window_with_a_breach();
	at(3, disk_is_full);
	at(20, disk_has_room);
	guard("run", "--record", recording, "--format", "json", "--for", "30", NULL);
	expect_all_of_the_guard();
	cr_status(CRITICAL);
	cr_assert_geq(writes.failed, 2);
	cr_out(FAULT("recording", "working"));
	guard("replay", "--format", "json", recording, NULL);
	cr_status(CRITICAL);
	cr_quiet();
	cr_out(BREACH("cpu-without-snp-en"));
	cr_out(EVENT("end"));
}

static bool locked;

static int see_the_lock(int fd, size_t *size)
{
	struct flock whole = { .l_type = F_WRLCK };
	int lock;

	(void)size;
	if (!is_meant(fd))
		return 0;
	lock = open("/run/snp-guard.lock", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(fcntl(lock, F_OFD_GETLK, &whole), 0);
	close(lock);
	locked = whole.l_type == F_WRLCK;
	writes.seen++;
	return 0;
}

static void watch_the_lock(void)
{
	writes.path = recording;
	host.on_write = see_the_lock;
}

Test(faults, no_other_guard_begins_before_the_recording_has_its_end)
{
	at(1, kernel_begin_snp);
	at(5, watch_the_lock);
	guard("run", "--record", recording, "--format", "json", "--for", "20", NULL);
	cr_status(CLEAN);
	cr_assert_gt(writes.seen, 1);
	cr_assert(locked);
	guard("status", NULL);
	cr_out("guard:    not running");
}

/* ---- stdout ---- */

Test(faults, a_reader_that_goes_away_ends_no_run)
{
	window_with_a_breach();
	at(3, pipe_is_closed);
	guard("run", "--record", recording, "--format", "json", "--for", "30", NULL);
	expect_all_of_the_guard();
	cr_status(UNVERIFIED);
	cr_assert_eq(writes.failed, 1, "nobody reads it any more");
	cr_assert_eq(times(ended.err, "stdout: Broken pipe; the guard goes on"), 1);
	cr_not_out(BREACH("cpu-without-snp-en"));
	host.on_write = NULL;
	guard("replay", "--format", "json", recording, NULL);
	cr_out(BREACH("cpu-without-snp-en"));
	cr_out(FAULT("stdout", "failing"));
}

/* ---- records ---- */

static void record_that_no_guard_writes(void)
{
	struct snp_event e = { .kind = SNP_EV_CPU_UP, .subject = 1u << 30 };

	e.seq = ++bpf_kernel.state->seq;
	bpf_put(&e);
}

Test(faults, a_record_that_is_none_is_a_lost_one)
{
	window_with_a_breach();
	at(3, record_that_no_guard_writes);
	run_for("30");
	expect_all_of_the_guard();
	cr_status(CRITICAL);
	cr_out("\"event\":\"lost\",\"records\":1");
	cr_out(BREACH("blind"));
	cr_out(BREACH("cpu-without-snp-en"));
}

/* ---- the flight recorder ---- */

#define FLIGHT "/var/lib/snp-guard"

static char flight[256];

static const char *path_of_recording(void)
{
	const char *at = strstr(ended.out, "\"recording\":\"" FLIGHT);

	cr_assert(at, "%s", ended.out);
	at += strlen("\"recording\":\"");
	snprintf(flight, sizeof(flight), "%s%.*s", host.kernel.files.root, (int)strcspn(at, "\""),
		 at);
	return flight;
}

Test(faults, a_breach_leaves_a_recording)
{
	struct stat st;

	window_with_a_breach();
	run_for("30");
	cr_status(CRITICAL);
	cr_assert_eq(stat(path_of_recording(), &st), 0, "%s", flight);
	cr_assert_eq(st.st_mode & 0777, 0600);
	guard("replay", "--format", "json", flight, NULL);
	cr_status(CRITICAL);
	cr_quiet();
	cr_out(EVENT("start"));
	cr_out(BREACH("cpu-without-snp-en"));
	cr_out(EVENT("end"));
}

Test(faults, no_breach_leaves_none)
{
	at(1, kernel_begin_snp);
	run_for("30");
	cr_status(CLEAN);
	cr_assert_not(host_has(FLIGHT));
}

Test(faults, a_flight_recorder_that_is_off_keeps_nothing)
{
	window_with_a_breach();
	guard("run", "--flight-recorder", "off", "--format", "json", "--for", "30", NULL);
	cr_status(CRITICAL);
	cr_not_out("\"recording\"");
	cr_assert_not(host_has(FLIGHT));
}

Test(faults, a_directory_that_can_not_be_made_is_told)
{
	host_refuse(FLIGHT, -EROFS);
	window_with_a_breach();
	run_for("30");
	expect_all_of_the_guard();
	cr_status(UNVERIFIED);
	cr_out(FAULT("flight-recorder", "failing"));
	cr_out(BREACH("cpu-without-snp-en"));
}

/* A file in the flight recorder's directory, of so many bytes, last written so many days ago. */
static void old_file(const char *name, off_t size, int days)
{
	const struct timespec then = { .tv_sec = HOST_REALTIME_S - days * 24 * 3600l };
	char path[128];

	snprintf(path, sizeof(path), FLIGHT "/%s", name);
	host_write(path, "");
	snprintf(flight, sizeof(flight), "%s", fixture_path(&host.kernel.files, path));
	cr_assert_eq(truncate(flight, size), 0);
	cr_assert_eq(utimensat(AT_FDCWD, flight, (struct timespec[]){ then, then }, 0), 0);
}

static bool flight_has(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), FLIGHT "/%s", name);
	return host_has(path);
}

Test(faults, the_oldest_recordings_go)
{
	char name[64];

	for (int i = 11; i < 29; i++) {
		snprintf(name, sizeof(name), "2026-05-%dT10:00:00Z-blind.trace", i);
		old_file(name, 4096, 3);
	}
	old_file("2026-05-30T10:00:00Z-cpu-offlined.trace", 4096, 31);
	old_file("2026-05-31T10:00:00Z-cpu-offlined.trace", 65 << 20, 1);
	window_with_a_breach();
	run_for("30");
	cr_assert_not(flight_has("2026-05-30T10:00:00Z-cpu-offlined.trace"), "it is old");
	cr_assert_not(flight_has("2026-05-31T10:00:00Z-cpu-offlined.trace"), "it is large");
	/* 16 with the new one. */
	cr_assert(flight_has("2026-05-14T10:00:00Z-blind.trace"));
	cr_assert_not(flight_has("2026-05-13T10:00:00Z-blind.trace"));
}

Test(faults, what_is_no_flight_recording_stays)
{
	static const char *const names[] = { "incident.trace",
					     "2026-05-01.trace",
					     "2026-05-01T10:00:00Z-incident.trace",
					     "2026-05-01T10:00:00Z-blind.copy.trace",
					     "2026-05-01T1:00:00Z-blind.trace",
					     "2026-05-01T10:00:00Z-blind.trace.1",
					     "run.trace" };
	const size_t n = sizeof(names) / sizeof(names[0]);

	for (size_t i = 0; i < n; i++)
		old_file(names[i], 65 << 20, 31);
	window_with_a_breach();
	run_for("30");
	cr_assert(host_has(FLIGHT));
	for (size_t i = 0; i < n; i++)
		cr_assert(flight_has(names[i]), "%s", names[i]);
}

Test(faults, status_has_them)
{
	window_with_a_breach();
	guard("run", "--pin", "--textfile", "/run/no/such/dir", "--for", "30", NULL);
	cr_status(UNVERIFIED);
	guard("status", NULL);
	cr_out("fault:    textfile: No such file or directory; lost: ");
	cr_out("recorded: " FLIGHT "/2026-06-01T00:16:");
	guard("status", "--format", "json", NULL);
	cr_out("\"faults\":{\"textfile\":{\"lost\":");
	cr_out("\"recording\":\"" FLIGHT);
}

/* ---- recordings that go on in another file ---- */

static void move_recording(void)
{
	cr_assert_eq(rename(recording, moved), 0);
	sighup();
}

static void replays(const char *file, int status)
{
	guard("replay", "--format", "json", file, NULL);
	cr_status(status);
	/* Else it would say that no END is there. */
	cr_quiet();
}

Test(faults, at_sighup_a_recording_that_was_not_moved_goes_on)
{
	window_with_a_breach();
	at(5, sighup);
	guard("run", "--record", recording, "--for", "30", NULL);
	cr_status(CRITICAL);
	replays(recording, CRITICAL);
	cr_out(EVENT("start"));
	cr_out(BREACH("cpu-without-snp-en"));
}

Test(faults, at_sighup_the_recording_is_opened_anew)
{
	window_with_a_breach();
	at(5, move_recording);
	guard("run", "--record", recording, "--for", "30", NULL);
	cr_status(CRITICAL);
	replays(moved, CLEAN);
	cr_out(STATE("window-open"));
	replays(recording, CRITICAL);
	cr_out(BREACH("cpu-without-snp-en"));
	cr_not_out(EVENT("start"));
}

static const char fifo[] = "/run/fifo";
static unsigned int opens;

static int on_open(const char *path, int flags)
{
	(void)flags;
	opens += !strcmp(path, fifo);
	return 0;
}

/* Whenever it is opened and closed again, its reader sees the end of the recording. */
Test(faults, a_recording_to_a_fifo_is_begun_once)
{
	const char *path = fixture_path(&host.kernel.files, fifo);
	char some[16];
	int reader;

	cr_assert_eq(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(reader, 0);
	host.on_open = on_open;
	at(5, sighup);
	guard("run", "--record", fifo, "--for", "30", NULL);
	cr_status(CLEAN);
	cr_assert_eq(opens, 1, "%u", opens);
	cr_assert_eq(read(reader, some, sizeof(some)), (ssize_t)sizeof(some));
	close(reader);
}

static void audit_from_now_on(void)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = yes\n");
	move_recording();
}

static void is_drawn_as(const char *file, const char *mode)
{
	guard("timeline", file, NULL);
	cr_status(CLEAN);
	cr_out(mode);
}

Test(faults, recordings_that_begin_after_a_switch_to_audit_say_so)
{
	window_with_a_breach();
	at(5, audit_from_now_on);
	guard("run", "--record", recording, "--format", "json", "--for", "30", NULL);
	cr_status(CRITICAL);
	path_of_recording();
	is_drawn_as(moved, ", enforcing;");
	is_drawn_as(recording, ", audit mode;");
	is_drawn_as(flight, ", audit mode;");
}

static void try_the_gate_often(void)
{
	for (int i = 0; i < 900; i++)
		try_the_gate();
}

/* A window with more records than half of a limit holds: of 2 MiB twice, of 3 MiB once. */
static void record_up_to(const char *limit)
{
	at(1, kernel_begin_snp);
	for (int i = 0; i < 22; i++)
		at(2 + i, try_the_gate_often);
	at(28, lose_snp_en);
	guard("run", "--record", recording, "--record-limit", limit, "--for", "40", NULL);
}

static void let_move(void)
{
	host_refuse(moved, 0);
}

Test(faults, a_recording_with_a_limit_keeps_its_newest_part)
{
	struct stat newer, older;

	record_up_to("2");
	cr_status(CRITICAL);
	cr_assert(!stat(recording, &newer) && !stat(moved, &older));
	cr_assert_leq(newer.st_size + older.st_size, 2 << 20);
	cr_assert_geq(older.st_size, 1 << 20);
	replays(moved, CLEAN);
	replays(recording, CRITICAL);
}

Test(faults, a_recording_that_can_not_be_moved_stays)
{
	host_refuse(moved, -EISDIR);
	record_up_to("2");
	cr_status(UNVERIFIED);
	cr_err("recording: Is a directory; the guard goes on without it");
	/* With its END. */
	replays(recording, CLEAN);
}

Test(faults, a_recording_that_can_be_moved_late_goes_on)
{
	host_refuse(moved, -EISDIR);
	at(26, let_move);
	record_up_to("3");
	cr_status(CRITICAL);
	cr_err("recording: works again; lost: 0");
	replays(moved, CLEAN);
	replays(recording, CRITICAL);
	cr_not_out(EVENT("lost"));
}
