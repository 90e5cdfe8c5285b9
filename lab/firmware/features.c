// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the firmware says that it can do, and the commands that only full firmware has:
 * SNP_VERIFY_MITIGATION and SEV-TIO's. The published firmware (AMD-ASPFW) has neither, so what they
 * require is taken from the kernel's driver, and what that leaves open is this lab's choice.
 */
#include "firmware/commands.h"
#include "firmware/pages.h"

#include <inttypes.h>

/* What FEATURE_INFO's functions answer (SNP ABI chapter 8; kernel include/linux/psp-sev.h). */
#define FEATURE_LAST_FUNCTION 1u
#define FEATURE_EBX_SEV	      (1u << 0)
#define FEATURE_EBX_TIO	      (1u << 1)
#define FEATURE_ECX_VLEK      (1u << 0)
#define FEATURE_ECX_SHUTDOWN  (1u << 1) /* X86_SNP_SHUTDOWN */
#define FEATURE_ECX_RAPL_DIS  (1u << 2)
#define FEATURE_ECX_HIDING    (1u << 3)	 /* ciphertext hiding */
#define FEATURE_ECX_MITIGATED (1u << 13) /* SNP_VERIFY_MITIGATION */
#define FEATURE_ECX_FULL                                                                           \
	(FEATURE_ECX_SHUTDOWN | FEATURE_ECX_RAPL_DIS | FEATURE_ECX_HIDING | FEATURE_ECX_MITIGATED)
#define FEATURE_MESSAGES 0x1ffu /* all messages of guests */

enum { MITIGATION_STATUS, MITIGATION_VERIFY };
#define MITIGATION_ANSWER 0x1u

#define TIO_ENABLED	0x1u
#define TIO_INITIALISED 0x2u

/* Whether a command may write its answer there: aligned, in one page, and the firmware's. */
static enum firmware_status check_answer(struct firmware *fw, uint64_t to, uint64_t len)
{
	if (to % 4 || to % RMP_PAGE_SIZE + len > RMP_PAGE_SIZE)
		return refuse(fw, STATUS_INVALID_ADDRESS,
			      "0x%" PRIx64 " is unaligned, or the answer crosses a page's end", to);
	return check_writable(fw, "the answer", to, len);
}

enum firmware_status cmd_snp_feature_info(struct firmware *fw, union command_buffer *buffer)
{
	const bool full = fw->options.full;
	const uint32_t functions[][4] = {
		{ FEATURE_LAST_FUNCTION, FEATURE_EBX_SEV | (full ? FEATURE_EBX_TIO : 0),
		  FEATURE_ECX_VLEK | (full ? FEATURE_ECX_FULL : 0), 0 },
		{ FEATURE_MESSAGES, 0, 0, 0 },
	};
	uint32_t function = buffer->feature.function;
	uint64_t to = buffer->feature.address;
	enum firmware_status status = check_answer(fw, to, sizeof(functions[0]));

	if (status)
		return status;
	if (function > FEATURE_LAST_FUNCTION)
		return refuse(fw, STATUS_INVALID_PARAM, "there is no function %u", function);
	return write_answer(fw, to, functions[function], sizeof(functions[0]));
}

/*
 * Shows which mitigations there are and which are verified, or verifies one (kernel
 * drivers/crypto/ccp/sev-dev.c:snp_verify_mitigation; it expects a vector of several to fail). The
 * lab verifies each that there is. An RMP that this firmware has initialised needs no verification
 * (the commit's log). In which states the command is allowed is not public.
 */
enum firmware_status cmd_snp_verify_mitigation(struct firmware *fw, union command_buffer *buffer)
{
	const struct snp_mitigation_buffer *asked = &buffer->mitigation;
	struct snp_mitigation_answer answer = { .supported = MITIGATIONS };
	const bool wanted = asked->flags & MITIGATION_ANSWER;
	enum firmware_status status;

	if (asked->subcommand > MITIGATION_VERIFY)
		return refuse(fw, STATUS_INVALID_PARAM, "there is no subcommand %u",
			      asked->subcommand);
	if (asked->subcommand == MITIGATION_VERIFY &&
	    (!asked->vector || asked->vector & (asked->vector - 1)))
		return refuse(fw, STATUS_INVALID_PARAM, "vector 0x%" PRIx64 " is not of one bit",
			      asked->vector);
	status = wanted ? check_answer(fw, asked->answer, sizeof(answer)) : STATUS_SUCCESS;
	if (status)
		return status;
	if (asked->subcommand == MITIGATION_VERIFY) {
		answer.failure = !(asked->vector & MITIGATIONS);
		fw->mitigations |= asked->vector & MITIGATIONS;
	}
	answer.verified = fw->mitigations;
	return wanted ? write_answer(fw, asked->answer, &answer, sizeof(answer)) : STATUS_SUCCESS;
}

/* The sizes are of buffers for a device's commands, which the lab does not model. */
enum firmware_status cmd_tio_status(struct firmware *fw, union command_buffer *buffer)
{
	const struct tio_status_answer answer = {
		.length = sizeof(answer),
		.flags = (fw->init_flags & SNP_INIT_TIO ? TIO_ENABLED : 0) |
			 (fw->tio_initialised ? TIO_INITIALISED : 0),
		.sizes = { 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096 },
		.device_context = 4096,
		.interface_context = 4096,
	};
	uint64_t to = buffer->feature.address;
	enum firmware_status status = check_answer(fw, to, sizeof(answer));

	return status ? status : write_answer(fw, to, &answer, sizeof(answer));
}

/* Once, if SNP_INIT_EX has enabled it (kernel
 * drivers/crypto/ccp/sev-dev-tio.c:sev_tio_init_locked). */
enum firmware_status cmd_tio_init(struct firmware *fw, union command_buffer *buffer)
{
	(void)buffer;
	if (!(fw->init_flags & SNP_INIT_TIO))
		return refuse(fw, STATUS_INVALID_PLATFORM_STATE,
			      "SNP_INIT_EX has not enabled SEV-TIO");
	if (fw->tio_initialised)
		return refuse(fw, STATUS_INVALID_PLATFORM_STATE, "SEV-TIO is initialised");
	fw->tio_initialised = true;
	return STATUS_SUCCESS;
}
