/* SPDX-License-Identifier: GPL-2.0-only */
/* Events that user space makes of its own observations. */
#ifndef OWN_EVENTS_H
#define OWN_EVENTS_H

#include <stdbool.h>

#include "host/initialised.h"
#include "host/snapshot.h"
#include "abi/event.h"

/* Now, CLOCK_BOOTTIME in ns. */
__u64 boottime_ns(void);
/* CLOCK_REALTIME minus CLOCK_BOOTTIME, in ns. */
__s64 realtime_offset_ns(void);

/* An event of this kind with the present time and no subject. */
struct snp_event own_event(enum snp_event_kind kind);

/* CPU_STATE of one CPU. */
struct snp_event own_cpu_state(unsigned int cpu, const struct snapshot_cpu *c);
/* RMPOPT of one CPU. */
struct snp_event own_rmpopt(unsigned int cpu, const struct snapshot_cpu *c);

/* TRUTH, the end of a sweep. stable: nothing changed during the sweep. */
struct snp_event own_truth(int hotplug_count, enum initialised initialised, bool stable);

/*
 * GUESTS: how many SNP and SEV-ES guests run, as KVM counts them. The firmware knows those of SNP
 * alone, but asking it is not safe where a CPU lacks SNP_EN (psp_status_read()).
 */
struct snp_event own_guests(const struct platform *p);

/*
 * Calls deliver with an earlier snapshot as events: BEFORE_CPU for each CPU, then BEFORE. boot_id
 * is the running kernel's. Returns 0, or the negative errno that deliver returned.
 */
int own_before(const struct snapshot *s, const char *boot_id,
	       int (*deliver)(void *ctx, const struct snp_event *e), void *ctx);

#endif
