/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands' buffers in guest memory, packed as AMD defines them: SEV API chapter 5, SNP ABI
 * chapter 8. Members that the firmware ignores are named reserved.
 */
#ifndef LAB_BUFFERS_H
#define LAB_BUFFERS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/firmware.h"

struct __attribute__((packed)) sev_status_buffer {
	uint8_t major;
	uint8_t minor;
	uint8_t state;
	uint32_t flags; /* bit 0: owner, bit 8: SEV-ES */
	uint8_t build;
	uint32_t guests;
};

struct __attribute__((packed)) sev_init_buffer {
	uint32_t flags; /* bit 0: enable SEV-ES */
	uint32_t reserved;
	uint64_t tmr;
	uint32_t tmr_len;
};

struct __attribute__((packed)) sev_init_ex_buffer {
	uint32_t length;
	uint32_t flags;
	uint64_t tmr;
	uint32_t tmr_len;
	uint32_t reserved;
	uint64_t nv;
	uint32_t nv_len;
};

struct __attribute__((packed)) address_length {
	uint64_t address;
	uint32_t length;
};

struct __attribute__((packed)) pdh_export_buffer {
	uint64_t pdh;
	uint32_t pdh_len;
	uint32_t reserved;
	uint64_t chain;
	uint32_t chain_len;
};

struct __attribute__((packed)) snp_status_buffer {
	uint8_t major;
	uint8_t minor;
	uint8_t state;
	uint8_t flags; /* bit 0: the RMP is initialised; 1: alias check complete; 3: SEV-TIO */
	uint32_t build;
	uint32_t config;
	uint32_t guests;
	uint64_t current_tcb;
	uint64_t reported_tcb;
};

struct snp_init_ex_buffer {
	uint32_t flags;
	uint32_t reserved;
	uint64_t list;
	uint16_t max_snp_asid;
	uint8_t reserved2[46];
};

struct snp_range {
	uint64_t base;
	uint32_t pages;
	uint32_t reserved;
};

enum { SNP_RANGES_MAX = 255 };

/* A page at most. */
struct snp_range_list {
	uint32_t count;
	uint32_t reserved;
	struct snp_range ranges[SNP_RANGES_MAX];
};

struct snp_shutdown_ex_buffer {
	uint32_t length;
	uint32_t flags;
};

/* A buffer with nothing but the address of a page. */
struct snp_address_buffer {
	uint64_t address;
};

struct snp_commit_buffer {
	uint32_t length;
};

struct snp_config_buffer {
	uint64_t reported_tcb;
	uint32_t flags;
	uint8_t reserved[52];
};

struct snp_vlek_buffer {
	uint32_t length;
	uint8_t version;
	uint8_t reserved[3];
	uint64_t address;
};

/* What VLEK_LOAD's address points to. */
struct snp_wrapped_vlek {
	uint8_t iv[12];
	uint32_t reserved;
	uint8_t wrapped[384];
	uint64_t tcb;
	uint64_t reserved2;
	uint8_t tag[16];
};

/* Also SNP_PAGE_SET_STATE's and TIO_STATUS's, where function is reserved. */
struct snp_feature_buffer {
	uint32_t length;
	uint32_t function;
	uint64_t address;
};

/* Kernel include/linux/psp-sev.h:sev_data_snp_verify_mitigation. */
struct snp_mitigation_buffer {
	uint32_t length;
	uint16_t subcommand;
	uint16_t reserved;
	uint64_t vector;
	uint32_t flags; /* bit 0: the answer is wanted; bit 1: there is an input */
	uint32_t reserved2;
	uint64_t input;
	uint64_t answer;
	uint8_t reserved3[24];
};

struct __attribute__((packed)) snp_mitigation_answer {
	uint64_t verified;
	uint64_t supported;
	uint32_t failure;
};

/* Kernel drivers/crypto/ccp/sev-dev-tio.h:sev_tio_status. */
struct tio_status_answer {
	uint32_t length;
	uint32_t flags;	   /* bit 0: enabled by SNP_INIT_EX, bit 1: TIO_INIT is done */
	uint32_t sizes[8]; /* least and most: of request, scratch, output and response */
	uint32_t device_context;
	uint32_t interface_context;
	uint32_t algorithms;
	uint8_t reserved[12];
};

struct tio_init_buffer {
	uint32_t length;
	uint8_t reserved[12];
};

/* What the firmware looks at in an image's header (AMD-ASPFW, sev_fw_image.h, sev_mcmd.h). */
struct __attribute__((packed)) firmware_image {
	uint8_t nonce[16];
	uint32_t cookie;
	uint8_t reserved[28];
	uint32_t is_signed;
	uint8_t reserved2[44];
	struct firmware_version version;
};

/* Any command's buffer, as the firmware copies it before it looks at anything. */
union command_buffer {
	uint32_t length; /* first in the buffers that have one */
	struct sev_status_buffer sev_status;
	struct sev_init_buffer sev_init;
	struct sev_init_ex_buffer sev_init_ex;
	struct address_length area;
	struct pdh_export_buffer pdh_export;
	struct snp_address_buffer page;
	struct snp_init_ex_buffer snp_init_ex;
	struct snp_shutdown_ex_buffer snp_shutdown_ex;
	struct snp_config_buffer config;
	struct snp_commit_buffer commit;
	struct snp_vlek_buffer vlek;
	struct snp_feature_buffer feature;
	struct snp_mitigation_buffer mitigation;
	struct tio_init_buffer tio_init;
};

static_assert(sizeof(struct sev_status_buffer) == 12, "ABI layout");
static_assert(sizeof(struct sev_init_buffer) == 20, "ABI layout");
static_assert(sizeof(struct sev_init_ex_buffer) == 36, "ABI layout");
static_assert(sizeof(struct snp_status_buffer) == 32, "ABI layout");
static_assert(sizeof(struct snp_init_ex_buffer) == 64, "ABI layout");
static_assert(sizeof(struct snp_shutdown_ex_buffer) == 8, "ABI layout");
static_assert(sizeof(struct snp_config_buffer) == 64, "ABI layout");
static_assert(sizeof(struct snp_vlek_buffer) == 16, "ABI layout");
static_assert(sizeof(struct snp_wrapped_vlek) == 432, "ABI layout");
static_assert(sizeof(struct snp_feature_buffer) == 16, "ABI layout");
static_assert(sizeof(struct snp_range_list) <= 4096, "ABI layout");
static_assert(sizeof(struct snp_mitigation_buffer) == 64, "ABI layout");
static_assert(sizeof(struct snp_mitigation_answer) == 20, "ABI layout");
static_assert(sizeof(struct tio_status_answer) == 64, "ABI layout");
static_assert(sizeof(struct tio_init_buffer) == 16, "ABI layout");
static_assert(offsetof(struct firmware_image, version) == 0x60, "ABI layout");

#endif
