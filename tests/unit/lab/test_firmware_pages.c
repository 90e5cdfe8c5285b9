// SPDX-License-Identifier: GPL-2.0-only
/* The commands that write to memory, and the page states that SNP requires of it. */
#include "lab/firmware.h"

TestSuite(sev, .init = start_legacy, .fini = finish);
TestSuite(snp, .init = start_legacy, .fini = finish);
TestSuite(page_unsmash, .init = start_legacy, .fini = finish);
TestSuite(page_set_state, .init = start_legacy, .fini = finish);
TestSuite(page_reclaim, .init = start_legacy, .fini = finish);

/* ---- SEV ---- */

Test(sev, es_needs_a_trusted_region)
{
	snp_en_everywhere(false);
	cr_expect_eq(sev_init(1, TMR, 4096), STATUS_INVALID_LENGTH);
	cr_expect_eq(sev_init(1, 0, 1 << 20), STATUS_INVALID_ADDRESS);
	cr_expect_eq(sev_init(1, TMR + 4096, 1 << 20), STATUS_INVALID_ADDRESS);
	cr_expect_eq(sev_init(2, 0, 0), STATUS_INVALID_CONFIG);
	cr_expect_eq(sev_init(1, TMR, 1 << 20), STATUS_SUCCESS);
}

Test(sev, with_snp_the_trusted_region_is_2_mib_of_firmware_pages)
{
	snp_ready();
	cr_expect_eq(sev_init(1, TMR, 2 << 20), STATUS_INVALID_PAGE_STATE);
	expect_rule("the TMR is in state Hypervisor, not Firmware");
	give(TMR, 511);
	cr_expect_eq(sev_init(1, TMR, 2 << 20), STATUS_INVALID_PAGE_STATE);
	give(TMR + 511 * 4096, 1);
	cr_expect_eq(sev_init(1, TMR, 1 << 20), STATUS_INVALID_LENGTH);
	cr_expect_eq(sev_init(1, TMR + (1 << 20), 1 << 20), STATUS_INVALID_LENGTH);
	cr_expect_eq(sev_init(1, TMR, 2 << 20), STATUS_SUCCESS, "%s", fw.rule);
}

Test(sev, with_snp_the_trusted_region_is_aligned_to_2_mib)
{
	snp_ready();
	give(TMR + (1 << 20), 512);
	cr_expect_eq(sev_init(1, TMR + (1 << 20), 2 << 20), STATUS_INVALID_ADDRESS);
}

static enum firmware_status init_ex(uint32_t length, uint64_t nv, uint32_t nv_len)
{
	clear_buffer();
	put32(BUFFER, length);
	put64(BUFFER + 24, nv);
	put32(BUFFER + 32, nv_len);
	return run(CMD_INIT_EX);
}

Test(sev, init_ex_checks_its_storage)
{
	snp_ready();
	cr_expect_eq(init_ex(32, 0, 0), STATUS_INVALID_LENGTH);
	cr_expect_eq(init_ex(40, 0, 0), STATUS_INVALID_LENGTH);
	cr_expect_eq(init_ex(36, TMR + 8, 32 << 10), STATUS_INVALID_ADDRESS);
	cr_expect_eq(init_ex(36, TMR, 16 << 10), STATUS_INVALID_LENGTH);
	cr_expect_eq(init_ex(36, TMR, 32 << 10), STATUS_INVALID_PAGE_STATE);
	expect_rule("NV area");
	give(TMR, 8);
	cr_expect_eq(init_ex(36, TMR, 32 << 10), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_SHUTDOWN), STATUS_SUCCESS);
	cr_expect_eq(init_ex(36, 0, 0), STATUS_SUCCESS, "the firmware's own storage");
}

Test(sev, platform_status_follows_init_and_shutdown)
{
	snp_en_everywhere(false);
	cr_expect_eq(run(CMD_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 2], 0);
	cr_expect_eq(sev_init(1, TMR, 1 << 20), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 2], 1);
	cr_expect_eq(memory[BUFFER + 4], 1, "the SEV-ES flag");
	cr_expect_eq(run(CMD_SHUTDOWN), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 2] | memory[BUFFER + 4], 0);
}

Test(sev, get_id_returns_the_length_it_needs)
{
	clear_buffer();
	cr_expect_eq(run(CMD_GET_ID), STATUS_INVALID_LENGTH);
	cr_expect_eq(memory[BUFFER + 8], 128);
	cr_expect_eq(run(CMD_GET_ID), STATUS_SUCCESS);
}

