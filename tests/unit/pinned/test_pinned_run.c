// SPDX-License-Identifier: GPL-2.0-only
/* Guards that are pinned: what stays when they end, what the next one takes up, what status and
 * detach make of it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/ledger.h"
#include "standin/guard.h"
#include "standin/kernel.h"

#define PINS  "/sys/fs/bpf/snp-guard"
#define LINKS PINS "/links/"
#define MAPS  PINS "/maps/"

TestSuite(pinned, .init = kernel_begin_usual, .fini = kernel_end);

static void run_pinned(const char *seconds)
{
	guard("run", "--pin", "--for", seconds, "--format", "json", NULL);
}

/* A guard that ended inside a window. */
static void leave_one_in_a_window(void)
{
	at(1, kernel_begin_snp);
	run_pinned("5");
	cr_status(CLEAN);
	cr_quiet();
	host_forget_log();
}

static void status_of(const char *state, int expected)
{
	char text[40];

	guard("status", NULL);
	snprintf(text, sizeof(text), "state:    %s", state);
	cr_out(text);
	cr_status(expected);
}

/* ---- what stays, and is taken up ---- */

Test(pinned, the_gate_refuses_after_the_guard_ended)
{
	leave_one_in_a_window();
	open_cpu3();
	cr_assert_eq(kernel.opened, -EPERM);
	cr_assert(bpf_is_attached("gate_open"));
	/* With nobody to take them back after the window. */
	cr_assert(bpf_is_attached("gate_write"));
	cr_assert(host_has(MAPS "ledger"));
	cr_assert(host_has(LINKS "gate_open"));
	cr_assert_not(host_has(PINS "-new"));
}

Test(pinned, the_next_guard_goes_on_with_what_the_first_one_knew)
{
	leave_one_in_a_window();
	cpu3_down();
	open_cpu3();
	run_pinned("5");
	cr_status(WARNING);
	cr_quiet();
	cr_out(EVENT("adopt"));
	cr_not_out(EVENT("start"));
	cr_out(EVENT("cpu-down"));
	cr_out(EVENT("denied"));
	cr_out(BREACH("cpu-offlined"));
	cr_out("\"windows\":1,\"window_open\":true,\"denied\":1");
	cr_assert_eq(host_logged("attach gate_open"), 0, "%s", host.log);
}

Test(pinned, breaches_of_the_first_guard_count_for_the_next_one)
{
	at(1, kernel_begin_snp);
	at(2, cpu3_down);
	run_pinned("5");
	cr_status(WARNING);
	run_pinned("5");
	cr_not_out("\"type\":\"breach\"");
	cr_out("\"cpu-offlined\":1");
}

Test(pinned, a_gate_stays_what_it_is_whatever_the_next_guard_would_choose)
{
	at(2, kernel_begin_snp);
	guard("run", "--pin", "--avoid=lsm", "--for", "5", "--format", "json", NULL);
	cr_out("\"gate\":\"fmod_ret\"");
	run_pinned("5");
	cr_out(EVENT("adopt"));
	cr_out("\"gate\":\"fmod_ret\"");
	cr_assert(bpf_is_attached("gate_open_modify"));
	cr_assert_not(bpf_is_attached("gate_open"));
	guard("run", "--pin", "--avoid=fmod_ret", "--for", "5", "--format", "json", NULL);
	cr_out(EVENT("adopt"));
	cr_out("\"gate\":\"fmod_ret\"");
	open_cpu3();
	cr_assert_eq(kernel.opened, -EPERM);
	guard("status", NULL);
	cr_out("gate:     attached to open and write by fmod_ret");
}

Test(pinned, a_window_that_ended_meanwhile_is_closed)
{
	leave_one_in_a_window();
	kernel_full_shutdown();
	run_pinned("5");
	cr_status(CLEAN);
	cr_out(STATE("window-closed"));
	cr_out("\"windows\":1,\"window_open\":false");
}

