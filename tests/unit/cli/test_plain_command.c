// SPDX-License-Identifier: GPL-2.0-only
/* Commands that need no host: config, explain, completion, catalog; and usage of all. */
#include <criterion/criterion.h>
#include <errno.h>

#include "cli/commands.h"
#include "standin/guard.h"
#include "standin/kernel.h"

static void begin(void)
{
	kernel_begin(1, "");
}

TestSuite(plain_command, .init = begin, .fini = kernel_end);

/* ---- config ---- */

Test(plain_command, config_shows_where_a_setting_comes_from)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = yes\n[severity]\nblind = off\n");
	host_write("/etc/snp-guard.conf.d/10-more.conf", "[run]\ninterval = 3\n");
	guard("config", NULL);
	cr_status(CLEAN);
	cr_quiet();
	cr_out("/etc/snp-guard.conf:2");
	cr_out("/etc/snp-guard.conf.d/10-more.conf:2");
	cr_out("default");
	guard("config", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_out("\"key\":\"audit\",\"value\":\"yes\",\"file\":\"/etc/snp-guard.conf\",\"line\":2");
}

Test(plain_command, config_lists_what_is_wrong)
{
	host_write("/etc/snp-guard.conf", "[run]\naudt = yes\n");
	guard("config", NULL);
	cr_status(UNVERIFIED);
	cr_out("/etc/snp-guard.conf:2: ");
	cr_not_out("default");
	guard("config", "--check", "--format", "json", NULL);
	cr_status(UNVERIFIED);
	cr_out("\"line\":2,\"problem\":");
}

Test(plain_command, config_that_is_sound_is_checked_in_silence)
{
	host_write("/run/conf", "[run]\naudit = yes\n");
	guard("config", "--check", "--config", "/run/conf", NULL);
	cr_status(CLEAN);
	cr_assert_str_empty(ended.out);
}

/* ---- explain ---- */

Test(plain_command, explain)
{
	guard("explain", NULL);
	cr_status(CLEAN);
	cr_out("cpu-onlined");
	cr_out("blind");
	guard("explain", "cpu-onlined", NULL);
	cr_status(CLEAN);
	cr_out("cpu-onlined");
	cr_not_out("late-disable (");
	guard("explain", "--format", "json", "cpu-onlined", NULL);
	cr_assert_eq(times(ended.out, "\n"), 1);
	guard("explain", "--format", "json", NULL);
	cr_assert_gt(times(ended.out, "\n"), 10);
}

Test(plain_command, explain_usage)
{
	guard_alone("explain", "cpu-online", NULL);
	cr_status(USAGE);
	cr_err("cpu-onlined");
	guard_alone("explain", "zzzzzzzzzzzz", NULL);
	cr_status(USAGE);
	guard_alone("explain", "blind", "blind", NULL);
	cr_status(USAGE);
}

/* ---- completion and catalog ---- */

Test(plain_command, completion)
{
	guard("completion", "bash", NULL);
	cr_status(CLEAN);
	cr_out("complete ");
	cr_out("--until-breach");
	guard("completion", "zsh", NULL);
	cr_status(CLEAN);
	cr_out("#compdef snp-guard");
	cr_out("--until-breach");
}

Test(plain_command, completion_usage)
{
	guard_alone("completion", "fish", NULL);
	cr_status(USAGE);
	cr_err("fish");
	guard_alone("completion", NULL);
	cr_status(USAGE);
}

Test(plain_command, catalog)
{
	guard("catalog", NULL);
	cr_status(CLEAN);
	cr_assert_gt(times(ended.out, "-- "), 15);
}

/* ---- all of them ---- */

Test(plain_command, each_has_help_and_takes_no_unknown_option)
{
	for (const struct command *c = command_table(); c->name; c++) {
		guard_alone(c->name, "--help", NULL);
		cr_status(0);
		cr_out("Usage: snp-guard");
		cr_out(c->name);
		guard_alone(c->name, "--nonsense", NULL);
		cr_status(USAGE);
		cr_err("nonsense");
	}
}

Test(plain_command, bad_formats)
{
	static const char *const with_format[] = { "run",    "replay",	"status",  "hooks",
						   "config", "explain", "timeline" };

	for (size_t i = 0; i < sizeof(with_format) / sizeof(with_format[0]); i++) {
		guard_alone(with_format[i], "--format", "xml", NULL);
		cr_status(USAGE);
		cr_err("xml");
	}
}

Test(plain_command, files_one_at_a_time)
{
	static const char *const of_a_file[] = { "replay", "timeline" };

	for (size_t i = 0; i < 2; i++) {
		guard_alone(of_a_file[i], NULL);
		cr_status(USAGE);
		guard_alone(of_a_file[i], "a", "b", NULL);
		cr_status(USAGE);
	}
	guard_alone("run", "now", NULL);
	cr_status(USAGE);
	guard_alone("status", "now", NULL);
	cr_status(USAGE);
	guard_alone("config", "now", NULL);
	cr_status(USAGE);
	guard_alone("detach", "now", NULL);
	cr_status(USAGE);
}
