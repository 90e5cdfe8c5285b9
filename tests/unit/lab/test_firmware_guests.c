// SPDX-License-Identifier: GPL-2.0-only
/* The commands by which an SNP guest is launched and ends: states of guests, ASIDs and pages. */
#include "lab/firmware.h"

enum {
	CONTEXT = 2 << 20,
	OTHER_CONTEXT = CONTEXT + 4096,
	GUEST_PAGE = 3 << 20,
	ASID = 5,
};

#define POLICY	     0x30000ull /* SMT is allowed, and bit 17, which must be 1 */
#define TYPE(type)   ((type) << 1)
#define TYPE_NORMAL  TYPE(1)
#define TYPE_VMSA    TYPE(2)
#define TYPE_ZERO    TYPE(3)
#define TYPE_SECRETS TYPE(5)
#define TYPE_CPUID   TYPE(6)

static void start_snp(void)
{
	start_legacy();
	snp_ready();
}

TestSuite(guest, .init = start_snp, .fini = finish);
TestSuite(asid, .init = start_snp, .fini = finish);

/* ---- the commands ---- */

static enum firmware_status about(unsigned int command, uint64_t page)
{
	clear_buffer();
	put64(BUFFER, page);
	return run(command);
}

static enum firmware_status create(uint64_t context)
{
	return about(CMD_SNP_GCTX_CREATE, context);
}

static enum firmware_status decommission(uint64_t context)
{
	return about(CMD_SNP_DECOMMISSION, context);
}

static enum firmware_status launch_start(uint64_t context, uint64_t policy)
{
	clear_buffer();
	put64(BUFFER, context);
	put64(BUFFER + 8, policy);
	return run(CMD_SNP_LAUNCH_START);
}

static enum firmware_status activate(uint64_t context, uint32_t asid)
{
	clear_buffer();
	put64(BUFFER, context);
	put32(BUFFER + 8, asid);
	return run(CMD_SNP_ACTIVATE);
}

static enum firmware_status launch_update(uint64_t context, uint32_t page, uint64_t address)
{
	clear_buffer();
	put64(BUFFER, context);
	put32(BUFFER + 8, page);
	put64(BUFFER + 16, address);
	return run(CMD_SNP_LAUNCH_UPDATE);
}

static enum firmware_status launch_finish(uint64_t context, uint32_t flags)
{
	clear_buffer();
	put64(BUFFER, context);
	put32(BUFFER + 24, flags);
	return run(CMD_SNP_LAUNCH_FINISH);
}

static enum firmware_status guest_status(uint64_t context, uint64_t to)
{
	clear_buffer();
	put64(BUFFER, context);
	put64(BUFFER + 8, to);
	return run(CMD_SNP_GUEST_STATUS);
}

/* Gives a page to the guest with that ASID, as the kernel does before a LAUNCH_UPDATE. */
static void give_guest(uint64_t pa, uint32_t asid, bool huge)
{
	const struct rmp_state state = {
		.gpa = pa, .assigned = 1, .immutable = 1, .huge = huge, .asid = asid
	};
	struct rmp rmp = test_rmp();

	cr_assert_eq(rmp_update(&rmp, pa, &state), RMP_SUCCESS);
}

/* A guest whose context exists. */
static void created(uint64_t context)
{
	give(context, 1);
	cr_assert_eq(create(context), STATUS_SUCCESS, "%s", fw.rule);
}

static void launched(uint64_t context, uint32_t asid)
{
	created(context);
	cr_assert_eq(launch_start(context, POLICY), STATUS_SUCCESS, "%s", fw.rule);
	cr_assert_eq(activate(context, asid), STATUS_SUCCESS, "%s", fw.rule);
}

static void running(uint64_t context, uint32_t asid)
{
	launched(context, asid);
	cr_assert_eq(launch_finish(context, 0), STATUS_SUCCESS, "%s", fw.rule);
}

static unsigned int guests(void)
{
	unsigned int count;

	give(PAGE, 1);
	cr_assert_eq(about(CMD_SNP_PLATFORM_STATUS, PAGE), STATUS_SUCCESS);
	count = memory[PAGE + 12];
	cr_assert_eq(reclaim(PAGE), STATUS_SUCCESS);
	return count;
}

/* ---- the whole life ---- */