Test(pinned, audit_is_as_the_next_guard_is_told)
{
	leave_one_in_a_window();
	guard("run", "--pin", "--audit", "--for", "5", NULL);
	cr_assert_eq(host_logged("audit on"), 1);
	open_cpu3();
	cr_assert_eq(kernel.opened, 0);
	status_of("auditing", CLEAN);
}

Test(pinned, a_program_that_is_gone_is_attached_again)
{
	leave_one_in_a_window();
	bpf_detach("gate_open");
	host_remove(LINKS "gate_open");
	status_of("degraded", WARNING);
	cr_out("gate_open");
	run_pinned("5");
	cr_status(WARNING);
	cr_out("gone: gate_open");
	cr_out(BREACH("blind"));
	cr_assert_eq(host_logged("attach gate_open"), 1);
	cr_assert(host_has(LINKS "gate_open"));
	open_cpu3();
	cr_assert_eq(kernel.opened, -EPERM);
}

Test(pinned, a_kprobe_that_is_gone_is_attached_again)
{
	leave_one_in_a_window();
	bpf_detach("command_exit");
	host_remove(LINKS "command_exit");
	bpf_detach("command_enter");
	host_remove(LINKS "command_enter");
	run_pinned("5");
	cr_out("gone: command_enter and more");
	cr_before("event removed snp_guard/command_enter", "event added snp_guard/command_enter");
	cr_assert(bpf_is_attached("command_exit"));
}

Test(pinned, a_source_that_was_second_best_stays_in_use)
{
	bpf_refuse("attach prepare_enter", -EINVAL);
	run_pinned("1");
	bpf_refuse("attach prepare_enter", 0);
	host_forget_log();
	run_pinned("1");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("attach"), 0, "%s", host.log);
	cr_assert(bpf_is_attached("prepare_enter_probe"));
}

Test(pinned, a_map_that_is_gone_is_an_error)
{
	leave_one_in_a_window();
	host_remove(MAPS "commands");
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err("No such file");
	guard("status", NULL);
	cr_status(UNVERIFIED);
	cr_err("No such file");
}

/* ---- calls that the kernel left out ---- */

static void damage_ledger(void);

static char textfile[128];

/* A line of the metrics that the last guard wrote. */
static void cr_metric_is(const char *line)
{
	FILE *f = fopen(textfile, "r");
	char text[256];

	cr_assert(f);
	while (fgets(text, sizeof(text), f)) {
		text[strcspn(text, "\n")] = 0;
		if (!strcmp(text, line)) {
			fclose(f);
			return;
		}
	}
	cr_assert(false, "no line %s", line);
}

static void two_are_left_out(void)
{
	bpf_kernel.missed += 2;
}

Test(pinned, calls_left_out_of_programs_that_another_guard_loaded_are_noticed)
{
	run_pinned("5");
	cr_status(CLEAN);
	at(2, two_are_left_out);
	run_pinned("5");
	cr_status(WARNING);
	cr_out("lost 2 events");
	/* Once. */
	run_pinned("5");
	cr_not_out(EVENT("lost"));
	cr_out("\"lost\":2");
}

Test(pinned, calls_left_out_with_no_guard_are_noticed_by_the_next_one)
{
	at(2, two_are_left_out);
	run_pinned("5");
	cr_out("lost 2 events");
	two_are_left_out();
	run_pinned("5");
	cr_out("lost 2 events");
	cr_out("\"lost\":4");
}

/* What the guard before reported of them went with its ledger. */
Test(pinned, calls_left_out_are_not_more_than_what_was_lost_after_a_damaged_ledger)
{
	snprintf(textfile, sizeof(textfile), "%s/metrics.prom", host.kernel.files.root);
	at(2, two_are_left_out);
	run_pinned("5");
	damage_ledger();
	guard("run", "--pin", "--for", "5", "--format", "json", "--textfile", textfile, NULL);
	cr_not_out(EVENT("lost"));
	cr_metric_is("snp_guard_lost_records_total{reason=\"ring-buffer\"} 0");
	cr_metric_is("snp_guard_lost_records_total{reason=\"hook-not-called\"} 0");
}

/* ---- the ledger ---- */

