// SPDX-License-Identifier: GPL-2.0-only
#include "machine/registers.h"

#include <errno.h>

#define CR0_PE	  (1ull << 0)
#define RFLAGS_VM (1ull << 17)
#define EFER_SVME (1ull << 12)

unsigned int privilege_level(uint64_t cr0, uint64_t rflags, uint64_t cs)
{
	if (!(cr0 & CR0_PE))
		return 0;
	return rflags & RFLAGS_VM ? 3 : cs & 3;
}

bool vmrun_starts_guest(unsigned int level, uint64_t cr0, uint64_t efer, uint64_t rax)
{
	return !level && cr0 & CR0_PE && efer & EFER_SVME && !(rax & 0xfff);
}

/* The CPUs of the core of CPU cpu: *first, and the return value of them. */
static unsigned int threads_of(const struct machine *machine, unsigned int cpu, unsigned int *first)
{
	unsigned int threads = machine->threads ? machine->threads : 1;

	*first = cpu - cpu % threads;
	return *first + threads > MACHINE_CPUS_MAX ? MACHINE_CPUS_MAX - *first : threads;
}

void syscfg_change(struct machine *machine, unsigned int cpu, uint64_t on, uint64_t off)
{
	unsigned int first, threads = threads_of(machine, cpu, &first);

	for (unsigned int i = first; i < first + threads; i++) {
		__atomic_or_fetch(&machine->cpus[i].syscfg, on, __ATOMIC_SEQ_CST);
		__atomic_and_fetch(&machine->cpus[i].syscfg, ~off, __ATOMIC_SEQ_CST);
	}
}

/* What a thread's SYSCFG becomes when the thread itself (own), or another one of its core, writes
 * it. */
static uint64_t written(uint64_t old, uint64_t value, bool own)
{
	if (old & SYSCFG_SNP_EN)
		return old;
	if (!own)
		value = (value & ~SYSCFG_MFDM) | (old & SYSCFG_MFDM);
	return value | (old & SYSCFG_MEM_ENCRYPT);
}

void syscfg_write(struct machine *machine, unsigned int cpu, uint64_t value)
{
	unsigned int first, threads = threads_of(machine, cpu, &first);

	for (unsigned int i = first; i < first + threads; i++) {
		uint64_t *syscfg = &machine->cpus[i].syscfg;
		uint64_t old = __atomic_load_n(syscfg, __ATOMIC_SEQ_CST);

		while (!__atomic_compare_exchange_n(syscfg, &old, written(old, value, i == cpu),
						    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
	}
}

const struct memory_register memory_registers[MACHINE_MEMORY_REGISTERS] = {
	{ 0x250, true, "MTRRfix64K_00000" }, { 0x258, true, "MTRRfix16K_80000" },
	{ 0x259, true, "MTRRfix16K_A0000" }, { 0x268, true, "MTRRfix4K_C0000" },
	{ 0x269, true, "MTRRfix4K_C8000" },  { 0x26a, true, "MTRRfix4K_D0000" },
	{ 0x26b, true, "MTRRfix4K_D8000" },  { 0x26c, true, "MTRRfix4K_E0000" },
	{ 0x26d, true, "MTRRfix4K_E8000" },  { 0x26e, true, "MTRRfix4K_F0000" },
	{ 0x26f, true, "MTRRfix4K_F8000" },  { 0xc0010016, false, "IORRBase0" },
	{ 0xc0010017, false, "IORRMask0" },  { 0xc0010018, false, "IORRBase1" },
	{ 0xc0010019, false, "IORRMask1" },  { 0xc001001a, false, "TOP_MEM" },
	{ 0xc001001d, false, "TOP_MEM2" },   { 0xc0010112, false, "SMM_ADDR" },
	{ 0xc0010113, false, "SMM_MASK" },
};

int find_memory_register(uint32_t msr)
{
	for (int i = 0; i < MACHINE_MEMORY_REGISTERS; i++) {
		if (memory_registers[i].msr == msr)
			return i;
	}
	return -ENOENT;
}
