// SPDX-License-Identifier: GPL-2.0-only
/* Who wrote to pages that the RMP assigns: the processor's notes, and what the firmware makes of
 * them. */
#include "lab/firmware.h"
#include "machine/writers.h"

TestSuite(writers, .init = start_legacy, .fini = finish);

static void note(uint32_t cpu, uint64_t page)
{
	writers_note(machine, cpu, page, RMP_ASSIGNED | RMP_IMMUTABLE, 0x1234);
}

Test(writers, with_snp_en_and_without_are_told_apart)
{
	note(2, TMR);
	machine->cpus[2].syscfg &= ~SYSCFG_SNP_EN;
	note(2, TMR);
	cr_assert_eq(writers_kept(machine), 2u);
	cr_expect(machine->writes[0].snp_en);
	cr_expect_not(machine->writes[1].snp_en);
	cr_expect_eq(machine->writes[1].cpu, 2u);
	cr_expect_eq(machine->writes[1].pc, 0x1234u);
	cr_expect_str_eq(firmware_state_name(machine->writes[1].entry), "Firmware");
}

Test(writers, are_noted_once_for_each_page)
{
	note(2, TMR);
	note(2, TMR);
	cr_expect_eq(writers_kept(machine), 1u);
	note(3, TMR);
	note(2, TMR + 4096);
	cr_expect_eq(writers_kept(machine), 3u);
	cr_expect_eq(writers_find(machine, TMR)->cpu, 3u, "the last one");
	cr_expect_null(writers_find(machine, TMR + 2 * 4096));
}

Test(writers, beyond_the_notes_are_counted)
{
	for (uint64_t i = 0; i < MACHINE_WRITES_MAX + 2; i++)
		note(0, i * 4096);
	cr_expect_eq(writers_kept(machine), (uint32_t)MACHINE_WRITES_MAX);
	cr_expect_eq(machine->write_count, MACHINE_WRITES_MAX + 2u);
}

Test(writers, matter_while_a_cpu_has_snp_en)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		cr_expect(writers_rmp_is_in_use(machine));
		machine->cpus[i].syscfg &= ~SYSCFG_SNP_EN;
	}
	cr_expect_not(writers_rmp_is_in_use(machine));
}

Test(writers, are_in_the_firmwares_log)
{
	snp_ready();
	give(TMR, 2);
	memory[TMR] = 1;
	memory[TMR + 4096] = 1;
	note(1, TMR);
	cr_expect_eq(reclaim(TMR), STATUS_SUCCESS);
	expect_rule("which is in state Firmware: CPU 1, with SNP_EN");
	machine->cpus[1].syscfg &= ~SYSCFG_SNP_EN;
	note(1, TMR + 4096);
	cr_expect_eq(reclaim(TMR + 4096), STATUS_SUCCESS);
	expect_rule("which is in state Firmware: CPU 1, without SNP_EN");
}
