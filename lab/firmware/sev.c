// SPDX-License-Identifier: GPL-2.0-only
/* The commands of the SEV platform (SEV API chapter 5). */
#include "firmware/buffers.h"
#include "firmware/commands.h"

enum {
	ID_LEN = 128,	 /* GET_ID: 64 bytes for each of two sockets */
	CERT_LEN = 2084, /* SEV API appendix C: an SEV certificate */
	CHAIN_LEN = 3 * CERT_LEN,
};

#define SEV_FLAG_ES   0x1u
#define SEV_STATUS_ES (1u << 8)
#define SEV_TMR_LEN   (1u << 20) /* SEV API, INIT: the trusted memory region's minimum length */

static enum firmware_status sev_start(struct firmware *fw, uint32_t flags, uint64_t tmr,
				      uint32_t tmr_len)
{
	if (flags & ~SEV_FLAG_ES)
		return STATUS_INVALID_CONFIG;
	if (flags & SEV_FLAG_ES) {
		if (tmr_len < SEV_TMR_LEN)
			return STATUS_INVALID_LENGTH;
		if (!tmr || tmr % SEV_TMR_LEN)
			return STATUS_INVALID_ADDRESS;
	}
	fw->sev_initialised = true;
	fw->sev_es = flags & SEV_FLAG_ES;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_init(struct firmware *fw, uint64_t pa)
{
	struct sev_init_buffer buffer;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return sev_start(fw, buffer.flags, buffer.tmr, buffer.tmr_len);
}

enum firmware_status cmd_init_ex(struct firmware *fw, uint64_t pa)
{
	struct sev_init_ex_buffer buffer;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	return sev_start(fw, buffer.flags, buffer.tmr, buffer.tmr_len);
}

enum firmware_status cmd_shutdown(struct firmware *fw, uint64_t pa)
{
	(void)pa;
	fw->sev_initialised = false;
	fw->sev_es = false;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_platform_status(struct firmware *fw, uint64_t pa)
{
	struct sev_status_buffer buffer = {
		.major = API_MAJOR,
		.minor = API_MINOR,
		.state = fw->sev_initialised,
		.flags = fw->sev_es ? SEV_STATUS_ES : 0,
		.build = BUILD,
	};

	return firmware_store(fw, pa, &buffer, sizeof(buffer)) ? STATUS_INVALID_ADDRESS
							       : STATUS_SUCCESS;
}

/* No-ops: commands whose effects (on keys and caches) the lab does not model. */
enum firmware_status cmd_succeed(struct firmware *fw, uint64_t pa)
{
	(void)fw;
	(void)pa;
	return STATUS_SUCCESS;
}

/*
 * For commands that return a certificate or an identity: writes only its length, need bytes, to
 * the command's buffer. INVALID_LENGTH if the caller's memory is too short. The lab has no keys,
 * so it leaves the caller's memory as it is.
 */
static enum firmware_status answer_length(struct firmware *fw, uint64_t pa, uint32_t need)
{
	struct address_length buffer;
	uint32_t room;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	room = buffer.length;
	buffer.length = need;
	if (firmware_store(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return room < need ? STATUS_INVALID_LENGTH : STATUS_SUCCESS;
}

enum firmware_status cmd_get_id(struct firmware *fw, uint64_t pa)
{
	return answer_length(fw, pa, ID_LEN);
}

enum firmware_status cmd_pek_csr(struct firmware *fw, uint64_t pa)
{
	return answer_length(fw, pa, CERT_LEN);
}

enum firmware_status cmd_pdh_cert_export(struct firmware *fw, uint64_t pa)
{
	struct pdh_export_buffer buffer;
	bool fits;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	fits = buffer.pdh_len >= CERT_LEN && buffer.chain_len >= CHAIN_LEN;
	buffer.pdh_len = CERT_LEN;
	buffer.chain_len = CHAIN_LEN;
	if (firmware_store(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return fits ? STATUS_SUCCESS : STATUS_INVALID_LENGTH;
}

/* The lab has no keys, so no image has a valid signature. */
enum firmware_status cmd_download(struct firmware *fw, uint64_t pa)
{
	(void)fw;
	(void)pa;
	return STATUS_BAD_SIGNATURE;
}
