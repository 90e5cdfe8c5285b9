/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guard that was started with --pin has in the kernel, read from there, never from intent.
 */
#ifndef READ_BACK_H
#define READ_BACK_H

#include "kernel/hooks.h"
#include "pinned/guard_facts.h"
#include "pinned/lasting.h"
#include "host/platform.h"
#include "abi/latch.h"
#include "kernel/sensors.h"
#include "session/session.h"

struct read_back {
	struct guard_facts facts;
	bool tried; /* in a window opening was tried, and refused */
	struct platform platform;
	struct hooks hooks;
	struct lasting lasting;
	struct sensors *sensors; /* NULL: nothing of this build is pinned */
	struct snp_state kernel;
	struct session session;
};

/*
 * Reads, and changes nothing; where a window is open it tries whether opening is refused. Returns
 * 0, -EPERM without root, or another negative errno; read_back_free() in either case.
 */
int read_back(struct read_back *b);
void read_back_free(struct read_back *b);

#endif
