// SPDX-License-Identifier: GPL-2.0-only
/* The firmware's state machine and the RMP, on a small memory. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/firmware.h"
#include "machine/rmp.h"

/* 16 MiB of memory, covered by an RMP at 8 MiB; buffers are at 1 MiB. */
enum {
	MEMORY_SIZE = 16 << 20,
	PAGES = MEMORY_SIZE / 4096,
	RMP_AT = 8 << 20,
	BUFFER = 1 << 20,
	TMR = 4 << 20,
	CPUS = 4,
};

static uint8_t *memory;
static struct machine *machine;
static struct firmware fw;

static int memory_read(void *context, uint64_t pa, void *to, size_t len)
{
	(void)context;
	if (pa > MEMORY_SIZE || len > MEMORY_SIZE - pa)
		return -EFAULT;
	memcpy(to, memory + pa, len);
	return 0;
}

static int memory_write(void *context, uint64_t pa, const void *from, size_t len)
{
	(void)context;
	if (pa > MEMORY_SIZE || len > MEMORY_SIZE - pa)
		return -EFAULT;
	memcpy(memory + pa, from, len);
	return 0;
}

static const struct rmp_memory accessors = { .read = memory_read, .write = memory_write };

static struct rmp test_rmp(void)
{
	return (struct rmp){
		.base = RMP_AT,
		.end = RMP_AT + RMP_BOOKKEEPING + PAGES * sizeof(struct rmp_entry) - 1,
		.memory = accessors,
	};
}

static void start(const struct firmware_options *options)
{
	memory = calloc(1, MEMORY_SIZE);
	machine = calloc(1, sizeof(*machine));
	cr_assert(memory && machine);
	machine->rmp_base = test_rmp().base;
	machine->rmp_end = test_rmp().end;
	for (unsigned int i = 0; i < CPUS; i++) {
		machine->cpus[i].flags = MACHINE_CPU_PRESENT;
		machine->cpus[i].syscfg = SYSCFG_COLD | SYSCFG_SNP_EN;
	}
	firmware_start(&fw, options, machine, &accessors);
}

static void start_legacy(void)
{
	start(&(struct firmware_options){ 0 });
}

static void start_full(void)
{
	start(&(struct firmware_options){ .full = true });
}

static void finish(void)
{
	free(memory);
	free(machine);
}

