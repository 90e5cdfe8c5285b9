// SPDX-License-Identifier: GPL-2.0-only
/* A host on which the guard can run, and each thing that it needs taken away in turn. */
#include <criterion/criterion.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/preflight.h"
#include "events.h"

static struct fixture fixture;
static struct platform host;

static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev_snp\n");
	fixture_write(&fixture, "/proc/sys/kernel/osrelease", "7.3.0\n");
	fixture_write(&fixture, "/sys/kernel/btf/vmlinux", "");
	fixture_write(&fixture, "/sys/kernel/tracing/kprobe_events", "");
	fixture_write(&fixture, "/sys/module/ccp/initstate", "live\n");
	fixture_syscfg(&fixture, 0, 0);
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(preflight, .init = begin, .fini = finish);

static const char *why(void)
{
	const struct preflight_need *missing = preflight(&host);
	const char *line = missing ? missing->otherwise : NULL;

	cr_assert(!line || !strchr(line, '\n'), "one line: `%s`", line);
	return line ? line : "";
}

/* A test by anyone else would only see that it is not root's. */
static void needs_root(void)
{
	if (geteuid())
		cr_skip("the checks after the first need root");
}

static void expect(const char *cause, const char *remedy)
{
	cr_expect(strstr(why(), cause), "`%s`, should name `%s`", why(), cause);
	cr_expect(strstr(why(), remedy), "`%s`, should say `%s`", why(), remedy);
}

