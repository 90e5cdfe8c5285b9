/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kprobes as events of tracefs. Such an event can be created before its module is loaded, and
 * survives each reload, while perf's own kprobes do not come back after a reload and kprobe.multi
 * holds a reference to the module. libbpf has them from 1.2 on; Debian 12 has libbpf 1.1.
 */
#ifndef KPROBE_EVENT_H
#define KPROBE_EVENT_H

#include <stdbool.h>

#include "host/kallsyms.h"

/* Two groups, so that a guard can create its events before those of an earlier guard go. */
#define KPROBE_GROUPS 2

/*
 * Creates the event `name` at a function's entry or return; module is NULL for a function of
 * vmlinux. Returns the descriptor of a perf event for it, which the caller closes, or a negative
 * errno.
 */
int kprobe_event_open(int group, const char *name, const char *module,
		      const struct kallsym *function, bool at_return);

/*
 * True if the event is at that function of the module, with the very suffix; also where the list of
 * events can't be read.
 */
bool kprobe_event_is_at(int group, const char *name, const char *module,
			const struct kallsym *function);

/* Removes the event, whose descriptor is closed. */
void kprobe_event_remove(int group, const char *name);

/* Removes the events that a guard left in a group. Returns 0, or -EBUSY if one is in use. */
int kprobe_event_remove_stale(int group);

#endif
