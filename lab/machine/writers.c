// SPDX-License-Identifier: GPL-2.0-only
#include "machine/writers.h"

#include <stddef.h>

static bool has_snp_en(const struct machine *machine, uint32_t cpu)
{
	return __atomic_load_n(&machine->cpus[cpu].syscfg, __ATOMIC_SEQ_CST) & SYSCFG_SNP_EN;
}

bool writers_rmp_is_in_use(const struct machine *machine)
{
	for (uint32_t i = 0; i < MACHINE_CPUS_MAX; i++) {
		if (has_snp_en(machine, i))
			return true;
	}
	return false;
}

uint32_t writers_kept(const struct machine *machine)
{
	uint32_t count = __atomic_load_n(&machine->write_count, __ATOMIC_ACQUIRE);

	return count < MACHINE_WRITES_MAX ? count : MACHINE_WRITES_MAX;
}

void writers_note(struct machine *machine, uint32_t cpu, uint64_t page, uint64_t entry, uint64_t pc)
{
	struct machine_write write = {
		.page = page,
		.entry = entry,
		.pc = pc,
		.cpu = cpu,
		.snp_en = has_snp_en(machine, cpu),
	};
	uint32_t kept = writers_kept(machine);

	for (uint32_t i = 0; i < kept; i++) {
		const struct machine_write *old = &machine->writes[i];

		if (old->page == page && old->cpu == cpu && old->snp_en == write.snp_en)
			return;
	}
	if (kept < MACHINE_WRITES_MAX)
		machine->writes[kept] = write;
	__atomic_add_fetch(&machine->write_count, 1, __ATOMIC_RELEASE);
}

const struct machine_write *writers_find(const struct machine *machine, uint64_t page)
{
	for (uint32_t i = writers_kept(machine); i > 0; i--) {
		if (machine->writes[i - 1].page == page)
			return &machine->writes[i - 1];
	}
	return NULL;
}