static void put32(uint64_t at, uint32_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static void put64(uint64_t at, uint64_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static enum firmware_status run(unsigned int command)
{
	return firmware_run(&fw, command, BUFFER);
}

static void clear_buffer(void)
{
	memset(memory + BUFFER, 0, 4096);
}

static enum firmware_status sev_init(uint32_t flags, uint64_t tmr, uint32_t tmr_len)
{
	clear_buffer();
	put32(BUFFER, flags);
	put64(BUFFER + 8, tmr);
	put32(BUFFER + 16, tmr_len);
	return run(CMD_INIT);
}

static enum firmware_status snp_init(uint32_t flags, uint64_t list)
{
	clear_buffer();
	put32(BUFFER, flags);
	put64(BUFFER + 8, list);
	return run(CMD_SNP_INIT_EX);
}

static enum firmware_status snp_shutdown(uint32_t flags)
{
	clear_buffer();
	put32(BUFFER, 8);
	put32(BUFFER + 4, flags);
	return run(CMD_SNP_SHUTDOWN_EX);
}

static uint64_t entry(uint64_t pfn)
{
	struct rmp rmp = test_rmp();
	struct rmp_entry entry;

	cr_assert_eq(rmp_get(&rmp, pfn, &entry), 0);
	return entry.lo;
}

/* ---- Which command each state allows ---- */

enum { IN_UNINIT = 1, IN_SEV = 2, IN_SNP = 4, IN_ALL = 7 };

static const struct {
	unsigned int command;
	unsigned int allowed;
} states[] = {
	{ CMD_INIT, IN_UNINIT | IN_SNP }, { CMD_INIT_EX, IN_UNINIT | IN_SNP },
	{ CMD_SHUTDOWN, IN_ALL },	  { CMD_PLATFORM_RESET, IN_UNINIT | IN_SNP },
	{ CMD_PLATFORM_STATUS, IN_ALL },  { CMD_PEK_GEN, IN_SEV },
	{ CMD_PEK_CSR, IN_SEV },	  { CMD_PEK_CERT_IMPORT, IN_SEV },
	{ CMD_PDH_CERT_EXPORT, IN_SEV },  { CMD_PDH_GEN, IN_SEV },
	{ CMD_DF_FLUSH, IN_SEV },	  { CMD_DOWNLOAD_FIRMWARE, IN_UNINIT | IN_SNP },
	{ CMD_GET_ID, IN_ALL },		  { CMD_SNP_INIT, IN_UNINIT },
	{ CMD_SNP_INIT_EX, IN_UNINIT },	  { CMD_SNP_SHUTDOWN, IN_ALL },
	{ CMD_SNP_SHUTDOWN_EX, IN_ALL },  { CMD_SNP_PLATFORM_STATUS, IN_ALL },
	{ CMD_SNP_DF_FLUSH, IN_SNP },	  { CMD_SNP_PAGE_RECLAIM, IN_SNP },
	{ CMD_SNP_CONFIG, IN_SNP },	  { CMD_SNP_DOWNLOAD_FIRMWARE_EX, IN_ALL },
	{ CMD_SNP_COMMIT, IN_ALL },	  { CMD_SNP_VLEK_LOAD, IN_SNP },
	{ CMD_SNP_FEATURE_INFO, IN_ALL },
};

static void enter(unsigned int state)
{
	start_legacy();
	if (state == IN_SEV)
		cr_assert_eq(sev_init(0, 0, 0), STATUS_SUCCESS);
	if (state == IN_SNP)
		cr_assert_eq(snp_init(1, 0), STATUS_SUCCESS);
	clear_buffer();
}

Test(states, each_command_in_each_state)
{
	static const unsigned int all[] = { IN_UNINIT, IN_SEV, IN_SNP };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		for (size_t s = 0; s < 3; s++) {
			bool allowed = states[i].allowed & all[s];

			enter(all[s]);
			cr_expect_eq(run(states[i].command) != STATUS_INVALID_PLATFORM_STATE,
				     allowed, "%s in state %u",
				     firmware_command_name(states[i].command), all[s]);
			finish();
		}
	}
}

Test(states, every_named_command_is_covered)
{
	for (unsigned int command = 0; command < 0x800; command++) {
		bool covered = false;

		for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
			covered |= states[i].command == command;
		cr_expect_eq(firmware_command_name(command) != NULL, covered, "%#x", command);
	}
}

TestSuite(legacy, .init = start_legacy, .fini = finish);
TestSuite(full, .init = start_full, .fini = finish);

Test(legacy, unknown_commands_are_refused)
{
	cr_expect_eq(run(0), STATUS_INVALID_COMMAND);
	cr_expect_eq(run(0x30), STATUS_INVALID_COMMAND);
	cr_expect_eq(run(0x7ff), STATUS_INVALID_COMMAND);
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
		cr_expect_eq(firmware_run(&fw, commands[i], MEMORY_SIZE - 2),
			     STATUS_INVALID_ADDRESS, "%#x", commands[i]);
		cr_expect_eq(firmware_run(&fw, commands[i], UINT64_MAX), STATUS_INVALID_ADDRESS,
			     "%#x", commands[i]);
	}
}

/* ---- SEV ---- */

Test(legacy, sev_es_needs_a_trusted_region)
{
	cr_expect_eq(sev_init(1, TMR, 4096), STATUS_INVALID_LENGTH);
	cr_expect_eq(sev_init(1, 0, 1 << 20), STATUS_INVALID_ADDRESS);
	cr_expect_eq(sev_init(1, TMR + 4096, 1 << 20), STATUS_INVALID_ADDRESS);
	cr_expect_eq(sev_init(2, 0, 0), STATUS_INVALID_CONFIG);
	cr_expect_eq(sev_init(1, TMR, 1 << 20), STATUS_SUCCESS);
}

