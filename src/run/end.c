// SPDX-License-Identifier: GPL-2.0-only
/* How a guard ends. */
#include <time.h>

#include "host/own_events.h"
#include "run/run_state.h"

/*
 * Until the next guard comes, no guard can attach the write hooks again after a window, so they
 * are left attached. The checkpoint spares the next guard the log.
 */
static void leave_pinned(struct run *r)
{
	int err = r->gate.gates ? sensors_arm(r->sensors) : 0;

	if (err)
		run_trouble(r, SNP_PART_GATE, err);
	session_checkpoint(&r->session);
}

void run_end(struct run *r)
{
	struct snp_event e;

	run_sweep(r);
	if (window_is_unsettled(r->session.window)) {
		nanosleep(&(struct timespec){ .tv_nsec = RUN_SETTLE_NS }, NULL);
		run_sweep(r);
	}
	run_trouble(r, SNP_PART_EVENTS, feed_last(&r->feed));
	session_look(&r->session, boottime_ns());
	run_tell_outputs(r);
	e = own_event(SNP_EV_END);
	session_feed(&r->session, &e);
	session_end(&r->session, sensors_state(r->sensors).denied);
	if (r->gate.pinned)
		leave_pinned(r);
	run_publish(r, true);
}
