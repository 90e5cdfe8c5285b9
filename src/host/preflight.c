// SPDX-License-Identifier: GPL-2.0-only
#include "host/preflight.h"

#include <errno.h>
#include <linux/capability.h>
#include <unistd.h>

/*
 * Each need: returns 1 if the host is as needed, 0 if it is not, or a negative errno if that is
 * unknown.
 */

static int is_root(const struct platform *p)
{
	(void)p;
	return !geteuid();
}

static int is_in_host_users(const struct platform *p)
{
	return platform_in_host_namespace(p, "user");
}

static int is_in_host_pids(const struct platform *p)
{
	return platform_in_host_namespace(p, "pid");
}

static int may_load_bpf(const struct platform *p)
{
	int admin = platform_has_capability(p, CAP_SYS_ADMIN);
	int bpf = platform_has_capability(p, CAP_BPF);

	return admin ? admin : bpf > 0 ? platform_has_capability(p, CAP_PERFMON) : bpf;
}

static int may_read_msr(const struct platform *p)
{
	return platform_has_capability(p, CAP_SYS_RAWIO);
}

static int may_read_symbols(const struct platform *p)
{
	return platform_has_capability(p, CAP_SYSLOG);
}

/* 0 if the file reads 0, else 1, or a negative errno if it can't be read. */
static int read_switch(const struct platform *p, const char *path)
{
	char text[8];
	int n = platform_read(p, path, text, sizeof(text));

	return n < 0 ? n : text[0] != '0';
}

static int has_ftrace_on(const struct platform *p)
{
	return read_switch(p, "/proc/sys/kernel/ftrace_enabled");
}

/*
 * Under lockdown debugfs gives this file to nobody (debugfs_locked_down() in fs/debugfs/file.c), so
 * that nobody can switch kprobes off either; the kernel logs each attempt.
 */
static int read_kprobes(const struct platform *p)
{
	return read_switch(p, "/sys/kernel/debug/kprobes/enabled");
}

static int has_kprobes_on(const struct platform *p)
{
	int on = read_kprobes(p);

	return on == -EPERM ? 1 : on;
}

/* kptr_restrict=2 hides addresses from root, too (
 * kernel/ksyms_common.c:kallsyms_show_value()). */
static int shows_addresses(const struct platform *p)
{
	char text[8];
	int n = platform_read(p, "/proc/sys/kernel/kptr_restrict", text, sizeof(text));

	return n < 0 ? n : text[0] != '2';
}

static int has_snp(const struct platform *p)
{
	return platform_has_cpu_flag(p, "sev_snp");
}

/* 1 if it can be looked up, 0 if it is not there, or a negative errno. */
static int is_there(const struct platform *p, const char *path)
{
	int fd = platform_open(p, path);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 1 : fd == -ENOENT ? 0 : fd;
}

static int has_btf(const struct platform *p)
{
	return is_there(p, "/sys/kernel/btf/vmlinux");
}

static int has_tracefs(const struct platform *p)
{
	int there = is_there(p, "/sys/kernel/tracing/kprobe_events");

	return there ? there : is_there(p, "/sys/kernel/debug/tracing/kprobe_events");
}

static int is_readable(const struct platform *p)
{
	return !platform_is_confidential(p);
}

static int has_ccp(const struct platform *p)
{
	return platform_module(p, "ccp") != MODULE_ABSENT;
}

static int has_msr(const struct platform *p)
{
	return platform_exists(p, "/dev/cpu/0/msr");
}

