/* SPDX-License-Identifier: GPL-2.0-only */
/* What CPUID says before the kernel takes features away. */
#ifndef CPUID_H
#define CPUID_H

#include "host/platform.h"

/* APM vol. 3, CPUID Fn8000_001F: EAX bit 4; in EDX the first ASID for SEV without SEV-ES. */
#define CPUID_SEV     0x8000001fu
#define CPUID_SEV_SNP (1u << 4)

/* APM vol. 3, CPUID Fn8000_0025; EDX bit 0: the kernel series "Add RMPOPT support". */
#define CPUID_RMP	 0x80000025u
#define CPUID_RMP_RMPOPT (1u << 0)

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/*
 * Asks CPU 0 for an extended leaf through the cpuid driver (/dev/cpu/0/cpuid). Returns 0 or a
 * negative errno: -ENODATA if the processor does not have the leaf.
 */
int cpuid_read(const struct platform *p, uint32_t leaf, struct cpuid *c);

/* True if the processor has RMPOPT. Of the running host that is known without the driver, too. */
bool cpuid_has_rmpopt(const struct platform *p);

#endif
