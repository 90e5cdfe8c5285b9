// SPDX-License-Identifier: GPL-2.0-only
/* Runs in which a sweep finds what no hook has seen, or can find nothing out. */
#include <criterion/criterion.h>

#include "standin/guard.h"
#include "standin/kernel.h"

TestSuite(sweeps, .init = kernel_begin_usual, .fini = kernel_end);

/* ---- sweeps ---- */

Test(sweeps, sweeps_come_as_often_as_asked)
{
	guard("run", "--for", "62", "--interval", "5", "--format", "json", NULL);
	/* One at the begin, one every five seconds, one at the end. */
	cr_assert_eq(times(ended.out, EVENT("truth")), 1 + 12 + 1, "%s", ended.out);
}

static void cpu3_moves_during_a_sweep(void)
{
	kernel.on_truth = cpu3_down;
}

Test(sweeps, a_sweep_during_which_something_moves_is_made_again)
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

Test(sweeps, a_host_that_does_not_rest_has_no_sweep_that_counts)
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

Test(sweeps, no_sweep_counts_while_the_firmware_shuts_down)
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
Test(sweeps, a_shutdown_that_does_not_return_does_not_end_all_looking)
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

Test(sweeps, a_cpu_whose_syscfg_can_not_be_read_is_blind_in_a_window)
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

Test(sweeps, the_file_of_a_cpu_that_comes_is_waited_for)
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

Test(sweeps, snp_en_that_is_gone_is_found_by_a_sweep)
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

Test(sweeps, an_enable_by_others_is_told_once_it_lasts)
{
	at(1, kernel_begin_snp);
	at(5, somebody_enables);
	run_for("10");
	cr_status(CRITICAL);
	cr_out(BREACH("foreign-enable"));
}

Test(sweeps, the_brake_is_on_offline_cpus_in_a_window)
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

Test(sweeps, the_brake_is_armed_by_the_next_sweep)
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

Test(sweeps, with_audit_nothing_brakes)
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

Test(sweeps, a_cpu_that_answers_late_is_waited_for_alive)
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
Test(sweeps, a_msr_file_that_comes_late_is_waited_for_alive)
{
	host_set_online(3, false);
	at(2, cpu3_comes_without_its_file);
	at(4.5, cpu3_gets_its_file);
	run_for("20");
	cr_status(CLEAN);
	cr_not_out(BREACH("blind"));
}

Test(sweeps, a_msr_file_that_never_comes_is_blindness_in_time)
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

Test(sweeps, without_the_drivers_flag_a_cpu_that_loses_snp_en_is_named)
{
	begin_inside_without_btf("N\n");
	at(2, cpu3_loses_snp_en);
	run_for("30");
	cr_status(CRITICAL);
	cr_out("can't find out whether SNP is initialised");
	cr_out("\"cpu\":3," BREACH("cpu-without-snp-en"));
	cr_out("whether SNP is initialised is unknown");
}

Test(sweeps, without_the_drivers_flag_a_sound_window_is_blind)
{
	begin_inside_without_btf("N\n");
	run_for("30");
	cr_status(WARNING);
	cr_assert_eq(times(ended.out, "\"type\":\"breach\""), 1, "%s", ended.out);
	cr_out(BREACH("blind"));
}

Test(sweeps, kvm_says_what_the_drivers_flag_does_not)
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
Test(sweeps, where_no_command_is_seen_sweeps_ask_the_driver)
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

Test(sweeps, a_sweep_in_the_middle_of_a_full_shutdown_asks_the_driver_again)
{
	at(1, kernel_begin_snp);
	at(20, snp_en_goes_before_the_mark);
	at(20.02, mark_goes);
	guard("run", "--for", "60", "--avoid", "kprobe", "--format", "json", NULL);
	cr_out("window 1 closed: a sweep found SNP_EN on no CPU");
	cr_not_out(BREACH("cpu-without-snp-en"));
}
