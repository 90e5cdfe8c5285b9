/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records arrive from the ring buffer in the order in which room was found for them. The
 * stream hands them on by sequence number, and notices the numbers that never come.
 */
#ifndef STREAM_H
#define STREAM_H

#include "abi/event.h"

struct stream {
	struct snp_event *waiting; /* sorted by seq, behind gone ones that were handed on */
	unsigned int gone, count, room;
	__u64 next; /* the sequence number to hand on next */
	/* Numbers up to behind_last were given by behind_ns, and nothing came of them; 0: none. */
	__u64 behind_ns, behind_last;
};

/* How long a missing number is waited for: its record may be between number and room. */
#define STREAM_PATIENCE_NS 100000000ull

void stream_init(struct stream *s);
void stream_free(struct stream *s);

/* The next number is another: what waits of those before it was handed on by somebody else. */
void stream_begin_at(struct stream *s, __u64 next);

/* Takes a record in. Returns 0 or -ENOMEM; a number that came before is -ESTALE. */
int stream_push(struct stream *s, const struct snp_event *e);

/*
 * Hands on the next record in order, or one of kind LOST for numbers that are missing for longer
 * than STREAM_PATIENCE_NS at now_ns (CLOCK_BOOTTIME). Returns 1, or 0 if there is none yet.
 */
int stream_pop(struct stream *s, __u64 now_ns, struct snp_event *e);

/*
 * For the case that nothing waits: a record of kind LOST, if numbers up to last, read before the
 * ring buffer was emptied, are missing for longer than STREAM_PATIENCE_NS. Returns 1, or 0.
 */
int stream_check(struct stream *s, __u64 last, __u64 now_ns, struct snp_event *e);

/*
 * At the end: how many records up to last are missing for good. Call it when stream_pop, with
 * now_ns = UINT64_MAX, has nothing more.
 */
__u64 stream_missing(const struct stream *s, __u64 last);

#endif
