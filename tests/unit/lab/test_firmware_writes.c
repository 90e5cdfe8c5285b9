// SPDX-License-Identifier: GPL-2.0-only
/* Writes to pages that the RMP forbids, which the firmware finds afterwards. */
#include "lab/firmware.h"

TestSuite(rmp_writes, .init = start_legacy, .fini = finish);

Test(rmp_writes, to_a_firmware_page_are_found_when_it_is_reclaimed)
{
	snp_ready();
	give(TMR, 2);
	memory[TMR + 77] = 1;
	cr_expect_eq(reclaim(TMR), STATUS_SUCCESS);
	expect_rule("software wrote to page 0x400000, which is in state Firmware");
	cr_expect_eq(fw.write_count, 1u);
	cr_expect_eq(fw.writes[0].page, (uint64_t)TMR);
	cr_expect_str_eq(fw.writes[0].state, "Firmware");
	cr_expect_eq(reclaim(TMR + 4096), STATUS_SUCCESS);
	cr_expect_str_eq(fw.rule, "", "the other one is as it was");
	memory[TMR + 77] = 2;
	cr_expect_eq(reclaim(TMR), STATUS_SUCCESS);
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 1u, "a reclaimed page may be written");
}

Test(rmp_writes, are_found_on_demand_once_each)
{
	snp_ready();
	give(TMR, 3);
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 0u);
	memory[TMR + 4096] = 1;
	memory[TMR + 3 * 4096 - 1] = 1;
	firmware_find_writes(&fw);
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 2u);
	memory[TMR + 4096] = 2;
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 3u);
}

Test(rmp_writes, are_found_at_the_shutdown)
{
	snp_ready();
	give(TMR, 1);
	memory[TMR] = 1;
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	expect_rule("software wrote");
	cr_expect_eq(fw.write_count, 1u);
	memory[TMR] = 2;
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 1u, "there is no RMP");
}

Test(rmp_writes, of_the_firmware_and_the_iommu_are_none)
{
	machine->iommu.event_log = 5 << 20 | 8ull << 56;
	snp_ready();
	give(PAGE, 1);
	put64(BUFFER, PAGE);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	memory[5 << 20] = 1;
	give(TMR, 1);
	give(BUFFER, 1);
	cr_expect_eq(run(CMD_PLATFORM_STATUS), STATUS_SUCCESS);
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 0u);
	memory[PAGE + 100] = 1;
	put64(TMR, PAGE);
	cr_expect_eq(run_at(CMD_SNP_PLATFORM_STATUS, TMR), STATUS_SUCCESS);
	cr_expect_eq(fw.write_count, 1u, "the firmware's own write hides no other");
}
