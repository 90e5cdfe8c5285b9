/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the emulated instructions need: the CPU's registers, memory, and the machine. All of it may
 * be used only in the callback of an instruction, and only for the CPU that executes it.
 */
#ifndef LAB_CPU_H
#define LAB_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/machine.h"
#include "machine/rmp.h"
#include "processor/qemu_plugin.h"

struct processor {
	struct machine *machine;
	struct qemu_plugin_counter counter; /* score is NULL: instructions are not counted */
	bool rmpread;			    /* the processor has RMPREAD */
	bool writers;			    /* it notes who writes to assigned pages */
};

/* Set up once, when QEMU loads the plugin. */
extern struct processor processor;

/* At power-on. */
void cpu_find_registers(unsigned int cpu);

enum cpu_register { RAX, RBX, RCX, RDX, RIP, RFLAGS, CS, CR0, EFER, CPU_REGISTERS };

uint64_t cpu_get(unsigned int cpu, enum cpu_register reg);
uint32_t cpu_get32(unsigned int cpu, enum cpu_register reg);
void cpu_set(unsigned int cpu, enum cpu_register reg, uint64_t value);

/*
 * Whether the CPU runs a KVM guest, and whether it runs the host at privilege level 0. What the
 * emulated instructions leave to QEMU there, it intercepts or answers with an exception.
 */
bool cpu_in_guest(unsigned int cpu);
bool cpu_in_host_kernel(unsigned int cpu);

/*
 * Ends the emulation of an instruction: resumes the CPU len bytes, the instruction's length, after
 * pc, the linear address that the callback got. Does not return.
 */
void cpu_skip(unsigned int cpu, void *pc, unsigned int len) __attribute__((noreturn));

/* Copy len bytes from or to guest physical address pa. 0, or -EFAULT: no memory there. */
int cpu_read_physical(void *unused, uint64_t pa, void *to, size_t len);
int cpu_write_physical(void *unused, uint64_t pa, const void *from, size_t len);

/*
 * The emulated instructions, called before QEMU executes an instruction with the opcode. They
 * return to let QEMU execute it, or end in cpu_skip().
 */
void cpu_rdmsr(unsigned int cpu, void *pc);
void cpu_wrmsr(unsigned int cpu, void *pc);
void cpu_cpuid(unsigned int cpu, void *pc);
void cpu_rmpupdate(unsigned int cpu, void *pc);
void cpu_psmash(unsigned int cpu, void *pc);
void cpu_rmpread(unsigned int cpu, void *pc);
void cpu_rmpopt(unsigned int cpu, void *pc);

/* The RMP as the machine has it now, in the guest's memory. */
struct rmp cpu_rmp(void);

/*
 * writers.c notes which CPU writes to a page that the RMP assigns to the firmware or a guest: told
 * by writers_watch() of pages that RMPUPDATE has assigned, and by writers_on_store() of a store.
 */
void writers_watch(uint64_t pfn, uint64_t pages);
void writers_on_store(unsigned int cpu, uint32_t info, uint64_t va, void *pc);

/*
 * How guest.c finds out whether a CPU is in a guest: VMRUN's callback; cpu_leave_guest(), at
 * power-on; at translation, guest_note_vmrun() for each VMRUN, and guest_find_resume() for the
 * first instruction of each block, whose callback it returns if a #VMEXIT may resume the host
 * there, else NULL.
 */
void cpu_vmrun(unsigned int cpu, void *pc);
void cpu_leave_guest(unsigned int cpu);
void guest_note_vmrun(uint64_t pc);
vcpu_callback guest_find_resume(uint64_t pc);

#endif
