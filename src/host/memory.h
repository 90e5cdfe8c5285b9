/* SPDX-License-Identifier: GPL-2.0-only */
/* How far the host's RAM reaches. */
#ifndef MEMORY_H
#define MEMORY_H

#include "host/platform.h"

/*
 * Sets end to the first address after all RAM, memory that was added after the boot included.
 * Reads /proc/iomem. Returns 0 or a negative errno: -EACCES if the kernel hides the addresses from
 * this process, -ENODATA if no RAM is listed.
 */
int memory_end(const struct platform *p, uint64_t *end);

#endif
