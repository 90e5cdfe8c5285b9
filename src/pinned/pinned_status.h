/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guard that was started with --pin has in the kernel, read from there, never from intent.
 */
#ifndef PINNED_STATUS_H
#define PINNED_STATUS_H

#include "kernel/hooks.h"
#include "pinned/guard_facts.h"
#include "pinned/pinned_guard.h"
#include "host/platform.h"
#include "abi/latch.h"
#include "kernel/sensors.h"
#include "session/session.h"

struct pinned_status {
	struct guard_facts facts;
	bool tried; /* in a window opening was tried, and refused */
	struct platform platform;
	struct hooks hooks;
	struct pinned_guard guard;
	struct sensors *sensors; /* NULL: nothing of this build is pinned */
	struct snp_state kernel;
	struct session session;
};

/*
 * Reads, and changes nothing; where a window is open it tries whether opening is refused. Returns
 * 0, -EPERM without root, or another negative errno; pinned_status_free() in either case.
 */
int pinned_status_read(struct pinned_status *b);
void pinned_status_free(struct pinned_status *b);

#endif
