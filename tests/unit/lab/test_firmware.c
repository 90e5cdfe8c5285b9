// SPDX-License-Identifier: GPL-2.0-only
/* The firmware's commands and states, its rules for failures, and the RMP instructions. */
#include "lab/firmware.h"

/* ---- Which command each state allows ---- */

enum { IN_UNINIT = 1, IN_SEV = 2, IN_SNP = 4, IN_ALL = 7 };

static const struct {
	unsigned int command;
	unsigned int allowed;
} states[] = {
	{ CMD_INIT, IN_UNINIT | IN_SNP },
	{ CMD_INIT_EX, IN_UNINIT | IN_SNP },
	{ CMD_SHUTDOWN, IN_ALL },
	{ CMD_PLATFORM_RESET, IN_UNINIT | IN_SNP },
	{ CMD_PLATFORM_STATUS, IN_ALL },
	{ CMD_PEK_GEN, IN_SEV },
	{ CMD_PEK_CSR, IN_SEV },
	{ CMD_PEK_CERT_IMPORT, IN_SEV },
	{ CMD_PDH_CERT_EXPORT, IN_SEV },
	{ CMD_PDH_GEN, IN_SEV },
	{ CMD_DF_FLUSH, IN_ALL },
	{ CMD_DOWNLOAD_FIRMWARE, IN_UNINIT | IN_SNP },
	{ CMD_GET_ID, IN_ALL },
	{ CMD_NOP, IN_ALL },
	{ CMD_RING_BUFFER, IN_ALL },
	{ CMD_SNP_INIT, IN_UNINIT },
	{ CMD_SNP_INIT_EX, IN_UNINIT },
	{ CMD_SNP_SHUTDOWN, IN_UNINIT | IN_SNP },
	{ CMD_SNP_SHUTDOWN_EX, IN_UNINIT | IN_SNP },
	{ CMD_SNP_PLATFORM_STATUS, IN_ALL },
	{ CMD_SNP_DF_FLUSH, IN_ALL },
	{ CMD_SNP_PAGE_RECLAIM, IN_SNP },
	{ CMD_SNP_CONFIG, IN_ALL },
	{ CMD_SNP_DOWNLOAD_FIRMWARE_EX, IN_UNINIT | IN_SNP },
	{ CMD_SNP_COMMIT, IN_ALL },
	{ CMD_SNP_VLEK_LOAD, IN_ALL },
	{ CMD_SNP_FEATURE_INFO, IN_ALL },
	{ CMD_SNP_VERIFY_MITIGATION, IN_ALL },
	{ CMD_TIO_STATUS, IN_ALL },
};

/* The commands about guests, devices and their pages need an initialised platform. */
static unsigned int allowed_in(unsigned int command)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (states[i].command == command)
			return states[i].allowed;
	}
	return command < CMD_SNP_INIT ? IN_SEV : IN_SNP;
}

static void enter(unsigned int state)
{
	start_full();
	if (state != IN_SNP)
		snp_en_everywhere(false);
	if (state == IN_SEV)
		cr_assert_eq(sev_init(0, 0, 0), STATUS_SUCCESS);
	if (state == IN_SNP) {
		cr_assert_eq(snp_init(1, 0), STATUS_SUCCESS);
		give(BUFFER, 1);
	}
	clear_buffer();
}

Test(states, each_command_in_each_state)
{
	static const unsigned int all[] = { IN_UNINIT, IN_SEV, IN_SNP };

	for (unsigned int command = 0; command < 0x800; command++) {
		for (size_t s = 0; firmware_command_name(command) && s < 3; s++) {
			enter(all[s]);
			cr_expect_eq(run(command) != STATUS_INVALID_PLATFORM_STATE,
				     !!(allowed_in(command) & all[s]), "%s in state %u: %s",
				     firmware_command_name(command), all[s], fw.rule);
			finish();
		}
	}
}

TestSuite(legacy, .init = start_legacy, .fini = finish);
TestSuite(full, .init = start_full, .fini = finish);

