// SPDX-License-Identifier: GPL-2.0-only
/* What `status` and `check` learn from a guard without pins, by what it writes to its lock. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "standin/guard.h"
#include "standin/kernel.h"

#define NS_PER_S 1000000000ull

static char told[4096]; /* what a guard wrote */
static int lock;

static void keep_told(void)
{
	FILE *f = fopen("/run/snp-guard.lock", "r");

	cr_assert(f);
	told[fread(told, 1, sizeof(told) - 1, f)] = 0;
	fclose(f);
}

static void begin(void)
{
	kernel_begin(4, "");
	lock = -1;
	told[0] = 0;
}

static void end(void)
{
	if (lock >= 0)
		close(lock);
	kernel_end();
}

TestSuite(asked, .init = begin, .fini = end);

/* Its lock is held as if it still ran. */
static void goes_on(void)
{
	lock = host_hold_lock(told);
}

static void lose_snp_en(void)
{
	host_set_snp_en(3, false);
}

static void run_with_a_window(void)
{
	at(1, kernel_begin_snp);
	at(29, keep_told);
	run_for("30");
}

Test(asked, a_guard_that_found_nothing)
{
	run_with_a_window();
	goes_on();
	guard("status", NULL);
	cr_status(CLEAN);
	cr_out("state:    enforcing\n");
	cr_out("without --pin");
	cr_out("no-latch (1)");
	guard("check", "--only", "gate,recorded", NULL);
	cr_out("as long as the guard runs");
}

Test(asked, a_guard_that_found_a_breach)
{
	kernel.disables_hotplug = true;
	at(15, lose_snp_en);
	run_with_a_window();
	goes_on();
	guard("status", NULL);
	cr_out("snp-en-lost (1)");
	guard("status", "--format", "json", NULL);
	cr_out("\"snp-en-lost\":1}");
	cr_out("\"pinned\":false");
	guard("check", "--only", "recorded", NULL);
	cr_status(CRITICAL);
	cr_out("snp-en-lost: named 1 time");
}

static void enable_early_while_no_sweep_is_possible(void)
{
	host_refuse("/sys/devices/system/cpu/present", -EIO);
	kernel_enable(true, "snp_prepare");
}

Test(asked, a_finding_is_told_without_a_sweep)
{
	kernel.disables_hotplug = true;
	at(1, kernel_begin_snp);
	at(3, enable_early_while_no_sweep_is_possible);
	at(4, keep_told);
	guard("run", "--interval", "60", "--for", "5", NULL);
	goes_on();
	guard("status", NULL);
	cr_not_out("findings: none");
}

Test(asked, a_guard_that_only_looks)
{
	at(3, keep_told);
	guard("run", "--audit", "--for", "4", NULL);
	goes_on();
	guard("status", NULL);
	cr_status(CLEAN);
	cr_out("state:    auditing\n");
	cr_out("findings: none\n");
}

Test(asked, a_guard_that_is_silent_is_degraded_and_its_findings_stay)
{
	kernel.disables_hotplug = true;
	at(15, lose_snp_en);
	run_with_a_window();
	goes_on();
	host.now_ns += 3600 * NS_PER_S;
	guard("status", NULL);
	cr_status(WARNING);
	cr_out("degraded: no sweep has been complete for some time");
	cr_out("snp-en-lost (1)");
}

/* The text as a later version, or nobody's guard, may have it. */
static void is_unknown_with(const char *text)
{
	snprintf(told, sizeof(told), "%s", text);
	goes_on();
	guard("status", NULL);
	cr_status(UNVERIFIED);
	cr_out("state:    unknown: can't read what the guard tells");
	guard("check", "--only", "gate", NULL);
	cr_out("UNKNOWN");
}

Test(asked, a_guard_that_starts)
{
	is_unknown_with("4711\n");
}

Test(asked, a_text_that_is_cut)
{
	is_unknown_with("4711\nuntil 99999999999999999\nstate enforcing\nhook 1\n");
}

Test(asked, a_state_of_a_later_version)
{
	is_unknown_with("4711\nuntil 99999999999999999\nstate dreaming\nhook 1\nend\n");
}

Test(asked, a_breach_of_a_later_version)
{
	is_unknown_with("4711\nuntil 99999999999999999\nstate enforcing\nbreach rain 1\nend\n");
}

Test(asked, no_guard)
{
	run_with_a_window();
	guard("status", NULL);
	cr_out("state:    detached");
	guard("check", "--only", "gate", NULL);
	cr_out("no guard runs");
}
