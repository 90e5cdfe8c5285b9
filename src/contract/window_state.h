/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the automaton remembers, for window.c, and for window_state.c, which keeps it across the
 * guard's end. A member that is added stands in the lists of window_state.c, too.
 */
#ifndef WINDOW_STATE_H
#define WINDOW_STATE_H

#include "contract/window.h"

enum snp_en { EN_UNKNOWN, EN_CLEAR, EN_SET };

struct cpu {
	enum snp_en en;
	bool present, online, readable;
	bool told_without; /* cpu-without-snp-en is said for this time online */
	bool told_unknown;
	__u64 moved_ns;			   /* of its last transition; 0: none was seen */
	__u64 asked_ns;			   /* since when it is asked to come or go; 0: it isn't */
	bool frozen;			   /* the last request came from suspend */
	bool before_online, before_snp_en; /* as a snapshot has it */
	bool before_moot;		   /* it moved in the window since: that was told */
	__u32 tid;
	char comm[SNP_COMM_LEN];
};

/* How far the firmware has come. */
enum firmware { FW_UNKNOWN, FW_DOWN, FW_INIT_DONE, FW_INITIALISED };

struct window {
	struct cpu *cpus;
	unsigned int cpu_count;

	bool started, has_prepare, has_enable, has_latch;
	bool compare, same_boot; /* with a snapshot; of this very kernel */
	bool had_snp_en;	 /* ... on any CPU */
	bool renewed;		 /* the guard saw a window begin or end: what it found is gone */
	bool leaving;		 /* kexec or reboot: CPUs stop without a transition */
	struct window_totals totals;

	/* the window */
	bool open, inferred;
	__u64 opened_ns, changed_ns; /* changed: what the next sweep may settle */
	bool latch_judged;	     /* no-latch is said, or an owned disable was seen in it */
	bool disabled; /* an owned disable fell into it, or was outstanding as it opened */
	unsigned int gap_up, gap_down; /* transitions in it before the first disable */
	bool closed_by_firmware;

	/* snp_prepare() in flight, and its last outcome */
	bool preparing, bailout;
	bool was_open;	      /* as it was entered */
	unsigned int enabled; /* CPUs on which it set SNP_EN */

	enum firmware firmware;
	bool init_failed;
	bool init_retry;	  /* it failed with DFFLUSH_REQUIRED: the driver tries again */
	struct snp_event retried; /* ... how it failed */

	/* the books of cpu_hotplug_disable() and _enable() */
	int outstanding;
	bool outstanding_inferred;
	bool outstanding_unknown; /* the guard came inside a window, the count was not readable */
	struct snp_event disabler, stranger; /* SNP's last disable, another's last enable */
	bool leak_pending;
	__u64 deficit_ns; /* since when the kernel's count is below outstanding; 0: it isn't */
	bool deficit_told;
	bool records_lost; /* since the last complete sweep */
	bool disbelieved;  /* what this sweep said of a CPU, as it had just moved */
	bool look_again;   /* ... and the last one */

	/* of the event being fed */
	const struct snp_event *event;
	window_emit_fn emit;
	void *ctx;
};

#endif
