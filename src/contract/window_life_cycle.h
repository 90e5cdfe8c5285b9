/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The window's life cycle: snp_prepare() opens a window or bails out, a full shutdown or a sweep
 * closes it.
 */
#ifndef WINDOW_LIFE_CYCLE_H
#define WINDOW_LIFE_CYCLE_H

#include <stdbool.h>

#include "abi/event.h"

struct window;

struct life_cycle {
	bool open;
	bool found_open;	/* no event showed the open window's beginning */
	bool renewed;		/* the guard saw a window begin or end, so the first one is over */
	bool leaving;		/* kexec or reboot: CPUs stop, and that is no hotplug */
	bool shutdown_unproven; /* a full shutdown closed the window, and no sweep came since */
	unsigned int windows;	/* how many have opened; the number of the open one */
	__u64 opened_ns;
	__u64 changed_ns; /* of the last event that something may still follow */

	/* snp_prepare() in flight, and its last outcome */
	bool preparing;
	bool bailout;	      /* it bailed out, and no sweep came since */
	bool was_open;	      /* the window, as snp_prepare() was entered */
	unsigned int enabled; /* CPUs on which it set SNP_EN */
};

/* ---- events ---- */

/* snp_prepare() is in flight from here on. */
void life_cycle_on_prepare_enter(struct window *w);
/* ... and is not any more: a failure, a bailout or a success. */
void life_cycle_on_prepare_exit(struct window *w, const struct snp_event *e);
/* SNP_ENABLE. Returns 0 or -ENOMEM. */
int life_cycle_on_snp_enable(struct window *w, const struct snp_event *e);
/* A full shutdown, if the window is open. */
void life_cycle_on_x86_shutdown(struct window *w);
/* The kernel stops: its CPUs go offline from here on, and that is no breach. */
void life_cycle_on_kexec(struct window *w);
/* Records are missing: no snp_prepare() counts as in flight any more. */
void life_cycle_on_lost(struct window *w);

/* ---- what other parts tell it ---- */

/* The firmware says that it cleared SNP_EN on every CPU. */
void life_cycle_full_shutdown(struct window *w);
/* Something happened that another event may still follow: settled only WINDOW_SETTLE_NS later. */
void life_cycle_unsettle(struct window *w);

/* ---- a complete sweep, in this order ---- */

/* The first one only: finds a window that is older than the guard. */
void life_cycle_first_sweep(struct window *w, const struct snp_event *e);
/* Opens or closes the window by what CPUs have SNP_EN. */
void life_cycle_follow_sweep(struct window *w);
/* After a loss: what was pending before it is given up. */
void life_cycle_begin_anew(struct window *w);
/* Judges what waited for this sweep. */
void life_cycle_end_sweep(struct window *w);

/* ---- questions ---- */

/* WINDOW_SETTLE_NS have passed since the last event that something may still follow. */
bool life_cycle_is_settled(const struct window *w);
/* The open window is older than the guard: SNP_EN was set before, and nothing has cleared it. */
bool life_cycle_is_inherited(const struct window *w);

#endif
