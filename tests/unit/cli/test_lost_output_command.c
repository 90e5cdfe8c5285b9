// SPDX-License-Identifier: GPL-2.0-only
/* Output that does not reach its reader: of each command, and in each format. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "standin/guard.h"
#include "standin/kernel.h"

/* The device itself: two slashes, and the stand-in for a host leaves it alone. */
#define FULL "//dev/full"

static char recording[128];

static void begin(void)
{
	kernel_begin_usual();
	snprintf(recording, sizeof(recording), "%s/recording", host.kernel.files.root);
	at(1, kernel_begin_snp);
	guard("run", "--pin", "--record", recording, "--for", "2", NULL);
	cr_status(CLEAN);
	host_write("/run/mistaken", "[run]\naudt = yes\n");
}

TestSuite(lost_output, .init = begin, .fini = kernel_end);

/* Each writes something to standard output. */
static const char *const rows[][6] = {
	{ "replay", recording },
	{ "replay", recording, "--format", "json" },
	{ "timeline", recording },
	{ "timeline", recording, "--format", "html" },
	{ "check" },
	{ "check", "--format", "json" },
	{ "check", "--format", "junit" },
	{ "check", "--format", "prometheus" },
	{ "check", "--format", "nagios" },
	{ "check", "--format", "npd" },
	{ "check", "--list" },
	{ "status" },
	{ "status", "--format", "json" },
	{ "snapshot" },
	{ "config" },
	{ "config", "--format", "json" },
	{ "config", "--config", "/run/mistaken" },
	{ "hooks" },
	{ "hooks", "--format", "json" },
	{ "explain" },
	{ "explain", "no-latch" },
	{ "explain", "--format", "json" },
	{ "completion", "bash" },
	{ "completion", "zsh" },
	{ "catalog" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void call(size_t i)
{
	const char *const *r = rows[i];

	guard(r[0], r[1], r[2], r[3], r[4], r[5], NULL);
}

Test(lost_output, is_could_not_verify_and_one_line)
{
	for (size_t i = 0; i < ROWS; i++) {
		guard_stdout = NULL;
		call(i);
		cr_assert_str_not_empty(ended.out, "row %zu, %s", i, rows[i][0]);
		guard_stdout = FULL;
		call(i);
		cr_status(UNVERIFIED);
		cr_assert_eq(times(ended.err, "\n"), 1, "row %zu, %s: %s", i, rows[i][0],
			     ended.err);
		cr_assert_eq(times(ended.err, "snp-guard: standard output: "), 1, "row %zu, %s: %s",
			     i, rows[i][0], ended.err);
	}
}

Test(lost_output, ends_a_watch)
{
	guard_stdout = FULL;
	guard("check", "--watch", "1", NULL);
	cr_status(UNVERIFIED);
	cr_assert_lt(took(), 1);
	cr_assert_eq(times(ended.err, "\n"), 1, "%s", ended.err);
}

/* run reports while it runs, and detach has nothing to say. */
Test(lost_output, is_tried_for_every_command)
{
	for (const struct command *c = command_table(); c->name; c++) {
		bool found = !strcmp(c->name, "run") || !strcmp(c->name, "detach");

		for (size_t i = 0; i < ROWS; i++)
			found |= !strcmp(rows[i][0], c->name);
		cr_expect(found, "%s", c->name);
	}
}

Test(lost_output, in_a_file_that_was_named)
{
	static const char *const files[] = { FULL, "/run/no/such/file" };
	static const char *const why[] = { "No space left on device", "No such file or directory" };

	for (int i = 0; i < 2; i++) {
		guard("timeline", recording, "--output", files[i], NULL);
		cr_status(UNVERIFIED);
		cr_err(why[i]);
		cr_assert_eq(times(ended.err, "\n"), 1, "%s", ended.err);
		guard("snapshot", "--output", files[i], NULL);
		cr_status(UNVERIFIED);
		cr_err(why[i]);
		cr_assert_eq(times(ended.err, "\n"), 1, "%s", ended.err);
	}
	guard("replay", recording, "--textfile", "/run/no/such/file", NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/no/such/file: No such file");
}

/* A status that monitors would take for a result does not hide it. */
Test(lost_output, counts_more_than_what_was_found)
{
	host_set_snp_en(2, false);
	guard("check", NULL);
	cr_status(CRITICAL);
	guard_stdout = FULL;
	guard("check", NULL);
	cr_status(UNVERIFIED);
	guard("check", "--exit-map", "npd", NULL);
	cr_status(UNVERIFIED);
}