Test(sev, with_snp_a_buffer_that_is_written_is_the_firmwares)
{
	snp_ready();
	cr_expect_eq(run(CMD_PLATFORM_STATUS), 0x5a);
	expect_rule("the command's buffer");
	give(BUFFER, 1);
	cr_expect_eq(run(CMD_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(entry(BUFFER / 4096), RMP_ASSIGNED, "the Reclaim state");
	cr_expect_eq(run(CMD_PLATFORM_STATUS), 0x5a, "again");
	give(BUFFER, 1);
	cr_expect_eq(run_at(CMD_PLATFORM_STATUS, BUFFER + 4096 - 4), 0x5a, "its second page");
}

Test(sev, with_snp_memory_that_is_written_is_the_firmwares)
{
	snp_ready();
	put64(BUFFER, PAGE);
	put32(BUFFER + 8, 128);
	give(BUFFER, 1);
	cr_expect_eq(run(CMD_GET_ID), STATUS_INVALID_PAGE_STATE);
	give(BUFFER, 1);
	give(PAGE, 1);
	cr_expect_eq(run(CMD_GET_ID), STATUS_SUCCESS, "%s", fw.rule);
}

/* ---- SNP ---- */

Test(snp, platform_status_shows_state_and_rmp)
{
	put64(BUFFER, PAGE);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE + 2], 0);
	cr_expect_eq(memory[PAGE + 3], 2, "the alias check");
	snp_ready();
	put64(BUFFER, PAGE);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_INVALID_PAGE_STATE);
	give(PAGE, 1);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE + 2], 1);
	cr_expect_eq(memory[PAGE + 3], 3);
	put64(BUFFER, PAGE + 4096 - 31);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_INVALID_PARAM);
	put64(BUFFER, RMP_AT);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_INVALID_PARAM);
	put64(BUFFER, 1ull << 40);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_INVALID_ADDRESS);
}

Test(snp, a_status_says_what_a_test_tells_it)
{
	static const char *const bad[] = { "",		"guests",    "guests=",	    "guests=x",
					   "guests=1x", "guests=-1", "flags=0x100", "tcb=1",
					   "=1",	"guests =1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(firmware_answer(&fw, bad[i]), -EINVAL, "%s", bad[i]);
	cr_expect_eq(firmware_answer(&fw, "guests=0x12345678"), 0);
	cr_expect_eq(firmware_answer(&fw, "reported-tcb=0xffffffffffffffff"), 0);
	cr_expect_eq(firmware_answer(&fw, "flags=7"), 0);
	put64(BUFFER, PAGE);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE], 1, "the version is the truth");
	cr_expect_eq(memory[PAGE + 3], 7);
	cr_expect_eq(memory[PAGE + 12], 0x78);
	cr_expect_eq(memory[PAGE + 15], 0x12);
	cr_expect_eq(memory[PAGE + 23], 0xd5, "the current TCB is the truth");
	cr_expect_eq(memory[PAGE + 24], 0xff);
	firmware_tell_truth(&fw);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[PAGE + 3], 2);
	cr_expect_eq(memory[PAGE + 12], 0);
}

static enum firmware_status config(uint64_t tcb, uint32_t flags)
{
	clear_buffer();
	put64(BUFFER, tcb);
	put32(BUFFER + 8, flags);
	return run(CMD_SNP_CONFIG);
}

Test(snp, config_takes_no_tcb_above_the_committed_one)
{
	const uint64_t committed = 0xd516000000000004;

	cr_expect_eq(config(0, 0x10), STATUS_INVALID_PARAM);
	cr_expect_eq(config(0x0000000000000003, 1), STATUS_SUCCESS);
	cr_expect_eq(fw.reported_tcb, 3u);
	cr_expect_eq(config(committed + 1, 0), STATUS_INVALID_PARAM);
	cr_expect_eq(config(0xd417000000000004, 0), STATUS_INVALID_PARAM, "one component");
	cr_expect_eq(fw.reported_tcb, 3u);
	cr_expect_eq(config(committed, 0), STATUS_SUCCESS);
	cr_expect_eq(config(3, 0), STATUS_SUCCESS);
	cr_expect_eq(config(0, 0), STATUS_SUCCESS);
	cr_expect_eq(fw.reported_tcb, committed);
}

