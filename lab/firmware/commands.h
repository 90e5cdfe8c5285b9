/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the firmware: what the commands and the rules for failures share. */
#ifndef LAB_COMMANDS_H
#define LAB_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "firmware/firmware.h"

/* The version that the status commands report. */
enum { API_MAJOR = 1, API_MINOR = 55, BUILD = 21 };

/* The one version of boot loader, TEE, SNP and microcode (SNP ABI, TCB_VERSION). */
#define CURRENT_TCB 0xd516000000000004ull

/* Copy len bytes from or to guest physical address pa. 0 or a negative errno. */
static inline int firmware_load(struct firmware *fw, uint64_t pa, void *to, size_t len)
{
	return fw->memory.read(fw->memory.context, pa, to, len);
}

static inline int firmware_store(struct firmware *fw, uint64_t pa, const void *from, size_t len)
{
	return fw->memory.write(fw->memory.context, pa, from, len);
}

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

struct snp_status_buffer;
/* Puts what firmware_answer() was told over the truth. */
void firmware_put_answers(const struct firmware *fw, struct snp_status_buffer *status);

/*
 * The commands. pa is the guest physical address of the command's buffer; each returns the status
 * for the mailbox. firmware_run() has checked the platform's state.
 */
enum firmware_status cmd_init(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_init_ex(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_shutdown(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_platform_status(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_succeed(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_get_id(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_pek_csr(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_pdh_cert_export(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_download(struct firmware *fw, uint64_t pa);

enum firmware_status cmd_snp_init(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_init_ex(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_df_flush(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_shutdown(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_shutdown_ex(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_platform_status(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_config(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_commit(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_vlek_load(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_feature_info(struct firmware *fw, uint64_t pa);
enum firmware_status cmd_snp_page_reclaim(struct firmware *fw, uint64_t pa);

#endif
