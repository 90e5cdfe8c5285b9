/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU hotplug: the holds that SNP has on it, as counted here, against the hotplug count of all
 * holds (cpu_hotplug_disabled in the kernel's kernel/cpu.c).
 */
#ifndef WINDOW_HOTPLUG_H
#define WINDOW_HOTPLUG_H

#include <stdbool.h>

#include "abi/event.h"

struct window;

struct holds {
	int by_snp;   /* SNP's disables less SNP's enables */
	bool assumed; /* ... is assumed by the hotplug count: the guard started late */
	bool unknown; /* ... is unknown: the count was unreadable, too */
	struct snp_event last_disable, last_other_enable; /* SNP's; any other code's */

	/* in the open window */
	bool judged;		       /* no-latch: reported, or not to be */
	bool taken;		       /* SNP has held hotplug at some time in it */
	unsigned int gap_up, gap_down; /* CPUs that came and went before the hold */

	bool leak_pending; /* the window closed with a hold of SNP's */
	__u64 deficit_ns;  /* when sweeps first saw the count below by_snp; 0: it is not */
	bool deficit_told;
};

/* Room for any text of hotplug_count(). */
enum { HOTPLUG_COUNT_LEN = 32 };
/* "hotplug count 1", as the event has it; "hotplug count unreadable". Returns buf. */
const char *hotplug_count(const struct snp_event *e, char buf[HOTPLUG_COUNT_LEN]);

/* HP_DISABLE or HP_ENABLE. */
void holds_on_hotplug(struct window *w, const struct snp_event *e);

/* ---- what other parts tell it ---- */

/* Starts the window's own books: whether a disable was late, or has not come. */
void holds_on_window_opened(struct window *w);
/* What is outstanding now must go: else it is a leaked disable. */
void holds_on_window_closed(struct window *w);
/* The window that has just opened is older than the guard: assumes a hold by the sweep's count. */
void holds_assume(struct window *w, const struct snp_event *e);
/* A CPU came online or went offline, perhaps between SNP_EN and a late disable. */
void holds_on_cpu_moved(struct window *w, bool online);

/* ---- judgements ---- */

/* no-latch, once a window; for when no disable can be expected any more. */
void holds_judge_none(struct window *w);
/* kexec-unlatched; by the first sweep. */
void holds_judge_inherited(struct window *w, const struct snp_event *e);
/* foreign-enable; by every sweep. */
void holds_judge_count(struct window *w, const struct snp_event *e);
/* leaked-disable; once all is settled. */
void holds_judge_leak(struct window *w);
/* After a loss: counts anew from what the sweep found. */
void holds_begin_anew(struct window *w, const struct snp_event *e);

#endif
