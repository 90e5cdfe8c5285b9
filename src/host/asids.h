/* SPDX-License-Identifier: GPL-2.0-only */
/* The ASIDs of encrypted guests, as KVM counts them. */
#ifndef ASIDS_H
#define ASIDS_H

#include "host/platform.h"

/* SNP guests take their ASIDs from those of SEV-ES. */
struct asids {
	unsigned long long sev_es, sev_es_used; /* 0: KVM runs neither SEV-ES nor SNP guests */
};

/*
 * Reads the misc controller's files in the root of the cgroups. Returns 0 or a negative errno:
 * -ENOENT if the controller is not mounted, or this process does not see the root.
 */
int asids_read(const struct platform *p, struct asids *a);

#endif
