/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lock that admits one guard at a time, and what its holder tells of itself in the lock's file:
 * of a guard without pins nothing else can be read.
 */
#ifndef GUARD_LOCK_H
#define GUARD_LOCK_H

#include <linux/types.h>

#include "pinned/guard_facts.h"

/*
 * Takes the lock; waits up to 2 s for a process that has it. Returns a descriptor, which holds the
 * lock until it is closed, or a negative errno: -EBUSY if a process still has the lock, with what
 * guard_holder() would say in *holder; -EPERM if the file is not root's.
 */
int guard_lock(int *holder);
/* Says why guard_lock() failed. */
void guard_lock_complain(int err, int holder);
/*
 * Looks whose the lock is, and neither takes it nor writes. Returns the process id, 0 if nobody has
 * the lock, or the negative errno of why that is unknown.
 */
int guard_holder(void);

/*
 * Writes state, gate_hook, missing and breaches to the file. lock: of guard_lock(); until_ns: until
 * when they hold if nothing else is told (CLOCK_BOOTTIME). Returns 0 or a negative errno.
 */
int guard_tell(int lock, const struct guard_facts *facts, __u64 until_ns);
/*
 * Reads what the holder told last into the same members, and sets has_history. Returns 0 or a
 * negative errno: -ENODATA if it has told nothing, -ETIME if that was too long ago, -EBADMSG if
 * this build can't read it.
 */
int guard_ask(struct guard_facts *facts);

#endif
