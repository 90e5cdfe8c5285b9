// SPDX-License-Identifier: GPL-2.0-only
/* The commands of the SNP platform beside INIT and SHUTDOWN (SNP ABI chapter 8). */
#include "firmware/commands.h"
#include "firmware/pages.h"

#include <inttypes.h>
#include <string.h>

#define SNP_STATUS_RMP		 0x1u
#define SNP_STATUS_ALIAS_CHECKED 0x2u
#define SNP_STATUS_TIO		 0x8u

#define SNP_CONFIG_MASK_CHIP_ID	 0x1u
#define SNP_CONFIG_MASK_CHIP_KEY 0x2u
#define SNP_CONFIG_VLEK		 0x4u
#define SNP_CONFIG_FEATURE_INFO	 0x8u
#define SNP_CONFIG_RAPL_DIS	 0x10u
#define SNP_CONFIG_HIDING_CAP	 0x20u /* ciphertext hiding is possible */
#define SNP_CONFIG_HIDING	 0x40u

static uint32_t config_bits(const struct firmware *fw)
{
	return fw->config | SNP_CONFIG_FEATURE_INFO | (fw->vlek_loaded ? SNP_CONFIG_VLEK : 0) |
	       (fw->options.full ? SNP_CONFIG_HIDING_CAP : 0) |
	       (fw->init_flags & SNP_INIT_RAPL_DIS ? SNP_CONFIG_RAPL_DIS : 0) |
	       (fw->init_flags & SNP_INIT_HIDING ? SNP_CONFIG_HIDING : 0);
}

/* The buffer holds the address of the status page (SNP ABI, SNP_PLATFORM_STATUS). */
enum firmware_status cmd_snp_platform_status(struct firmware *fw, union command_buffer *buffer)
{
	struct snp_status_buffer answer = {
		.major = fw->version.major,
		.minor = fw->version.minor,
		.state = fw->snp_initialised,
		.flags = SNP_STATUS_ALIAS_CHECKED | (fw->rmp_initialised ? SNP_STATUS_RMP : 0) |
			 (fw->init_flags & SNP_INIT_TIO ? SNP_STATUS_TIO : 0),
		.build = fw->version.build,
		.config = config_bits(fw),
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
	return write_answer(fw, to, &answer, sizeof(answer));
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
	if (buffer->vlek.reserved[0] || buffer->vlek.reserved[1] || buffer->vlek.reserved[2])
		return refuse(fw, STATUS_INVALID_PARAM, "reserved fields are not 0");
	if (firmware_load(fw, buffer->vlek.address, &vlek, sizeof(vlek)))
		return refuse_address(fw, buffer->vlek.address);
	if (vlek.tcb != fw->reported_tcb)
		return refuse(fw, STATUS_BAD_SVN,
			      "the VLEK is for TCB 0x%" PRIx64 ", not the reported one", vlek.tcb);
	fw->vlek_loaded = true;
	return STATUS_SUCCESS;
}
