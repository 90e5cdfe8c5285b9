/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What outlives a guard that was started with --pin, as a whole: who may have it, what is there
 * when a guard starts, and the ledger, which is a map among the pins.
 */
#ifndef PINNED_GUARD_H
#define PINNED_GUARD_H

#include "session/ledger.h"

enum pinned_found {
	PINNED_NONE,
	PINNED_SAME_BUILD,  /* pinned by a guard of this very build */
	PINNED_OTHER_BUILD, /* by another version */
	PINNED_UNKNOWN,	    /* by no guard, or by one whose ledger can't be read */
};

struct pinned_guard {
	int lock, map; /* descriptors, -1 where there are none */
	enum pinned_found found;
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
int pinned_guard_open(struct pinned_guard *l, int *holder);
/* Looks without the lock, and maps what is found for reading. */
void pinned_guard_look(struct pinned_guard *l);
/* Lets go of all; what is pinned stays. */
void pinned_guard_close(struct pinned_guard *l);

/*
 * Begins a ledger of one's own, for so many CPUs, in place of what was found. Returns 0 or a
 * negative errno.
 */
int pinned_guard_begin(struct pinned_guard *l, unsigned int cpus, int group);
/* Pins it below PINS_NEW. Returns 0 or a negative errno. */
int pinned_guard_pin(const struct pinned_guard *l);
/* Pins it anew where it has gone from PINS_DIR. Returns 1 if it had, 0, or a negative errno. */
int pinned_guard_repin(const struct pinned_guard *l);

/* This build, whose kprobe events are in that group. */
struct ledger_build pinned_guard_build(int group);

#endif