Test(legacy, platform_status_follows_init_and_shutdown)
{
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

Test(legacy, get_id_returns_the_length_it_needs)
{
	clear_buffer();
	cr_expect_eq(run(CMD_GET_ID), STATUS_INVALID_LENGTH);
	cr_expect_eq(memory[BUFFER + 8], 128);
	cr_expect_eq(run(CMD_GET_ID), STATUS_SUCCESS);
}

/* ---- SNP_INIT ---- */

Test(legacy, snp_init_needs_snp_en_on_every_cpu)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		machine->cpus[i].syscfg &= ~SYSCFG_SNP_EN;
		cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG, "CPU %u", i);
		machine->cpus[i].syscfg |= SYSCFG_SNP_EN;
	}
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
}

Test(legacy, snp_init_ignores_hot_plugged_cpus)
{
	machine->cpus[CPUS].flags = MACHINE_CPU_PRESENT | MACHINE_CPU_HOT;
	machine->cpus[CPUS].syscfg = SYSCFG_COLD;
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
}

Test(bios, an_enumerated_cpu_that_was_never_powered_on_counts)
{
	start(&(struct firmware_options){ .cpus = CPUS + 1 });
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
	finish();
}

Test(legacy, snp_init_refuses_unknown_flags)
{
	cr_expect_eq(snp_init(1 | 1 << 3, 0), STATUS_INVALID_PARAM);
	cr_expect_eq(fw.flags, 9u);
}

Test(legacy, snp_init_requires_an_initialised_rmp)
{
	cr_expect_eq(snp_init(0, 0), STATUS_RMP_INIT_REQUIRED);
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	cr_expect_eq(snp_init(0, 0), STATUS_SUCCESS);
}

Test(legacy, snp_init_protects_the_rmp)
{
	put64(RMP_AT + RMP_BOOKKEEPING, UINT64_MAX); /* an old entry */
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(entry(0), 0u);
	cr_expect_eq(entry(RMP_AT / 4096 - 1), 0u);
	cr_expect_eq(entry(RMP_AT / 4096), RMP_ASSIGNED | RMP_IMMUTABLE);
}

Test(legacy, snp_init_fixes_the_listed_ranges)
{
	const uint64_t list = 2 << 20;

	put32(list, 1);
	put64(list + 8, 3 << 20);
	put32(list + 16, 2);
	cr_expect_eq(snp_init(3, list), STATUS_SUCCESS);
	cr_expect_eq(entry((3 << 20) / 4096), RMP_IMMUTABLE);
	cr_expect_eq(entry((3 << 20) / 4096 + 1), RMP_IMMUTABLE);
	cr_expect_eq(entry((3 << 20) / 4096 + 2), 0u);
}

Test(legacy, snp_init_refuses_bad_ranges)
{
	const uint64_t list = 2 << 20;

	cr_expect_eq(snp_init(3, list + 8), STATUS_INVALID_ADDRESS);
	put32(list, 1000);
	cr_expect_eq(snp_init(3, list), STATUS_INVALID_PARAM);
	put32(list, 1);
	put64(list + 8, 12);
	cr_expect_eq(snp_init(3, list), STATUS_INVALID_ADDRESS);
	put64(list + 8, 1ull << 50);
	put32(list + 16, UINT32_MAX);
	cr_expect_eq(snp_init(3, list), STATUS_SUCCESS, "past the RMP is no error");
}

Test(legacy, the_iommus_pages_are_the_firmwares_then_reclaimed)
{
	machine->iommu.event_log = (5 << 20) | 9ull << 56; /* 512 entries: two pages */
	machine->iommu.wait_limit = 6 << 20;
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(entry((5 << 20) / 4096 + 1), RMP_ASSIGNED | RMP_IMMUTABLE);
	cr_expect_eq(entry((5 << 20) / 4096 + 2), 0u);
	cr_expect_eq(entry((6 << 20) / 4096), RMP_ASSIGNED | RMP_IMMUTABLE);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	cr_expect_eq(entry((5 << 20) / 4096), RMP_ASSIGNED);
	cr_expect_eq(entry((6 << 20) / 4096), RMP_ASSIGNED);
}

