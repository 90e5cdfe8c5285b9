// SPDX-License-Identifier: GPL-2.0-only
/* What the emulated processor decides: its registers, its memory, and the RMP's instructions. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "machine/layout.h"
#include "machine/registers.h"
#include "machine/rmp.h"

/* ---- privilege level, guests ---- */

#define CR0_PE	  1ull
#define RFLAGS_VM (1ull << 17)
#define EFER_SVME (1ull << 12)

Test(registers, the_privilege_level_is_code_segments)
{
	cr_expect_eq(privilege_level(CR0_PE, 0, 0x10), 0u);
	cr_expect_eq(privilege_level(CR0_PE, 0, 0x33), 3u);
	cr_expect_eq(privilege_level(CR0_PE, RFLAGS_VM, 0x10), 3u);
	cr_expect_eq(privilege_level(0, 0, 0xf003), 0u, "real mode");
}

Test(registers, vmrun_starts_a_guest_unless_it_faults)
{
	cr_expect(vmrun_starts_guest(0, CR0_PE, EFER_SVME, 0x5000));
	cr_expect_not(vmrun_starts_guest(3, CR0_PE, EFER_SVME, 0x5000));
	cr_expect_not(vmrun_starts_guest(0, 0, EFER_SVME, 0x5000));
	cr_expect_not(vmrun_starts_guest(0, CR0_PE, 0, 0x5000));
	cr_expect_not(vmrun_starts_guest(0, CR0_PE, EFER_SVME, 0x5008));
}

/* ---- SYSCFG ---- */

enum { CPUS = 8 };

#define OTHER_BIT (1ull << 18)

static struct machine *machine;

static void start_machine(void)
{
	machine = calloc(1, sizeof(*machine));
	cr_assert(machine);
	machine->threads = 2;
	for (unsigned int i = 0; i < CPUS; i++)
		machine->cpus[i].syscfg = SYSCFG_COLD;
}

static void free_machine(void)
{
	free(machine);
}

TestSuite(syscfg, .init = start_machine, .fini = free_machine);

static uint64_t syscfg(unsigned int cpu)
{
	return machine->cpus[cpu].syscfg;
}

Test(syscfg, bits_come_and_go_but_memory_encryption_stays)
{
	syscfg_write(machine, 2, SYSCFG_COLD | SYSCFG_VMPL_EN | OTHER_BIT);
	cr_expect_eq(syscfg(2), SYSCFG_COLD | SYSCFG_VMPL_EN | OTHER_BIT);
	syscfg_write(machine, 2, 0);
	cr_expect_eq(syscfg(2), SYSCFG_MEM_ENCRYPT);
}

Test(syscfg, memory_encryption_can_be_switched_on)
{
	machine->cpus[2].syscfg = 0;
	syscfg_write(machine, 2, OTHER_BIT);
	cr_expect_eq(syscfg(2), OTHER_BIT);
	syscfg_write(machine, 2, SYSCFG_MEM_ENCRYPT);
	cr_expect_eq(syscfg(2), SYSCFG_MEM_ENCRYPT);
}

Test(syscfg, under_snp_en_a_write_changes_nothing)
{
	const uint64_t enabled = SYSCFG_COLD | SYSCFG_MFDM | SYSCFG_SNP_EN | SYSCFG_VMPL_EN;

	syscfg_write(machine, 2, enabled);
	cr_expect_eq(syscfg(2), enabled);
	syscfg_write(machine, 2, 0);
	cr_expect_eq(syscfg(2), enabled);
	syscfg_write(machine, 2, enabled | OTHER_BIT);
	cr_expect_eq(syscfg(2), enabled);
}

Test(syscfg, threads_share_it_but_for_mfdm)
{
	syscfg_write(machine, 3, SYSCFG_COLD | SYSCFG_MFDM | SYSCFG_SNP_EN);
	cr_expect_eq(syscfg(3), SYSCFG_COLD | SYSCFG_MFDM | SYSCFG_SNP_EN);
	cr_expect_eq(syscfg(2), SYSCFG_COLD | SYSCFG_SNP_EN);
	cr_expect_eq(syscfg(1), SYSCFG_COLD, "another core");
	cr_expect_eq(syscfg(4), SYSCFG_COLD, "another core");
	syscfg_write(machine, 2, SYSCFG_COLD | SYSCFG_MFDM);
	cr_expect_eq(syscfg(2), SYSCFG_COLD | SYSCFG_SNP_EN, "too late for its MFDM");
}

Test(syscfg, without_smt_each_cpu_has_its_own)
{
	machine->threads = 1;
	syscfg_write(machine, 3, SYSCFG_COLD | SYSCFG_SNP_EN);
	cr_expect_eq(syscfg(2), SYSCFG_COLD);
	machine->threads = 0;
	syscfg_write(machine, 0, SYSCFG_COLD | SYSCFG_SNP_EN);
	cr_expect_eq(syscfg(1), SYSCFG_COLD);
}

Test(syscfg, a_test_changes_it_against_the_rules)
{
	syscfg_change(machine, 4, SYSCFG_SNP_EN | OTHER_BIT, 0);
	cr_expect_eq(syscfg(5), SYSCFG_COLD | SYSCFG_SNP_EN | OTHER_BIT);
	syscfg_change(machine, 5, 0, SYSCFG_SNP_EN);
	cr_expect_eq(syscfg(4), SYSCFG_COLD | OTHER_BIT);
	cr_expect_eq(syscfg(3), SYSCFG_COLD);
	cr_expect_eq(syscfg(6), SYSCFG_COLD);
}

/* ---- where the RMP is ---- */