Test(guest, lives_from_its_context_to_its_end)
{
	created(CONTEXT);
	cr_expect_eq(entry(CONTEXT / 4096), RMP_ASSIGNED | RMP_IMMUTABLE | RMP_VMSA);
	cr_expect_eq(guests(), 0u);
	cr_expect_eq(launch_start(CONTEXT, POLICY), STATUS_SUCCESS);
	cr_expect_eq(guests(), 1u);
	cr_expect_eq(activate(CONTEXT, ASID), STATUS_SUCCESS);
	give_guest(GUEST_PAGE, ASID, false);
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE), STATUS_SUCCESS);
	give_guest(GUEST_PAGE + 4096, ASID, false);
	cr_expect_eq(launch_update(CONTEXT, TYPE_VMSA, GUEST_PAGE + 4096), STATUS_SUCCESS);
	cr_expect_eq(launch_finish(CONTEXT, 4), STATUS_SUCCESS);
	give(PAGE, 1);
	cr_expect_eq(guest_status(CONTEXT, PAGE), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(memory[PAGE + 2], POLICY >> 16);
	cr_expect_eq(memory[PAGE + 8], ASID);
	cr_expect_eq(memory[PAGE + 12], 2, "it runs");
	cr_expect_eq(memory[PAGE + 16], 1, "without a VCEK");
	cr_assert_eq(reclaim(PAGE), STATUS_SUCCESS);
	cr_expect_eq(guests(), 1u);
	cr_expect_eq(decommission(CONTEXT), STATUS_SUCCESS);
	cr_expect_eq(guests(), 0u);
	cr_expect_eq(entry(CONTEXT / 4096), RMP_ASSIGNED | RMP_IMMUTABLE, "the firmware's");
	cr_expect_eq(reclaim(CONTEXT), STATUS_SUCCESS);
	cr_expect_eq(fw.write_count, 0u, "none but the firmware wrote");
}

/* ---- contexts ---- */

Test(guest, context_is_a_firmware_page)
{
	const struct rmp_state huge = { .assigned = 1, .huge = 1, .immutable = 1 };
	struct rmp rmp = test_rmp();

	cr_expect_eq(create(CONTEXT), STATUS_INVALID_PAGE_STATE);
	expect_rule("is in state Hypervisor, not Firmware");
	give(CONTEXT, 1);
	cr_expect_eq(create(CONTEXT + 8), STATUS_INVALID_PARAM);
	cr_expect_eq(create(RMP_AT), STATUS_INVALID_PARAM);
	cr_expect_eq(create(1ull << 40), STATUS_INVALID_PAGE_STATE, "the RMP does not cover it");
	cr_expect_eq(create(MEMORY_SIZE), STATUS_INVALID_PAGE_STATE, "no memory");
	cr_expect_eq(create(CONTEXT), STATUS_SUCCESS);
	cr_expect_eq(create(CONTEXT), STATUS_INVALID_PAGE_STATE, "twice");
	expect_rule("Context");
	cr_expect_eq(reclaim(CONTEXT), STATUS_INVALID_PAGE_STATE);
	cr_assert_eq(rmp_update(&rmp, TMR, &huge), RMP_SUCCESS);
	cr_expect_eq(create(TMR), STATUS_INVALID_PAGE_SIZE);
}

Test(guest, commands_need_its_context)
{
	static const unsigned int commands[] = { CMD_SNP_DECOMMISSION,	CMD_SNP_GUEST_STATUS,
						 CMD_SNP_LAUNCH_START,	CMD_SNP_ACTIVATE,
						 CMD_SNP_LAUNCH_UPDATE, CMD_SNP_LAUNCH_FINISH };

	give(CONTEXT, 1);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		cr_expect_eq(about(commands[i], CONTEXT), STATUS_INVALID_GUEST, "%#x", commands[i]);
		expect_rule("is in state Firmware, not Context");
		cr_expect_eq(about(commands[i], CONTEXT + 8), STATUS_INVALID_PARAM, "%#x",
			     commands[i]);
	}
}

Test(guest, context_that_software_wrote_is_no_guests)
{
	created(CONTEXT);
	put64(CONTEXT + 8, UINT64_MAX);
	cr_expect_eq(decommission(CONTEXT), STATUS_INVALID_GUEST);
	expect_rule("software wrote");
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 1u);
	cr_expect_eq(fw.writes[0].page, CONTEXT);
}