Test(snp, commit_ends_a_configured_tcb)
{
	cr_expect_eq(config(3, 0), STATUS_SUCCESS);
	clear_buffer();
	cr_expect_eq(run(CMD_SNP_COMMIT), STATUS_INVALID_PARAM);
	put32(BUFFER, 8);
	cr_expect_eq(run(CMD_SNP_COMMIT), STATUS_INVALID_PARAM);
	put32(BUFFER, 4);
	cr_expect_eq(run(CMD_SNP_COMMIT), STATUS_SUCCESS);
	cr_expect_eq(fw.reported_tcb, 0xd516000000000004);
}

Test(snp, vlek_load_needs_the_reported_tcb)
{
	clear_buffer();
	put32(BUFFER, 8);
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_INVALID_PARAM);
	put32(BUFFER, 24);
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_INVALID_PARAM);
	put32(BUFFER, 16);
	put64(BUFFER + 8, PAGE);
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_BAD_SVN);
	put64(PAGE + 400, 0xd516000000000004);
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_SUCCESS);
	cr_expect(fw.vlek_loaded);
	memory[BUFFER + 7] = 1;
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_INVALID_PARAM);
	expect_rule("reserved");
	memory[BUFFER + 7] = 0;
	memory[BUFFER + 4] = 1;
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_INVALID_PARAM);
}

/* ---- SNP_PAGE_RECLAIM ---- */

Test(page_reclaim, ends_immutability)
{
	snp_ready();
	give(TMR, 1);
	cr_expect_eq(reclaim(TMR), STATUS_SUCCESS);
	cr_expect_eq(entry(TMR / 4096), RMP_ASSIGNED);
	cr_expect_eq(reclaim(TMR), STATUS_SUCCESS, "it is in the Reclaim state");
	cr_expect_eq(entry(TMR / 4096), RMP_ASSIGNED);
	cr_expect_eq(reclaim(TMR + 4096), STATUS_SUCCESS, "it is the hypervisor's");
	cr_expect_eq(entry(TMR / 4096 + 1), 0u);
}

Test(page_reclaim, refuses_what_is_no_such_page)
{
	const struct rmp_state huge = { .assigned = 1, .huge = 1, .immutable = 1 };
	struct rmp rmp = test_rmp();

	snp_ready();
	cr_expect_eq(reclaim(TMR | 4), STATUS_INVALID_PARAM);
	cr_expect_eq(reclaim(RMP_AT), STATUS_INVALID_PARAM);
	expect_rule("in the RMP");
	cr_expect_eq(reclaim(TMR | 1), STATUS_INVALID_PAGE_SIZE);
	cr_expect_eq(rmp_update(&rmp, TMR, &huge), RMP_SUCCESS);
	cr_expect_eq(reclaim(TMR), STATUS_INVALID_PAGE_SIZE);
	cr_expect_eq(reclaim(TMR | 1), STATUS_SUCCESS);
	cr_expect_eq(entry(TMR / 4096), RMP_ASSIGNED | RMP_HUGE);
}

Test(page_reclaim, leaves_fixed_and_context_pages)
{
	struct rmp rmp = test_rmp();

	snp_ready();
	rmp_set(&rmp, TMR / 4096, (struct rmp_entry){ .lo = RMP_IMMUTABLE });
	cr_expect_eq(reclaim(TMR), STATUS_INVALID_PAGE_STATE);
	expect_rule("HV-Fixed");
	rmp_set(&rmp, TMR / 4096,
		(struct rmp_entry){ .lo = RMP_ASSIGNED | RMP_IMMUTABLE | RMP_VMSA });
	cr_expect_eq(reclaim(TMR), STATUS_INVALID_PAGE_STATE);
	expect_rule("Context");
}

/* ---- SNP_PAGE_UNSMASH ---- */

static enum firmware_status unsmash(uint64_t page)
{
	clear_buffer();
	put64(BUFFER, page);
	return run(CMD_SNP_PAGE_UNSMASH);
}

static void set_entry(uint64_t pa, uint64_t lo)
{
	struct rmp rmp = test_rmp();

	cr_assert_eq(rmp_set(&rmp, pa / 4096, (struct rmp_entry){ .lo = lo }), 0);
}

#define PRE_GUEST (RMP_ASSIGNED | RMP_IMMUTABLE | 5ull << RMP_ASID_SHIFT | 0x600000)

