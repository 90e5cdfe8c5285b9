// SPDX-License-Identifier: GPL-2.0-only
/* Whole runs of the guard on a host that stands in for an SNP host. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "standin/guard.h"
#include "standin/kernel.h"

static int opened; /* what the last open for writing by a user returned */

static void begin(void)
{
	kernel_begin(4, "");
	kernel.disables_hotplug = true;
	opened = 1;
}

TestSuite(run, .init = begin, .fini = kernel_end);

static void open_cpu3(void)
{
	opened = kernel_open_for_writing("cpu%u/online", 3);
}

static void cpu3_up(void)
{
	kernel_cpu_up(3);
}

static void cpu3_down(void)
{
	kernel_cpu_down(3);
}

/* ---- no window, and whole windows ---- */

Test(run, without_snp_is_clean)
{
	run_for("30");
	cr_quiet();
	cr_status(CLEAN);
	cr_assert_eq(times(ended.out, EVENT("start")), 1);
	cr_assert_eq(times(ended.out, EVENT("cpu-state")), 4);
	cr_out("\"audit\":false");
	cr_out("\"windows\":0");
	cr_out("\"status\":0");
	cr_not_out("\"type\":\"breach\"");
	cr_assert(took() >= 30 && took() < 31, "%g s", took());
}

Test(run, each_hook_is_attached_and_detached_again)
{
	run_for("1");
	cr_assert_eq(host_logged("attach "), 21, "%s", host.log);
	cr_assert_not(bpf_is_attached("gate_open"));
	cr_assert_not(bpf_is_attached("command_exit"));
	cr_assert_str_empty(host_read("/sys/kernel/tracing/kprobe_events"));
}

Test(run, privileges_are_dropped_before_anything_is_attached)
{
	run_for("1");
	cr_before("capabilities", "attach ");
	cr_before("capabilities", "event added");
	cr_assert_eq(host_logged("capabilities cap_dac_override,cap_sys_rawio,cap_sys_admin,"
				 "cap_syslog,cap_perfmon,cap_bpf=ep"),
		     1, "%s", host.log);
}

static void initialise_under_kvm(void)
{
	host.hsave_pa = 0;
	kernel_begin_snp();
}

static void load_kvm_anew(void)
{
	host.hsave_pa = 0x1000;
}

Test(run, vm_hsave_pa_is_looked_at_where_it_may_have_been_cleared)
{
	host.svme = true;
	host.hsave_pa = 0x1000;
	run_for("20");
	cr_expect_eq(host.efers, host.cpus, "read %u times", host.efers);
	cr_not_out("no_hsave");
	host.efers = 0;
	at(5, initialise_under_kvm);
	at(15, load_kvm_anew);
	run_for("60");
	cr_status(WARNING);
	cr_expect_eq(times(ended.out, "\"no_hsave\":true"), host.cpus);
	cr_expect_eq(times(ended.out, BREACH("init-under-guests")), 1);
	cr_out("VM_HSAVE_PA is 0 on CPUs 0-3, where KVM has virtualisation enabled");
	/* At the start, as long as it lasts, and not for the rest of the minute. */
	cr_expect_lt(host.efers, 30 * host.cpus, "read %u times", host.efers);
}

Test(run, rmpopt_base_is_read_only_where_the_processor_has_it)
{
	run_for("20");
	cr_expect_eq(host.rmpopts, 0);
	cr_not_out(EVENT("rmpopt"));
}

static void initialise_without_cpu_3(void)
{
	kernel_begin_snp();
	for (int i = 0; i < 3; i++)
		host.rmpopt[i] = 1;
}

static void enable_cpu_3(void)
{
	host.rmpopt[3] = 1;
}

Test(run, rmpopt_base_is_read_with_syscfg)
{
	host_has_rmpopt(true);
	at(5, initialise_without_cpu_3);
	at(15, enable_cpu_3);
	run_for("60");
	cr_status(WARNING);
	cr_expect_eq(times(ended.out, "\"rmpopt_base\":\"0x1\""), 4);
	cr_expect_eq(times(ended.out, BREACH("rmpopt-uneven")), 1);
	cr_out("RMPOPT is enabled on CPUs 0-2, and not on CPU 3");
	cr_expect_lt(host.rmpopts, 40 * host.cpus, "read %u times", host.rmpopts);
}

/* ---- ccp is loaded anew ---- */

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

Test(run, a_ccp_that_goes_while_its_symbols_are_read_is_no_other_build)
{
	at(5, unload_while_symbols_are_read);
	run_for("20");
	cr_quiet();
	cr_status(CLEAN);
	cr_assert_null(host.on_read);
}