Test(guest, status_goes_to_a_firmware_page)
{
	created(CONTEXT);
	cr_expect_eq(guest_status(CONTEXT, PAGE), STATUS_INVALID_PAGE_STATE);
	give(PAGE, 1);
	cr_expect_eq(guest_status(CONTEXT, PAGE + 4096 - 31), STATUS_INVALID_PARAM);
	cr_expect_eq(guest_status(CONTEXT, PAGE + 4096 - 32), STATUS_SUCCESS);
}

/* ---- states ---- */

Test(guest, commands_need_its_state)
{
	created(CONTEXT);
	give_guest(GUEST_PAGE, ASID, false);
	cr_expect_eq(activate(CONTEXT, ASID), STATUS_INVALID_GUEST_STATE);
	expect_rule("is in state Init, neither Launch nor Running");
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE), STATUS_INVALID_GUEST_STATE);
	expect_rule("is in state Init, not Launch");
	cr_expect_eq(launch_finish(CONTEXT, 0), STATUS_INVALID_GUEST_STATE);
	cr_expect_eq(launch_start(CONTEXT, POLICY), STATUS_SUCCESS);
	cr_expect_eq(launch_start(CONTEXT, POLICY), STATUS_INVALID_GUEST_STATE);
	expect_rule("is in state Launch, not Init");
	cr_expect_eq(launch_finish(CONTEXT, 0), STATUS_INACTIVE);
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE), STATUS_INACTIVE);
	cr_expect_eq(activate(CONTEXT, ASID + 1), STATUS_SUCCESS);
	cr_expect_eq(launch_finish(CONTEXT, 0), STATUS_SUCCESS);
	cr_expect_eq(launch_finish(CONTEXT, 0), STATUS_INVALID_GUEST_STATE);
	expect_rule("is in state Running, not Launch");
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE), STATUS_INVALID_GUEST_STATE);
}

Test(guest, reserved_fields_are_0)
{
	launched(CONTEXT, ASID);
	give_guest(GUEST_PAGE, ASID, false);
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL | 1 << 5, GUEST_PAGE),
		     STATUS_INVALID_PARAM);
	launch_update(CONTEXT, TYPE_NORMAL, 8);
	put32(BUFFER + 12, 1);
	cr_expect_eq(run(CMD_SNP_LAUNCH_UPDATE), STATUS_INVALID_PARAM);
	cr_expect_eq(launch_finish(CONTEXT, 8), STATUS_INVALID_PARAM);
	created(OTHER_CONTEXT);
	clear_buffer();
	put64(BUFFER, OTHER_CONTEXT);
	put64(BUFFER + 8, POLICY);
	put32(BUFFER + 24, 4);
	cr_expect_eq(run(CMD_SNP_LAUNCH_START), STATUS_INVALID_PARAM);
	put32(BUFFER + 24, 1);
	cr_expect_eq(run(CMD_SNP_LAUNCH_START), STATUS_UNSUPPORTED, "migration");
	cr_expect_eq(launch_finish(CONTEXT, 1), STATUS_BAD_MEASUREMENT, "an ID block");
	cr_expect_eq(launch_finish(CONTEXT, 0), STATUS_SUCCESS);
}

Test(guest, policy_fits_the_platform)
{
	created(CONTEXT);
	cr_expect_eq(launch_start(CONTEXT, POLICY & ~(1ull << 17)), STATUS_POLICY_FAILURE);
	cr_expect_eq(launch_start(CONTEXT, POLICY | 1ull << 21), STATUS_POLICY_FAILURE);
	cr_expect_eq(launch_start(CONTEXT, POLICY | 3ull << 23), STATUS_POLICY_FAILURE);
	cr_expect_eq(launch_start(CONTEXT, POLICY | 2 << 8), STATUS_POLICY_FAILURE);
	cr_expect_eq(launch_start(CONTEXT, POLICY | 1 << 8 | 56), STATUS_POLICY_FAILURE);
	expect_rule("requires ABI 1.56");
	machine->threads = 2;
	cr_expect_eq(launch_start(CONTEXT, POLICY & ~(1ull << 16)), STATUS_POLICY_FAILURE);
	expect_rule("SMT");
	cr_expect_eq(guests(), 0u);
	cr_expect_eq(launch_start(CONTEXT, POLICY | 1 << 8 | 55), STATUS_SUCCESS);
	machine->threads = 1;
	created(OTHER_CONTEXT);
	cr_expect_eq(launch_start(OTHER_CONTEXT, POLICY & ~(1ull << 16)), STATUS_SUCCESS);
	cr_expect_eq(guests(), 2u);
}

/* ---- pages ---- */