static struct ledger open_ledger(size_t *size)
{
	char version[16];
	struct ledger l;
	struct stat st;
	void *memory;
	int fd = open(MAPS "ledger", O_RDWR);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fstat(fd, &st), 0);
	*size = st.st_size;
	memory = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(memory, MAP_FAILED);
	cr_assert_eq(ledger_open(&l, memory, st.st_size, version), 0);
	close(fd);
	return l;
}

static void damage_ledger(void)
{
	size_t size;
	struct ledger l = open_ledger(&size);
	struct pack p;

	cr_assert_eq(ledger_state(&l, &p), 0);
	((unsigned char *)p.data)[8] ^= 0xff;
	munmap(l.header, size);
}

Test(pinned, a_ledger_that_is_damaged_is_not_believed)
{
	leave_one_in_a_window();
	damage_ledger();
	status_of("degraded", WARNING);
	cr_out("ledger");
	run_pinned("5");
	cr_status(WARNING);
	cr_out("the ledger was changed by another");
	cr_out(EVENT("start"));
	cr_out(STATE("window-open"));
	/* The gate went on meanwhile, and the next guard finds a ledger that is whole. */
	cr_assert_eq(host_logged("attach gate_open"), 0, "%s", host.log);
	run_pinned("5");
	cr_out(EVENT("adopt"));
	cr_not_out("the ledger was changed");
}

static void pin_by_another_version(const char *version)
{
	size_t size;
	struct ledger l = open_ledger(&size);
	struct ledger_build build = ledger_build(&l);

	snprintf(build.version, sizeof(build.version), "%s", version);
	ledger_format(&l, l.header, size, &build);
	munmap(l.header, size);
}

Test(pinned, another_versions_guard_is_replaced_and_the_gate_is_never_gone)
{
	leave_one_in_a_window();
	pin_by_another_version("0.0.9");
	status_of("degraded", WARNING);
	cr_out("0.0.9");
	run_pinned("5");
	cr_status(CLEAN);
	cr_err("0.0.9");
	cr_out(EVENT("start"));
	/* In the other group, so that both can be there at once. */
	cr_before("event added snp_guard_2/command_enter", "pin gate_open");
	cr_before("pin gate_open", "event removed snp_guard/command_enter");
	cr_assert_not(host_has(PINS "-old"));
	status_of("enforcing", CLEAN);
	open_cpu3();
	cr_assert_eq(kernel.opened, -EPERM);
}

/* The programs of the guard that is replaced see it too. */
static void prepare_ends(void)
{
	const __u64 latch = SNP_LATCH_WINDOW;
	int fd = open(MAPS "snp_guar_bss", O_RDWR);

	cr_assert_eq(pwrite(fd, &latch, sizeof(latch), offsetof(struct snp_state, latch)),
		     (ssize_t)sizeof(latch));
	close(fd);
	host_log("prepare ends");
	kernel_prepare_ends(0);
}

Test(pinned, another_versions_guard_stays_as_long_as_snp_prepare_runs)
{
	leave_one_in_a_window();
	kernel_prepare_begins();
	pin_by_another_version("0.0.9");
	at(2, prepare_ends);
	run_pinned("5");
	cr_out(EVENT("start"));
	cr_before("prepare ends", "pin gate_open");
}

Test(pinned, a_snp_prepare_that_does_not_end_is_not_waited_for_forever)
{
	leave_one_in_a_window();
	kernel_prepare_begins();
	pin_by_another_version("0.0.9");
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err("timed out");
}

/* ---- what others do to the pins of a guard that runs ---- */

static void remove_a_pin(void)
{
	host_remove(LINKS "online_set");
}

static void remove_the_ledgers_pin(void)
{
	host_remove(MAPS "ledger");
}

static void remove_a_maps_pin(void)
{
	host_remove(MAPS "events");
}

