// SPDX-License-Identifier: GPL-2.0-only
/* Runs in which somebody opens and writes guarded files, or changes what the guard has attached. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "standin/guard.h"
#include "standin/kernel.h"

TestSuite(gate, .init = kernel_begin_usual, .fini = kernel_end);

/* ---- the gate ---- */

Test(gate, opening_is_refused_in_a_window_and_reported)
{
	at(1, kernel_begin_snp);
	at(2, open_cpu3);
	run_for("10");
	cr_status(CLEAN);
	cr_assert_eq(kernel.opened, -EPERM);
	cr_out(EVENT("denied"));
	cr_out("\"file\":\"cpu3/online\"");
	cr_out("\"denied\":1");
}

Test(gate, opening_is_free_outside_a_window)
{
	at(1, kernel_begin_snp);
	at(5, kernel_full_shutdown);
	at(8, open_cpu3);
	run_for("10");
	cr_assert_eq(kernel.opened, 0);
	cr_not_out(EVENT("denied"));
}

Test(gate, opening_is_refused_while_snp_prepare_runs)
{
	at(1, kernel_prepare_begins);
	at(1.5, open_cpu3);
	run_for("10");
	cr_assert_eq(kernel.opened, -EPERM);
}

Test(gate, with_audit_opening_is_reported_and_let_through)
{
	at(1, kernel_begin_snp);
	at(2, open_cpu3);
	guard("run", "--for", "10", "--format", "json", "--audit", NULL);
	cr_assert_eq(kernel.opened, 0);
	cr_out("\"audit\":true");
	cr_out(EVENT("denied"));
}

Test(gate, write_checks_are_not_attached_without_a_writer)
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

Test(gate, write_checks_come_with_a_writer_and_go_with_it)
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

static void writer_comes_and_memory_is_short(void)
{
	kernel.writers = 1;
	bpf_refuse("attach gate_write", -ENOMEM);
}

static void memory_is_there(void)
{
	bpf_refuse("attach gate_write", 0);
}

/* Soon, but not without a pause: what fails for want of memory is not to take the CPU too. */
Test(gate, write_checks_that_can_not_be_attached_are_tried_again)
{
	unsigned int tries;

	at(5, writer_comes_and_memory_is_short);
	at(15, memory_is_there);
	at(15.5, write_checks_are_there);
	guard("run", "--pin", "--for", "20", "--format", "json", NULL);
	cr_status(WARNING);
	tries = host_logged("refused gate_write");
	cr_assert(tries >= 50 && tries <= 200, "%u", tries);
	cr_assert_eq(times(ended.out, FAULT("gate", "failing")), 1, "%s", ended.out);
	cr_assert_eq(times(ended.out, FAULT("gate", "working")), 1);
}

static void the_guard_looks(void)
{
	kernel_record(SNP_EV_MODULE_LOAD, SNP_NO_SUBJECT);
}

static void ledger_can_not_be_looked_at(void)
{
	bpf_refuse("get ledger", -EMFILE);
}

/* Events between two looks say nothing of the gate. */
Test(gate, looks_that_fail_are_told_whatever_happens_between_them)
{
	at(5, ledger_can_not_be_looked_at);
	for (int i = 0; i < 20; i++)
		at(5 + i * 0.3, the_guard_looks);
	guard("run", "--pin", "--for", "12", "--format", "json", NULL);
	cr_status(UNVERIFIED);
	cr_assert_eq(times(ended.out, FAULT("gate", "failing")), 1, "%s", ended.out);
}

/* The next look is due a second after the one before: that would be too late. */
Test(gate, a_window_waits_for_write_checks)
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

Test(gate, write_checks_that_come_too_late_are_blindness)
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
Test(gate, write_checks_stay_attached_outside_windows_if_nothing_waits_for_them)
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

Test(gate, write_checks_stay_as_long_as_somebody_may_write)
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

Test(gate, write_checks_stay_if_writers_can_not_be_counted)
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
Test(gate, writers_that_found_no_room_are_listed_again)
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
Test(gate, a_list_that_was_made_across_two_windows_is_made_again)
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
Test(gate, writers_counted_in_one_window_say_nothing_of_the_next)
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

Test(gate, write_checks_stay_where_sys_is_read_only)
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

Test(gate, a_window_that_ends_meanwhile_keeps_the_write_checks)
{
	kernel.writers = 1;
	at(1, kernel_begin_snp);
	at(5, end_window_at_once);
	run_for("15");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("disarm"), 0);
	cr_assert_eq(host_logged("attach gate_write"), 1);
}

Test(gate, a_window_that_is_open_shuts_the_latch_before_the_guard_is_ready)
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
	cr_assert_eq(kernel.opened, -EPERM);
	cr_out(STATE("window-open"));
	cr_out("\"initialised\":true");
}

Test(gate, no_window_leaves_the_latch_alone)
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

Test(gate, a_latch_that_others_opened_is_shut_again)
{
	at(1, kernel_begin_snp);
	at(5, open_latch);
	at(9, open_cpu3);
	run_for("12");
	cr_status(WARNING);
	cr_assert_eq(kernel.opened, -EPERM);
	cr_assert_eq(host_logged("latch shut"), 1);
	cr_out(GATE_DEGRADED);
	cr_out("\"restored\":true");
	cr_out(BREACH("blind"));
}

static void shut_latch(void)
{
	bpf_kernel.state->latch = SNP_LATCH_WINDOW;
}

Test(gate, a_latch_that_others_shut_is_opened_again)
{
	at(5, shut_latch);
	at(16, open_cpu3);
	run_for("20");
	cr_assert_eq(kernel.opened, 0);
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

Test(gate, a_gate_that_refuses_nothing_is_told_once)
{
	at(1, kernel_begin_snp);
	at(5, gate_goes_deaf);
	run_for("30");
	cr_status(WARNING);
	cr_assert_eq(times(ended.out, GATE_DEGRADED), 1);
	cr_not_out("\"restored\":true");
}

Test(gate, a_gate_that_refuses_nothing_again_is_told_again)
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

Test(gate, what_lockdown_hides_is_told_once_and_not_tried_again)
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

Test(gate, hooks_that_are_switched_off_are_told_and_that_they_are_on_again)
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
