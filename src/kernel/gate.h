/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate as user space sees it: which of its programs must be attached, and whether it holds.
 *
 * The program at open(2) is always attached. The write hooks cost every read(2), write(2) and
 * ioctl(2) of the host, so they are attached only while somebody has a guarded file open for
 * writing. A window can't open in between: snp_prepare()'s program counts the writers, and waits
 * for the write hooks if there are any (bpf/writers.h). In a window nobody can open such a file, so
 * the hooks go with the last writer.
 */
#ifndef GATE_H
#define GATE_H

#include "host/platform.h"
#include "kernel/brake.h"
#include "kernel/sensors.h"

struct gate {
	struct sensors *sensors;
	const struct platform *platform;
	bool gates;  /* the gate's programs are attached */
	bool audit;  /* they refuse nothing */
	bool pinned; /* they are pinned in PINS_DIR */
	bool waits;  /* snp_prepare() waits for the write hooks */
	/* some writers can't be listed, so the write hooks stay attached */
	bool unlisted;
	bool relist;	 /* all guarded files are to be listed again before writers are counted */
	__u64 relist_ns; /* ... and not before this time, CLOCK_BOOTTIME */
	/* already reported, and not to be reported again while it lasts */
	bool told_open, told_off, told_unpinned, told_locked;
};

/*
 * Makes the BPF programs list the guarded files that exist, whoever has them open. Sets unlisted if
 * a file is on a read-only mount, where the guard can't open it. Returns 0 or a negative errno.
 */
int gate_list(struct gate *g);

/*
 * Attaches or detaches the write hooks, as those ask who have a guarded file open for writing.
 * Returns 1 with the change as a GATE event in e, 0 if nothing changed, or a negative errno.
 */
int gate_follow(struct gate *g, struct snp_event *e);
/* True if gate_follow() is due at once: while snp_prepare() is in flight, and may wait for it. */
bool gate_is_awaited(const struct gate *g);

/*
 * Checks that the gate is as the guard left it, and restores what it can. window_open is the state
 * after the first `moves` records, see struct snp_state. Returns 1 with a GATE event about one
 * difference in e, 0 if there are no more, or a negative errno.
 */
int gate_look(struct gate *g, bool window_open, __u64 moves, struct snp_event *e);

/* brake_follow() past the gate, which lets nobody else write to the brake's files. */
void gate_brake(struct gate *g, struct brake *b, bool on);

/* True if somebody has a guarded file open for writing in a window, and no write hook is there. */
bool gate_passes_writes(struct gate *g);

/* Tries to open a guarded file for writing. Returns 1 if that is refused, 0 if not, or an errno. */
int gate_try(const struct gate *g);

#endif
