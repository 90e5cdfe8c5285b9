/* SPDX-License-Identifier: GPL-2.0-only */
/* What the values of the CPU's registers mean, and how a write changes them. */
#ifndef LAB_REGISTERS_H
#define LAB_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
