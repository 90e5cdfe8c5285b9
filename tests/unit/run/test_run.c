// SPDX-License-Identifier: GPL-2.0-only
/* Whole runs of the guard on a host that stands in for an SNP host. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>

#include "standin/guard.h"
#include "standin/kernel.h"

TestSuite(run, .init = kernel_begin_usual, .fini = kernel_end);

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
	cr_assert_eq(kernel.opened, -EPERM);
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