Test(legacy, unknown_commands_are_refused)
{
	cr_expect_eq(run(0), STATUS_INVALID_COMMAND);
	cr_expect_eq(run(0x7e), STATUS_INVALID_COMMAND);
	expect_rule("no such command");
	cr_expect_eq(run(0x7ff), STATUS_INVALID_COMMAND);
	cr_expect_eq(run(CMD_SNP_VERIFY_MITIGATION), STATUS_INVALID_COMMAND, "only full has it");
	cr_expect_eq(run(CMD_TIO_STATUS), STATUS_INVALID_COMMAND);
}

Test(legacy, buffers_outside_memory_are_refused)
{
	const unsigned int commands[] = { CMD_INIT,
					  CMD_INIT_EX,
					  CMD_PLATFORM_STATUS,
					  CMD_GET_ID,
					  CMD_SNP_INIT_EX,
					  CMD_SNP_SHUTDOWN_EX,
					  CMD_SNP_PLATFORM_STATUS,
					  CMD_SNP_COMMIT,
					  CMD_SNP_FEATURE_INFO };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		cr_expect_eq(run_at(commands[i], MEMORY_SIZE - 2), STATUS_INVALID_ADDRESS, "%#x",
			     commands[i]);
		cr_expect_eq(run_at(commands[i], UINT64_MAX), STATUS_INVALID_ADDRESS, "%#x",
			     commands[i]);
	}
}

/* ---- Rules for failures, reset ---- */

Test(legacy, a_rule_applies_always_or_once)
{
	cr_expect_eq(firmware_fail(&fw, "SNP_INIT_EX=0x03"), 0);
	cr_expect_eq(snp_init(1, 0), 3);
	expect_rule("a test");
	cr_expect_eq(snp_init(1, 0), 3);
	cr_expect_eq(fw.flags, 1u, "the flags of a command that fails are known too");
	cr_expect_eq(firmware_fail(&fw, "0x85=RMP_INIT_REQUIRED:once"), 0);
	cr_expect_eq(fw.failure_count, 1u);
	cr_expect_eq(snp_init(1, 0), 0x20);
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(fw.failure_count, 0u);
}

Test(legacy, a_command_can_be_told_never_to_answer)
{
	cr_expect_eq(firmware_fail(&fw, "NOP=hang:once"), 0);
	cr_expect_eq(firmware_run(&fw, CMD_NOP, 0), STATUS_HANG);
	cr_expect_eq(run(CMD_NOP), STATUS_SUCCESS);
	cr_expect_eq(firmware_fail(&fw, "NOP=0x10000"), -EINVAL, "not a status of the mailbox");
}

Test(legacy, bad_rules_are_refused)
{
	static const char *const bad[] = { "",	      "=",	    "INIT",	    "INIT=",
					   "=3",      "NONSENSE=3", "INIT=3:twice", "INIT=0x10000",
					   "0x800=1", "INIT=-1",    "INIT=3x",	    "-1=3",
					   "INIT =3" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(firmware_fail(&fw, bad[i]), -EINVAL, "%s", bad[i]);
	cr_expect_eq(fw.failure_count, 0u);
}

Test(legacy, rules_are_limited)
{
	char rule[32];

	for (int i = 0; i < FIRMWARE_FAILURES_MAX; i++) {
		snprintf(rule, sizeof(rule), "%d=1", i);
		cr_expect_eq(firmware_fail(&fw, rule), 0);
	}
	cr_expect_eq(firmware_fail(&fw, "100=1"), -ENOSPC);
	cr_expect_eq(firmware_fail(&fw, "1=2"), 0, "an old one can still change");
}

Test(full, a_reset_is_a_cold_start_that_keeps_options)
{
	cr_expect_eq(firmware_fail(&fw, "GET_ID=1"), 0);
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	firmware_reset(&fw);
	cr_expect_not(fw.snp_initialised || fw.rmp_initialised);
	cr_expect(fw.options.full);
	cr_expect_eq(fw.failure_count, 1u);
	cr_expect_eq(machine->cpus[0].syscfg, SYSCFG_COLD);
}

/* ---- RMP instructions ---- */

static const struct rmp_state shared = { 0 };
static const struct rmp_state shared_huge = { .huge = 1 };
static const struct rmp_state guest = { .assigned = 1, .asid = 5, .gpa = 0x7000 };
static const struct rmp_state guest_huge = {
	.assigned = 1,
	.asid = 5,
	.huge = 1,
	.gpa = 0x400000,
};

Test(legacy, rmpupdate_and_rmpread_agree)
{
	struct rmp rmp = test_rmp();
	struct rmp_state state;

	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest), RMP_SUCCESS);
	cr_expect_eq(rmp_read(&rmp, 0x5fff, &state), RMP_SUCCESS);
	cr_expect_eq(memcmp(&state, &guest, sizeof(state)), 0);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &shared), RMP_SUCCESS);
	cr_expect_eq(entry(5), 0u);
}