Test(run, the_same_ccp_again_keeps_its_kprobes)
{
	at(5, reload_the_same);
	at(8, kernel_begin_snp);
	at(12, kernel_full_shutdown);
	run_for("20");
	cr_quiet();
	cr_status(CLEAN);
	cr_expect_eq(host_logged("attach command_enter"), 1, "%s", host.log);
}

Test(run, a_ccp_whose_functions_have_other_names_is_followed)
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

Test(run, a_ccp_that_can_not_be_followed_is_a_blind_spot)
{
	at(5, reload_inlined);
	run_for("20");
	cr_status(WARNING);
	cr_expect_eq(times(ended.out, BREACH("blind")), 1, "%s", ended.out);
	cr_out("ccp: another __sev_do_cmd_locked (not put right)");
}

Test(run, sweeps_come_as_often_as_asked)
{
	guard("run", "--for", "62", "--interval", "5", "--format", "json", NULL);
	/* One at the begin, one every five seconds, one at the end. */
	cr_assert_eq(times(ended.out, EVENT("truth")), 1 + 12 + 1, "%s", ended.out);
}

Test(run, a_whole_window_of_a_kernel_with_snps_disable_is_clean)
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

Test(run, a_kernel_without_snps_disable_is_a_notice)
{
	kernel.disables_hotplug = false;
	at(1, kernel_begin_snp);
	run_for("10");
	cr_status(CLEAN);
	cr_out(BREACH("no-latch"));
	cr_out("\"window_open\":true");
}

Test(run, a_cpu_onlined_in_a_window_is_critical)
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

Test(run, a_critical_breach_says_how_many_guests_are_at_risk)
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

Test(run, guests_at_risk_may_be_unknown)
{
	host_set_online(3, false);
	at(1, kernel_begin_snp);
	at(2, cpu3_up);
	run_for("10");
	cr_expect_geq(times(ended.out, EVENT("guests")), 1);
	cr_not_out("\"event\":\"guests\",\"count\"");
}

Test(run, without_a_critical_breach_nobody_counts_guests)
{
	kernel.disables_hotplug = false;
	at(1, kernel_begin_snp);
	run_for("10");
	cr_out(BREACH("no-latch"));
	cr_not_out(EVENT("guests"));
}

Test(run, a_severity_that_is_off_does_not_count)
{
	at(1, kernel_begin_snp);
	at(2, cpu3_down);
	guard("run", "--for", "10", "--format", "json", "--severity", "cpu-offlined=off", NULL);
	cr_status(CLEAN);
	cr_out("\"left_out\":{\"cpu-offlined\":1}");
}

/* ---- the gate ---- */

Test(run, opening_is_refused_in_a_window_and_reported)
{
	at(1, kernel_begin_snp);
	at(2, open_cpu3);
	run_for("10");
	cr_status(CLEAN);
	cr_assert_eq(opened, -EPERM);
	cr_out(EVENT("denied"));
	cr_out("\"file\":\"cpu3/online\"");
	cr_out("\"denied\":1");
}

Test(run, opening_is_free_outside_a_window)
{
	at(1, kernel_begin_snp);
	at(5, kernel_full_shutdown);
	at(8, open_cpu3);
	run_for("10");
	cr_assert_eq(opened, 0);
	cr_not_out(EVENT("denied"));
}

Test(run, opening_is_refused_while_snp_prepare_runs)
{
	at(1, kernel_prepare_begins);
	at(1.5, open_cpu3);
	run_for("10");
	cr_assert_eq(opened, -EPERM);
}

Test(run, with_audit_opening_is_reported_and_let_through)
{
	at(1, kernel_begin_snp);
	at(2, open_cpu3);
	guard("run", "--for", "10", "--format", "json", "--audit", NULL);
	cr_assert_eq(opened, 0);
	cr_out("\"audit\":true");
	cr_out(EVENT("denied"));
}

Test(run, write_checks_are_not_attached_without_a_writer)
{
	at(1, kernel_begin_snp);
	at(20, kernel_full_shutdown);
	at(40, kernel_begin_snp);
	run_for("60");
	cr_status(CLEAN);
	/* To see that they can be. */
	cr_before("attach gate_write", "disarm");
	cr_assert_eq(host_logged("disarm"), 1);
	cr_assert_eq(host_logged("attach gate_write"), 1);
	cr_not_out(EVENT("gate"));
}

