/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What outlives a guard that was started with --pin, as a whole: who may have it, what is there
 * when a guard starts, and the ledger, which is a map among the pins.
 */
#ifndef LASTING_H
#define LASTING_H

#include "session/ledger.h"

enum lasting_found {
	LASTING_NONE,
	LASTING_OURS,	 /* pinned by a guard of this very build */
	LASTING_ANOTHER, /* by another version */
	LASTING_FOREIGN, /* by no guard, or by one whose ledger can't be read */
};

struct lasting {
	int lock, map; /* descriptors, -1 where there are none */
	enum lasting_found found;
	char version[16]; /* of what was found, "" if that can't be told */
	struct ledger ledger;
	int group; /* of the kprobe events that were found */
	void *memory;
	size_t size;
};

/*
 * Takes the lock, and looks at what is pinned. Returns 0 or a negative errno: -EBUSY with *holder,
 * the process that has the lock (0: not known).
 */
int lasting_open(struct lasting *l, int *holder);
/* Looks without the lock, and maps what is found for reading. */
void lasting_look(struct lasting *l);
/* Lets go of all; what is pinned stays. */
void lasting_close(struct lasting *l);

/*
 * Begins a ledger of one's own, for so many CPUs, in place of what was found. Returns 0 or a
 * negative errno.
 */
int lasting_begin(struct lasting *l, unsigned int cpus, int group);
/* Pins it below PINS_NEW. Returns 0 or a negative errno. */
int lasting_pin(const struct lasting *l);
/* Pins it anew where it has gone from PINS_DIR. Returns 1 if it had, 0, or a negative errno. */
int lasting_repin(const struct lasting *l);

/* This build, whose kprobe events are in that group. */
struct ledger_build lasting_build(int group);

#endif