Test(pinned, pins_that_are_removed_are_made_again)
{
	at(2, remove_a_pin);
	at(5, remove_a_maps_pin);
	at(8, remove_the_ledgers_pin);
	run_pinned("12");
	cr_status(CLEAN);
	cr_assert_eq(times(ended.out, GATE_DEGRADED), 3, "%s", ended.out);
	cr_out("gone: online_set\"");
	cr_out("gone: events\"");
	cr_out("gone: the ledger\"");
	cr_assert(host_has(LINKS "online_set"));
	cr_assert(host_has(MAPS "ledger"));
}

static void refuse_pins(void)
{
	bpf_refuse("pin online_set", -ENOSPC);
	remove_a_pin();
}

Test(pinned, pins_that_can_not_be_made_again_are_told_once)
{
	at(2, refuse_pins);
	run_pinned("12");
	cr_assert_eq(times(ended.out, "pins are gone"), 2, "%s", ended.out);
	cr_assert_eq(times(ended.out, GATE_DEGRADED), 1, "%s", ended.out);
}

/* ---- how it does not begin ---- */

Test(pinned, a_guard_that_is_not_asked_to_pin_leaves_what_is_pinned)
{
	leave_one_in_a_window();
	run_for("5");
	cr_status(UNVERIFIED);
	cr_err(PINS);
	cr_assert(bpf_is_attached("gate_open"));
}

Test(pinned, what_is_no_guards_is_left_alone)
{
	host_write(PINS "/other", "");
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err(PINS);
	cr_assert(host_has(PINS "/other"));
	status_of("degraded", WARNING);
}

Test(pinned, a_ledger_that_is_no_map)
{
	host_write(MAPS "ledger", "text");
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err(PINS);
}

Test(pinned, without_bpffs_nothing_can_be_pinned)
{
	host_remove("/sys/fs/bpf/keep");
	host_remove("/sys/fs/bpf");
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err("No such file");
	cr_assert_not(bpf_is_attached("gate_open"));
}

Test(pinned, a_pin_that_is_refused)
{
	bpf_refuse("pin gate_open", -ENOSPC);
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err("No space left");
	cr_assert_not(bpf_is_attached("gate_open"));
	/* What was begun is cleared by the next guard. */
	bpf_refuse("pin gate_open", 0);
	run_pinned("5");
	cr_status(CLEAN);
	cr_assert_not(host_has(PINS "-new"));
}

Test(pinned, a_ledger_that_can_not_be_made_or_pinned)
{
	bpf_refuse("create snp_ledger", -ENOMEM);
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err("Cannot allocate memory");
	bpf_refuse("create snp_ledger", 0);
	bpf_refuse("pin ledger", -ENOSPC);
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err("No space left");
}

static int rename_pins(const char *from, const char *to)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", fixture_path(&host.kernel.files, from));
	return rename(path, fixture_path(&host.kernel.files, to));
}

Test(pinned, a_guard_that_was_killed_between_the_renames_is_taken_up)
{
	leave_one_in_a_window();
	cr_assert_eq(rename_pins(PINS, PINS "-old"), 0);
	run_pinned("5");
	cr_status(CLEAN);
	cr_out(EVENT("adopt"));
	cr_assert_not(host_has(PINS "-old"));
}

Test(pinned, what_a_guard_left_that_was_killed_before_is_removed)
{
	leave_one_in_a_window();
	host_write(PINS "-old/maps/x", "");
	host_write(PINS "-new/links/y", "");
	run_pinned("5");
	cr_status(CLEAN);
	cr_assert_not(host_has(PINS "-old"));
	cr_assert_not(host_has(PINS "-new"));
}

/* ---- status ---- */

Test(pinned, status_without_a_guard)
{
	status_of("detached", UNVERIFIED);
	cr_out("guard:    not running");
	guard("status", "--format", "json", NULL);
	cr_out(STATE("detached"));
	cr_status(UNVERIFIED);
}

Test(pinned, status_needs_root)
{
	host.euid = 1000;
	guard("status", NULL);
	cr_status(UNVERIFIED);
	cr_err("not root");
	cr_out("state:    unknown");
}

