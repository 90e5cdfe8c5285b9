/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate, seen from the user side: which of its programs are needed just now, and whether it
 * holds.
 *
 * Opening for writing is refused by a program that is always attached. Programs that see each write
 * cost every read(2) and write(2) of the host, so they are attached only as long as a descriptor
 * from before the window can exist:
 *
 *   no window      attached: what is opened now may still be open when a window opens
 *   in a window    dropped once no guarded file is open for writing; from then on none can be
 *   its end        opening stays refused (SNP_LATCH_REARM) until they are attached again
 */
#ifndef GATE_H
#define GATE_H

#include "host/platform.h"
#include "kernel/sensors.h"

struct gate {
	struct sensors *sensors;
	const struct platform *platform;
	bool gates;  /* the kernel takes the gate's programs */
	bool audit;  /* ... and they refuse nothing */
	bool pinned; /* in PINS_DIR */
	/* who writes to the guarded files can't be told: each write stays gated */
	bool unlisted;
	/* what was told, and is not told again as long as it lasts */
	bool told_open, told_off, told_unpinned;
	__u64 told_exposed;
};

/*
 * Has the BPF side list the guarded files that exist, whoever has them open; sets unlisted where
 * the guard sees them on a read-only mount. Returns 0 or a negative errno.
 */
int gate_list(struct gate *g);

/*
 * Attaches or drops the programs that see each write, by whether a window is open. Returns 1 with e
 * a GATE event that says so, 0 if there was nothing to do, or a negative errno.
 */
int gate_follow(const struct gate *g, bool window_open, struct snp_event *e);

/*
 * Looks whether all is as the guard left it, and puts right what it can. window_open: so it is
 * after so many moves, all of which have been fed. Returns 1 with e a GATE event that says what was
 * not, 0 if there is no more to say, or a negative errno.
 */
int gate_look(struct gate *g, bool window_open, __u64 moves, struct snp_event *e);

/* Returns 1 if an open for writing is refused just now, 0 if not, or a negative errno. */
int gate_try(const struct gate *g);

#endif
