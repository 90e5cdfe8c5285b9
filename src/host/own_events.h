/* SPDX-License-Identifier: GPL-2.0-only */
/* The events that the user side makes itself, of what it found. */
#ifndef OWN_EVENTS_H
#define OWN_EVENTS_H

#include <stdbool.h>

#include "host/snapshot.h"
#include "abi/event.h"

/* Now, CLOCK_BOOTTIME in ns. */
__u64 boottime_ns(void);
/* CLOCK_REALTIME minus CLOCK_BOOTTIME, in ns. */
__s64 realtime_offset_ns(void);

/* An event of that kind, made now, about nothing yet. */
struct snp_event own_event(enum snp_event_kind kind);

/* One CPU as it was found. */
struct snp_event own_cpu_state(unsigned int cpu, const struct snapshot_cpu *c);

/*
 * A look at all CPUs is complete. stable: nothing moved during it. initialised: whether the driver
 * holds SNP for initialised: 1, 0, or -1 if that is not known.
 */
struct snp_event own_truth(int hotplug_count, int initialised, bool stable);

/*
 * Gives a snapshot taken before to feed: BEFORE_CPU for each CPU, then BEFORE. boot_id: of the
 * running kernel. Returns 0, or what feed returned.
 */
int own_before(const struct snapshot *s, const char *boot_id,
	       int (*feed)(void *ctx, const struct snp_event *e), void *ctx);

#endif
