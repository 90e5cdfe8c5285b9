// SPDX-License-Identifier: GPL-2.0-only
/* How a run begins, and how it does not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract/names.h"
#include "standin/guard.h"
#include "standin/kernel.h"

TestSuite(start, .init = kernel_begin_usual, .fini = kernel_end);

/* It ended with nothing attached and nothing printed, and said why. */
static void did_not_start_with(int status, const char *why)
{
	cr_status(status);
	cr_err(why);
	cr_not_out(EVENT("start"));
	cr_assert_not(bpf_is_attached("gate_open"));
	cr_assert_not(bpf_is_attached("command_enter"));
	cr_assert_str_empty(host_read("/sys/kernel/tracing/kprobe_events"));
}

/* ... for now, */
static void did_not_start(const char *why)
{
	did_not_start_with(UNVERIFIED, why);
}

/* ... or for as long as host and configuration are what they are. */
static void can_not_start(const char *why)
{
	did_not_start_with(CANNOT_RUN, why);
}

/* ---- what the host lacks ---- */

Test(start, needs_root)
{
	host.euid = 1000;
	run_for("5");
	can_not_start("not root");
	cr_assert_eq(host_logged("mount"), 0);
}

Test(start, needs_snp)
{
	host_write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n");
	run_for("5");
	can_not_start("sev_snp");
}

Test(start, needs_the_hosts_user_namespace)
{
	host_remove("/proc/self/ns/user");
	cr_assert_eq(symlink("user:[1]", fixture_path(&host.kernel.files, "/proc/self/ns/user")),
		     0);
	run_for("5");
	can_not_start("user namespace");
}

Test(start, needs_capabilities)
{
	host_write("/proc/self/status", "Name:\tsnp-guard\nCapEff:\t0000000000000000\n");
	run_for("5");
	can_not_start("CAP_BPF");
}

Test(start, without_bpf_among_the_security_modules_it_refuses_by_fmod_ret)
{
	host_write("/sys/kernel/security/lsm", "lockdown,capability\n");
	run_for("5");
	cr_status(CLEAN);
	cr_out("\"gate\":\"fmod_ret\"");
	cr_before("attach gate_open_modify", "attach gate_ioctl_compat_modify");
	cr_assert_eq(host_logged("attach gate_open\n"), 0);
	guard("run", "--for", "5", NULL);
	cr_out("enforcing by fmod_ret");
}

