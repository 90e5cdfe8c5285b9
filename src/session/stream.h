/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order of records. BPF programs number their records, and reserve room in the ring buffer in a
 * slightly different order. The stream hands records on by number, waits for a missing one, and
 * reports as lost what does not come.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>

#include "abi/event.h"

struct stream {
	struct snp_event *waiting; /* sorted by seq; in front of them `gone` handed-on records */
	unsigned int gone, count, room;
	__u64 next;   /* the sequence number that is due */
	__u64 missed; /* calls that the kernel left out, all of which were reported as lost */
	/* The kernel had given numbers up to behind_last at behind_ns; none came. 0: not so. */
	__u64 behind_ns, behind_last;
};

/*
 * How long a missing number is waited for, in ns: a BPF program may have taken the number and not
 * submitted the record yet.
 */
#define STREAM_PATIENCE_NS 100000000ull

/* The kernel side's counters, read before the ring buffer was emptied. */
struct stream_end {
	__u64 last;   /* the last sequence number given */
	__u64 missed; /* calls of BPF programs that the kernel left out, by all guards */
	bool final;   /* nothing is waited for any more */
};

/* Begins with number 1, without memory. */
void stream_init(struct stream *s);
void stream_free(struct stream *s);

/* Sets the number that is due, and drops the waiting records before it. */
void stream_skip_to(struct stream *s, __u64 next);

/* Keeps a copy of a record. Returns 0, -ENOMEM, or -ESTALE for a number that came before. */
int stream_push(struct stream *s, const struct snp_event *e);

/* True if the record of that number waits for those before it. */
bool stream_has(const struct stream *s, __u64 seq);

/*
 * Hands on the record that is due, or a LOST event: for numbers that are missing for longer than
 * STREAM_PATIENCE_NS at now_ns (CLOCK_BOOTTIME), and for calls that the kernel left out. end: NULL
 * while the ring buffer may hold more records. Returns 1 with e set, or 0 if nothing is due.
 */
int stream_next(struct stream *s, __u64 now_ns, const struct stream_end *end, struct snp_event *e);

/* True if a number is missing: stream_next() is to be called again after STREAM_PATIENCE_NS. */
bool stream_is_behind(const struct stream *s);

#endif