Test(guest, page_is_given_to_it_first)
{
	launched(CONTEXT, ASID);
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE), STATUS_INVALID_PAGE_STATE);
	expect_rule("is in state Hypervisor, not Pre-Guest");
	give_guest(GUEST_PAGE, ASID + 1, false);
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE), STATUS_INVALID_PAGE_OWNER);
	give_guest(GUEST_PAGE + 4096, ASID, false);
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE + 4096 + 8),
		     STATUS_INVALID_PARAM);
	cr_expect_eq(launch_update(CONTEXT, TYPE(0), GUEST_PAGE + 4096), STATUS_INVALID_PARAM);
	cr_expect_eq(launch_update(CONTEXT, TYPE(7), GUEST_PAGE + 4096), STATUS_INVALID_PARAM);
	cr_expect_eq(launch_update(CONTEXT, 1 | TYPE_NORMAL, GUEST_PAGE + 4096),
		     STATUS_INVALID_PAGE_SIZE);
	cr_expect_eq(launch_update(CONTEXT, TYPE_CPUID, GUEST_PAGE + 4096), STATUS_SUCCESS);
	cr_expect_eq(launch_update(CONTEXT, TYPE_CPUID, GUEST_PAGE + 4096),
		     STATUS_INVALID_PAGE_STATE, "twice");
	expect_rule("is in state Guest-Valid");
	cr_expect_eq(reclaim(GUEST_PAGE), STATUS_SUCCESS, "what was not launched");
	cr_expect_eq(entry(GUEST_PAGE / 4096) & RMP_IMMUTABLE, 0u);
}

Test(guest, page_is_zeroed_if_its_type_says_so)
{
	static const uint32_t types[] = { TYPE_NORMAL, TYPE_VMSA, TYPE_ZERO, TYPE_SECRETS };

	launched(CONTEXT, ASID);
	for (uint32_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint64_t page = GUEST_PAGE + i * 4096, lo;

		memory[page + 100] = 7;
		give_guest(page, ASID, false);
		cr_expect_eq(launch_update(CONTEXT, types[i], page), STATUS_SUCCESS);
		cr_expect_eq(memory[page + 100], types[i] < TYPE_ZERO ? 7 : 0, "type %u", types[i]);
		lo = entry(page / 4096);
		cr_expect_eq(lo & (RMP_VALIDATED | RMP_IMMUTABLE), RMP_VALIDATED);
		cr_expect_eq(!!(lo & RMP_VMSA), types[i] == TYPE_VMSA);
		memory[page + 100]++;
	}
	firmware_find_writes(&fw);
	cr_expect_eq(fw.write_count, 0u, "the guest may write");
}

