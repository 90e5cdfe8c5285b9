/* SPDX-License-Identifier: GPL-2.0-only */
/* The firmware's SNP_PLATFORM_STATUS, through /dev/sev. */
#ifndef PSP_STATUS_H
#define PSP_STATUS_H

#include "host/platform.h"

/* SNP firmware ABI (document 56860), SNP_PLATFORM_STATUS. Debian 12's kernel headers lack it. */
struct __attribute__((packed)) psp_status {
	uint8_t api_major;
	uint8_t api_minor;
	uint8_t state; /* PSP_STATE_* */
	uint8_t flags; /* PSP_FLAG_* */
	uint32_t build;
	uint32_t features;
	uint32_t guests;
	uint64_t current_tcb;
	uint64_t reported_tcb;
};
_Static_assert(sizeof(struct psp_status) == 32, "the ioctl's structure has 32 bytes");

enum { PSP_STATE_UNINIT = 0, PSP_STATE_INIT = 1 };
enum {
	PSP_FLAG_RMP_INIT = 1 << 0,
	PSP_FLAG_ALIAS_CHECKED = 1 << 1,
	PSP_FLAG_TIO = 1 << 3,
	PSP_FLAGS_KNOWN = PSP_FLAG_RMP_INIT | PSP_FLAG_ALIAS_CHECKED | PSP_FLAG_TIO,
};

/*
 * Call it only while SNP is initialised and every online CPU has SNP_EN. If SNP is not initialised,
 * the ioctl of some kernels (from 6.16's commit ceac7fb89e8d until its revert) initialises it and
 * shuts it down again. And the kernel hands the firmware a page by RMPUPDATE, an invalid opcode on
 * a CPU without SNP_EN, which kills the task with ccp's mutex held. Returns 0 or a negative errno.
 */
int psp_status_read(const struct platform *p, struct psp_status *status);

#endif