/* ---- SNP_SHUTDOWN ---- */

Test(legacy, shutdown_keeps_snp_en)
{
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU), STATUS_SUCCESS);
	cr_expect_not(fw.snp_initialised);
	for (unsigned int i = 0; i < CPUS; i++)
		cr_expect(machine->cpus[i].syscfg & SYSCFG_SNP_EN, "CPU %u", i);
}

Test(legacy, full_shutdown_is_not_offered)
{
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU | SHUTDOWN_X86), STATUS_INVALID_PARAM);
	cr_expect(fw.snp_initialised);
}

Test(full, shutdown_clears_snp_en_everywhere)
{
	machine->cpus[CPUS].syscfg = SYSCFG_COLD | SYSCFG_SNP_EN;
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU | SHUTDOWN_X86), STATUS_SUCCESS);
	for (unsigned int i = 0; i <= CPUS; i++)
		cr_expect_eq(machine->cpus[i].syscfg, SYSCFG_COLD, "CPU %u", i);
	cr_expect_eq(snp_init(1, 0), STATUS_INVALID_CONFIG);
}

Test(full, feature_info_offers_the_full_shutdown)
{
	clear_buffer();
	put32(BUFFER, 16);
	put64(BUFFER + 8, BUFFER + 64);
	cr_expect_eq(run(CMD_SNP_FEATURE_INFO), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 64 + 8], 2);
	put32(BUFFER, 8);
	cr_expect_eq(run(CMD_SNP_FEATURE_INFO), STATUS_INVALID_LENGTH);
}

Test(full, shutdown_without_init_succeeds_and_does_nothing)
{
	cr_expect_eq(snp_shutdown(SHUTDOWN_IOMMU | SHUTDOWN_X86), STATUS_SUCCESS);
	cr_expect(machine->cpus[0].syscfg & SYSCFG_SNP_EN);
}

Test(legacy, shutdown_requires_its_length_and_sev_uninitialised)
{
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(sev_init(0, 0, 0), STATUS_SUCCESS);
	cr_expect_eq(snp_shutdown(0), STATUS_INVALID_PLATFORM_STATE);
	cr_expect_eq(run(CMD_SHUTDOWN), STATUS_SUCCESS);
	clear_buffer();
	cr_expect_eq(run(CMD_SNP_SHUTDOWN_EX), STATUS_INVALID_LENGTH);
	cr_expect_eq(snp_shutdown(0), STATUS_SUCCESS);
}

Test(dfflush, shutdown_is_refused_until_the_flush_that_follows)
{
	start(&(struct firmware_options){ .dfflush_required = true });
	for (int round = 0; round < 2; round++) {
		cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
		cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
		cr_expect_eq(snp_shutdown(1), STATUS_DFFLUSH_REQUIRED);
		cr_expect_eq(snp_shutdown(1), STATUS_DFFLUSH_REQUIRED);
		cr_expect_eq(run(CMD_SNP_DF_FLUSH), STATUS_SUCCESS);
		cr_expect_eq(snp_shutdown(1), STATUS_SUCCESS);
	}
	finish();
}

/* ---- The other SNP commands ---- */

Test(legacy, snp_platform_status_shows_state_and_rmp)
{
	put64(BUFFER, BUFFER + 64);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 64 + 2], 0);
	cr_expect_eq(memory[BUFFER + 64 + 3], 2, "the alias check");
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	put64(BUFFER, BUFFER + 64);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 64 + 2], 1);
	cr_expect_eq(memory[BUFFER + 64 + 3], 3);
	put64(BUFFER, MEMORY_SIZE);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_INVALID_ADDRESS);
}

