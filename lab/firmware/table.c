// SPDX-License-Identifier: GPL-2.0-only
/* The commands and statuses, their names, and what the firmware requires before it runs each. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "firmware/commands.h"

#define SIZE(member) sizeof(((union command_buffer *)0)->member)
#define S(status)    (1ull << STATUS_##status)

#define WRONG_ADDRESS (S(INVALID_ADDRESS) | S(INVALID_PARAM) | S(INVALID_PAGE_STATE))
#define WRONG_GUEST                                                                                \
	(S(INVALID_ADDRESS) | S(INVALID_PARAM) | S(INVALID_GUEST) | S(INVALID_GUEST_STATE))
#define SEV_INIT_ANSWERS                                                                           \
	(WRONG_ADDRESS | S(INVALID_PLATFORM_STATE) | S(INVALID_CONFIG) | S(INVALID_LENGTH))
#define SNP_INIT_ANSWERS (S(INVALID_CONFIG) | S(RMP_INITIALIZATION_FAILED))

/* A command that the lab knows by name alone: README.md says why. */
#define UNMODELLED(id, needs)                                                                      \
	{                                                                                          \
		CMD_##id, needs, 0, 0, false, #id, NULL, 0                                         \
	}

/*
 * Sources: SEV API chapter 5, SNP ABI chapter 8, and where they are silent the firmware that AMD
 * published (github.com/amd/AMD-ASPFW, sev_dispatch.c and sev_mcmd.c). Of several rules that a
 * command breaks at once, the real firmware may report another.
 */
