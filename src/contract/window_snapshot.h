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

/* BEFORE_CPU. Returns 0 or -ENOMEM. */
int snapshot_on_cpu(struct window *w, const struct snp_event *e);
/* BEFORE: the snapshot is complete. */
void snapshot_on_complete(struct window *w, const struct snp_event *e);

/* The first complete sweep: reports what changed since the snapshot inside one window. */
void snapshot_compare(struct window *w);

#endif