static void writer_comes(void)
{
	cr_assert_not(bpf_is_attached("gate_write"));
	kernel.writers = 1;
}

static void writer_goes(void)
{
	cr_assert(bpf_is_attached("gate_write"));
	kernel.writers = 0;
}

static void write_checks_are_gone(void)
{
	cr_assert_not(bpf_is_attached("gate_write"));
}

static void write_checks_are_there(void)
{
	cr_assert(bpf_is_attached("gate_write"));
}

static void snp_begins(void)
{
	kernel_prepare_goes_on();
	kernel_init();
}

Test(run, write_checks_come_with_a_writer_and_go_with_it)
{
	at(5, writer_comes);
	at(10.5, write_checks_are_there);
	at(12, kernel_begin_snp);
	at(15, writer_goes);
	at(18, write_checks_are_gone);
	run_for("20");
	cr_status(CLEAN);
	cr_assert_eq(times(ended.out, EVENT("gate")), 2);
	cr_not_out("waited");
}

static void the_guard_looks(void)
{
	kernel_record(SNP_EV_MODULE_LOAD, SNP_NO_SUBJECT);
}

/* The next look is due a second after the one before: that would be too late. */
Test(run, a_window_waits_for_write_checks)
{
	at(5, the_guard_looks);
	at(5.2, writer_comes);
	at(5.5, kernel_prepare_begins);
	at(5.6, write_checks_are_there);
	at(6, snp_begins);
	run_for("8");
	cr_status(CLEAN);
	cr_out("\"what\":\"snp_prepare() waited for write hooks\",\"waited_ns\":50000000");
	cr_not_out(GATE_DEGRADED);
}

Test(run, write_checks_that_come_too_late_are_blindness)
{
	at(5, writer_comes);
	at(5.5, kernel_begin_snp);
	at(8, write_checks_are_there);
	run_for("10");
	cr_status(WARNING);
	cr_out("no write hooks in time");
	cr_out(BREACH("blind"));
}

/* A kprobe can't wait, so the write checks are there before. */
Test(run, write_checks_stay_attached_outside_windows_if_nothing_waits_for_them)
{
	at(5, write_checks_are_there);
	at(6, kernel_begin_snp);
	at(9, write_checks_are_gone);
	at(12, kernel_full_shutdown);
	at(15, write_checks_are_there);
	guard("run", "--avoid=fentry", "--for", "20", "--format", "json", NULL);
	cr_status(CLEAN);
}

static void another_window(void)
{
	kernel_full_shutdown();
	kernel_begin_snp();
}

static void another_window_with_a_writer(void)
{
	another_window();
	kernel.writers = 1;
}

static void writer_goes_and_comes(void)
{
	kernel.writers = 0;
	kernel.on_count = another_window_with_a_writer;
}

static void at_next_count_another_window(void)
{
	kernel.on_count = another_window;
}

Test(run, write_checks_stay_as_long_as_somebody_may_write)
{
	kernel.writers = 1;
	at(1, kernel_begin_snp);
	at(8, writer_goes);
	at(12, write_checks_are_gone);
	run_for("15");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("disarm"), 1);
}

static void files_overflow(void)
{
	bpf_kernel.state->unlisted = 1;
}

Test(run, write_checks_stay_if_writers_can_not_be_counted)
{
	kernel.unlistable = 1;
	at(0.5, files_overflow);
	at(1, kernel_prepare_begins);
	at(1.1, snp_begins);
	at(14, write_checks_are_there);
	run_for("15");
	cr_assert_geq(host_logged("forget"), 5);
}

/* A full list of files is made anew, once what was on its way into it has come. */
Test(run, writers_that_found_no_room_are_listed_again)
{
	at(0.5, files_overflow);
	at(1, kernel_prepare_begins);
	at(1.1, snp_begins);
	at(1.9, write_checks_are_there);
	at(5, write_checks_are_gone);
	run_for("15");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("forget"), 1, "%s", host.log);
	cr_assert_eq(host_logged("disarm"), 2);
}

/* A file that is opened while the list is made may be the one that was just forgotten. */
Test(run, a_list_that_was_made_across_two_windows_is_made_again)
{
	at(0.5, files_overflow);
	at(1, kernel_prepare_begins);
	at(1.1, snp_begins);
	at(1.5, at_next_count_another_window);
	run_for("15");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("forget"), 2, "%s", host.log);
}

