/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kprobes as events of tracefs. perf's own kprobes don't come back after a module was reloaded, and
 * kprobe.multi pins it; an event of tracefs may be set before the module is there and survives
 * each reload. libbpf offers that from 1.2 on, Debian 12 has 1.1.
 */
#ifndef KPROBE_EVENT_H
#define KPROBE_EVENT_H

#include <stdbool.h>

/* Events are in groups, so that a guard can attach its own before it drops another's. */
#define KPROBE_GROUPS 2

/*
 * Creates an event called name on a function, at its return or its entry; module is NULL for the
 * kernel's own. Returns a perf event's descriptor for it, or a negative errno.
 */
int kprobe_event_open(int group, const char *name, const char *module, const char *function,
		      bool at_return);

/* Removes the event; its descriptor is closed by then. */
void kprobe_event_remove(int group, const char *name);

/*
 * Removes the events of a group that a guard left behind. Returns 0, or -EBUSY if programs are
 * attached to some.
 */
int kprobe_event_remove_stale(int group);

#endif
