// SPDX-License-Identifier: GPL-2.0-only
/* The commands of the SNP platform beside INIT and SHUTDOWN (SNP ABI chapter 8). */
#include "firmware/commands.h"
#include "firmware/pages.h"

#include <inttypes.h>
#include <string.h>

#define SNP_STATUS_RMP		 0x1u
#define SNP_STATUS_ALIAS_CHECKED 0x2u

#define SNP_CONFIG_MASK_CHIP_ID	 0x1u
#define SNP_CONFIG_MASK_CHIP_KEY 0x2u
#define SNP_CONFIG_VLEK		 0x4u
#define SNP_CONFIG_FEATURE_INFO	 0x8u

/* FEATURE_INFO: what each function answers in EAX to EDX (SNP ABI chapter 8; AMD-ASPFW). */
#define FEATURE_EAX_LAST	 1u /* the last function */
#define FEATURE_EBX_SEV		 (1u << 0)
#define FEATURE_ECX_VLEK	 (1u << 0)
#define FEATURE_ECX_X86_SHUTDOWN (1u << 1)
#define FEATURE_EAX_MESSAGES	 0x1ffu /* all messages of guests */

/* The buffer holds the address of the status page (SNP ABI, SNP_PLATFORM_STATUS). */
enum firmware_status cmd_snp_platform_status(struct firmware *fw, union command_buffer *buffer)
{
	struct snp_status_buffer answer = {
		.major = API_MAJOR,
		.minor = API_MINOR,
		.state = fw->snp_initialised,
		.flags = SNP_STATUS_ALIAS_CHECKED | (fw->rmp_initialised ? SNP_STATUS_RMP : 0),
		.build = BUILD,
		.config = fw->config | SNP_CONFIG_FEATURE_INFO |
			  (fw->vlek_loaded ? SNP_CONFIG_VLEK : 0),
		.guests = fw->guests,
		.current_tcb = CURRENT_TCB,
		.reported_tcb = fw->reported_tcb,
	};
	uint64_t to = buffer->page.address;
	enum firmware_status status;

	if (to % RMP_PAGE_SIZE + sizeof(answer) > RMP_PAGE_SIZE)
		return refuse(fw, STATUS_INVALID_PARAM,
			      "the status crosses a page's end at 0x%" PRIx64, to);
	status = check_writable(fw, "the status", to, sizeof(answer));
	if (status)
		return status;
	firmware_put_answers(fw, &answer);
	return write_page(fw, to, &answer, sizeof(answer)) ? refuse_address(fw, to)
							   : STATUS_SUCCESS;
}

/* Whether one of a TCB's components, which are its bytes, is above the committed one. */
static bool tcb_is_newer(uint64_t tcb)
{
	for (unsigned int shift = 0; shift < 64; shift += 8) {
		if ((uint8_t)(tcb >> shift) > (uint8_t)(CURRENT_TCB >> shift))
			return true;
	}
	return false;
}

/* A TCB of 0 resets the reported TCB to the committed one (SNP ABI, SNP_CONFIG). */
enum firmware_status cmd_snp_config(struct firmware *fw, union command_buffer *buffer)
{
	uint32_t flags = buffer->config.flags;
	uint64_t tcb = buffer->config.reported_tcb;
	const struct snp_config_buffer known = {
		.reported_tcb = tcb,
		.flags = flags & (SNP_CONFIG_MASK_CHIP_ID | SNP_CONFIG_MASK_CHIP_KEY),
	};

	if (memcmp(&buffer->config, &known, sizeof(known)))
		return refuse(fw, STATUS_INVALID_PARAM, "reserved fields are not 0");
	if (tcb_is_newer(tcb))
		return refuse(fw, STATUS_INVALID_PARAM,
			      "TCB 0x%" PRIx64 " is above the committed one", tcb);
	fw->config = flags;
	fw->reported_tcb = tcb ? tcb : CURRENT_TCB;
	return STATUS_SUCCESS;
}

/* The lab's firmware is always the committed one; what SNP_CONFIG has set ends. */
enum firmware_status cmd_snp_commit(struct firmware *fw, union command_buffer *buffer)
{
	(void)buffer;
	fw->reported_tcb = CURRENT_TCB;
	return STATUS_SUCCESS;
}

/* The lab has no keys, so it can't check that the VLEK is wrapped for this chip. */
enum firmware_status cmd_snp_vlek_load(struct firmware *fw, union command_buffer *buffer)
{
	struct snp_wrapped_vlek vlek;

	if (buffer->vlek.version)
		return refuse(fw, STATUS_INVALID_PARAM, "the version of the VLEK is %u, not 0",
			      buffer->vlek.version);
	if (firmware_load(fw, buffer->vlek.address, &vlek, sizeof(vlek)))
		return refuse_address(fw, buffer->vlek.address);
	if (vlek.tcb != fw->reported_tcb)
		return refuse(fw, STATUS_BAD_SVN,
			      "the VLEK is for TCB 0x%" PRIx64 ", not the reported one", vlek.tcb);
	fw->vlek_loaded = true;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_feature_info(struct firmware *fw, union command_buffer *buffer)
{
	const uint32_t shutdown = fw->options.full ? FEATURE_ECX_X86_SHUTDOWN : 0;
	const uint32_t functions[][4] = {
		{ FEATURE_EAX_LAST, FEATURE_EBX_SEV, FEATURE_ECX_VLEK | shutdown, 0 },
		{ FEATURE_EAX_MESSAGES, 0, 0, 0 },
	};
	uint32_t function = buffer->feature.function;
	uint64_t to = buffer->feature.address;
	enum firmware_status status;

	if (to % 4 || to % RMP_PAGE_SIZE + sizeof(functions[0]) > RMP_PAGE_SIZE)
		return refuse(fw, STATUS_INVALID_ADDRESS,
			      "0x%" PRIx64 " is unaligned, or the answer crosses a page's end", to);
	status = check_writable(fw, "the answer", to, sizeof(functions[0]));
	if (status)
		return status;
	if (function > FEATURE_EAX_LAST)
		return refuse(fw, STATUS_INVALID_PARAM, "there is no function %u", function);
	return write_page(fw, to, functions[function], sizeof(functions[0]))
		       ? refuse_address(fw, to)
		       : STATUS_SUCCESS;
}