Test(page_unsmash, joins_the_pages_of_a_guest)
{
	snp_ready();
	for (uint64_t i = 0; i < 512; i++)
		set_entry(TMR + i * 4096, PRE_GUEST + (i << RMP_GPA_SHIFT));
	cr_expect_eq(unsmash(TMR), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(entry(TMR / 4096), PRE_GUEST | RMP_HUGE);
	cr_expect(entry(TMR / 4096 + 511) & RMP_ASSIGNED);
	cr_expect_not(entry(TMR / 4096 + 511) & (RMP_IMMUTABLE | RMP_ASID_MASK));
	cr_expect_eq(unsmash(TMR), STATUS_INVALID_PAGE_STATE, "it is of 2 MiB");
	cr_expect_eq(reclaim(TMR | 1), STATUS_SUCCESS, "%s", fw.rule);
}

Test(page_unsmash, refuses_pages_that_do_not_belong_together)
{
	const uint64_t last = TMR + 511 * 4096, lasts = PRE_GUEST + (511ull << RMP_GPA_SHIFT);
	const uint64_t wrong[] = { lasts - (1 << RMP_GPA_SHIFT), lasts & ~RMP_IMMUTABLE,
				   lasts | RMP_VALIDATED, lasts + (1ull << RMP_ASID_SHIFT),
				   lasts | RMP_VMSA };

	snp_ready();
	cr_expect_eq(unsmash(TMR + 4096), STATUS_INVALID_PARAM);
	cr_expect_eq(unsmash(RMP_AT), STATUS_INVALID_PARAM);
	cr_expect_eq(unsmash(TMR), STATUS_INVALID_PAGE_STATE, "the hypervisor's");
	for (uint64_t i = 0; i < 511; i++)
		set_entry(TMR + i * 4096, PRE_GUEST + (i << RMP_GPA_SHIFT));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		set_entry(last, wrong[i]);
		cr_expect_eq(unsmash(TMR), STATUS_INVALID_PAGE_STATE, "%zu", i);
	}
	cr_expect_eq(entry(TMR / 4096), PRE_GUEST);
	set_entry(last, lasts);
	cr_expect_eq(unsmash(TMR), STATUS_SUCCESS);
}

/* ---- SNP_PAGE_SET_STATE ---- */

static enum firmware_status set_state(uint64_t list)
{
	clear_buffer();
	put32(BUFFER, 16);
	put64(BUFFER + 8, list);
	return run(CMD_SNP_PAGE_SET_STATE);
}

Test(page_set_state, fixes_pages_of_the_firmware)
{
	const uint64_t list = 2 << 20;

	snp_ready();
	give(TMR, 2);
	put32(list, 2);
	put64(list + 8, TMR);
	put32(list + 16, 2);
	put64(list + 24, TMR + (2 << 20));
	put32(list + 32, 1);
	cr_expect_eq(set_state(list), STATUS_INVALID_PAGE_STATE);
	expect_rule("in state Hypervisor");
	cr_expect_eq(entry(TMR / 4096), RMP_ASSIGNED | RMP_IMMUTABLE, "all or none");
	give(TMR + (2 << 20), 1);
	cr_expect_eq(set_state(list), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(entry(TMR / 4096), RMP_IMMUTABLE);
	cr_expect_eq(entry(TMR / 4096 + 1), RMP_IMMUTABLE);
	cr_expect_eq(entry((TMR + (2 << 20)) / 4096), RMP_IMMUTABLE);
}

Test(page_set_state, refuses_a_faulty_list)
{
	const uint64_t list = 2 << 20;

	snp_ready();
	cr_expect_eq(set_state(list + 8), STATUS_INVALID_PARAM);
	put32(list, 256);
	cr_expect_eq(set_state(list), STATUS_INVALID_PARAM);
	put32(list, 1);
	put64(list + 8, TMR + 4096);
	put32(list + 16, 1);
	cr_expect_eq(set_state(list), STATUS_INVALID_PARAM);
	expect_rule("no multiple of 0x200000");
	put64(list + 8, 1ull << 40);
	put32(list + 16, UINT32_MAX);
	cr_expect_eq(set_state(list), STATUS_SUCCESS, "past the RMP is no error");
	put32(BUFFER, 12);
	cr_expect_eq(run(CMD_SNP_PAGE_SET_STATE), STATUS_INVALID_LENGTH);
	put32(BUFFER, 16);
	put32(BUFFER + 4, 1);
	cr_expect_eq(run(CMD_SNP_PAGE_SET_STATE), STATUS_INVALID_PARAM);
}
