/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guard knows, in memory that outlives it: a checkpoint of its state, and the events that
 * came after that. It may be killed between any two instructions: what is written becomes valid by
 * one store, and each part has a checksum.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/pack.h"
#include "abi/event.h"

/* Raised by one whenever the layout below, or what is packed, changes. */
#define LEDGER_LAYOUT 1

struct ledger_build {
	char version[16];
	__u32 object_crc; /* of the BPF object */
	__u32 group;	  /* of its kprobe events */
};

struct ledger {
	struct ledger_header *header;
	size_t size;
	unsigned int checkpoints; /* made since it was opened */
};

/* How much memory a checkpoint of so many bytes takes, with the events beside it. */
size_t ledger_size(size_t checkpoint);

/* Begins a ledger in memory that is all zero. */
void ledger_format(struct ledger *l, void *memory, size_t size, const struct ledger_build *build);

/*
 * Takes one up. Returns 0; -EBADMSG for what is none, or of another layout: then version is what
 * made it, if that can be told, or "".
 */
int ledger_open(struct ledger *l, void *memory, size_t size, char version[16]);
struct ledger_build ledger_build(const struct ledger *l);

/*
 * Keeps an event before it is fed, or (waits) one that arrived and waits for those before it; next:
 * the sequence number that is due after it. Returns 0, or -ENOSPC: a checkpoint makes room.
 */
int ledger_append(struct ledger *l, const struct snp_event *e, __u64 next, bool waits);
/* All that was appended has been reported. */
void ledger_reported(struct ledger *l);
/* Keeps a state that has taken in all events so far. Returns 0 or -ENOSPC. */
int ledger_checkpoint(struct ledger *l, void (*save)(void *ctx, struct pack *p), void *ctx);

/* One event of those after the checkpoint. */
struct ledger_entry {
	struct snp_event event;
	__u64 next;
	bool waits, reported;
};

/*
 * Sets p to read the last checkpoint. Returns 0, -ENOENT if there is none yet, or -EBADMSG if it is
 * damaged.
 */
int ledger_state(const struct ledger *l, struct pack *p);
/* The i-th event after it. Returns 0, -ENOENT after the last one, or -EBADMSG if it is damaged. */
int ledger_entry(const struct ledger *l, unsigned int i, struct ledger_entry *entry);

#endif
