/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounded queue in front of something that may block or fail, and the thread that empties it.
 * Whoever puts items into the queue never waits, needs no memory for it, and learns later what
 * became of them.
 */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct sink;

#define SINK_DROP 1

struct sink_ops {
	/*
	 * Writes an item from *done on, adds to *done what it wrote, and may block. It is called
	 * until *done is size. *lost: how many items were dropped just before this one; it may
	 * clear that once it has said so. Returns 0; a negative errno, and gets the same item again
	 * later; or SINK_DROP for an item that has no place any more: it counts as dropped.
	 */
	int (*write)(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost);
	/* Frees ctx; may be NULL. */
	void (*close)(void *ctx);
};

struct sink_options {
	const struct sink_ops *ops;
	void *ctx;
	size_t room;	/* bytes of the queue; memory is used as the queue fills */
	bool newest;	/* only the newest item counts: it replaces one that waits */
	int changed_fd; /* an eventfd, written to whenever the state changes; the caller's */
};

struct sink_state {
	int err; /* 0: well; a negative errno: failing; -ETIMEDOUT: a write does not return */
	__u64 since_ns; /* CLOCK_BOOTTIME when that began */
	__u64 lost;	/* dropped items that nothing replaced, since the sink was made */
	bool idle;	/* nothing waits that could be written */
};

/* A failed item is tried again after this; a write that takes longer counts as failing. */
#define SINK_RETRY_NS 1000000000ull
#define SINK_STALL_NS 5000000000ull

/* Makes a sink, which owns ctx from now on; its thread is not started. Returns 0 or -ENOMEM. */
int sink_open(struct sink **to, const struct sink_options *options);
/* Starts the thread, with the caller's privileges. Returns 0 or a negative errno. */
int sink_start(struct sink *s);
/* Queues an item, or drops it where there is no room. */
void sink_put(struct sink *s, const void *data, size_t size);
/* Counts an item as dropped that the caller could not even make. */
void sink_lose(struct sink *s);
struct sink_state sink_state(struct sink *s);
/* Waits until the sink is idle, for so many ns at most. */
void sink_drain(struct sink *s, __u64 ns);
/*
 * Writes what waits, for so many ns at most, and ends the sink. A thread whose write does not
 * return is left to the end of the process, with its memory. Returns the last state, with all that
 * was not written counted as lost.
 */
struct sink_state sink_close(struct sink *s, __u64 ns);

/* The thread's work: writes the item that is due. Returns true if that made progress. */
bool sink_work(struct sink *s);

#endif