/* As by a seccomp filter; by the map that is asked first, and by one that is asked later. */
static void status_is_unknown(const char *refused, int err, const char *why)
{
	bpf_refuse(refused, err);
	status_of("unknown", UNVERIFIED);
	cr_out(why);
	cr_err(why);
	guard("status", "--format", "json", NULL);
	cr_status(UNVERIFIED);
	cr_out(STATE("unknown"));
	cr_out(why);
	guard("check", NULL);
	cr_out("can't read the guard's pinned state");
	cr_not_out("restart the guard");
	/* It says so, too, and touches nothing. */
	run_pinned("5");
	cr_status(UNVERIFIED);
	cr_err(why);
	cr_assert_not(strstr(ended.err, "damaged"));
	bpf_refuse(refused, 0);
	status_of("enforcing", CLEAN);
}

Test(pinned, status_where_bpf_is_refused_is_unknown)
{
	leave_one_in_a_window();
	status_is_unknown("get ledger", -EPERM, "Operation not permitted");
	status_is_unknown("get ledger", -ENOSYS, "Function not implemented");
	status_is_unknown("get gate_open", -EPERM, "Operation not permitted");
	status_is_unknown("get commands", -EMFILE, "Too many open files");
}

/* A pin that can't be looked at is not gone, so it is not made anew. */
static void refuse_to_look(void)
{
	bpf_refuse("get online_set", -EMFILE);
}

static void let_look(void)
{
	cr_assert(host_has(LINKS "online_set"));
	bpf_refuse("get online_set", 0);
}

Test(pinned, pins_that_can_not_be_looked_at_are_left_alone)
{
	at(2, refuse_to_look);
	at(5, let_look);
	run_pinned("12");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("pin online_set"), 1, "%s", host.log);
	cr_not_out("pin was gone");
}

