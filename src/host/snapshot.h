/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of a host at one moment, kept in a JSON file across a kexec. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdio.h>

#include "host/platform.h"

struct snapshot_cpu {
	bool present, online;
	int err; /* negative errno if SYSCFG could not be read */
	uint64_t syscfg;
};

struct snapshot {
	char boot_id[PLATFORM_BOOT_ID_LEN];
	char release[PLATFORM_RELEASE_LEN];
	int hotplug_count; /* or SNP_COUNT_UNKNOWN */
	struct snapshot_cpu *cpus;
	unsigned int count;
};

/*
 * Looks at the CPU lists and at SYSCFG of every online CPU; hotplug_count is left to the caller.
 * Returns 0 or a negative errno. snapshot_free() in either case.
 */
int snapshot_take(struct snapshot *s, const struct platform *p);
int snapshot_write(const struct snapshot *s, FILE *f);
/* Returns 0, -EBADMSG for what is no snapshot or a damaged one, or another negative errno. */
int snapshot_read(struct snapshot *s, FILE *f);
void snapshot_free(struct snapshot *s);

#endif