Test(start, what_avoids_bpf_lsm_refuses_by_fmod_ret)
{
	guard("run", "--avoid=lsm", "--for", "5", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_out("\"gate\":\"fmod_ret\"");
	run_for("5");
	cr_out("\"gate\":\"lsm\"");
}

Test(start, needs_a_hook_for_the_gate_unless_it_only_audits)
{
	guard("run", "--avoid=lsm", "--avoid=fmod_ret", "--for", "5", "--format", "json", NULL);
	can_not_start("no hook (lsm: avoided by --avoid; fmod_ret: avoided by --avoid)");
	guard("run", "--avoid=lsm", "--avoid=fmod_ret", "--audit", "--for", "5", "--format", "json",
	      NULL);
	cr_status(CLEAN);
	cr_out("\"gate\":\"none\"");
}

Test(start, mounts_what_is_missing_and_loads_msr)
{
	host_remove("/sys/kernel/tracing/kprobe_events");
	host_remove("/sys/kernel/security/lsm");
	for (int cpu = 0; cpu < 4; cpu++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
		host_remove(path);
	}
	run_for("5");
	cr_status(CLEAN);
	/* In a mount namespace of its own. */
	cr_before("unshare", "mount tracefs at /sys/kernel/tracing");
	cr_before("mount tracefs", "mount securityfs at /sys/kernel/security");
	cr_before("mount securityfs", "spawn modprobe -q msr");
	cr_assert_eq(host_logged("unshare"), 1);
}

Test(start, mounts_nothing_without_a_namespace_of_its_own)
{
	host_remove("/sys/kernel/tracing/kprobe_events");
	host_refuse("unshare", -EPERM);
	run_for("5");
	cr_status(UNVERIFIED);
	cr_err("tracefs");
	cr_assert_eq(host_logged("mount"), 0);
}

/* ---- files that it is given ---- */

Test(start, since_is_no_snapshot)
{
	host_write("/run/snapshot", "{}\n");
	guard("run", "--since", "/run/snapshot", "--for", "5", NULL);
	did_not_start("/run/snapshot");
	guard("run", "--since", "/run/none", "--for", "5", NULL);
	did_not_start("No such file");
}

Test(start, a_recording_that_can_not_be_written)
{
	guard("run", "--record", "/run/no/such/dir", "--for", "5", NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/no/such/dir: No such file");
	cr_assert_not(bpf_is_attached("gate_open"));
}

Test(start, a_ready_file_that_can_not_be_made)
{
	guard("run", "--ready-file", "/run/no/such/dir", "--for", "5", NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/no/such/dir: No such file");
	cr_assert_eq(host_logged("notify READY"), 0);
}

Test(start, an_address_that_is_none)
{
	guard_alone("run", "--listen", "nonsense", "--for", "5", NULL);
	cr_status(USAGE);
	cr_err("--listen takes IP:PORT or unix:PATH, not `nonsense`");
	host_write("/etc/snp-guard.conf", "[run]\nlisten = unix:\n");
	run_for("5");
	can_not_start("/etc/snp-guard.conf:2: listen takes IP:PORT or unix:PATH");
	host_remove("/etc/snp-guard.conf");
	guard("run", "--listen", "unix:/no/such/dir/socket", "--for", "5", NULL);
	did_not_start("can't listen");
}

/* Once something is pinned, the gate would stay where no guard ever starts. */
Test(start, a_library_that_is_not_installed)
{
	host_refuse("libmicrohttpd.so.12", -ELIBACC);
	guard("run", "--pin", "--listen", ":0", "--for", "5", "--format", "json", NULL);
	did_not_start("libmicrohttpd, which --listen needs; install it");
	cr_assert_eq(host_logged("attach"), 0, "%s", host.log);
	run_for("5");
	cr_status(CLEAN);
}

Test(start, a_bad_configuration)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = perhaps\n");
	run_for("5");
	can_not_start("/etc/snp-guard.conf:2: audit takes yes or no");
}

/* What may pass is no mistake of the administrator's: the unit is started again. */
Test(start, a_configuration_that_can_not_be_read_now)
{
	host_write("/etc/snp-guard.conf", "[run]\naudit = no\n");
	host_refuse("/etc/snp-guard.conf", -EIO);
	run_for("5");
	did_not_start("/etc/snp-guard.conf: Input/output error");
	host_refuse("/etc/snp-guard.conf", -EACCES);
	run_for("5");
	can_not_start("/etc/snp-guard.conf: Permission denied");
}

Test(start, lists_of_cpus_that_can_not_be_read)
{
	host_remove("/sys/devices/system/cpu/present");
	run_for("5");
	cr_status(UNVERIFIED);
	cr_err("No such file");
}

/* ---- the lock ---- */

Test(start, another_guard_has_the_lock)
{
	int fd = host_hold_lock("4711\n");

	run_for("5");
	did_not_start("guard 4711");
	close(fd);
	run_for("5");
	cr_status(CLEAN);
}

static int lock;

static void let_go(void)
{
	close(lock);
}

Test(start, another_has_the_lock_for_a_moment)
{
	lock = host_hold_lock("4711\n");
	at(1, let_go);
	run_for("5");
	cr_status(CLEAN);
	cr_out(EVENT("start"));
}

/* As kubelet's FileOrCreate makes it. */
Test(start, a_lock_that_all_can_read_is_shut)
{
	const char *file;
	struct stat st;

	host_write("/run/snp-guard.lock", "");
	file = fixture_path(&host.kernel.files, "/run/snp-guard.lock");
	cr_assert_eq(chmod(file, 0644), 0);
	run_for("5");
	cr_status(CLEAN);
	cr_assert_eq(stat("/run/snp-guard.lock", &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600, "%o", st.st_mode);
}

/* Whoever could open it before that. */
Test(start, a_reader_that_locks_is_no_guard)
{
	struct flock whole = { .l_type = F_RDLCK };
	int fd;

	host_write("/run/snp-guard.lock", "4711\n");
	fd = open("/run/snp-guard.lock", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
	guard("status", NULL);
	cr_out("guard:    not running");
	run_for("5");
	did_not_start("another process has locked /run/snp-guard.lock: end it");
	guard("detach", NULL);
	cr_status(UNVERIFIED);
	cr_err("another process has locked /run/snp-guard.lock: end it");
	close(fd);
	run_for("5");
	cr_status(CLEAN);
}

/* Each look of `status` and `check` would otherwise be a moment in which no guard can start. */
Test(start, looking_at_the_lock_takes_and_writes_nothing)
{
	guard("status", NULL);
	guard("check", NULL);
	cr_assert_not(host_has("/run/snp-guard.lock"));
	lock = host_hold_lock("4711\n");
	guard("status", NULL);
	cr_out("process 4711, without --pin");
	guard("check", NULL);
	close(lock);
	cr_assert_str_eq(host_read("/run/snp-guard.lock"), "4711");
	guard("status", NULL);
	cr_out("not running");
	guard("check", NULL);
	cr_assert_str_eq(host_read("/run/snp-guard.lock"), "4711");
}

Test(start, a_lock_that_can_not_be_looked_at_is_unknown)
{
	host_refuse("/run/snp-guard.lock", -EACCES);
	guard("status", NULL);
	cr_out("guard:    unknown: Permission denied");
	guard("status", "--format", "json", NULL);
	cr_out("\"process\":null");
	guard("check", NULL);
	cr_status(UNVERIFIED);
	cr_out("can't tell whether a guard runs: Permission denied");
	host_refuse("/run/snp-guard.lock", 0);
	lock = host_hold_lock("");
	guard("status", NULL);
	cr_out("guard:    unknown: No such process");
	close(lock);
}

/* ---- whether the service manager should try again ---- */

Test(start, what_can_not_be_is_not_tried_again)
{
	host_write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n");
	run_for("5");
	cr_status(CANNOT_RUN);
	cr_assert_eq(host_logged("notify"), 0, "%s", host.log);
	cr_assert_lt(took(), 1);
}

Test(start, what_may_pass_is_tried_again_and_not_at_once)
{
	host_refuse("/run/snp-guard.lock", -EROFS);
	run_for("5");
	cr_status(UNVERIFIED);
	cr_assert_geq(took(), 14);
	cr_assert_eq(host_logged("notify STATUS=Could not start"), 1, "%s", host.log);
}

Test(start, whoever_stops_it_does_not_wait_for_that)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	host_refuse("/run/snp-guard.lock", -EROFS);
	at(3, sigterm);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	run_for("5");
	cr_status(UNVERIFIED);
	cr_assert_lt(took(), 4);
}

/* The guard looks all the same, only later. */
Test(start, a_poll_that_fails_ends_no_guard)
{
	host_refuse("poll", -ENOMEM);
	at(3, sigterm);
	run_for("5");
	cr_status(CLEAN);
	cr_assert(took() >= 3 && took() < 4, "%g s", took());
}

Test(start, a_lock_that_can_not_be_taken)
{
	host_refuse("/run/snp-guard.lock", -EROFS);
	run_for("5");
	did_not_start("Read-only file system");
}

Test(start, privileges_that_can_not_be_dropped)
{
	host_refuse("cap_set_proc", -EPERM);
	guard("run", "--ready-file", "/run/ready", "--for", "5", NULL);
	cr_status(UNVERIFIED);
	cr_err("Operation not permitted");
	cr_assert_not(host_has("/run/ready"));
	cr_assert_not(bpf_is_attached("gate_open"));
}

/* ---- what the kernel refuses ---- */

Test(start, the_object_can_not_be_opened)
{
	bpf_refuse("open", -ENOMEM);
	run_for("5");
	did_not_start("Cannot allocate memory");
}

Test(start, a_program_that_is_refused_gives_way_to_the_next_source)
{
	bpf_refuse("load prepare_enter", -EINVAL);
	at(1, kernel_begin_snp);
	run_for("5");
	cr_status(CLEAN);
	cr_err("verifier refuses prepare_enter: the verifier of this kernel refuses it: trying the "
	       "next source of prepare");
	cr_assert_eq(host_logged("attach prepare_enter_probe"), 1);
	cr_assert_eq(host_logged("attach prepare_enter\n"), 0);
	cr_out(EVENT("prepare-enter"));
}

Test(start, a_program_that_can_not_be_attached_gives_way_too)
{
	bpf_refuse("attach snp_enable_exit", -EINVAL);
	at(1, kernel_begin_snp);
	run_for("5");
	cr_status(CLEAN);
	cr_assert_eq(host_logged("attach snp_enable_probe"), 1);
	cr_assert_eq(times(ended.out, EVENT("snp-enable")), 4);
	cr_err("snp_enable_exit can't be attached (Invalid argument): trying the next source of ");
}

Test(start, a_fact_without_any_source_is_uncovered)
{
	bpf_refuse("attach module_loaded", -EINVAL);
	run_for("5");
	cr_status(WARNING);
	cr_out("\"uncovered\":[\"modules\"]");
	cr_out(BREACH("blind"));
}

Test(start, a_gate_that_is_refused_is_attached_in_another_way)
{
	bpf_refuse("load gate_open", -EINVAL);
	run_for("5");
	cr_status(CLEAN);
	cr_out("\"gate\":\"fmod_ret\"");
	bpf_refuse("load gate_open", 0);
	bpf_refuse("attach gate_write", -EBUSY);
	run_for("5");
	cr_status(CLEAN);
	cr_out("\"gate\":\"fmod_ret\"");
	cr_err("trying the next source of gate");
	cr_assert_not(bpf_is_attached("gate_open"));
}

Test(start, a_gate_that_the_verifier_refuses_is_an_error)
{
	bpf_refuse("load gate_open", -EINVAL);
	bpf_refuse("load gate_open_modify", -EINVAL);
	run_for("5");
	did_not_start("gate_open_modify: the verifier of this kernel refuses it");
}

Test(start, a_gate_that_can_not_be_attached_is_an_error)
{
	bpf_refuse("attach gate_open", -EBUSY);
	bpf_refuse("attach gate_open_modify", -EBUSY);
	run_for("5");
	did_not_start("gate_open_modify can't be attached (Device or resource busy)");
	cr_assert_not(strstr(ended.err, "another guard"), "%s", ended.err);
}

Test(start, with_audit_the_guard_does_without_the_gate)
{
	bpf_refuse("attach gate_open", -EOPNOTSUPP);
	bpf_refuse("attach gate_open_modify", -EOPNOTSUPP);
	guard("run", "--audit", "--for", "5", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_not_out(EVENT("uncovered"));
	cr_assert_not(bpf_is_attached("gate_write"));
}

Test(start, a_program_that_is_called_and_refused_is_an_error)
{
	bpf_refuse("load steer", -EINVAL);
	run_for("5");
	did_not_start("the verifier of this kernel refuses it");
}

Test(start, maps_that_can_not_be_frozen)
{
	bpf_refuse("freeze", -EPERM);
	run_for("5");
	did_not_start("Operation not permitted");
}

Test(start, no_ring_buffer)
{
	bpf_refuse("ring", -ENOMEM);
	run_for("5");
	did_not_start("Cannot allocate memory");
}

Test(start, kprobe_events_of_a_guard_that_runs)
{
	/* Without the lock's file: in a container with a /run of its own. */
	host_write("/sys/kernel/tracing/kprobe_events", "p:snp_guard/command_enter ccp:x\n");
	host.is_in_use = NULL;
	run_for("5");
	cr_status(CLEAN);
	cr_before("event removed snp_guard/command_enter", "event added snp_guard/command_enter");
}

static bool all_in_use(const char *event)
{
	(void)event;
	return true;
}

Test(start, kprobe_events_that_are_in_use)
{
	host_write("/sys/kernel/tracing/kprobe_events", "p:snp_guard/command_enter ccp:x\n");
	host.is_in_use = all_in_use;
	run_for("5");
	cr_status(UNVERIFIED);
	cr_err("kprobes are in use");
}

/* As under ThinLTO: the events are created at the names that the kernel has. */
Test(start, kprobes_at_functions_that_the_compiler_renamed)
{
	kernel_end();
	kernel_begin(4, "_cpu_up");
	kernel_fixture_btf(&host.kernel, "_cpu_up", RETURNS_INT);
	kernel_fixture_symbol(&host.kernel, "_cpu_up.llvm.18446744073709551615");
	kernel_fixture_save(&host.kernel);
	run_for("5");
	cr_status(CLEAN);
	cr_assert(host_logged(
		"event added snp_guard/cpu_up_probe _cpu_up.llvm.18446744073709551615\n"));
	cr_assert(host_logged("event added snp_guard/cpu_down_probe _cpu_down\n"));
	cr_assert(host_logged("event added snp_guard/command_enter ccp:__sev_do_cmd_locked\n"));
}

Test(start, a_kprobe_that_perf_refuses)
{
	host_refuse("perf_event_open", -EACCES);
	run_for("5");
	cr_status(WARNING);
	cr_out("blind spot on this kernel: commands, as its source was refused (Permission "
	       "denied)");
	cr_out(snp_blind_remedy(SNP_BLIND_REFUSED));
	cr_assert_str_empty(host_read("/sys/kernel/tracing/kprobe_events"));
}

Test(start, a_kprobe_event_without_an_id)
{
	host_refuse("/sys/kernel/tracing/events/snp_guard/command_enter/id", -ENOENT);
	run_for("5");
	cr_status(WARNING);
	cr_out("commands");
}

/* ---- what it is asked ---- */

Test(start, kinds_that_are_to_be_avoided)
{
	guard("run", "--avoid", "fentry", "--for", "5", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_assert_eq(host_logged("attach prepare_enter_probe"), 1);
	cr_assert_eq(host_logged("attach online_set_probe"), 1);
}

Test(start, tracefs_below_debugfs_will_do)
{
	host_refuse("/sys/kernel/tracing/kprobe_events", -ENOENT);
	host_write("/sys/kernel/debug/tracing/kprobe_events", "");
	run_for("5");
	/* The events' ids stand where they were. */
	cr_out(EVENT("start"));
}

/* ---- a host that does not come to rest ---- */

/* Whenever the guard looks, CPU 3 comes or goes. */
static void storm(void)
{
	host.now_ns += SECOND / 5;
	if (host_is_online(3))
		kernel_cpu_down(3);
	else
		kernel_cpu_up(3);
	kernel.on_truth = storm;
}

static void is_ready(void)
{
	cr_assert(host_has("/run/ready"));
	host_log("ready");
}

Test(start, a_storm_of_hotplug_delays_it_for_seconds_only)
{
	kernel.on_truth = storm;
	at(6, is_ready);
	guard("run", "--ready-file", "/run/ready", "--for", "20", "--format", "json", NULL);
	cr_assert_eq(host_logged("ready"), 1);
	cr_err("the CPUs keep changing: no sweep was complete in 5 s");
	cr_out("no sweep was complete for 10 s, as something kept changing: SNP_EN is unverified");
	cr_assert_eq(times(ended.out, "no sweep was complete for 10 s"), 1);
	cr_out("no sweep completed; SNP_EN is unverified");
	cr_status(UNVERIFIED);
	cr_assert_leq(took(), 23, "%g s", took());
}

static void calm(void)
{
	kernel.on_truth = NULL;
}

Test(start, a_storm_that_ends_leaves_a_run_as_any_other)
{
	kernel.on_truth = storm;
	at(3, calm);
	run_for("30");
	cr_status(CLEAN);
	cr_quiet();
	cr_not_out("no sweep was complete");
}

Test(start, its_time_counts_while_it_starts)
{
	kernel.on_truth = storm;
	run_for("2");
	cr_status(UNVERIFIED);
	cr_assert_leq(took(), 5, "%g s", took());
	cr_out("\"type\":\"summary\"");
}

Test(start, a_signal_while_it_waits_ends_it)
{
	kernel.on_truth = storm;
	at(1, sigterm);
	guard("run", "--format", "json", NULL);
	cr_status(UNVERIFIED);
	cr_assert_leq(took(), 5, "%g s", took());
	cr_out("\"type\":\"summary\"");
	cr_assert_not(bpf_is_attached("gate_open"));
}

static int signal_at_a_kprobe(const char *path, int flags)
{
	(void)flags;
	if (strstr(path, "snp_guard/command_enter/id"))
		raise(SIGINT);
	return 0;
}

Test(start, a_signal_while_it_attaches_ends_it)
{
	host.on_open = signal_at_a_kprobe;
	run_for("30");
	did_not_start("stopped before the guard was ready");
	cr_assert_eq(host_logged("attach command_exit"), 0, "%s", host.log);
}
