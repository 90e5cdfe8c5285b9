/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a pinned guard, read back from the kernel, or what another guard tells of itself. */
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
	bool tried; /* in a window, an open for writing was tried and refused */
	struct platform platform;
	struct hooks hooks;
	struct pinned_guard guard;
	struct sensors *sensors; /* NULL: no guard of this build is pinned */
	struct snp_state kernel;
	struct session session;
};

/*
 * Reads the state, and changes nothing. In a window of an enforcing gate it also tries to open a
 * guarded file for writing. Returns 0, -EACCES without root, or another negative errno;
 * pinned_status_free() in either case.
 */
int pinned_status_read(struct pinned_status *s);
void pinned_status_free(struct pinned_status *s);

#endif
