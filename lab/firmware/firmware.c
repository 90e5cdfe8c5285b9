// SPDX-License-Identifier: GPL-2.0-only
#include "firmware/firmware.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "firmware/buffers.h"
#include "firmware/commands.h"

typedef enum firmware_status (*handler)(struct firmware *fw, uint64_t pa);

enum needs {
	NEEDS_NOTHING,
	NEEDS_SEV_INIT,
	NEEDS_SEV_UNINIT,
	NEEDS_SNP_INIT,
};

/*
 * All commands. needs is the platform state that the SEV API (chapter 5) or the SNP ABI (chapter 8)
 * requires for the command; a command with more conditions checks them itself.
 */
static const struct {
	uint16_t command;
	uint16_t needs;
	const char *name;
	handler run;
} commands[] = {
	{ CMD_INIT, NEEDS_SEV_UNINIT, "INIT", cmd_init },
	{ CMD_SHUTDOWN, NEEDS_NOTHING, "SHUTDOWN", cmd_shutdown },
	{ CMD_PLATFORM_RESET, NEEDS_SEV_UNINIT, "PLATFORM_RESET", cmd_succeed },
	{ CMD_PLATFORM_STATUS, NEEDS_NOTHING, "PLATFORM_STATUS", cmd_platform_status },
	{ CMD_PEK_GEN, NEEDS_SEV_INIT, "PEK_GEN", cmd_succeed },
	{ CMD_PEK_CSR, NEEDS_SEV_INIT, "PEK_CSR", cmd_pek_csr },
	{ CMD_PEK_CERT_IMPORT, NEEDS_SEV_INIT, "PEK_CERT_IMPORT", cmd_succeed },
	{ CMD_PDH_CERT_EXPORT, NEEDS_SEV_INIT, "PDH_CERT_EXPORT", cmd_pdh_cert_export },
	{ CMD_PDH_GEN, NEEDS_SEV_INIT, "PDH_GEN", cmd_succeed },
	{ CMD_DF_FLUSH, NEEDS_SEV_INIT, "DF_FLUSH", cmd_succeed },
	{ CMD_DOWNLOAD_FIRMWARE, NEEDS_SEV_UNINIT, "DOWNLOAD_FIRMWARE", cmd_download },
	{ CMD_GET_ID, NEEDS_NOTHING, "GET_ID", cmd_get_id },
	{ CMD_INIT_EX, NEEDS_SEV_UNINIT, "INIT_EX", cmd_init_ex },
	{ CMD_SNP_INIT, NEEDS_NOTHING, "SNP_INIT", cmd_snp_init },
	{ CMD_SNP_SHUTDOWN, NEEDS_NOTHING, "SNP_SHUTDOWN", cmd_snp_shutdown },
	{ CMD_SNP_PLATFORM_STATUS, NEEDS_NOTHING, "SNP_PLATFORM_STATUS", cmd_snp_platform_status },
	{ CMD_SNP_DF_FLUSH, NEEDS_SNP_INIT, "SNP_DF_FLUSH", cmd_snp_df_flush },
	{ CMD_SNP_INIT_EX, NEEDS_NOTHING, "SNP_INIT_EX", cmd_snp_init_ex },
	{ CMD_SNP_SHUTDOWN_EX, NEEDS_NOTHING, "SNP_SHUTDOWN_EX", cmd_snp_shutdown_ex },
	{ CMD_SNP_PAGE_RECLAIM, NEEDS_SNP_INIT, "SNP_PAGE_RECLAIM", cmd_snp_page_reclaim },
	{ CMD_SNP_CONFIG, NEEDS_SNP_INIT, "SNP_CONFIG", cmd_snp_config },
	{ CMD_SNP_DOWNLOAD_FIRMWARE_EX, NEEDS_NOTHING, "SNP_DOWNLOAD_FIRMWARE_EX", cmd_download },
	{ CMD_SNP_COMMIT, NEEDS_NOTHING, "SNP_COMMIT", cmd_snp_commit },
	{ CMD_SNP_VLEK_LOAD, NEEDS_SNP_INIT, "SNP_VLEK_LOAD", cmd_snp_vlek_load },
	{ CMD_SNP_FEATURE_INFO, NEEDS_NOTHING, "SNP_FEATURE_INFO", cmd_snp_feature_info },
};