Test(pinned, status_in_a_window_tries_the_gate)
{
	leave_one_in_a_window();
	open_cpu3();
	status_of("enforcing", CLEAN);
	cr_out("tried to open a guarded file to write: refused");
	cr_out("refused:  1");
	guard("status", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_out("\"window_open\":true,\"tried\":true");
	cr_out("\"windows\":1");
	/* What waits in the ring buffer is no history yet; the next guard takes it in. */
	cr_out("\"last_denied\":[]");
	run_pinned("5");
	guard("status", "--format", "json", NULL);
	cr_out("\"file\":\"cpu3/online\",\"comm\":\"sh\",\"tid\":4242,\"refused\":true");
	guard("status", NULL);
	cr_out("sh[4242], cpu3/online");
}

Test(pinned, status_lists_windows_with_their_breaches)
{
	at(1, kernel_begin_snp);
	at(2, cpu3_down);
	at(5, kernel_full_shutdown);
	run_pinned("10");
	guard("status", NULL);
	cr_out("windows:  1");
	cr_out("2026-06-01T00:16:4");
	cr_out("cpu-offlined (1)");
	guard("status", "--format", "json", NULL);
	cr_out("\"breaches\":{\"cpu-offlined\":1}");
	cr_out("\"closed\":\"2026-06-01T");
}

Test(pinned, status_of_a_gate_that_refuses_nothing)
{
	leave_one_in_a_window();
	kernel.gate_is_deaf = true;
	status_of("degraded", WARNING);
	cr_out("not refused");
	guard("status", "--format", "json", NULL);
	cr_out("\"degraded\":\"");
	kernel.gate_is_deaf = false;
	host_refuse("/sys/devices/system/cpu/smt/control", -ENOENT);
	status_of("degraded", WARNING);
	cr_out("No such file");
}

Test(pinned, status_of_a_latch_that_others_opened)
{
	leave_one_in_a_window();
	bpf_kernel.state->latch = 0;
	status_of("degraded", WARNING);
	cr_out("latch");
}

Test(pinned, kprobes_that_follow_ccp_are_pinned_anew)
{
	at(5, reload_renamed);
	guard("run", "--pin", "--for", "20", "--format", "json", NULL);
	cr_out("ccp: another __sev_do_cmd_locked (put right)");
	cr_not_out("pin was gone");
	guard("status", NULL);
	cr_not_out("missing");
	guard("run", "--pin", "--for", "5", "--format", "json", NULL);
	cr_not_out("pin was gone");
}

Test(pinned, kprobes_that_another_guard_attached_follow_ccp)
{
	guard("run", "--pin", "--for", "5", NULL);
	at(5, reload_renamed);
	guard("run", "--pin", "--for", "20", "--format", "json", NULL);
	cr_out("ccp: another __sev_do_cmd_locked (put right)");
	guard("status", NULL);
	cr_not_out("missing");
}

Test(pinned, status_of_hooks_that_are_off)
{
	leave_one_in_a_window();
	host_write("/sys/kernel/debug/kprobes/enabled", "0\n");
	status_of("degraded", WARNING);
	cr_out("kprobes");
}

Test(pinned, status_of_writes_that_nothing_checks)
{
	leave_one_in_a_window();
	kernel.writers = 1;
	status_of("enforcing", CLEAN);
	bpf_kernel.state->writes = 0;
	status_of("degraded", WARNING);
	cr_out("a guarded file is open for writing, and writes are not checked");
	kernel.writers = 0;
	status_of("enforcing", CLEAN);
}

Test(pinned, status_of_a_kernel_that_can_not_be_looked_at)
{
	leave_one_in_a_window();
	host_remove("/sys/kernel/btf/vmlinux");
	guard("status", NULL);
	cr_status(UNVERIFIED);
	cr_err("No such file");
}

Test(pinned, status_names_the_guard_that_runs)
{
	int fd;

	leave_one_in_a_window();
	fd = host_hold_lock("4711\n");
	guard("status", NULL);
	cr_out("guard:    process 4711");
	guard("status", "--format", "json", NULL);
	cr_out("\"process\":4711");
	close(fd);
}

/* ---- detach ---- */

Test(pinned, detach_removes_all)
{
	leave_one_in_a_window();
	host_set_online(3, false);
	host_write("/sys/devices/system/cpu/cpu3/hotplug/fail", "1\n");
	guard("detach", NULL);
	cr_status(CLEAN);
	cr_quiet();
	cr_assert_not(host_has(PINS));
	cr_assert_not(bpf_is_attached("gate_open"));
	cr_assert_str_empty(host_read("/sys/kernel/tracing/kprobe_events"));
	cr_assert_eq(atoi(host_read("/sys/devices/system/cpu/cpu3/hotplug/fail")), -1);
	open_cpu3();
	cr_assert_eq(kernel.opened, 0);
	status_of("detached", UNVERIFIED);
}

Test(pinned, detach_of_nothing_is_no_error)
{
	guard("detach", NULL);
	cr_status(CLEAN);
	cr_quiet();
}

Test(pinned, detach_needs_root)
{
	leave_one_in_a_window();
	host.euid = 1000;
	guard("detach", NULL);
	cr_status(UNVERIFIED);
	cr_err("not root");
	cr_assert(host_has(PINS));
}

Test(pinned, detach_does_not_take_the_pins_of_a_guard_that_runs)
{
	int fd;

	leave_one_in_a_window();
	fd = host_hold_lock("4711\n");
	guard("detach", NULL);
	cr_status(UNVERIFIED);
	cr_err("is running here: stop it first");
	cr_assert(bpf_is_attached("gate_open"));
	close(fd);
	host_refuse("/run/snp-guard.lock", -EROFS);
	guard("detach", NULL);
	cr_status(UNVERIFIED);
	cr_err("Read-only");
}

Test(pinned, detach_leaves_what_is_no_guards)
{
	host_write(PINS "/other", "");
	guard("detach", NULL);
	cr_status(UNVERIFIED);
	cr_err("not empty");
	cr_assert(host_has(PINS "/other"));
}

static bool all_in_use(const char *event)
{
	(void)event;
	return true;
}

Test(pinned, detach_says_that_kprobe_events_are_still_in_use)
{
	host_write("/sys/kernel/tracing/kprobe_events", "p:snp_guard_2/command_enter ccp:x\n");
	host.is_in_use = all_in_use;
	guard("detach", NULL);
	cr_status(CLEAN);
	cr_err("still uses kprobe events");
}