Test(legacy, a_status_says_what_a_test_tells_it)
{
	static const char *const bad[] = { "",		"guests",    "guests=",	    "guests=x",
					   "guests=1x", "guests=-1", "flags=0x100", "tcb=1",
					   "=1",	"guests =1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(firmware_answer(&fw, bad[i]), -EINVAL, "%s", bad[i]);
	cr_expect_eq(firmware_answer(&fw, "guests=0x12345678"), 0);
	cr_expect_eq(firmware_answer(&fw, "reported-tcb=0xffffffffffffffff"), 0);
	cr_expect_eq(firmware_answer(&fw, "flags=7"), 0);
	put64(BUFFER, BUFFER + 64);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 64], 1, "the version is the truth");
	cr_expect_eq(memory[BUFFER + 64 + 3], 7);
	cr_expect_eq(memory[BUFFER + 64 + 12], 0x78);
	cr_expect_eq(memory[BUFFER + 64 + 15], 0x12);
	cr_expect_eq(memory[BUFFER + 64 + 23], 0xd5, "the current TCB is the truth");
	cr_expect_eq(memory[BUFFER + 64 + 24], 0xff);
	firmware_tell_truth(&fw);
	cr_expect_eq(run(CMD_SNP_PLATFORM_STATUS), STATUS_SUCCESS);
	cr_expect_eq(memory[BUFFER + 64 + 3], 2);
	cr_expect_eq(memory[BUFFER + 64 + 12], 0);
}

Test(legacy, config_and_vlek_check_their_buffers)
{
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	clear_buffer();
	put32(BUFFER + 8, 0x10);
	cr_expect_eq(run(CMD_SNP_CONFIG), STATUS_INVALID_PARAM);
	put32(BUFFER + 8, 1);
	put64(BUFFER, 77);
	cr_expect_eq(run(CMD_SNP_CONFIG), STATUS_SUCCESS);
	cr_expect_eq(fw.reported_tcb, 77u);
	clear_buffer();
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_INVALID_LENGTH);
	put32(BUFFER, 16);
	cr_expect_eq(run(CMD_SNP_VLEK_LOAD), STATUS_SUCCESS);
	clear_buffer();
	cr_expect_eq(run(CMD_SNP_COMMIT), STATUS_INVALID_LENGTH);
	put32(BUFFER, 4);
	cr_expect_eq(run(CMD_SNP_COMMIT), STATUS_SUCCESS);
}

Test(legacy, page_reclaim_takes_the_firmwares_pages_only)
{
	const struct rmp_state firmware_page = { .assigned = 1, .immutable = 1 };
	struct rmp rmp = test_rmp();

	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	put64(BUFFER, 3 << 20);
	cr_expect_eq(run(CMD_SNP_PAGE_RECLAIM), STATUS_INVALID_PAGE_STATE);
	cr_expect_eq(rmp_update(&rmp, 3 << 20, &firmware_page), RMP_SUCCESS);
	put64(BUFFER, (2 << 20) | 1);
	cr_expect_eq(run(CMD_SNP_PAGE_RECLAIM), STATUS_INVALID_PAGE_STATE);
	put64(BUFFER, (3 << 20) | 4);
	cr_expect_eq(run(CMD_SNP_PAGE_RECLAIM), STATUS_INVALID_ADDRESS);
	put64(BUFFER, 3 << 20);
	cr_expect_eq(run(CMD_SNP_PAGE_RECLAIM), STATUS_SUCCESS);
	cr_expect_eq(entry((3 << 20) / 4096), RMP_ASSIGNED);
}

/* ---- Rules for failures, reset ---- */

Test(legacy, a_rule_applies_always_or_once)
{
	cr_expect_eq(firmware_fail(&fw, "SNP_INIT_EX=0x03"), 0);
	cr_expect_eq(snp_init(1, 0), 3);
	cr_expect_eq(snp_init(1, 0), 3);
	cr_expect_eq(fw.flags, 1u, "the flags of a command that fails are known too");
	cr_expect_eq(firmware_fail(&fw, "0x85=RMP_INIT_REQUIRED:once"), 0);
	cr_expect_eq(fw.failure_count, 1u);
	cr_expect_eq(snp_init(1, 0), 0x20);
	cr_expect_eq(snp_init(1, 0), STATUS_SUCCESS);
	cr_expect_eq(fw.failure_count, 0u);
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
	cr_expect_eq(rmp_update(&rmp, MEMORY_SIZE, &guest), RMP_FAIL_INPUT);
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
