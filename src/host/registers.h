/* SPDX-License-Identifier: GPL-2.0-only */
/* MSRs other than SYSCFG that must have the same value on every CPU. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "host/snapshot.h"

/*
 * X(symbol, name, first MSR, count)
 *
 * RMP_*: where the RMP lies (APM vol. 2, 15.36.4). The firmware compares the others between cores
 * at SNP_INIT (SNP firmware ABI, document 56860, SNP_INIT: MSRs that must be set identically across
 * all cores). SYSCFG is on that list too, and has its own check. VM_HSAVE_PA is on the list and not
 * here: KVM sets it to another page on each CPU, and the kernel clears it just before SNP_INIT, so
 * it differs between CPUs on hosts where SNP works.
 */
#define REGISTERS(X)                                                                               \
	X(RMP_BASE, "RMP_BASE", 0xc0010132, 1)                                                     \
	X(RMP_END, "RMP_END", 0xc0010133, 1)                                                       \
	X(RMP_CFG, "RMP_CFG", 0xc0010136, 1)                                                       \
	X(IORR, "IORR", 0xc0010016, 4)                                                             \
	X(TOP_MEM, "TOP_MEM", 0xc001001a, 1)                                                       \
	X(TOP_MEM2, "TOP_MEM2", 0xc001001d, 1)                                                     \
	X(TSEG, "TSEG", 0xc0010112, 2)                                                             \
	X(MTRR_VARIABLE, "variable MTRRs", 0x200, 16)                                              \
	X(MTRR_64K, "fixed MTRR, 64K", 0x250, 1)                                                   \
	X(MTRR_16K, "fixed MTRRs, 16K", 0x258, 2)                                                  \
	X(MTRR_4K, "fixed MTRRs, 4K", 0x268, 8)                                                    \
	X(MTRR_DEFAULT, "MTRRdefType", 0x2ff, 1)

enum register_group {
#define X(sym, name, first, count) REGISTER_##sym,
	REGISTERS(X)
#undef X
		REGISTER_GROUPS
};

#define REGISTERS_PER_GROUP 16

/* The values of one MSR on all online CPUs. */
struct register_state {
	bool known, differs;
	unsigned int cpu;   /* the first CPU that has the MSR */
	uint64_t value;	    /* its value */
	unsigned int other; /* if differs: the first CPU with another value */
	uint64_t other_value;
	int err; /* negative errno of the last CPU that failed to read it */
	unsigned int err_cpu;
};

struct registers {
	struct register_state of[REGISTER_GROUPS][REGISTERS_PER_GROUP];
};

/* Reads all MSRs on the CPUs that are online in s. */
void registers_read(struct registers *r, const struct platform *p, const struct snapshot *s);

const char *register_name(enum register_group group);
uint32_t register_msr(enum register_group group, unsigned int i);
unsigned int register_count(enum register_group group);

#endif
