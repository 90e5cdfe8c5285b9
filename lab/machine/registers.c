// SPDX-License-Identifier: GPL-2.0-only
#include "machine/registers.h"

#include <errno.h>
#include <string.h>

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

void rmpopt_change(struct machine *machine, unsigned int cpu, uint64_t value)
{
	unsigned int first, threads = threads_of(machine, cpu, &first);

	for (unsigned int i = first; i < first + threads; i++) {
		struct machine_cpu *c = &machine->cpus[i];

		if (__atomic_exchange_n(&c->rmpopt_base, value, __ATOMIC_SEQ_CST) != value)
			memset(c->rmpopt, 0, sizeof(c->rmpopt));
	}
}

void rmpopt_write(struct machine *machine, unsigned int cpu, uint64_t value)
{
	uint64_t syscfg = __atomic_load_n(&machine->cpus[cpu].syscfg, __ATOMIC_SEQ_CST);
	uint64_t reserved = (1ull << RMPOPT_REGION_SHIFT) - 1 - RMPOPT_ENABLE;

	if (!(value & reserved) && (!(value & RMPOPT_ENABLE) || syscfg & SYSCFG_SNP_EN))
		rmpopt_change(machine, cpu, value);
}

void rmpopt_clear(struct machine *machine)
{
	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++)
		memset(machine->cpus[i].rmpopt, 0, sizeof(machine->cpus[i].rmpopt));
}

int rmpopt_region(const struct machine *machine, unsigned int cpu, uint64_t pa)
{
	uint64_t base = __atomic_load_n(&machine->cpus[cpu].rmpopt_base, __ATOMIC_SEQ_CST);
	uint64_t region = (pa >> RMPOPT_REGION_SHIFT) - (base >> RMPOPT_REGION_SHIFT);

	return region < RMPOPT_REGIONS ? (int)region : -ERANGE;
}

bool rmpopt_get(const struct machine *machine, unsigned int cpu, unsigned int region)
{
	return __atomic_load_n(&machine->cpus[cpu].rmpopt[region / 64], __ATOMIC_SEQ_CST) >>
		       region % 64 &
	       1;
}

void rmpopt_set(struct machine *machine, unsigned int cpu, unsigned int region, bool skipped)
{
	unsigned int first, threads = threads_of(machine, cpu, &first);
	uint64_t bit = 1ull << region % 64;

	for (unsigned int i = first; i < first + threads; i++) {
		uint64_t *word = &machine->cpus[i].rmpopt[region / 64];

		if (skipped)
			__atomic_or_fetch(word, bit, __ATOMIC_SEQ_CST);
		else
			__atomic_and_fetch(word, ~bit, __ATOMIC_SEQ_CST);
	}
}

void rmpopt_on_assigned(struct machine *machine, uint64_t pa)
{
	for (unsigned int cpu = 0; cpu < MACHINE_CPUS_MAX; cpu++) {
		int region = rmpopt_region(machine, cpu, pa);

		if (region >= 0)
			rmpopt_set(machine, cpu, (unsigned int)region, false);
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
