/* SPDX-License-Identifier: GPL-2.0-only */
/* The firmware: how far its commands have brought SNP. */
#ifndef WINDOW_FIRMWARE_H
#define WINDOW_FIRMWARE_H

#include <stdbool.h>

#include "abi/event.h"

struct window;

enum firmware { FW_UNKNOWN, FW_DOWN, FW_INIT_DONE, FW_INITIALISED };

struct snp_firmware {
	enum firmware state;
	bool init_failed;	  /* in this window, and none succeeded since */
	bool init_retry;	  /* it failed with DFFLUSH_REQUIRED: the driver tries again */
	struct snp_event retried; /* with init_retry: the command that failed */
	bool told_unknown;	  /* blind is reported, for an unknown state in the open window */
};

/*
 * True in a window in which SNP is initialised, or in which that is unknown: a CPU without SNP_EN
 * may harm a guest.
 */
bool firmware_may_run_guests(const struct window *w);

/* A command has ended. Returns true for a full shutdown, which ends more than the firmware. */
bool firmware_on_command(struct window *w, const struct snp_event *e);

/* ---- what other parts tell it ---- */

/* A shutdown of any kind succeeded: SNP guests can't run any more. */
void firmware_end(struct window *w);
void firmware_on_window_opened(struct window *w);
void firmware_on_window_closed(struct window *w);

/* ---- a complete sweep ---- */

/* Takes over what the sweep found out of whether SNP is initialised, if anything. */
void firmware_on_sweep(struct window *w, const struct snp_event *e);
/* blind, once for each time that it becomes unknown in a window whether SNP is initialised. */
void firmware_judge_unknown(struct window *w);
/* After a loss: an init that was failing before it is given up. */
void firmware_begin_anew(struct window *w);
/* All is settled: a retry that has not come does not come any more. */
void firmware_judge_retry(struct window *w);

#endif
