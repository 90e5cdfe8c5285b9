// SPDX-License-Identifier: GPL-2.0-only
/* The commands of the SEV platform (SEV API chapter 5). */
#include "firmware/commands.h"
#include "firmware/pages.h"

#include <inttypes.h>

enum {
	ID_LEN = 128,	 /* GET_ID: 64 bytes for each of two sockets */
	CERT_LEN = 2084, /* SEV API appendix C: an SEV certificate */
	CHAIN_LEN = 3 * CERT_LEN,
	NV_LEN = 32 << 10, /* SEV API, INIT_EX: non-volatile storage */
};

#define SEV_FLAG_ES   0x1u
#define SEV_STATUS_ES (1u << 8)
#define SEV_TMR_LEN   (1u << 20) /* SEV API, INIT: the trusted memory region's minimum length */
#define SNP_TMR_LEN   (2u << 20) /* once the RMP is initialised: its exact length */

#define IMAGE_COOKIE	0x31535024u /* "$PS1" */
#define IMAGE_ALIGNMENT 32u

static enum firmware_status check_tmr(struct firmware *fw, uint64_t tmr, uint32_t len)
{
	uint32_t unit = fw->rmp_initialised ? SNP_TMR_LEN : SEV_TMR_LEN;
	enum firmware_status status = check_writable(fw, "the TMR", tmr, len);

	if (status)
		return status;
	if (len < unit || (fw->rmp_initialised && len != unit))
		return refuse(fw, STATUS_INVALID_LENGTH, "the TMR is 0x%x bytes long, not 0x%x",
			      len, unit);
	if (!tmr || tmr % unit)
		return refuse(fw, STATUS_INVALID_ADDRESS,
			      "the TMR at 0x%" PRIx64 " is not aligned to 0x%x bytes", tmr, unit);
	return STATUS_SUCCESS;
}

/*
 * With SNP_EN set, SEV guests write where the RMP allows it, so there must be an RMP. Where SNP is
 * not initialised, this INIT makes the ASIDs dirty, else SNP_INIT did (AMD-ASPFW,
 * sev_mcmd.c:sev_mcmd_init_common).
 */