Test(guest, page_of_2_mib)
{
	launched(CONTEXT, ASID);
	give_guest(TMR, ASID, true);
	cr_expect_eq(launch_update(CONTEXT, TYPE_ZERO, TMR), STATUS_INVALID_PAGE_SIZE);
	cr_expect_eq(launch_update(CONTEXT, 1 | TYPE_VMSA, TMR), STATUS_INVALID_PAGE_SIZE);
	memory[TMR + (2 << 20) - 1] = 7;
	cr_expect_eq(launch_update(CONTEXT, 1 | TYPE_ZERO, TMR), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(memory[TMR + (2 << 20) - 1], 0);
}

Test(guest, page_that_was_written_before_its_launch_is_found)
{
	launched(CONTEXT, ASID);
	give_guest(GUEST_PAGE, ASID, false);
	memory[GUEST_PAGE] = 1;
	cr_expect_eq(launch_update(CONTEXT, TYPE_NORMAL, GUEST_PAGE), STATUS_SUCCESS);
	expect_rule("software wrote to page 0x300000, which is in state Pre-Guest");
}

/* ---- ASIDs ---- */

Test(asid, is_one_of_snps)
{
	created(CONTEXT);
	cr_expect_eq(launch_start(CONTEXT, POLICY), STATUS_SUCCESS);
	cr_expect_eq(activate(CONTEXT, 0), STATUS_INVALID_ASID);
	cr_expect_eq(activate(CONTEXT, MACHINE_SEV_ASID_MIN), STATUS_INVALID_ASID);
	cr_expect_eq(activate(CONTEXT, UINT32_MAX), STATUS_INVALID_ASID);
	cr_expect_eq(activate(CONTEXT, MACHINE_SEV_ASID_MIN - 1), STATUS_SUCCESS);
}

/* SNP as it is initialised with RAPL disabled and the ciphertext of ASIDs 1 to 7 hidden. */
Test(platform, limits_policies_and_asids)
{
	start_full();
	clear_buffer();
	put32(BUFFER, 1 | 4 | 8);
	put32(BUFFER + 16, 7);
	cr_assert_eq(run(CMD_SNP_INIT_EX), STATUS_SUCCESS, "%s", fw.rule);
	wbinvd();
	cr_assert_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	created(CONTEXT);
	cr_expect_eq(launch_start(CONTEXT, POLICY | 1ull << 22), STATUS_POLICY_FAILURE);
	cr_expect_eq(launch_start(CONTEXT, POLICY | 3ull << 23), STATUS_SUCCESS, "%s", fw.rule);
	cr_expect_eq(activate(CONTEXT, 8), STATUS_INVALID_ASID);
	cr_expect_eq(activate(CONTEXT, 7), STATUS_SUCCESS);
	finish();
}

Test(asid, is_one_guests_alone)
{
	launched(CONTEXT, ASID);
	created(OTHER_CONTEXT);
	cr_expect_eq(launch_start(OTHER_CONTEXT, POLICY), STATUS_SUCCESS);
	cr_expect_eq(activate(OTHER_CONTEXT, ASID), STATUS_ASID_OWNED);
	cr_expect_eq(activate(CONTEXT, ASID + 1), STATUS_ACTIVE);
	give_guest(GUEST_PAGE, ASID + 1, false);
	cr_expect_eq(activate(OTHER_CONTEXT, ASID + 1), STATUS_INVALID_CONFIG);
	expect_rule("ASID 6 has pages in the RMP");
	cr_expect_eq(activate(OTHER_CONTEXT, ASID + 2), STATUS_SUCCESS);
}

Test(asid, is_dirty_after_init)
{
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	created(CONTEXT);
	cr_expect_eq(launch_start(CONTEXT, POLICY), STATUS_SUCCESS);
	cr_expect_eq(activate(CONTEXT, ASID), STATUS_DFFLUSH_REQUIRED);
	expect_rule("no DF_FLUSH since");
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(activate(CONTEXT, ASID), STATUS_SUCCESS);
}

Test(asid, is_dirty_after_a_guest_that_ran)
{
	running(CONTEXT, ASID);
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS, "no WBINVD is due");
	cr_expect_not(firmware_asids_dirty(&fw));
	cr_expect_eq(decommission(CONTEXT), STATUS_SUCCESS);
	cr_expect(firmware_asids_dirty(&fw));
	created(OTHER_CONTEXT);
	cr_expect_eq(launch_start(OTHER_CONTEXT, POLICY), STATUS_SUCCESS);
	cr_expect_eq(activate(OTHER_CONTEXT, ASID), STATUS_DFFLUSH_REQUIRED);
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_WBINVD_REQUIRED);
	cr_expect_eq(activate(OTHER_CONTEXT, ASID), STATUS_DFFLUSH_REQUIRED);
	cr_expect_eq(activate(OTHER_CONTEXT, ASID + 1), STATUS_SUCCESS, "another is clean");
	cr_expect_eq(decommission(OTHER_CONTEXT), STATUS_SUCCESS);
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	launched(CONTEXT + 8192, ASID);
}

Test(asid, is_clean_after_a_guest_that_never_ran)
{
	launched(CONTEXT, ASID);
	cr_expect_eq(decommission(CONTEXT), STATUS_SUCCESS);
	launched(OTHER_CONTEXT, ASID);
}

Test(asid, of_a_guest_keeps_snp_from_ending)
{
	launched(CONTEXT, ASID);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_DFFLUSH_REQUIRED);
	expect_rule("a guest has ASID 5");
	cr_expect_eq(launch_finish(CONTEXT, 0), STATUS_SUCCESS);
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(run(CMD_SNP_SHUTDOWN), STATUS_DFFLUSH_REQUIRED);
	expect_rule("a guest has ASID 5");
	cr_expect_eq(decommission(CONTEXT), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_DFFLUSH_REQUIRED);
	expect_rule("no DF_FLUSH since");
	wbinvd();
	cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
}

Test(asid, that_was_never_given_lets_snp_end)
{
	created(CONTEXT);
	cr_expect_eq(launch_start(CONTEXT, POLICY), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	snp_ready();
	cr_expect_eq(guests(), 0u, "the guest is lost");
	cr_expect_eq(decommission(CONTEXT), STATUS_INVALID_GUEST);
}