Test(preflight, anyone_but_root_is_told_so)
{
	int status;
	pid_t child = fork();

	if (!child) {
		/* Where the test itself is not root's, there is nothing to drop. */
		if (!geteuid() && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
			_exit(2);
		_exit(!strstr(why(), "not root") || !strstr(why(), "sudo"));
	}
	cr_assert_gt(child, 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x", status);
}

Test(preflight, a_host_with_all_of_it_passes)
{
	needs_root();
	cr_expect_str_eq(why(), "");
}

Test(preflight, no_snp)
{
	needs_root();
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev\n");
	expect("no sev_snp among the CPU's flags", "dmesg");
}

Test(preflight, no_cpuinfo_is_no_verdict_on_snp)
{
	needs_root();
	fixture_remove(&fixture, "/proc/cpuinfo");
	cr_expect_str_eq(why(), "");
}

Test(preflight, no_btf)
{
	needs_root();
	fixture_remove(&fixture, "/sys/kernel/btf/vmlinux");
	expect("no BTF", "CONFIG_DEBUG_INFO_BTF=y");
}

Test(preflight, lockdown)
{
	needs_root();
	fixture_write(&fixture, "/sys/kernel/security/lockdown",
		      "none integrity [confidentiality]\n");
	expect("lockdown=confidentiality", "lockdown=integrity");
	fixture_write(&fixture, "/sys/kernel/security/lockdown",
		      "none [integrity] confidentiality\n");
	cr_expect_str_eq(why(), "");
}

Test(preflight, no_tracefs)
{
	needs_root();
	fixture_remove(&fixture, "/sys/kernel/tracing/kprobe_events");
	expect("no tracefs", "mount -t tracefs");
	fixture_write(&fixture, "/sys/kernel/debug/tracing/kprobe_events", "");
	cr_expect_str_eq(why(), "");
}

Test(preflight, no_ccp)
{
	needs_root();
	fixture_remove(&fixture, "/sys/module/ccp/initstate");
	expect("no ccp driver", "install the kernel's modules");
	fixture_write(&fixture, "/lib/modules/7.3.0/modules.dep", "kernel/ccp.ko:\n");
	cr_expect_str_eq(why(), "", "it may be loaded later");
}

Test(preflight, no_msr)
{
	needs_root();
	fixture_remove(&fixture, "/dev/cpu/0/msr");
	expect("no /dev/cpu/0/msr", "modprobe msr");
}

/* What is not known to lack is not told to lack for good. */
Test(preflight, files_that_can_not_be_read)
{
	needs_root();
	fixture_remove(&fixture, "/sys/kernel/btf/vmlinux");
	fixture_remove(&fixture, "/sys/kernel/btf");
	fixture_write(&fixture, "/sys/kernel/btf", "");
	cr_expect_str_empty(why());
}

/* What the kernel says of this process's capabilities, as a number of linux/capability.h each. */
static void write_capabilities(__u64 effective)
{
	char text[80];

	snprintf(text, sizeof(text), "Name:\tsnp-guard\nCapEff:\t%016llx\nCapBnd:\t0\n",
		 (unsigned long long)effective);
	fixture_write(&fixture, "/proc/self/status", text);
}

#define ALL_CAPABILITIES ((1ull << (CAP_LAST_CAP + 1)) - 1)
#define WITHOUT(cap)	 (ALL_CAPABILITIES & ~(1ull << (cap)))

Test(preflight, capabilities)
{
	needs_root();
	write_capabilities(ALL_CAPABILITIES);
	cr_expect_str_eq(why(), "");
	write_capabilities(WITHOUT(CAP_SYS_RAWIO));
	expect("no CAP_SYS_RAWIO", "add it");
	write_capabilities(WITHOUT(CAP_SYSLOG));
	expect("no CAP_SYSLOG", "add it");
	write_capabilities(WITHOUT(CAP_SYS_ADMIN));
	cr_expect_str_eq(why(), "", "CAP_BPF and CAP_PERFMON do");
	write_capabilities(WITHOUT(CAP_SYS_ADMIN) & WITHOUT(CAP_BPF));
	expect("CAP_BPF with CAP_PERFMON", "add them");
	write_capabilities(WITHOUT(CAP_SYS_ADMIN) & WITHOUT(CAP_PERFMON));
	expect("CAP_BPF with CAP_PERFMON", "add them");
	write_capabilities(WITHOUT(CAP_BPF) & WITHOUT(CAP_PERFMON));
	cr_expect_str_eq(why(), "", "CAP_SYS_ADMIN does");
}

static void link_namespace(const char *kind, const char *target)
{
	char dir[600], path[700];

	snprintf(dir, sizeof(dir), "%s/proc/self/ns", fixture.root);
	fixture_write(&fixture, "/proc/self/ns/.there", "");
	snprintf(path, sizeof(path), "%s/%s", dir, kind);
	unlink(path);
	cr_assert_eq(symlink(target, path), 0);
}

Test(preflight, namespaces)
{
	needs_root();
	link_namespace("user", "user:[4026531837]");
	link_namespace("pid", "pid:[4026531836]");
	cr_expect_str_eq(why(), "");
	link_namespace("pid", "pid:[4026532501]");
	expect("PID namespace", "hostPID");
	link_namespace("user", "user:[4026532500]");
	expect("user namespace", "hostUsers");
}

Test(preflight, hooks_that_are_switched_off)
{
	needs_root();
	fixture_write(&fixture, "/proc/sys/kernel/ftrace_enabled", "1\n");
	fixture_write(&fixture, "/sys/kernel/debug/kprobes/enabled", "1\n");
	cr_expect_str_eq(why(), "");
	fixture_write(&fixture, "/sys/kernel/debug/kprobes/enabled", "0\n");
	expect("kprobes are switched off", "kprobes/enabled");
	fixture_write(&fixture, "/proc/sys/kernel/ftrace_enabled", "0\n");
	expect("kernel.ftrace_enabled is 0", "sysctl -w");
}

/* What comes by itself, or by one command, is no reason for the unit to stay down. */
Test(preflight, what_a_boot_alone_can_change_is_for_good)
{
	static const char *const passing[] = { "tracefs", "ftrace", "kprobes",
					       "ccp",	  "msr",    "kptr-restrict" };

	for (size_t i = 0; i < preflight_need_count; i++) {
		bool passes = false;

		for (size_t j = 0; j < sizeof(passing) / sizeof(passing[0]); j++)
			passes |= !strcmp(preflight_needs[i].name, passing[j]);
		cr_expect_eq(preflight_needs[i].for_good, !passes, "%s", preflight_needs[i].name);
	}
}
