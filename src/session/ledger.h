/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pinned, crash-safe copy of a guard's state, in memory that outlives the guard: a checkpoint,
 * and a log of the events since. The guard may be killed between any two instructions, and other
 * programs may write to the memory; so each part becomes valid by one store and has a checksum.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/pack.h"
#include "abi/event.h"

/* Raised by one whenever the layout in ledger.c changes, or what a session packs. */
#define LEDGER_LAYOUT 2

struct ledger_build {
	char version[16];
	__u32 object_crc; /* CRC-32 of the BPF object */
	__u32 group;	  /* of its kprobe events (kprobe_event.h) */
};

/* How many events the log holds. */
#define LEDGER_LOG_ROOM 512

struct ledger {
	struct ledger_header *header;
	size_t size;
};

/* The bytes of memory that a ledger takes whose checkpoints have up to so many bytes. */
size_t ledger_size(size_t checkpoint);

/* Makes a ledger in memory that is all zero; the memory stays the caller's. */
void ledger_format(struct ledger *l, void *memory, size_t size, const struct ledger_build *build);

/*
 * Opens the ledger in memory. Returns 0, or -EBADMSG for memory that holds no ledger or one of
 * another layout. version: of the guard that made it, "" where memory holds no ledger.
 */
int ledger_open(struct ledger *l, void *memory, size_t size, char version[16]);
/* The build of the guard that made it. */
struct ledger_build ledger_build(const struct ledger *l);

/*
 * Appends an event that is about to be fed or, with waits, a record that waits for those before it.
 * next: the sequence number that is due after it. Returns 0, or -ENOSPC for a full log.
 */
int ledger_append(struct ledger *l, const struct snp_event *e, __u64 next, bool waits);
/* How many more events the log can take. */
unsigned int ledger_room(const struct ledger *l);
/* Notes that the verdicts of all appended events have been reported. */
void ledger_reported(struct ledger *l);
/*
 * Writes a checkpoint by save, and frees the log but for its newest `keep` events, which the state
 * has not taken in. Returns 0, or -ENOSPC for a state that does not fit: then nothing changed.
 */
int ledger_checkpoint(struct ledger *l, unsigned int keep, void (*save)(void *ctx, struct pack *p),
		      void *ctx);

/*
 * Copies a ledger that its guard may be writing to, as it is at one moment. Returns 0 with *copy to
 * be freed by ledger_free_copy(), -EAGAIN if checkpoints came too fast, -EBADMSG as ledger_open(),
 * or -ENOMEM.
 */
int ledger_copy(const struct ledger *l, struct ledger *copy);
void ledger_free_copy(struct ledger *copy);

/* One event of the log. */
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
/*
 * Reads the i-th event since the checkpoint, from 0 on. Returns 0, -ENOENT after the last one, or
 * -EBADMSG if it is damaged.
 */
int ledger_entry(const struct ledger *l, unsigned int i, struct ledger_entry *entry);

#endif