static const struct command commands[] = {
	{ CMD_INIT, NEEDS_SEV_UNINIT, SIZE(sev_init), 0, false, "INIT", cmd_init,
	  SEV_INIT_ANSWERS },
	{ CMD_SHUTDOWN, NEEDS_NOTHING, 0, 0, false, "SHUTDOWN", cmd_shutdown, 0 },
	{ CMD_PLATFORM_RESET, NEEDS_SEV_UNINIT, 0, 0, false, "PLATFORM_RESET", cmd_succeed, 0 },
	{ CMD_PLATFORM_STATUS, NEEDS_NOTHING, SIZE(sev_status), 0, true, "PLATFORM_STATUS",
	  cmd_platform_status, 0 },
	{ CMD_PEK_GEN, NEEDS_SEV_INIT, 0, 0, false, "PEK_GEN", cmd_succeed, 0 },
	{ CMD_PEK_CSR, NEEDS_SEV_INIT, SIZE(area), 0, true, "PEK_CSR", cmd_pek_csr,
	  WRONG_ADDRESS | S(INVALID_LENGTH) },
	{ CMD_PEK_CERT_IMPORT, NEEDS_SEV_INIT, 0, 0, false, "PEK_CERT_IMPORT", cmd_succeed, 0 },
	{ CMD_PDH_CERT_EXPORT, NEEDS_SEV_INIT, SIZE(pdh_export), 0, true, "PDH_CERT_EXPORT",
	  cmd_pdh_cert_export, WRONG_ADDRESS | S(INVALID_LENGTH) },
	{ CMD_PDH_GEN, NEEDS_SEV_INIT, 0, 0, false, "PDH_GEN", cmd_succeed, 0 },
	{ CMD_DF_FLUSH, NEEDS_NOTHING, 0, 0, false, "DF_FLUSH", cmd_df_flush, S(WBINVD_REQUIRED) },
	{ CMD_DOWNLOAD_FIRMWARE, NEEDS_SEV_UNINIT, SIZE(area), 0, false, "DOWNLOAD_FIRMWARE",
	  cmd_download, S(INVALID_LENGTH) | S(BAD_SIGNATURE) },
	{ CMD_GET_ID, NEEDS_NOTHING, SIZE(area), 0, true, "GET_ID", cmd_get_id,
	  WRONG_ADDRESS | S(INVALID_LENGTH) },
	{ CMD_INIT_EX, NEEDS_SEV_UNINIT, SIZE(sev_init_ex), STATUS_INVALID_LENGTH, false, "INIT_EX",
	  cmd_init_ex, SEV_INIT_ANSWERS },
	{ CMD_NOP, NEEDS_NOTHING, 0, 0, false, "NOP", cmd_succeed, 0 },
	UNMODELLED(RING_BUFFER, NEEDS_NOTHING),
	UNMODELLED(DECOMMISSION, NEEDS_SEV_INIT),
	UNMODELLED(ACTIVATE, NEEDS_SEV_INIT),
	UNMODELLED(DEACTIVATE, NEEDS_SEV_INIT),
	UNMODELLED(GUEST_STATUS, NEEDS_SEV_INIT),
	UNMODELLED(COPY, NEEDS_SEV_INIT),
	UNMODELLED(ACTIVATE_EX, NEEDS_SEV_INIT),
	UNMODELLED(LAUNCH_START, NEEDS_SEV_INIT),
	UNMODELLED(LAUNCH_UPDATE_DATA, NEEDS_SEV_INIT),
	UNMODELLED(LAUNCH_UPDATE_VMSA, NEEDS_SEV_INIT),
	UNMODELLED(LAUNCH_MEASURE, NEEDS_SEV_INIT),
	UNMODELLED(LAUNCH_UPDATE_SECRET, NEEDS_SEV_INIT),
	UNMODELLED(LAUNCH_FINISH, NEEDS_SEV_INIT),
	UNMODELLED(ATTESTATION_REPORT, NEEDS_SEV_INIT),
	{ CMD_SNP_INIT, NEEDS_SNP_UNINIT, 0, 0, false, "SNP_INIT", cmd_snp_init, SNP_INIT_ANSWERS },
	{ CMD_SNP_SHUTDOWN, NEEDS_SEV_UNINIT, 0, 0, false, "SNP_SHUTDOWN", cmd_snp_shutdown,
	  S(DFFLUSH_REQUIRED) },
	{ CMD_SNP_PLATFORM_STATUS, NEEDS_NOTHING, SIZE(page), 0, false, "SNP_PLATFORM_STATUS",
	  cmd_snp_platform_status, WRONG_ADDRESS },
	{ CMD_SNP_DF_FLUSH, NEEDS_NOTHING, 0, 0, false, "SNP_DF_FLUSH", cmd_df_flush,
	  S(WBINVD_REQUIRED) },
	{ CMD_SNP_INIT_EX, NEEDS_SNP_UNINIT, SIZE(snp_init_ex), 0, false, "SNP_INIT_EX",
	  cmd_snp_init_ex, SNP_INIT_ANSWERS | S(INVALID_PARAM) | S(RMP_INIT_REQUIRED) },
	{ CMD_SNP_SHUTDOWN_EX, NEEDS_SEV_UNINIT, SIZE(snp_shutdown_ex), STATUS_INVALID_PARAM, false,
	  "SNP_SHUTDOWN_EX", cmd_snp_shutdown_ex, S(DFFLUSH_REQUIRED) | S(INVALID_PARAM) },
	{ CMD_SNP_DECOMMISSION, NEEDS_SNP_INIT, SIZE(page), 0, false, "SNP_DECOMMISSION",
	  cmd_snp_decommission, WRONG_GUEST },
	{ CMD_SNP_ACTIVATE, NEEDS_SNP_INIT, SIZE(activate), 0, false, "SNP_ACTIVATE",
	  cmd_snp_activate,
	  WRONG_GUEST | S(INVALID_CONFIG) | S(INVALID_ASID) | S(ASID_OWNED) | S(ACTIVE) |
		  S(DFFLUSH_REQUIRED) },
	{ CMD_SNP_GUEST_STATUS, NEEDS_SNP_INIT, SIZE(guest_status), 0, false, "SNP_GUEST_STATUS",
	  cmd_snp_guest_status, WRONG_GUEST | S(INVALID_PAGE_STATE) },
	{ CMD_SNP_GCTX_CREATE, NEEDS_SNP_INIT, SIZE(page), 0, false, "SNP_GCTX_CREATE",
	  cmd_snp_gctx_create, WRONG_ADDRESS | S(INVALID_PAGE_SIZE) },
	UNMODELLED(SNP_GUEST_REQUEST, NEEDS_SNP_INIT),
	UNMODELLED(SNP_ACTIVATE_EX, NEEDS_SNP_INIT),
	{ CMD_SNP_LAUNCH_START, NEEDS_SNP_INIT, SIZE(launch_start), 0, false, "SNP_LAUNCH_START",
	  cmd_snp_launch_start, WRONG_GUEST | S(POLICY_FAILURE) | S(UNSUPPORTED) },
	{ CMD_SNP_LAUNCH_UPDATE, NEEDS_SNP_INIT, SIZE(launch_update), 0, false, "SNP_LAUNCH_UPDATE",
	  cmd_snp_launch_update,
	  WRONG_GUEST | S(INVALID_PAGE_STATE) | S(INVALID_PAGE_SIZE) | S(INACTIVE) |
		  S(INVALID_PAGE_OWNER) },
	{ CMD_SNP_LAUNCH_FINISH, NEEDS_SNP_INIT, SIZE(launch_finish), 0, false, "SNP_LAUNCH_FINISH",
	  cmd_snp_launch_finish, WRONG_GUEST | S(INACTIVE) | S(BAD_MEASUREMENT) },
	UNMODELLED(SNP_DBG_DECRYPT, NEEDS_SNP_INIT),
	UNMODELLED(SNP_DBG_ENCRYPT, NEEDS_SNP_INIT),
	{ CMD_SNP_VERIFY_MITIGATION, FULL_ONLY, SIZE(mitigation), STATUS_INVALID_PARAM, false,
	  "SNP_VERIFY_MITIGATION", cmd_snp_verify_mitigation, WRONG_ADDRESS },
	UNMODELLED(SNP_PAGE_SWAP_OUT, NEEDS_SNP_INIT),
	UNMODELLED(SNP_PAGE_SWAP_IN, NEEDS_SNP_INIT),
	UNMODELLED(SNP_PAGE_MOVE, NEEDS_SNP_INIT),
	UNMODELLED(SNP_PAGE_MD_INIT, NEEDS_SNP_INIT),
	{ CMD_SNP_PAGE_SET_STATE, NEEDS_SNP_INIT, SIZE(feature), STATUS_INVALID_LENGTH, false,
	  "SNP_PAGE_SET_STATE", cmd_snp_page_set_state, WRONG_ADDRESS },
	{ CMD_SNP_PAGE_RECLAIM, NEEDS_SNP_INIT, SIZE(page), 0, false, "SNP_PAGE_RECLAIM",
	  cmd_snp_page_reclaim, WRONG_ADDRESS | S(INVALID_PAGE_SIZE) },
	{ CMD_SNP_PAGE_UNSMASH, NEEDS_SNP_INIT, SIZE(page), 0, false, "SNP_PAGE_UNSMASH",
	  cmd_snp_page_unsmash, WRONG_ADDRESS },
	{ CMD_SNP_CONFIG, NEEDS_NOTHING, SIZE(config), 0, false, "SNP_CONFIG", cmd_snp_config,
	  S(INVALID_PARAM) },
	UNMODELLED(SNP_DOWNLOAD_FIRMWARE_EX, NEEDS_SEV_UNINIT),
	{ CMD_SNP_COMMIT, NEEDS_NOTHING, SIZE(commit), STATUS_INVALID_PARAM, false, "SNP_COMMIT",
	  cmd_snp_commit, 0 },
	{ CMD_SNP_VLEK_LOAD, NEEDS_NOTHING, SIZE(vlek), STATUS_INVALID_PARAM, false,
	  "SNP_VLEK_LOAD", cmd_snp_vlek_load, S(INVALID_PARAM) | S(INVALID_ADDRESS) | S(BAD_SVN) },
	{ CMD_SNP_FEATURE_INFO, NEEDS_NOTHING, SIZE(feature), STATUS_INVALID_PARAM, false,
	  "SNP_FEATURE_INFO", cmd_snp_feature_info, WRONG_ADDRESS },
	{ CMD_TIO_STATUS, FULL_ONLY, SIZE(feature), STATUS_INVALID_PARAM, false, "TIO_STATUS",
	  cmd_tio_status, WRONG_ADDRESS },
	{ CMD_TIO_INIT, NEEDS_SNP_INIT | FULL_ONLY, SIZE(tio_init), STATUS_INVALID_PARAM, false,
	  "TIO_INIT", cmd_tio_init, 0 },
	UNMODELLED(TIO_DEV_CREATE, NEEDS_SNP_INIT | FULL_ONLY),
	UNMODELLED(TIO_DEV_RECLAIM, NEEDS_SNP_INIT | FULL_ONLY),
	UNMODELLED(TIO_DEV_CONNECT, NEEDS_SNP_INIT | FULL_ONLY),
	UNMODELLED(TIO_DEV_DISCONNECT, NEEDS_SNP_INIT | FULL_ONLY),
};