/* Between the two a file could be opened, and written in the second one. */
Test(run, writers_counted_in_one_window_say_nothing_of_the_next)
{
	kernel.writers = 1;
	at(1, kernel_begin_snp);
	at(5, writer_goes_and_comes);
	at(12, write_checks_are_there);
	run_for("15");
	cr_status(CLEAN);
	cr_out("\"windows\":2");
	cr_not_out(STATE("steady"));
}

Test(run, write_checks_stay_where_sys_is_read_only)
{
	host_refuse("/sys/devices/system/cpu/smt/control", -EROFS);
	at(1, kernel_begin_snp);
	run_for("15");
	cr_err("read-only");
	cr_assert_eq(host_logged("disarm"), 0);
}

static void end_window_at_once(void)
{
	kernel_full_shutdown();
}

Test(run, a_window_that_ends_meanwhile_keeps_the_write_checks)
{
	kernel.writers = 1;
	at(1, kernel_begin_snp);
	at(5, end_window_at_once);
	run_for("15");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("disarm"), 0);
	cr_assert_eq(host_logged("attach gate_write"), 1);
}

Test(run, a_window_that_is_open_shuts_the_latch_before_the_guard_is_ready)
{
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		host_set_snp_en(cpu, true);
	kernel.count = 1;
	kernel.initialised = 1;
	at(1, open_cpu3);
	guard("run", "--for", "5", "--format", "json", "--ready-file", "/run/ready", NULL);
	cr_status(CLEAN);
	cr_before("latch shut", "write /run/ready");
	cr_before("attach gate_ioctl_compat", "write /run/ready");
	cr_before("write /run/ready", "notify READY=1");
	cr_assert_eq(opened, -EPERM);
	cr_out(STATE("window-open"));
	cr_out("\"initialised\":true");
}

Test(run, no_window_leaves_the_latch_alone)
{
	run_for("5");
	cr_assert_eq(host_logged("latch"), 0);
	cr_assert_not(kernel_is_shut());
}

/* ---- what others do to the guard ---- */

static void open_latch(void)
{
	bpf_kernel.state->latch = SNP_LATCH_CHANGE * 99;
}

Test(run, a_latch_that_others_opened_is_shut_again)
{
	at(1, kernel_begin_snp);
	at(5, open_latch);
	at(9, open_cpu3);
	run_for("12");
	cr_status(WARNING);
	cr_assert_eq(opened, -EPERM);
	cr_assert_eq(host_logged("latch shut"), 1);
	cr_out(GATE_DEGRADED);
	cr_out("\"restored\":true");
	cr_out(BREACH("blind"));
}

static void shut_latch(void)
{
	bpf_kernel.state->latch = SNP_LATCH_WINDOW;
}

Test(run, a_latch_that_others_shut_is_opened_again)
{
	at(5, shut_latch);
	at(16, open_cpu3);
	run_for("20");
	cr_assert_eq(opened, 0);
	cr_assert_eq(host_logged("latch open"), 1);
}

static void gate_goes_deaf(void)
{
	kernel.gate_is_deaf = true;
}

static void gate_hears(void)
{
	kernel.gate_is_deaf = false;
}

Test(run, a_gate_that_refuses_nothing_is_told_once)
{
	at(1, kernel_begin_snp);
	at(5, gate_goes_deaf);
	run_for("30");
	cr_status(WARNING);
	cr_assert_eq(times(ended.out, GATE_DEGRADED), 1);
	cr_not_out("\"restored\":true");
}

Test(run, a_gate_that_refuses_nothing_again_is_told_again)
{
	at(1, kernel_begin_snp);
	at(5, gate_goes_deaf);
	at(10, gate_hears);
	at(15, gate_goes_deaf);
	run_for("30");
	cr_assert_eq(times(ended.out, GATE_DEGRADED), 2);
}

static unsigned int asked;
static int (*gate)(const char *path, int flags);

/* As lockdown refuses files of debugfs that can be written; the kernel logs each attempt. */
static int lockdown(const char *path, int flags)
{
	if (strcmp(path, "/sys/kernel/debug/kprobes/enabled"))
		return gate(path, flags);
	asked++;
	return -EPERM;
}

static void ftrace_off(void)
{
	host_write("/proc/sys/kernel/ftrace_enabled", "0\n");
}

static void ftrace_on(void)
{
	host_write("/proc/sys/kernel/ftrace_enabled", "1\n");
}

Test(run, what_lockdown_hides_is_told_once_and_not_tried_again)
{
	gate = host.on_open;
	host.on_open = lockdown;
	at(1, kernel_begin_snp);
	at(30, ftrace_off);
	run_for("60");
	/* Before the start, and at the first look. */
	cr_assert_eq(asked, 2);
	cr_assert_eq(times(ended.out, "lockdown hides if kprobes are on"), 1);
	/* What can be read is. */
	cr_assert_eq(times(ended.out, GATE_DEGRADED), 1);
}

