// SPDX-License-Identifier: GPL-2.0-only
/* Runs in which ccp is loaded anew. */
#include <criterion/criterion.h>
#include <string.h>

#include "standin/guard.h"
#include "standin/kernel.h"

static void begin(void)
{
	kernel_begin(4, "");
	kernel.disables_hotplug = true;
}

TestSuite(modules, .init = begin, .fini = kernel_end);

static void reload_the_same(void)
{
	kernel_fixture_ccp_reloaded(&host.kernel, "");
}

static void reload_renamed(void)
{
	kernel_fixture_ccp_reloaded(&host.kernel, ".llvm.42");
}

static void reload_inlined(void)
{
	kernel_fixture_ccp_reloaded(&host.kernel, NULL);
}

static void ccp_is_gone(const char *path)
{
	if (strcmp(path, "/proc/kallsyms"))
		return;
	host.on_read = NULL;
	kernel_fixture_ccp_unloaded(&host.kernel);
}

static void unload_while_symbols_are_read(void)
{
	reload_the_same();
	host.on_read = ccp_is_gone;
}

Test(modules, a_ccp_that_goes_while_its_symbols_are_read_is_no_other_build)
{
	at(5, unload_while_symbols_are_read);
	run_for("20");
	cr_quiet();
	cr_status(CLEAN);
	cr_assert_null(host.on_read);
}

Test(modules, the_same_ccp_again_keeps_its_kprobes)
{
	at(5, reload_the_same);
	at(8, kernel_begin_snp);
	at(12, kernel_full_shutdown);
	run_for("20");
	cr_quiet();
	cr_status(CLEAN);
	cr_expect_eq(host_logged("attach command_enter"), 1, "%s", host.log);
}

Test(modules, a_ccp_whose_functions_have_other_names_is_followed)
{
	at(5, reload_renamed);
	at(8, kernel_begin_snp);
	at(12, kernel_full_shutdown);
	run_for("20");
	cr_status(WARNING);
	cr_expect_eq(host_logged("attach command_enter"), 2, "%s", host.log);
	cr_expect_eq(
		host_logged("event added snp_guard/command_enter ccp:__sev_do_cmd_locked.llvm.42"),
		1, "%s", host.log);
	cr_expect_eq(times(ended.out, BREACH("blind")), 1, "%s", ended.out);
	cr_out("ccp: another __sev_do_cmd_locked (put right)");
	cr_out("\"command_name\":\"SNP_INIT_EX\"");
	cr_assert_str_empty(host_read("/sys/kernel/tracing/kprobe_events"));
}

Test(modules, a_ccp_that_can_not_be_followed_is_a_blind_spot)
{
	at(5, reload_inlined);
	run_for("20");
	cr_status(WARNING);
	cr_expect_eq(times(ended.out, BREACH("blind")), 1, "%s", ended.out);
	cr_out("ccp: another __sev_do_cmd_locked (not put right)");
}

Test(modules, sweeps_come_as_often_as_asked)
{
	guard("run", "--for", "62", "--interval", "5", "--format", "json", NULL);
	/* One at the begin, one every five seconds, one at the end. */
	cr_assert_eq(times(ended.out, EVENT("truth")), 1 + 12 + 1, "%s", ended.out);
}

Test(modules, a_whole_window_of_a_kernel_with_snps_disable_is_clean)
{
	at(1, kernel_begin_snp);
	at(20, kernel_full_shutdown);
	run_for("30");
	cr_quiet();
	cr_status(CLEAN);
	cr_out(STATE("window-open"));
	cr_out(STATE("initialised"));
	cr_out(STATE("window-closed"));
	cr_out("\"windows\":1,\"window_open\":false");
	cr_not_out("\"type\":\"breach\"");
}

Test(modules, a_kernel_without_snps_disable_is_a_notice)
{
	kernel.disables_hotplug = false;
	at(1, kernel_begin_snp);
	run_for("10");
	cr_status(CLEAN);
	cr_out(BREACH("no-latch"));
	cr_out("\"window_open\":true");
}

Test(modules, a_cpu_onlined_in_a_window_is_critical)
{
	host_set_online(3, false);
	at(1, kernel_begin_snp);
	at(2, cpu3_up);
	run_for("10");
	cr_status(CRITICAL);
	cr_out(BREACH("partial-prepare"));
	cr_out(BREACH("cpu-onlined"));
	cr_out(BREACH("cpu-without-snp-en"));
}

Test(modules, a_critical_breach_says_how_many_guests_are_at_risk)
{
	host_write("/sys/fs/cgroup/misc.capacity", "sev 410\nsev_es 99\n");
	host_write("/sys/fs/cgroup/misc.current", "sev 1\nsev_es 3\n");
	host_set_online(3, false);
	at(1, kernel_begin_snp);
	at(2, cpu3_up);
	run_for("10");
	cr_out("\"event\":\"guests\",\"count\":3");
	/* Two breaches, of which the second is found by a sweep; and no more afterwards. */
	cr_expect_leq(times(ended.out, EVENT("guests")), 2);
}

Test(modules, guests_at_risk_may_be_unknown)
{
	host_set_online(3, false);
	at(1, kernel_begin_snp);
	at(2, cpu3_up);
	run_for("10");
	cr_expect_geq(times(ended.out, EVENT("guests")), 1);
	cr_not_out("\"event\":\"guests\",\"count\"");
}

Test(modules, without_a_critical_breach_nobody_counts_guests)
{
	kernel.disables_hotplug = false;
	at(1, kernel_begin_snp);
	run_for("10");
	cr_out(BREACH("no-latch"));
	cr_not_out(EVENT("guests"));
}

Test(modules, a_severity_that_is_off_does_not_count)
{
	at(1, kernel_begin_snp);
	at(2, cpu3_down);
	guard("run", "--for", "10", "--format", "json", "--severity", "cpu-offlined=off", NULL);
	cr_status(CLEAN);
	cr_out("\"left_out\":{\"cpu-offlined\":1}");
}
