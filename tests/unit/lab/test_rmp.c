// SPDX-License-Identifier: GPL-2.0-only
/* What the emulated processor decides: its registers, its memory, and the RMP's instructions. */
#include <criterion/criterion.h>
#include <errno.h>
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

Test(layout, segments_cover_the_memory_and_nothing_else)
{
	static uint64_t segments[RMP_SEGMENTS];
	uint64_t base, end, last = 0;

	layout_segmented_rmp(5 * GIB, &base, &end, segments);
	for (uint64_t i = 0; i < RMP_SEGMENTS; i++) {
		bool ram = i < 2 || (i >= 4 && i < 7);

		cr_assert_eq(segments[i] & RMP_SEGMENT_GIB, ram, "%lu", i);
		if (!ram)
			continue;
		cr_expect_gt(segments[i] & RMP_SEGMENT_ENTRIES, base);
		cr_expect_geq((segments[i] & RMP_SEGMENT_ENTRIES) - last, 4 * MIB);
		last = segments[i] & RMP_SEGMENT_ENTRIES;
	}
	cr_expect_geq(end, last + 4 * MIB - 1);
	cr_expect_lt(end, layout_low(5 * GIB));
	cr_expect_eq((end + 1) % (2 * MIB), 0u);
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

/* ---- a segmented RMP ---- */

/* Segments of 1 MiB of memory, to have small tables; a real one is of 1 GiB at least. */
enum { SEGMENT_PAGES = 256, SEGMENT_1 = 1 << 20, SEGMENT_3 = 2 << 20 };

static uint8_t segmented_memory[3 << 20];

static int segmented_read(void *context, uint64_t pa, void *to, size_t len)
{
	(void)context;
	memcpy(to, segmented_memory + pa, len);
	return 0;
}

static int segmented_write(void *context, uint64_t pa, const void *from, size_t len)
{
	(void)context;
	memcpy(segmented_memory + pa, from, len);
	return 0;
}

static const struct rmp segmented = {
	.end = sizeof(segmented_memory) - 1,
	.cfg = RMP_CFG_SEGMENTED | 20 << 8,
	.memory = { .read = segmented_read, .write = segmented_write },
};

static void fill_segment_table(void)
{
	uint64_t segments[4] = { [1] = SEGMENT_1 | 1, [3] = SEGMENT_3 | 1 };

	memcpy(segmented_memory + RMP_BOOKKEEPING, segments, sizeof(segments));
}

TestSuite(segmented, .init = fill_segment_table);

Test(segmented, an_entry_lies_in_its_pages_segment)
{
	struct rmp_entry entry = { .lo = RMP_ASSIGNED };

	cr_expect_eq(rmp_set(&segmented, 3 * SEGMENT_PAGES + 2, entry), 0);
	cr_expect_eq(segmented_memory[SEGMENT_3 + 2 * sizeof(entry)], 1u);
	entry.lo = 0;
	cr_expect_eq(rmp_get(&segmented, 3 * SEGMENT_PAGES + 2, &entry), 0);
	cr_expect_eq(entry.lo, RMP_ASSIGNED);
	cr_expect_eq(rmp_set(&segmented, SEGMENT_PAGES, entry), 0);
	cr_expect_eq(segmented_memory[SEGMENT_1], 1u);
}

Test(segmented, memory_without_a_segment_has_no_entry)
{
	struct rmp_entry entry;

	cr_expect_eq(rmp_get(&segmented, 0, &entry), -ERANGE);
	cr_expect_eq(rmp_get(&segmented, 2 * SEGMENT_PAGES, &entry), -ERANGE);
	cr_expect_eq(rmp_get(&segmented, 4 * SEGMENT_PAGES, &entry), -ERANGE);
	cr_expect_eq(rmp_get(&segmented, RMP_SEGMENTS * SEGMENT_PAGES, &entry), -ERANGE);
	cr_expect_eq(rmp_pages(&segmented), 4u * SEGMENT_PAGES);
}

Test(segmented, all_segments_are_cleared)
{
	const struct rmp_entry entry = { .lo = RMP_ASSIGNED };
	struct rmp_entry found;

	cr_expect_eq(rmp_set(&segmented, SEGMENT_PAGES, entry), 0);
	cr_expect_eq(rmp_set(&segmented, 4 * SEGMENT_PAGES - 1, entry), 0);
	cr_expect_eq(rmp_clear(&segmented), 0);
	cr_expect_eq(rmp_get(&segmented, SEGMENT_PAGES, &found), 0);
	cr_expect_eq(found.lo, 0u);
	cr_expect_eq(rmp_get(&segmented, 4 * SEGMENT_PAGES - 1, &found), 0);
	cr_expect_eq(found.lo, 0u);
}

Test(segmented, pages_that_are_assigned_are_found_in_blocks)
{
	struct rmp_entry entry = { .lo = RMP_ASSIGNED };

	cr_expect_eq(rmp_any_assigned(&segmented, SEGMENT_PAGES, SEGMENT_PAGES), 0);
	cr_expect_eq(rmp_set(&segmented, 2 * SEGMENT_PAGES - 1, entry), 0);
	cr_expect_eq(rmp_any_assigned(&segmented, SEGMENT_PAGES, SEGMENT_PAGES), 1);
	cr_expect_eq(rmp_any_assigned(&segmented, 3 * SEGMENT_PAGES, SEGMENT_PAGES), 0);
	entry.lo = RMP_IMMUTABLE;
	cr_expect_eq(rmp_set(&segmented, 2 * SEGMENT_PAGES - 1, entry), 0);
	cr_expect_eq(rmp_any_assigned(&segmented, SEGMENT_PAGES, SEGMENT_PAGES), 0);
	cr_expect_eq(rmp_any_assigned(&segmented, SEGMENT_PAGES, 2 * SEGMENT_PAGES), -ERANGE);
}

/* ---- RMPOPT ---- */

static struct machine optimised;

static void begin_optimised(void)
{
	optimised = (struct machine){ .threads = 2, .has_rmpopt = 1 };
	for (unsigned int i = 0; i < 4; i++)
		optimised.cpus[i].syscfg = SYSCFG_SNP_EN;
}

TestSuite(rmpopt, .init = begin_optimised);

Test(rmpopt, a_write_needs_snp_en_and_a_base_of_1_gib)
{
	const uint64_t base = 3ull << RMPOPT_REGION_SHIFT;

	rmpopt_write(&optimised, 0, base | 2 | RMPOPT_ENABLE);
	rmpopt_write(&optimised, 0, (base >> 1) | RMPOPT_ENABLE);
	cr_expect_eq(optimised.cpus[0].rmpopt_base, 0u);
	rmpopt_write(&optimised, 0, base | RMPOPT_ENABLE);
	cr_expect_eq(optimised.cpus[0].rmpopt_base, base | RMPOPT_ENABLE);
	optimised.cpus[0].syscfg = 0;
	rmpopt_write(&optimised, 0, RMPOPT_ENABLE);
	cr_expect_eq(optimised.cpus[0].rmpopt_base, base | RMPOPT_ENABLE);
	rmpopt_write(&optimised, 0, 0);
	cr_expect_eq(optimised.cpus[0].rmpopt_base, 0u, "off it can always be");
}

Test(rmpopt, threads_share_register_and_table)
{
	rmpopt_write(&optimised, 2, RMPOPT_ENABLE);
	cr_expect_eq(optimised.cpus[3].rmpopt_base, RMPOPT_ENABLE);
	cr_expect_eq(optimised.cpus[1].rmpopt_base, 0u);
	rmpopt_set(&optimised, 3, 70, true);
	cr_expect(rmpopt_get(&optimised, 2, 70));
	cr_expect_not(rmpopt_get(&optimised, 1, 70));
	rmpopt_set(&optimised, 2, 70, false);
	cr_expect_not(rmpopt_get(&optimised, 3, 70));
}

Test(rmpopt, a_table_covers_2_tib_from_its_base_on)
{
	const uint64_t gib = 1ull << RMPOPT_REGION_SHIFT;

	rmpopt_write(&optimised, 0, 3 * gib | RMPOPT_ENABLE);
	cr_expect_eq(rmpopt_region(&optimised, 0, 3 * gib - 1), -ERANGE);
	cr_expect_eq(rmpopt_region(&optimised, 0, 3 * gib), 0);
	cr_expect_eq(rmpopt_region(&optimised, 0, 2051 * gib - 1), RMPOPT_REGIONS - 1);
	cr_expect_eq(rmpopt_region(&optimised, 0, 2051 * gib), -ERANGE);
}

Test(rmpopt, what_changes_the_memory_or_the_register_empties_the_table)
{
	const uint64_t gib = 1ull << RMPOPT_REGION_SHIFT;

	for (unsigned int i = 0; i < 4; i++) {
		rmpopt_write(&optimised, i, RMPOPT_ENABLE);
		rmpopt_set(&optimised, i, 5, true);
		rmpopt_set(&optimised, i, 6, true);
	}
	rmpopt_on_assigned(&optimised, 5 * gib + 0x1000);
	for (unsigned int i = 0; i < 4; i++) {
		cr_expect_not(rmpopt_get(&optimised, i, 5));
		cr_expect(rmpopt_get(&optimised, i, 6));
	}
	rmpopt_write(&optimised, 0, RMPOPT_ENABLE);
	cr_expect(rmpopt_get(&optimised, 0, 6), "the register is as it was");
	rmpopt_write(&optimised, 0, 0);
	cr_expect_not(rmpopt_get(&optimised, 1, 6));
	cr_expect(rmpopt_get(&optimised, 2, 6));
	rmpopt_clear(&optimised);
	cr_expect_not(rmpopt_get(&optimised, 2, 6));
}
