/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The outputs of a running guard, each behind a sink of its own, so that none of them holds up or
 * ends the guard, or another output.
 */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include <stdio.h>

#include "abi/event.h"
#include "output/sink.h"

struct outputs {
	struct sink *sinks[SNP_PART_COUNT]; /* NULL: the guard has no such output */
	FILE *streams[SNP_PART_COUNT];
	int changed_fd; /* becomes readable when a state has changed */
	struct sink_state told[SNP_PART_COUNT];
};

/* Returns 0 or a negative errno; outputs_close() in either case. */
int outputs_open(struct outputs *o);

/* How a sink's items are kept. */
enum outputs_queue {
	OUTPUTS_EACH,	/* every item counts */
	OUTPUTS_NEWEST, /* a new item replaces one that waits */
};

/* Adds an output, which owns ctx from now on, also on failure. Returns 0 or a negative errno. */
int outputs_add(struct outputs *o, enum snp_part part, const struct sink_ops *ops, void *ctx,
		enum outputs_queue queue);
/* Adds an output to a descriptor, which stays the caller's. Returns as outputs_add(). */
int outputs_add_fd(struct outputs *o, enum snp_part part, int fd);
/* Starts the threads, with the caller's privileges. Returns 0 or a negative errno. */
int outputs_start(struct outputs *o);

/* Hands an item to an output, if the guard has it. */
void outputs_put(struct outputs *o, enum snp_part part, const void *data, size_t size);
/* Counts an item as dropped that there was no memory to make. */
void outputs_lose(struct outputs *o, enum snp_part part);
/*
 * A stream of which each flush makes an item, for an output that was added. It is closed with the
 * outputs. NULL with errno set where there is no memory.
 */
FILE *outputs_stream(struct outputs *o, enum snp_part part);

/* True if each output has written what it got, or fails. */
bool outputs_are_idle(struct outputs *o);
/* Waits for that, for so many ns at most. */
void outputs_drain(struct outputs *o, __u64 ns);

/*
 * Finds an output whose state is another one than told[] has, and updates that. Returns true with
 * *part and *state set, false if there is none.
 */
bool outputs_next_change(struct outputs *o, enum snp_part *part, struct sink_state *state);
/* All zero for an output that the guard does not have. */
struct sink_state outputs_state(struct outputs *o, enum snp_part part);

/* Writes what waits, and ends each output; states: the last ones, by part. */
void outputs_close(struct outputs *o, struct sink_state states[SNP_PART_COUNT]);

#endif