#define NAME(status)                                                                               \
	{                                                                                          \
		STATUS_##status, #status                                                           \
	}

static const struct {
	uint32_t status;
	const char *name;
} statuses[] = {
	NAME(SUCCESS),
	NAME(INVALID_PLATFORM_STATE),
	NAME(INVALID_GUEST_STATE),
	NAME(INVALID_CONFIG),
	NAME(INVALID_LENGTH),
	NAME(POLICY_FAILURE),
	NAME(INACTIVE),
	NAME(INVALID_ADDRESS),
	NAME(BAD_SIGNATURE),
	NAME(BAD_MEASUREMENT),
	NAME(ASID_OWNED),
	NAME(INVALID_ASID),
	NAME(WBINVD_REQUIRED),
	NAME(DFFLUSH_REQUIRED),
	NAME(INVALID_GUEST),
	NAME(INVALID_COMMAND),
	NAME(ACTIVE),
	NAME(HARDWARE_PLATFORM),
	NAME(HARDWARE_UNSAFE),
	NAME(UNSUPPORTED),
	NAME(INVALID_PARAM),
	NAME(RESOURCE_LIMIT),
	NAME(SECURE_DATA_INVALID),
	NAME(INVALID_PAGE_SIZE),
	NAME(INVALID_PAGE_STATE),
	NAME(INVALID_PAGE_OWNER),
	NAME(RMP_INIT_REQUIRED),
	NAME(BAD_SVN),
	NAME(RMP_INITIALIZATION_FAILED),
	NAME(BUFFER_PAGE_STATE),
	NAME(HANG),
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };
enum { STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

const struct command *firmware_command(unsigned int command)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (commands[i].command == command)
			return &commands[i];
	}
	return NULL;
}

const char *firmware_command_name(unsigned int command)
{
	const struct command *row = firmware_command(command);

	return row ? row->name : NULL;
}

bool firmware_may_answer(unsigned int command, enum firmware_status status)
{
	const struct command *row = firmware_command(command);

	if (row && row->needs & FULL_ONLY && status == STATUS_INVALID_COMMAND)
		return true;
	if (!row || !row->run)
		return status == STATUS_INVALID_COMMAND ||
		       (row && row->needs & ~FULL_ONLY && status == STATUS_INVALID_PLATFORM_STATE);
	if (status & STATUS_OF_BUFFER)
		return row->answers;
	if (status == STATUS_INVALID_ADDRESS && row->size)
		return true;
	if (status == STATUS_INVALID_PLATFORM_STATE && row->needs & ~FULL_ONLY)
		return true;
	return status == STATUS_SUCCESS || (row->length && status == row->length) ||
	       (status < 64 && row->statuses >> status & 1);
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
			return (int)statuses[i].status;
	}
	return -ENOENT;
}
