/* SPDX-License-Identifier: GPL-2.0-only */
/* What the values of the CPU's registers mean, and how a write changes them. */
#ifndef LAB_REGISTERS_H
#define LAB_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"

/*
 * The current privilege level, 0 to 3. Real mode has level 0, virtual-8086 mode has 3; elsewhere
 * the level is the low two bits of CS (APM vol. 2 §4.9.1).
 */
unsigned int privilege_level(uint64_t cr0, uint64_t rflags, uint64_t cs);

/*
 * Whether VMRUN, executed outside of a guest, starts one: QEMU raises an exception at a privilege
 * level other than 0, without EFER.SVME, in real mode, and for a VMCB (rax) that is no page (APM
 * vol. 3, VMRUN).
 */
bool vmrun_starts_guest(unsigned int level, uint64_t cr0, uint64_t efer, uint64_t rax);

/*
 * CPU cpu writes value to SYSCFG. As long as SNP_EN is set, a write has no effect; MEM_ENC can be
 * set and not be cleared. All but MFDM is the core's own, and so changes on all of its threads
 * (PPR, SYS_CFG; kernel arch/x86/virt/svm/sev.c:snp_prepare). Only a reset or the firmware's full
 * shutdown clears SNP_EN. A change that the firmware or the control socket makes at the same time
 * is kept.
 */
void syscfg_write(struct machine *machine, unsigned int cpu, uint64_t value);

/* Sets the bits on and clears the bits off on all threads of the core: for tests, without rules. */
void syscfg_change(struct machine *machine, unsigned int cpu, uint64_t on, uint64_t off);

/*
 * CPU cpu writes value to RMPOPT_BASE, which its core's threads share. BASE is a multiple of 1 GiB,
 * and RMPOPT is enabled under SNP_EN alone: hardware raises #GP otherwise, here such a write has no
 * effect. A core's table begins empty.
 */
void rmpopt_write(struct machine *machine, unsigned int cpu, uint64_t value);

/* The same for tests, without rules. */
void rmpopt_change(struct machine *machine, unsigned int cpu, uint64_t value);

/* Empties the tables of all CPUs. */
void rmpopt_clear(struct machine *machine);

/* The bit of the region of 1 GiB with address pa in CPU cpu's table; -ERANGE: it covers no such. */
int rmpopt_region(const struct machine *machine, unsigned int cpu, uint64_t pa);

/* Whether the checks are skipped in the region with that bit; and what sets that, on the core. */
bool rmpopt_get(const struct machine *machine, unsigned int cpu, unsigned int region);
void rmpopt_set(struct machine *machine, unsigned int cpu, unsigned int region, bool skipped);

/* A page in the region with address pa becomes assigned: no CPU skips checks there any more. */
void rmpopt_on_assigned(struct machine *machine, uint64_t pa);

/*
 * The registers that say what lies where in the physical address space, which SNP_INIT wants to be
 * equal on all CPUs: fixed MTRRs, TOP_MEM and TOP_MEM2, IORRs, and where TSEG is (APM vol. 2 §7.7,
 * §7.9, §10.2.5; AMD-ASPFW, sev_mcmd.c). QEMU has the MTRRs; the others do nothing here.
 */
struct memory_register {
	uint32_t msr;
	bool in_qemu;
	const char *name;
};

extern const struct memory_register memory_registers[MACHINE_MEMORY_REGISTERS];

/* The index of the register with that number; -ENOENT: it is none of them. */
int find_memory_register(uint32_t msr);

#endif
