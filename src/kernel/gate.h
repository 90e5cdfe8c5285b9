/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate as user space sees it: which of its programs must be attached, and whether it holds.
 *
 * The program at open(2) is always attached. The write hooks cost every read(2) and write(2) of the
 * host, so they are attached only while a guarded file may be open for writing:
 *
 *   no window      attached: a file opened now may still be open when a window opens
 *   in a window    detached once no guarded file is open for writing, since none can be opened
 *   its end        open(2) stays refused (SNP_LATCH_REARM) until they are attached again
 */
#ifndef GATE_H
#define GATE_H

#include "host/platform.h"
#include "kernel/sensors.h"

struct gate {
	struct sensors *sensors;
	const struct platform *platform;
	bool gates;  /* the gate's programs are attached */
	bool audit;  /* they refuse nothing */
	bool pinned; /* they are pinned in PINS_DIR */
	/* some writers can't be listed, so the write hooks stay attached */
	bool unlisted;
	bool relist;	 /* all guarded files are to be listed again before writers are counted */
	__u64 relist_ns; /* ... and not before this time, CLOCK_BOOTTIME */
	/* already reported, and not to be reported again while it lasts */
	bool told_open, told_off, told_unpinned, told_locked;
	__u64 told_exposed;
};

/*
 * Makes the BPF programs list the guarded files that exist, whoever has them open. Sets unlisted if
 * a file is on a read-only mount, where the guard can't open it. Returns 0 or a negative errno.
 */
int gate_list(struct gate *g);

/*
 * Attaches or detaches the write hooks, as the state of the window asks. Returns 1 with the change
 * as a GATE event in e, 0 if nothing changed, or a negative errno.
 */
int gate_follow(struct gate *g, bool window_open, struct snp_event *e);

/*
 * Checks that the gate is as the guard left it, and restores what it can. window_open is the state
 * after the first `moves` records, see struct snp_state. Returns 1 with a GATE event about one
 * difference in e, 0 if there are no more, or a negative errno.
 */
int gate_look(struct gate *g, bool window_open, __u64 moves, struct snp_event *e);

/* Tries to open a guarded file for writing. Returns 1 if that is refused, 0 if not, or an errno. */
int gate_try(const struct gate *g);

#endif