static const struct {
	uint16_t status;
	const char *name;
} statuses[] = {
	{ STATUS_SUCCESS, "SUCCESS" },
	{ STATUS_INVALID_PLATFORM_STATE, "INVALID_PLATFORM_STATE" },
	{ STATUS_INVALID_CONFIG, "INVALID_CONFIG" },
	{ STATUS_INVALID_LENGTH, "INVALID_LENGTH" },
	{ STATUS_INVALID_ADDRESS, "INVALID_ADDRESS" },
	{ STATUS_BAD_SIGNATURE, "BAD_SIGNATURE" },
	{ STATUS_DFFLUSH_REQUIRED, "DFFLUSH_REQUIRED" },
	{ STATUS_INVALID_COMMAND, "INVALID_COMMAND" },
	{ STATUS_INVALID_PARAM, "INVALID_PARAM" },
	{ STATUS_INVALID_PAGE_SIZE, "INVALID_PAGE_SIZE" },
	{ STATUS_INVALID_PAGE_STATE, "INVALID_PAGE_STATE" },
	{ STATUS_RMP_INIT_REQUIRED, "RMP_INIT_REQUIRED" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };
enum { STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

const char *firmware_command_name(unsigned int command)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (commands[i].command == command)
			return commands[i].name;
	}
	return NULL;
}

const char *firmware_status_name(unsigned int status)
{
	for (unsigned int i = 0; i < STATUSES; i++) {
		if (statuses[i].status == status)
			return statuses[i].name;
	}
	return NULL;
}

static bool name_is(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !strncasecmp(name, text, len);
}

int firmware_find_command(const char *text, size_t len)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (name_is(commands[i].name, text, len))
			return commands[i].command;
	}
	return -ENOENT;
}

int firmware_find_status(const char *text, size_t len)
{
	for (unsigned int i = 0; i < STATUSES; i++) {
		if (name_is(statuses[i].name, text, len))
			return statuses[i].status;
	}
	return -ENOENT;
}

static bool state_allows(const struct firmware *fw, enum needs needs)
{
	switch (needs) {
	case NEEDS_SEV_INIT:
		return fw->sev_initialised;
	case NEEDS_SEV_UNINIT:
		return !fw->sev_initialised;
	case NEEDS_SNP_INIT:
		return fw->snp_initialised;
	case NEEDS_NOTHING:
		break;
	}
	return true;
}

void firmware_start(struct firmware *fw, const struct firmware_options *options,
		    struct machine *machine, const struct rmp_memory *memory)
{
	memset(fw, 0, sizeof(*fw));
	fw->options = *options;
	fw->machine = machine;
	fw->memory = *memory;
	fw->reported_tcb = CURRENT_TCB;
}

static void reset_cpus(struct machine *machine)
{
	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
		struct machine_cpu *cpu = &machine->cpus[i];

		cpu->hwcr = HWCR_COLD;
		cpu->hsave_pa = cpu->wbinvds = 0;
		__atomic_store_n(&cpu->syscfg, SYSCFG_COLD, __ATOMIC_SEQ_CST);
		if (cpu->flags)
			cpu->resets++;
		cpu->flags &= ~MACHINE_CPU_HOT; /* at the next boot the BIOS finds the CPU */
	}
	__atomic_store_n(&machine->running, 0, __ATOMIC_RELAXED);
}

void firmware_reset(struct firmware *fw)
{
	struct firmware old = *fw;

	firmware_start(fw, &old.options, old.machine, &old.memory);
	memcpy(fw->failures, old.failures, sizeof(fw->failures));
	fw->failure_count = old.failure_count;
	reset_cpus(fw->machine);
}

/* The flags in the buffers of SNP_INIT_EX and SNP_SHUTDOWN_EX; 0 for other commands. */
static uint32_t command_flags(struct firmware *fw, unsigned int command, uint64_t pa)
{
	uint32_t flags = 0;

	if (command == CMD_SNP_INIT_EX)
		pa += offsetof(struct snp_init_ex_buffer, flags);
	else if (command == CMD_SNP_SHUTDOWN_EX)
		pa += offsetof(struct snp_shutdown_ex_buffer, flags);
	else
		return 0;
	return firmware_load(fw, pa, &flags, sizeof(flags)) ? 0 : flags;
}

enum firmware_status firmware_run(struct firmware *fw, unsigned int command, uint64_t pa)
{
	enum firmware_status status;

	fw->flags = command_flags(fw, command, pa);
	if (firmware_take_failure(fw, command, &status))
		return status;
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (commands[i].command != command)
			continue;
		if (!state_allows(fw, commands[i].needs))
			return STATUS_INVALID_PLATFORM_STATE;
		return commands[i].run(fw, pa);
	}
	return STATUS_INVALID_COMMAND;
}
