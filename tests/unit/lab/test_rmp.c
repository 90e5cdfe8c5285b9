// SPDX-License-Identifier: GPL-2.0-only
/* What the emulated processor decides: its registers, its memory, and the RMP's instructions. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "machine/registers.h"

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
