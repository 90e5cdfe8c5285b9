/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From times to places across: moments at which something shows stand apart by the logarithm of
 * the time between them, so that a burst can be read beside an hour in which nothing happened.
 */
#ifndef TIMELINE_SCALE_H
#define TIMELINE_SCALE_H

#include "timeline/timeline.h"

struct timeline_scale {
	__u64 *moments; /* sorted, each once */
	double *at;	/* where each is */
	unsigned int count;
	double left, right;
};

/*
 * From left on, as wide as the moments need, within limits. Returns 0 or -ENOMEM;
 * timeline_scale_free() in either case.
 */
int timeline_scale_init(struct timeline_scale *s, const struct timeline *t, double left);
void timeline_scale_free(struct timeline_scale *s);

/* The place of any time between the first and the last moment; others are at the ends. */
double timeline_scale_x(const struct timeline_scale *s, __u64 ns);

#endif