static enum firmware_status sev_start(struct firmware *fw, uint32_t flags, uint64_t tmr,
				      uint32_t tmr_len)
{
	enum firmware_status status = STATUS_SUCCESS;

	if (flags & ~SEV_FLAG_ES)
		return refuse(fw, STATUS_INVALID_CONFIG, "unknown flags: 0x%x", flags);
	if (snp_enabled_everywhere(fw) && !fw->rmp_initialised)
		return refuse(fw, STATUS_INVALID_PLATFORM_STATE,
			      "SNP_EN is set, but the RMP is not initialised");
	if (flags & SEV_FLAG_ES)
		status = check_tmr(fw, tmr, tmr_len);
	if (status)
		return status;
	if (!fw->snp_initialised)
		dirty_asids(fw);
	fw->sev_initialised = true;
	fw->sev_es = flags & SEV_FLAG_ES;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_init(struct firmware *fw, union command_buffer *buffer)
{
	const struct sev_init_buffer *init = &buffer->sev_init;

	return sev_start(fw, init->flags, init->tmr, init->tmr_len);
}

/* Without an address of non-volatile storage, the firmware uses its own. */
enum firmware_status cmd_init_ex(struct firmware *fw, union command_buffer *buffer)
{
	const struct sev_init_ex_buffer *init = &buffer->sev_init_ex;
	enum firmware_status status;

	if (init->nv) {
		if (init->nv % RMP_PAGE_SIZE)
			return refuse(fw, STATUS_INVALID_ADDRESS,
				      "the NV area at 0x%" PRIx64 " is not aligned", init->nv);
		if (init->nv_len != NV_LEN)
			return refuse(fw, STATUS_INVALID_LENGTH,
				      "the NV area is 0x%x bytes long, not 0x%x", init->nv_len,
				      NV_LEN);
		status = check_writable(fw, "the NV area", init->nv, NV_LEN);
		if (status)
			return status;
	}
	return sev_start(fw, init->flags, init->tmr, init->tmr_len);
}

enum firmware_status cmd_shutdown(struct firmware *fw, union command_buffer *buffer)
{
	(void)buffer;
	fw->sev_initialised = false;
	fw->sev_es = false;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_platform_status(struct firmware *fw, union command_buffer *buffer)
{
	buffer->sev_status = (struct sev_status_buffer){
		.major = fw->version.major,
		.minor = fw->version.minor,
		.state = fw->sev_initialised,
		.flags = fw->sev_es ? SEV_STATUS_ES : 0,
		.build = fw->version.build,
	};
	return STATUS_SUCCESS;
}

/* No-ops: commands whose effects (on keys) the lab does not model. */
enum firmware_status cmd_succeed(struct firmware *fw, union command_buffer *buffer)
{
	(void)fw;
	(void)buffer;
	return STATUS_SUCCESS;
}

/*
 * The caller's memory for a certificate or an identity. The lab has no keys, so it leaves the
 * memory as it is.
 */
static enum firmware_status check_area(struct firmware *fw, const char *what, uint64_t pa,
				       uint32_t room, uint32_t need)
{
	if (room < need)
		return refuse(fw, STATUS_INVALID_LENGTH, "%u bytes for %s, which has %u", room,
			      what, need);
	return check_writable(fw, what, pa, need);
}

static enum firmware_status answer_length(struct firmware *fw, const char *what,
					  struct address_length *area, uint32_t need)
{
	uint32_t room = area->length;

	area->length = need;
	return check_area(fw, what, area->address, room, need);
}

enum firmware_status cmd_get_id(struct firmware *fw, union command_buffer *buffer)
{
	return answer_length(fw, "the ID", &buffer->area, ID_LEN);
}

enum firmware_status cmd_pek_csr(struct firmware *fw, union command_buffer *buffer)
{
	return answer_length(fw, "the request", &buffer->area, CERT_LEN);
}

enum firmware_status cmd_pdh_cert_export(struct firmware *fw, union command_buffer *buffer)
{
	struct pdh_export_buffer *export = &buffer->pdh_export;
	struct pdh_export_buffer asked = *export;
	enum firmware_status status;

	export->pdh_len = CERT_LEN;
	export->chain_len = CHAIN_LEN;
	status = check_area(fw, "the certificate", asked.pdh, asked.pdh_len, CERT_LEN);
	return status ? status
		      : check_area(fw, "the chain", asked.chain, asked.chain_len, CHAIN_LEN);
}

/*
 * The firmware of another version goes on in the same state. The lab has no keys, so it takes each
 * image whose header says that it is signed (header: AMD-ASPFW, sev_fw_image.h; alignment:
 * sev_mcmd.c:snp_mcmd_download_firmware_ex).
 */
enum firmware_status cmd_download(struct firmware *fw, union command_buffer *buffer)
{
	uint64_t pa = buffer->area.address;
	struct firmware_image image;

	if (pa % IMAGE_ALIGNMENT)
		return refuse(fw, STATUS_INVALID_ADDRESS,
			      "the image at 0x%" PRIx64 " is not aligned to %u bytes", pa,
			      IMAGE_ALIGNMENT);
	if (buffer->area.length < sizeof(image))
		return refuse(fw, STATUS_INVALID_LENGTH, "%u bytes are no image",
			      buffer->area.length);
	if (firmware_load(fw, pa, &image, sizeof(image)))
		return refuse_address(fw, pa);
	if (image.cookie != IMAGE_COOKIE || image.is_signed != 1)
		return refuse(fw, STATUS_BAD_SIGNATURE, "the image is not signed");
	fw->version = image.version;
	return STATUS_SUCCESS;
}
