/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks at every CPU, and tells the session what differs from what the automaton holds. */
#ifndef SWEEP_H
#define SWEEP_H

#include "host/platform.h"
#include "kernel/sensors.h"
#include "session/session.h"
#include "kernel/stream.h"

struct sweep {
	const struct platform *platform;
	struct sensors *sensors;
	struct session *session;
	/* Feeds the records that wait, so that a sweep begins with all that is known. */
	int (*drain)(void *ctx);
	void *drain_ctx;
	const struct stream *stream;
};

/*
 * A sweep counts only if nothing moved while it ran: every record of its begin had been fed, none
 * but of refusals has come since, and the firmware was not about to clear SNP_EN. It is tried a few
 * times; then a TRUTH event without SNP_F_STABLE says that there is none. firmware: also ask what
 * the driver believes. Sets the latch by what was found. Returns 1 for a sweep that counts, 0 for
 * none, or a negative errno.
 */
int sweep(struct sweep *s, bool firmware);

#endif