Test(run, hooks_that_are_switched_off_are_told_and_that_they_are_on_again)
{
	at(1, kernel_begin_snp);
	at(5, ftrace_off);
	at(10, ftrace_on);
	run_for("20");
	cr_status(WARNING);
	cr_assert_eq(times(ended.out, GATE_DEGRADED), 1);
	/* Switched off, on again. */
	cr_assert_eq(times(ended.out, EVENT("gate")), 2);
	cr_out(BREACH("blind"));
	cr_out("sysctl -w kernel.ftrace_enabled=1");
}

/* ---- how a run ends ---- */

Test(run, sigterm_ends_it)
{
	at(5, sigterm);
	guard("run", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_out(EVENT("end"));
	cr_assert(took() < 6, "%g s", took());
	cr_before("notify READY=1", "notify STOPPING=1");
}

static void sigint(void)
{
	raise(SIGINT);
}

Test(run, sigint_ends_it)
{
	at(5, sigint);
	guard("run", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_assert(took() < 6, "%g s", took());
}

Test(run, a_terminal_that_goes_away_ends_it)
{
	at(5, sighup_of_terminal);
	guard("run", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_assert_eq(host_logged("notify RELOADING"), 0);
	cr_assert(took() < 6, "%g s", took());
}

Test(run, the_first_breach_ends_it_if_asked_to)
{
	at(1, kernel_begin_snp);
	at(4, cpu3_down);
	guard("run", "--until-breach", "--format", "json", NULL);
	cr_status(WARNING);
	cr_assert(took() < 6, "%g s", took());
}

Test(run, a_notice_does_not_end_it)
{
	kernel.disables_hotplug = false;
	at(1, kernel_begin_snp);
	guard("run", "--until-breach", "--for", "10", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_assert(took() >= 10, "%g s", took());
}

/* What is told only once nothing more followed is waited for. */
Test(run, the_end_waits_until_all_has_settled)
{
	kernel.disables_hotplug = false;
	at(4.9, kernel_begin_snp);
	run_for("5");
	cr_out(BREACH("no-latch"));
	cr_assert(took() > 5.3, "%g s", took());
}

/* ---- the configuration, read again ---- */

static void configure_audit(void)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = yes\ninterval = 2\n");
	sighup();
}

static void configure_gate(void)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = no\ninterval = 2\n");
	sighup();
}

static void configure_badly(void)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = perhaps\n");
	sighup();
}

static int opened_with_audit;

static void open_with_audit(void)
{
	opened_with_audit = kernel_open_for_writing("cpu%u/online", 3);
}

Test(run, sighup_switches_audit_on_and_off)
{
	at(1, kernel_begin_snp);
	at(5, configure_audit);
	at(6, open_with_audit);
	at(10, configure_gate);
	at(11, open_cpu3);
	run_for("20");
	cr_status(CLEAN);
	cr_before("audit on", "audit off");
	cr_assert_eq(opened_with_audit, 0);
	cr_assert_eq(opened, -EPERM);
	cr_err("audit, interval");
	cr_assert_eq(host_logged("notify RELOADING=1"), 2);
	cr_assert_eq(host_logged("notify READY=1"), 3);
}

Test(run, a_bad_configuration_changes_nothing)
{
	at(5, configure_badly);
	run_for("10");
	cr_status(CLEAN);
	cr_err("audit takes yes or no");
	cr_assert_eq(host_logged("audit"), 0);
	cr_assert(took() >= 10, "%g s", took());
}

static void refuse_calls(void)
{
	bpf_refuse("call steer", -EPERM);
	configure_audit();
}

Test(run, audit_that_can_not_be_switched_is_said)
{
	at(5, refuse_calls);
	run_for("10");
	cr_err("can't switch");
}

Test(run, without_a_gate_audit_stays)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = yes\navoid = lsm\navoid = fmod_ret\n");
	at(5, configure_gate);
	run_for("10");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("audit"), 0);
	cr_err("audit");
}

/* ---- records ---- */

static void lose_3(void)
{
	kernel_lose(3);
}

Test(run, records_that_are_lost_are_counted_and_told)
{
	at(5, lose_3);
	run_for("10");
	cr_status(WARNING);
	cr_out(EVENT("lost"));
	cr_out("\"lost\":3");
	cr_out(BREACH("blind"));
}

