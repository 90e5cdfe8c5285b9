/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guard in PINS_DIR, which outlives its process: which build pinned it, which process may use it,
 * and its ledger, a BPF map among the pins.
 */
#ifndef PINNED_GUARD_H
#define PINNED_GUARD_H

#include "session/ledger.h"

enum pinned_found {
	PINNED_NONE,
	PINNED_SAME_BUILD,  /* by a guard of this very build, which this one can resume */
	PINNED_OTHER_BUILD, /* by a guard of another version, or with other BPF programs */
	PINNED_UNKNOWN,	    /* not by snp-guard, or damaged */
	PINNED_UNREADABLE,  /* something is pinned that can't be read; err says why */
};

struct pinned_guard {
	int lock, map; /* descriptors; -1: none */
	enum pinned_found found;
	int err;	  /* a negative errno; with PINNED_UNREADABLE alone */
	char version[16]; /* of the guard that was found; "": unknown */
	struct ledger ledger;
	int group;    /* of the found guard's kprobe events (kprobe_event.h) */
	void *memory; /* the ledger's, mapped */
	size_t size;  /* in bytes */
};

/*
 * Takes the lock of the guards, and finds what is pinned. Returns 0 or a negative errno: -EBUSY
 * with *holder as for guard_lock(). pinned_guard_close() in either case.
 */
int pinned_guard_open(struct pinned_guard *g, int *holder);
/* Finds what is pinned without taking the lock, and maps the ledger read-only. */
void pinned_guard_look(struct pinned_guard *g);
/* Drops lock and memory; what is pinned stays. */
void pinned_guard_close(struct pinned_guard *g);

/*
 * Makes a new ledger, for a state of so many bytes and kprobe events of that group, in place of the
 * one that was found. Returns 0 or a negative errno.
 */
int pinned_guard_begin(struct pinned_guard *g, size_t state_room, int group);
/* Pins the ledger below PINS_NEW. Returns 0 or a negative errno. */
int pinned_guard_pin(const struct pinned_guard *g);
/* Pins the ledger again if it is missing in PINS_DIR: 1 if it was, 0 if not, or an errno. */
int pinned_guard_repin(const struct pinned_guard *g);

#endif
