/* SPDX-License-Identifier: GPL-2.0-only */
/* Comparison with a snapshot: what became of the CPUs since `snp-guard snapshot`. */
#ifndef WINDOW_SNAPSHOT_H
#define WINDOW_SNAPSHOT_H

#include <stdbool.h>

#include "abi/event.h"

struct window;

struct since_snapshot {
	bool known;	 /* there is a snapshot, and it is complete */
	bool same_boot;	 /* ... of this very kernel */
	bool had_snp_en; /* ... with SNP_EN on any CPU */
};

/* One CPU as the snapshot has it. */
struct cpu_before {
	bool online, snp_en;
	bool moot; /* the CPU moved in the window since, and that was reported */
};

/* BEFORE_CPU. Returns 0 or -ENOMEM. */
int snapshot_on_cpu(struct window *w, const struct snp_event *e);
/* BEFORE: the snapshot is complete. */
void snapshot_on_complete(struct window *w, const struct snp_event *e);

/* ---- what other parts tell it, so that nothing is reported twice ---- */

static inline void snapshot_on_cpu_moved(struct cpu_before *before, bool in_window)
{
	before->snp_en = false;
	before->moot |= in_window;
}

static inline void snapshot_on_snp_en_lost(struct cpu_before *before)
{
	before->snp_en = false;
}

/* The first complete sweep: reports what changed since the snapshot inside one window. */
void snapshot_compare(struct window *w);

#endif
