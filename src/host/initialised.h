/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether SNP is initialised, and who says so. */
#ifndef INITIALISED_H
#define INITIALISED_H

#include "host/snapshot.h"

enum initialised {
	INITIALISED_UNKNOWN = -1,
	INITIALISED_NO,
	INITIALISED_YES,    /* by the driver's own flag */
	INITIALISED_BY_KVM, /* KVM found it so as it was loaded */
};

/*
 * What others say where the driver's own flag can't be read: without ccp there is no SNP guest, and
 * KVM asks the firmware. now: the CPUs, as KVM's answer counts only while one has SNP_EN.
 *
 * The firmware itself is not asked. SNP_PLATFORM_STATUS of /dev/sev is safe only where it is known
 * that SNP is initialised (host/psp_status.h), and no release number says whether a kernel
 * has the change that makes it safe.
 */
enum initialised initialised_by_others(const struct platform *p, const struct snapshot *now);

#endif