static void lose_in_between(void)
{
	kernel_lose(2);
	kernel_begin_snp();
}

Test(run, records_that_are_lost_between_others_are_told_before_them)
{
	const char *lost, *prepared;

	at(5, lose_in_between);
	run_for("10");
	cr_out("\"lost\":2");
	lost = strstr(ended.out, EVENT("lost"));
	prepared = strstr(ended.out, EVENT("prepare-enter"));
	cr_assert(lost && prepared && lost < prepared);
}

static void lose_at_the_end(void)
{
	kernel_lose(1);
	sigterm();
}

Test(run, records_that_are_lost_at_the_end_are_told)
{
	at(5, lose_at_the_end);
	run_for("10");
	cr_status(WARNING);
	cr_out("\"lost\":1");
}

static void no_room(void)
{
	bpf_kernel.room = 2;
	kernel_begin_snp();
}

Test(run, a_ring_buffer_that_is_full_loses_records)
{
	at(5, no_room);
	run_for("10");
	cr_status(WARNING);
	/* Of prepare-enter, disable, four enables, prepare-exit and two commands two had room. */
	cr_out("\"lost\":7");
	/* A sweep finds the window that no record told of. */
	cr_out(STATE("window-open"));
}

static void twins_miss_apart(void)
{
	bpf_kernel.missed_by = "gate_open_modify gate_write_again gate_ioctl_modify";
	bpf_kernel.missed = 5;
}

static void twins_miss_together(void)
{
	bpf_kernel.missed_by =
		"gate_open_modify gate_open_again gate_write_again gate_ioctl_modify";
	bpf_kernel.missed = 7;
}