#define MIB (1ull << 20)
#define GIB (1ull << 30)

Test(layout, the_rmp_covers_the_memory_and_lies_in_it)
{
	static const struct {
		uint64_t size;
		uint64_t end; /* of the memory */
	} sizes[] = {
		{ 512 * MIB, 512 * MIB },
		{ 1 * GIB, 1 * GIB },
		{ 1536 * MIB, 1536 * MIB },
		{ 2815 * MIB, 2815 * MIB },
		{ 2816 * MIB, 4 * GIB + 768 * MIB },
		{ 3 * GIB, 5 * GIB },
		{ 4 * GIB, 6 * GIB },
		{ 8 * GIB, 10 * GIB },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct rmp rmp = { 0 };

		layout_rmp(sizes[i].size, &rmp.base, &rmp.end);
		cr_expect_geq(rmp_pages(&rmp), sizes[i].end / RMP_PAGE_SIZE, "%zu", i);
		cr_expect_lt(rmp_pages(&rmp), (sizes[i].end + 512 * MIB) / RMP_PAGE_SIZE, "%zu", i);
		cr_expect_eq(rmp.base % (2 * MIB), 0u, "%zu", i);
		cr_expect_eq((rmp.end + 1) % (2 * MIB), 0u, "%zu", i);
		cr_expect_lt(rmp.end, layout_low(sizes[i].size), "%zu", i);
	}
}

Test(layout, one_gib_has_it_where_tests_expect_it)
{
	uint64_t base, end;

	layout_rmp(1 * GIB, &base, &end);
	cr_expect_eq(base, 0x30000000u);
	cr_expect_eq(end, 0x305fffffu);
}

/* ---- RMPUPDATE and PSMASH ---- */

enum { PAGES = 1024, TABLE = RMP_BOOKKEEPING + PAGES * sizeof(struct rmp_entry) };

static uint8_t table[TABLE];

static int table_read(void *context, uint64_t pa, void *to, size_t len)
{
	(void)context;
	memcpy(to, table + pa, len);
	return 0;
}

static int table_write(void *context, uint64_t pa, const void *from, size_t len)
{
	(void)context;
	memcpy(table + pa, from, len);
	return 0;
}

static const struct rmp rmp = {
	.end = TABLE - 1,
	.memory = { .read = table_read, .write = table_write },
};

static const struct rmp_state huge = { .assigned = 1, .huge = 1, .asid = 5, .gpa = 0x400000 };
static const struct rmp_state shared_huge = { .huge = 1 };

enum { HUGE_PA = 2 << 20 };

/* The entry of the i-th page of the 2 MiB page at HUGE_PA. */
static struct rmp_state part(uint64_t i)
{
	struct rmp_state state;

	cr_assert_eq(rmp_read(&rmp, HUGE_PA + i * RMP_PAGE_SIZE, &state), RMP_SUCCESS);
	return state;
}

Test(rmp, all_pages_of_a_huge_page_are_assigned)
{
	cr_expect_eq(rmp_update(&rmp, HUGE_PA, &huge), RMP_SUCCESS);
	cr_expect(part(0).assigned && part(0).huge);
	for (uint64_t i = 1; i < RMP_HUGE_PAGES; i++)
		cr_assert(part(i).assigned && !part(i).huge && part(i).asid == 5, "%lu", i);
	cr_expect_eq(part(511).gpa, 0x400000u + 511 * RMP_PAGE_SIZE);
	cr_expect_eq(rmp_update(&rmp, HUGE_PA, &shared_huge), RMP_SUCCESS);
	for (uint64_t i = 0; i < RMP_HUGE_PAGES; i++)
		cr_assert_not(part(i).assigned, "%lu", i);
}

Test(rmp, pages_beside_a_huge_page_stay_as_they_are)
{
	struct rmp_entry entry;

	cr_expect_eq(rmp_update(&rmp, HUGE_PA, &huge), RMP_SUCCESS);
	cr_expect_eq(rmp_get(&rmp, HUGE_PA / RMP_PAGE_SIZE - 1, &entry), 0);
	cr_expect_eq(entry.lo, 0u);
}

Test(rmp, psmash_leaves_the_parts_as_they_are)
{
	cr_expect_eq(rmp_update(&rmp, HUGE_PA, &huge), RMP_SUCCESS);
	cr_expect_eq(rmp_smash(&rmp, HUGE_PA), RMP_SUCCESS);
	cr_expect(part(0).assigned && !part(0).huge);
	cr_expect_eq(part(511).gpa, 0x400000u + 511 * RMP_PAGE_SIZE);
	cr_expect_eq(rmp_smash(&rmp, HUGE_PA), RMP_FAIL_INPUT, "it is small already");
}

Test(rmp, an_asid_above_the_processors_is_refused)
{
	struct rmp_state state = { .assigned = 1, .asid = MACHINE_ASID_MAX };

	cr_expect_eq(rmp_update(&rmp, 0x5000, &state), RMP_SUCCESS);
	state.asid++;
	cr_expect_eq(rmp_update(&rmp, 0x5000, &state), RMP_FAIL_INPUT);
}

Test(syscfg, a_test_has_so_many_rmp_instructions_fail)
{
	cr_expect_eq(rmp_take_failure(machine), RMP_SUCCESS);
	machine->rmp_failure = RMP_FAIL_INUSE;
	machine->rmp_failures = 2;
	cr_expect_eq(rmp_take_failure(machine), RMP_FAIL_INUSE);
	cr_expect_eq(rmp_take_failure(machine), RMP_FAIL_INUSE);
	cr_expect_eq(rmp_take_failure(machine), RMP_SUCCESS);
}