/* preflight() reports the first that does not hold. */
const struct preflight_need preflight_needs[] = {
	{ "root", is_root, true, true, "the effective user id", "uid 0",
	  "not root: BPF programs and /dev/cpu/N/msr need it; use sudo" },
	{ "user-namespace", is_in_host_users, true, true, "/proc/self/ns/user",
	  "in the host's user namespace",
	  "in a user namespace of a container's own, whose root is not the host's; start it "
	  "without "
	  "user namespaces (hostUsers: true)" },
	{ "pid-namespace", is_in_host_pids, false, true, "/proc/self/ns/pid",
	  "in the host's PID namespace",
	  "in a PID namespace of a container's own: the tasks that it names would not be found "
	  "there; start it in the host's (hostPID: true, --pid=host)" },
	{ "cap-bpf", may_load_bpf, true, true,
	  "CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, in CapEff of /proc/self/status",
	  "CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, are effective",
	  "neither CAP_SYS_ADMIN nor CAP_BPF with CAP_PERFMON: BPF programs can't be loaded; add "
	  "them to the container's or unit's capabilities" },
	{ "cap-sys-rawio", may_read_msr, true, true, "CAP_SYS_RAWIO in CapEff of /proc/self/status",
	  "CAP_SYS_RAWIO is effective",
	  "no CAP_SYS_RAWIO: SYSCFG can't be read; add it to the container's or unit's "
	  "capabilities" },
	{ "cap-syslog", may_read_symbols, true, true, "CAP_SYSLOG in CapEff of /proc/self/status",
	  "CAP_SYSLOG is effective",
	  "no CAP_SYSLOG: the kernel hides its symbols' addresses; add it to the container's or "
	  "unit's capabilities" },
	{ "kptr-restrict", shows_addresses, true, false, "/proc/sys/kernel/kptr_restrict",
	  "kernel.kptr_restrict is not 2",
	  "kernel.kptr_restrict is 2: the kernel hides its symbols' addresses from root, too; "
	  "sysctl -w kernel.kptr_restrict=1" },
	{ "snp", has_snp, true, true, "the CPU's flags in /proc/cpuinfo",
	  "sev_snp is among the CPU's flags",
	  "no sev_snp among the CPU's flags: not an SNP host, or SNP is off in the BIOS or by the "
	  "kernel; see dmesg for SEV-SNP" },
	{ "btf", has_btf, true, true, "/sys/kernel/btf/vmlinux", "/sys/kernel/btf/vmlinux is there",
	  "no /sys/kernel/btf/vmlinux: the kernel has no BTF; it needs CONFIG_DEBUG_INFO_BTF=y" },
	{ "lockdown", is_readable, true, true, "/sys/kernel/security/lockdown",
	  "/sys/kernel/security/lockdown does not say confidentiality",
	  "lockdown=confidentiality: the kernel lets no BPF program read its memory; boot with "
	  "lockdown=integrity" },
	{ "tracefs", has_tracefs, false, false,
	  "kprobe_events in /sys/kernel/tracing or /sys/kernel/debug/tracing",
	  "kprobe_events is there",
	  "no tracefs at /sys/kernel/tracing, and none could be mounted; mount -t tracefs tracefs "
	  "/sys/kernel/tracing" },
	{ "ftrace", has_ftrace_on, false, false, "/proc/sys/kernel/ftrace_enabled",
	  "kernel.ftrace_enabled is 1",
	  "kernel.ftrace_enabled is 0: none of the guard's hooks would ever be called; sysctl -w "
	  "kernel.ftrace_enabled=1" },
	{ "kprobes", has_kprobes_on, false, false, "/sys/kernel/debug/kprobes/enabled",
	  "kprobes are switched on, or locked by lockdown",
	  "kprobes are switched off, so the firmware's commands would go unseen; echo 1 "
	  ">/sys/kernel/debug/kprobes/enabled" },
	{ "ccp", has_ccp, false, false, "ccp in /sys/module and /lib/modules",
	  "ccp is loaded, built in or in /lib/modules",
	  "no ccp driver for this kernel, loaded, built in or in /lib/modules: nothing here can "
	  "initialise SNP; install the kernel's modules" },
	{ "msr", has_msr, true, false, "/dev/cpu/0/msr", "/dev/cpu/0/msr is there",
	  "no /dev/cpu/0/msr, and the msr driver could not be loaded: SYSCFG can't be read; "
	  "modprobe msr says why" },
};
const size_t preflight_need_count = sizeof(preflight_needs) / sizeof(preflight_needs[0]);

const struct preflight_need *preflight(const struct platform *p)
{
	for (size_t i = 0; i < preflight_need_count; i++)
		if (!preflight_needs[i].holds(p))
			return &preflight_needs[i];
	return NULL;
}

bool preflight_hooks_are_on(const struct platform *p, bool *locked)
{
	int kprobes = *locked ? -EPERM : read_kprobes(p);

	*locked = kprobes == -EPERM;
	return has_ftrace_on(p) && kprobes; /* or they are unknown */
}