Test(run, a_call_that_one_of_two_twins_missed_is_not_missed)
{
	at(5, twins_miss_apart);
	guard("run", "--avoid=lsm", "--for", "10", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_not_out(EVENT("lost"));
	bpf_kernel.missed = 0;
	at(5, twins_miss_apart);
	at(7, twins_miss_together);
	guard("run", "--avoid=lsm", "--for", "10", "--interval", "1", "--format", "json", NULL);
	cr_status(WARNING);
	/* Two of the first one, seven of the other. */
	cr_out("\"lost\":2");
	cr_out(BREACH("blind"));
}

/* The second one does nothing. */
Test(run, with_audit_a_call_that_the_first_twin_missed_is_missed)
{
	at(5, twins_miss_apart);
	guard("run", "--avoid=lsm", "--audit", "--for", "10", "--format", "json", NULL);
	cr_status(WARNING);
	cr_out("\"lost\":10");
}

static void hook_misses(void)
{
	bpf_kernel.missed += 2;
}

Test(run, calls_that_the_kernel_left_out_are_losses)
{
	at(5, hook_misses);
	run_for("30");
	cr_status(WARNING);
	cr_out("\"lost\":2");
}

static void hold_back(void)
{
	kernel.holds_back = true;
	kernel_begin_snp();
}

Test(run, records_that_come_in_another_order_are_put_in_order)
{
	const char *enter, *exit;

	at(5, hold_back);
	at(5.05, kernel_deliver_backwards);
	run_for("10");
	cr_status(CLEAN);
	enter = strstr(ended.out, EVENT("prepare-enter"));
	exit = strstr(ended.out, EVENT("prepare-exit"));
	cr_assert(enter && exit && enter < exit);
	cr_not_out(EVENT("lost"));
}

static void hold_back_cpu3(void)
{
	kernel.holds_back = true;
	kernel_cpu_down(3);
}

Test(run, records_that_come_too_late_are_lost_once)
{
	at(1, kernel_begin_snp);
	at(5, hold_back_cpu3);
	at(8, kernel_deliver_backwards);
	run_for("15");
	cr_status(WARNING);
	cr_assert_eq(times(ended.out, EVENT("lost")), 1);
	cr_out("\"lost\":2");
	cr_not_out(EVENT("cpu-down"));
}

/* ---- sweeps ---- */

static void cpu3_moves_during_a_sweep(void)
{
	kernel.on_truth = cpu3_down;
}

Test(run, a_sweep_during_which_something_moves_is_made_again)
{
	at(5, cpu3_moves_during_a_sweep);
	run_for("15");
	cr_status(CLEAN);
	cr_not_out("\"stable\":false");
	cr_out(EVENT("cpu-down"));
}

static void restless(void)
{
	host.now_ns += SECOND / 20;
	kernel_record(SNP_EV_MODULE_LOAD, SNP_NO_SUBJECT);
	kernel.on_truth = restless;
}

static void rest(void)
{
	cr_assert(kernel.on_truth);
	kernel.on_truth = NULL;
}

Test(run, a_host_that_does_not_rest_has_no_sweep_that_counts)
{
	at(5, restless);
	at(25, rest);
	run_for("40");
	cr_out("\"stable\":false");
	cr_out("\"stable\":true");
}

static void shutdown_is_in_flight(void)
{
	bpf_kernel.state->shutdown_ns = host.now_ns;
}

static void shutdown_has_returned(void)
{
	bpf_kernel.state->shutdown_ns = 0;
	kernel_full_shutdown();
}

Test(run, no_sweep_counts_while_the_firmware_shuts_down)
{
	at(1, kernel_begin_snp);
	at(10.5, shutdown_is_in_flight);
	at(12, shutdown_has_returned);
	run_for("15");
	cr_status(CLEAN);
	cr_out("\"stable\":false");
	cr_out("\"windows\":1,\"window_open\":false");
}

/* The return of a command whose record was lost is never seen. */
Test(run, a_shutdown_that_does_not_return_does_not_end_all_looking)
{
	at(1, kernel_begin_snp);
	at(10.5, shutdown_is_in_flight);
	run_for("90");
	cr_out("\"stable\":false");
	cr_assert(strstr(strstr(ended.out, "\"stable\":false"), "\"stable\":true"));
}

static void msr3_goes(void)
{
	host_remove("/dev/cpu/3/msr");
}

Test(run, a_cpu_whose_syscfg_can_not_be_read_is_blind_in_a_window)
{
	at(1, kernel_begin_snp);
	at(5, msr3_goes);
	run_for("30");
	cr_status(WARNING);
	cr_out("\"unknown\":\"No such file or directory\"");
	cr_out(BREACH("blind"));
}

static void msr3_comes(void)
{
	host_set_snp_en(3, false);
}

Test(run, the_file_of_a_cpu_that_comes_is_waited_for)
{
	host_set_online(3, false);
	host_remove("/dev/cpu/3/msr");
	at(5, cpu3_up);
	at(6, msr3_comes);
	run_for("20");
	cr_status(CLEAN);
	cr_not_out("\"unknown\"");
}

static void snp_en_is_lost(void)
{
	host_set_snp_en(2, false);
}

Test(run, snp_en_that_is_gone_is_found_by_a_sweep)
{
	at(1, kernel_begin_snp);
	at(5, snp_en_is_lost);
	run_for("30");
	cr_status(CRITICAL);
	cr_out(BREACH("snp-en-lost"));
}

static void somebody_enables(void)
{
	kernel_enable(false, "somebody");
}

Test(run, an_enable_by_others_is_told_once_it_lasts)
{
	at(1, kernel_begin_snp);
	at(5, somebody_enables);
	run_for("10");
	cr_status(CRITICAL);
	cr_out(BREACH("foreign-enable"));
}

Test(run, the_brake_is_on_offline_cpus_in_a_window)
{
	host_set_online(3, false);
	at(1, kernel_begin_snp);
	at(5, sigterm);
	guard("run", "--format", "json", NULL);
	/* It is let go at the end. */
	cr_assert_str_eq(host_read("/sys/devices/system/cpu/cpu3/hotplug/fail"), "-1");
}

static void brake_is_armed(void)
{
	cr_assert_eq(atoi(host_read("/sys/devices/system/cpu/cpu3/hotplug/fail")), 1);
}

Test(run, the_brake_is_armed_by_the_next_sweep)
{
	host_set_online(3, false);
	at(1, kernel_begin_snp);
	at(4, brake_is_armed);
	run_for("5");
	cr_out(EVENT("end"));
}

static void nobody_brakes(void)
{
	cr_assert_eq(atoi(host_read("/sys/devices/system/cpu/cpu3/hotplug/fail")), -1);
}

Test(run, with_audit_nothing_brakes)
{
	host_set_online(3, false);
	at(1, kernel_begin_snp);
	at(4, nobody_brakes);
	guard("run", "--audit", "--for", "5", "--format", "json", NULL);
	cr_out(EVENT("end"));
}

/* ---- files that answer late ---- */

static int msr_answers_late(const char *path, int flags)
{
	(void)flags;
	if (strstr(path, "/msr"))
		host.now_ns += SECOND;
	return 0;
}

Test(run, a_cpu_that_answers_late_is_waited_for_alive)
{
	host.on_open = msr_answers_late;
	host.watchdog_usec = 8 * 1000000;
	kernel.on_truth = NULL;
	guard("run", "--for", "60", "--interval", "5", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_assert_geq(host_logged("notify WATCHDOG=1"), 14, "%s", host.log);
	/* Each lasts 4 s and more. */
	cr_assert_geq(times(ended.out, EVENT("truth")), 5);
}

static void cpu3_comes_without_its_file(void)
{
	host_remove("/dev/cpu/3/msr");
	kernel_cpu_up(3);
}

static void cpu3_gets_its_file(void)
{
	host_set_snp_en(3, false);
}

/* udev makes it some time after the CPU came: meanwhile the guard does what it does. */
Test(run, a_msr_file_that_comes_late_is_waited_for_alive)
{
	host_set_online(3, false);
	at(2, cpu3_comes_without_its_file);
	at(4.5, cpu3_gets_its_file);
	run_for("20");
	cr_status(CLEAN);
	cr_not_out(BREACH("blind"));
}

Test(run, a_msr_file_that_never_comes_is_blindness_in_time)
{
	host_set_online(3, false);
	at(2, cpu3_comes_without_its_file);
	run_for("20");
	cr_status(WARNING);
	cr_out("\"cpu\":3," BREACH("blind"));
	/* No sweep is said to have failed meanwhile. */
	cr_not_out("\"stable\":false");
}

/* ---- whether SNP is initialised, without the driver's own flag ---- */

static void cpu3_loses_snp_en(void)
{
	host_set_snp_en(3, false);
}

/* The guard comes into a window, on a kernel that shows no BTF of ccp. */
static void begin_inside_without_btf(const char *kvm_says)
{
	host_remove("/sys/kernel/btf/ccp");
	host_write("/sys/module/kvm_amd/parameters/sev_snp", kvm_says);
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		host_set_snp_en(cpu, true);
	kernel.count = 1;
	kernel.initialised = 1;
}

Test(run, without_the_drivers_flag_a_cpu_that_loses_snp_en_is_named)
{
	begin_inside_without_btf("N\n");
	at(2, cpu3_loses_snp_en);
	run_for("30");
	cr_status(CRITICAL);
	cr_out("can't find out whether SNP is initialised");
	cr_out("\"cpu\":3," BREACH("cpu-without-snp-en"));
	cr_out("whether SNP is initialised is unknown");
}

Test(run, without_the_drivers_flag_a_sound_window_is_blind)
{
	begin_inside_without_btf("N\n");
	run_for("30");
	cr_status(WARNING);
	cr_assert_eq(times(ended.out, "\"type\":\"breach\""), 1, "%s", ended.out);
	cr_out(BREACH("blind"));
}

Test(run, kvm_says_what_the_drivers_flag_does_not)
{
	begin_inside_without_btf("Y\n");
	run_for("30");
	cr_status(CLEAN);
	cr_out("KVM has found SNP initialised");
	cr_out("\"initialised\":true,\"by_kvm\":true");
	cr_not_out("\"type\":\"breach\"");
	at(2, cpu3_loses_snp_en);
	run_for("30");
	cr_status(CRITICAL);
	cr_out("\"cpu\":3," BREACH("cpu-without-snp-en"));
	cr_not_out(BREACH("blind"));
}

/* kprobes alone can follow the firmware's commands. */
Test(run, where_no_command_is_seen_sweeps_ask_the_driver)
{
	at(1, kernel_begin_snp);
	at(20, cpu3_loses_snp_en);
	guard("run", "--for", "60", "--avoid", "kprobe", "--format", "json", NULL);
	cr_status(CRITICAL);
	cr_out("\"cpu\":3," BREACH("cpu-without-snp-en"));
	cr_not_out("can't find out whether SNP is initialised");
}

static void snp_en_goes_before_the_mark(void)
{
	for (unsigned int cpu = 0; cpu < host.cpus; cpu++)
		host_set_snp_en(cpu, false);
	sighup();
}

static void mark_goes(void)
{
	kernel.initialised = 0;
}

Test(run, a_sweep_in_the_middle_of_a_full_shutdown_asks_the_driver_again)
{
	at(1, kernel_begin_snp);
	at(20, snp_en_goes_before_the_mark);
	at(20.02, mark_goes);
	guard("run", "--for", "60", "--avoid", "kprobe", "--format", "json", NULL);
	cr_out("window 1 closed: a sweep found SNP_EN on no CPU");
	cr_not_out(BREACH("cpu-without-snp-en"));
}
