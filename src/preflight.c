// SPDX-License-Identifier: GPL-2.0-only
#include "preflight.h"

#include <unistd.h>

static bool is_root(const struct platform *p)
{
	(void)p;
	return !geteuid();
}

static bool has_snp(const struct platform *p)
{
	return platform_has_cpu_flag(p, "sev_snp") != 0;
}

static bool has_btf(const struct platform *p)
{
	return platform_exists(p, "/sys/kernel/btf/vmlinux");
}

static bool has_tracefs(const struct platform *p)
{
	return platform_exists(p, "/sys/kernel/tracing/kprobe_events") ||
	       platform_exists(p, "/sys/kernel/debug/tracing/kprobe_events");
}

static bool is_readable(const struct platform *p)
{
	return !platform_is_confidential(p);
}

static bool has_ccp(const struct platform *p)
{
	return platform_module(p, "ccp") != MODULE_ABSENT;
}

static bool has_msr(const struct platform *p)
{
	return platform_exists(p, "/dev/cpu/0/msr");
}

static bool shows_lsm(const struct platform *p)
{
	return platform_has_lsm(p, "bpf") >= 0;
}

static bool has_bpf_lsm(const struct platform *p)
{
	return platform_has_lsm(p, "bpf") == 1;
}

/* In this order; the first that does not hold is told. */
static const struct need {
	bool (*holds)(const struct platform *p);
	bool gate_only;
	const char *otherwise;
} needs[] = {
	{ is_root, false, "not root: BPF programs and /dev/cpu/N/msr need it; use sudo" },
	{ has_snp, false,
	  "no sev_snp among the CPU's flags: not an SNP host, or SNP is off in the BIOS or by the "
	  "kernel; see dmesg for SEV-SNP" },
	{ has_btf, false,
	  "no /sys/kernel/btf/vmlinux: the kernel has no BTF; it needs CONFIG_DEBUG_INFO_BTF=y" },
	{ is_readable, false,
	  "lockdown=confidentiality: the kernel lets no BPF program read its memory; boot with "
	  "lockdown=integrity" },
	{ has_tracefs, false,
	  "no tracefs at /sys/kernel/tracing; mount -t tracefs tracefs /sys/kernel/tracing" },
	{ has_ccp, false,
	  "no ccp driver for this kernel, loaded, built in or in /lib/modules: nothing here can "
	  "initialise SNP; install the kernel's modules" },
	{ has_msr, false, "no /dev/cpu/0/msr: SYSCFG can't be read; modprobe msr" },
	{ shows_lsm, true,
	  "no /sys/kernel/security/lsm, so it can't be told whether the gate would hold; mount -t "
	  "securityfs securityfs /sys/kernel/security, or use --audit" },
	{ has_bpf_lsm, true,
	  "no bpf in /sys/kernel/security/lsm: the gate would attach and never be called; boot "
	  "with "
	  "bpf added to lsm=, or use --audit" },
};

const char *preflight(const struct platform *p, bool audit)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (!(audit && needs[i].gate_only) && !needs[i].holds(p))
			return needs[i].otherwise;
	return NULL;
}
