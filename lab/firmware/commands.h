/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the firmware: the table of commands, and what the commands share. */
#ifndef LAB_COMMANDS_H
#define LAB_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "firmware/buffers.h"
#include "firmware/firmware.h"

/* The one version of boot loader, TEE, SNP and microcode (SNP ABI, TCB_VERSION). */
#define CURRENT_TCB 0xd516000000000004ull

/* The mitigations that there are; real ones are in AMD's security bulletins. */
#define MITIGATIONS 0x3ull

/* Flags of SNP_INIT_EX; all but the first two only full firmware knows. */
#define SNP_INIT_RMP	  0x1u
#define SNP_INIT_LIST	  0x2u
#define SNP_INIT_RAPL_DIS 0x4u
#define SNP_INIT_HIDING	  0x8u /* ciphertext hiding */
#define SNP_INIT_TIO	  0x10u

/* The platform's state that a command needs. */
enum needs {
	NEEDS_NOTHING,
	NEEDS_SEV_INIT,
	NEEDS_SEV_UNINIT,
	NEEDS_SNP_INIT,
	NEEDS_SNP_UNINIT,  /* neither SNP nor SEV is initialised */
	FULL_ONLY = 0x100, /* added if only full firmware has the command */
};

struct command {
	uint16_t command;
	uint16_t needs;	 /* enum needs */
	uint16_t size;	 /* of its buffer, bytes; 0: it has none */
	uint16_t length; /* its status if the buffer's length is not size; 0: not checked */
	bool answers;	 /* writes the buffer back, so SNP requires the buffer's page state */
	const char *name;
	/* Returns the status. The table's conditions are met; NULL: the lab does not model it. */
	enum firmware_status (*run)(struct firmware *fw, union command_buffer *buffer);
	uint64_t statuses; /* bit N: may answer status N, beyond what the table implies */
};

/* The table's row of a command; NULL: there is no such command. */
const struct command *firmware_command(unsigned int command);

/* Copy len bytes from or to guest physical address pa. 0 or a negative errno. */
static inline int firmware_load(struct firmware *fw, uint64_t pa, void *to, size_t len)
{
	return fw->memory.read(fw->memory.context, pa, to, len);
}

static inline int firmware_store(struct firmware *fw, uint64_t pa, const void *from, size_t len)
{
	return fw->memory.write(fw->memory.context, pa, from, len);
}

/* Sets fw->rule to the rule that the command breaks, one line; returns status. */
enum firmware_status __attribute__((format(printf, 3, 4)))
refuse(struct firmware *fw, enum firmware_status status, const char *format, ...);

/* refuse() with INVALID_ADDRESS: there is no memory at pa. */
enum firmware_status refuse_address(struct firmware *fw, uint64_t pa);

/*
 * The number of the command or status whose name is the len bytes at text, in upper or lower case.
 * -ENOENT: there is none.
 */
int firmware_find_command(const char *text, size_t len);
int firmware_find_status(const char *text, size_t len);

/*
 * If a rule makes this command fail, sets *status, drops the rule if it was for one time, and
 * returns true.
 */
bool firmware_take_failure(struct firmware *fw, unsigned int command, enum firmware_status *status);

/* Puts what firmware_answer() was told over the truth. */
void firmware_put_answers(const struct firmware *fw, struct snp_status_buffer *status);

/* Whether SNP_EN is set on each CPU that the BIOS knows. */
bool snp_enabled_everywhere(const struct firmware *fw);

/* An INIT's last step: all ASIDs are dirty, and no CPU's WBINVD counts any more. */
void dirty_asids(struct firmware *fw);

enum firmware_status cmd_init(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_init_ex(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_shutdown(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_platform_status(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_succeed(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_get_id(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_pek_csr(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_pdh_cert_export(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_download(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_df_flush(struct firmware *fw, union command_buffer *buffer);

enum firmware_status cmd_snp_init(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_init_ex(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_shutdown(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_shutdown_ex(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_platform_status(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_config(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_commit(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_vlek_load(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_feature_info(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_page_reclaim(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_page_unsmash(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_page_set_state(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_snp_verify_mitigation(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_tio_status(struct firmware *fw, union command_buffer *buffer);
enum firmware_status cmd_tio_init(struct firmware *fw, union command_buffer *buffer);

#endif