Test(legacy, rmpupdate_refuses_bad_input)
{
	static const struct rmp_state bad[] = {
		{ .assigned = 2 },	     { .huge = 2 },
		{ .reserved = 1 },	     { .asid = 1 },
		{ .immutable = 1 },	     { .assigned = 1, .asid = 1024 },
		{ .assigned = 1, .gpa = 1 }, { .assigned = 1, .gpa = 1ull << 52 },
	};
	struct rmp rmp = test_rmp();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(rmp_update(&rmp, 0x5000, &bad[i]), RMP_FAIL_INPUT, "%zu", i);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest_huge), RMP_FAIL_INPUT);
	cr_expect_eq(rmp_update(&rmp, 252 << 20, &guest), RMP_FAIL_INPUT);
	cr_expect_eq(rmp_update(&rmp, UINT64_MAX, &guest), RMP_FAIL_INPUT);
}

Test(legacy, rmpupdate_respects_immutable_pages)
{
	const struct rmp_state immutable = { .assigned = 1, .immutable = 1 };
	struct rmp rmp = test_rmp();

	cr_expect_eq(rmp_update(&rmp, 0x5000, &immutable), RMP_SUCCESS);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &shared), RMP_FAIL_PERMISSION);
	cr_expect_eq(rmp_update(&rmp, 0, &guest_huge), RMP_FAIL_PERMISSION);
}

Test(legacy, pages_of_both_sizes_do_not_overlap)
{
	struct rmp rmp = test_rmp();

	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest), RMP_SUCCESS);
	cr_expect_eq(rmp_update(&rmp, 0, &guest_huge), RMP_FAIL_OVERLAP);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &shared), RMP_SUCCESS);
	cr_expect_eq(rmp_update(&rmp, 0, &guest_huge), RMP_SUCCESS);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest), RMP_FAIL_OVERLAP);
	cr_expect_eq(rmp_update(&rmp, 0, &shared_huge), RMP_SUCCESS);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest), RMP_SUCCESS);
}

Test(legacy, psmash_splits_a_huge_page)
{
	struct rmp rmp = test_rmp();
	struct rmp_state state;

	cr_expect_eq(rmp_smash(&rmp, 0), RMP_FAIL_INPUT);
	cr_expect_eq(rmp_update(&rmp, 0, &guest_huge), RMP_SUCCESS);
	cr_expect_eq(rmp_smash(&rmp, 0x1000), RMP_FAIL_INPUT);
	cr_expect_eq(rmp_smash(&rmp, 0), RMP_SUCCESS);
	cr_expect_eq(rmp_read(&rmp, 511 * 4096, &state), RMP_SUCCESS);
	cr_expect_eq(state.gpa, 0x400000u + 511 * 4096);
	cr_expect(state.assigned && !state.huge && state.asid == 5);
}

Test(legacy, validation_lasts_until_the_page_changes)
{
	struct rmp rmp = test_rmp();
	struct rmp_entry raw;

	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest), RMP_SUCCESS);
	cr_expect_eq(rmp_get(&rmp, 5, &raw), 0);
	raw.lo |= RMP_VALIDATED;
	cr_expect_eq(rmp_set(&rmp, 5, raw), 0);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest), RMP_SUCCESS);
	cr_expect(entry(5) & RMP_VALIDATED);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &shared), RMP_SUCCESS);
	cr_expect_eq(rmp_update(&rmp, 0x5000, &guest), RMP_SUCCESS);
	cr_expect_not(entry(5) & RMP_VALIDATED);
}
