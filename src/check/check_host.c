// SPDX-License-Identifier: GPL-2.0-only
/* What the guard needs of the host. */
#include <string.h>

#include "check/check_parts.h"
#include "host/cpuid.h"
#include "host/preflight.h"

static bool is_snp(const struct preflight_need *need)
{
	return !strcmp(need->name, "snp");
}

const char check_smee_remedy[] = "in the BIOS set \"SMEE\" to Enabled; Auto may mean off";

static const struct snapshot_cpu *first_readable(const struct snapshot *s)
{
	for (unsigned int i = 0; s && i < s->count; i++)
		if (s->cpus[i].online && !s->cpus[i].err)
			return &s->cpus[i];
	return NULL;
}

/*
 * Why the kernel took the flag away, as far as registers tell
 * (arch/x86/kernel/cpu/amd.c:early_detect_mem_encrypt(), bsp_determine_snp()).
 */
static struct check_cause why_no_flag(const struct check_facts *f)
{
	const struct snapshot_cpu *cpu = first_readable(f->now);
	const struct registers *of = f->registers;
	struct cpuid sev;

	if (platform_has_cpu_flag(f->platform, "hypervisor") > 0)
		return (struct check_cause){ ": this is a virtual machine",
					     "check the host that runs this virtual machine" };
	if (!cpuid_read(f->platform, CPUID_SEV, &sev) && !(sev.eax & CPUID_SEV_SNP))
		return (struct check_cause){
			": the processor has no SEV-SNP (CPUID Fn8000_001F, EAX bit 4)",
			"SNP needs an AMD EPYC 7003 or later",
		};
	if (cpu && !(cpu->syscfg & CHECK_SYSCFG_SMEE))
		return (struct check_cause){ ": SMEE, bit 23 of SYSCFG, is clear",
					     check_smee_remedy };
	if (f->now && of && of->of[REGISTER_RMP_BASE][0].known &&
	    of->of[REGISTER_RMP_END][0].known && check_has_no_rmp(of))
		return (struct check_cause){
			": RMP_BASE and RMP_END say that the BIOS reserved no memory for the RMP",
			check_rmp_remedy,
		};
	return (struct check_cause){ "", "see dmesg for SEV-SNP, and the BIOS settings" };
}

/* Without SNP there is nothing to check. */
void check_snp(struct check_look *l)
{
	int holds = platform_has_cpu_flag(l->facts->platform, "sev_snp");
	struct check_cause cause;

	l->done = !holds;
	if (holds < 0) {
		check_add(l, CHECK_ID_SNP, CHECK_UNKNOWN, check_access_remedy(holds),
			  "/proc/cpuinfo can't be read: %s", strerror(-holds));
	} else if (l->done) {
		cause = why_no_flag(l->facts);
		check_add(l, CHECK_ID_SNP,
			  l->facts->require_snp ? CHECK_FAIL : CHECK_NOT_APPLICABLE, cause.remedy,
			  "no sev_snp among the CPU's flags%s", cause.text);
		check_quote_kernel(l, KERNEL_LOG_NO_SNP);
	} else {
		check_add(l, CHECK_ID_SNP, CHECK_PASS, NULL, "sev_snp is among the CPU's flags");
	}
}

/* A need's text has the cause and, after "; ", the remedy. */
static void host_need(struct check_look *l, const struct preflight_need *need)
{
	const char *remedy = strstr(need->otherwise, "; ");
	int cause = remedy ? (int)(remedy - need->otherwise) : (int)strlen(need->otherwise);
	int holds = need->holds(l->facts->platform);

	if (holds > 0)
		check_add_named(l, need->name, CHECK_PASS, NULL, "%s", need->met);
	else if (holds < 0)
		check_add_named(l, need->name, CHECK_UNKNOWN, check_access_remedy(holds),
				"can't be told here: %s", strerror(-holds));
	else
		check_add_named(l, need->name, need->to_look ? CHECK_UNKNOWN : CHECK_WARN,
				remedy ? remedy + 2 : NULL, "%.*s", cause, need->otherwise);
}

void check_needs(struct check_look *l)
{
	for (size_t i = 0; i < preflight_need_count; i++)
		if (!is_snp(&preflight_needs[i]))
			host_need(l, &preflight_needs[i]);
}
