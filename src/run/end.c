// SPDX-License-Identifier: GPL-2.0-only
/* How a guard ends. */
#include <time.h>

#include "host/own_events.h"
#include "run/run_state.h"

/*
 * Until the next guard comes, no guard can attach the write checks again after a window, so they
 * are left attached. The checkpoint spares the next guard the log.
 */
static int leave_pinned(struct run *r)
{
	int err = r->gate.gates ? sensors_arm(r->sensors) : 0;

	return err ? err : session_checkpoint(&r->session);
}

int run_end(struct run *r)
{
	int err = run_sweep(r);
	struct snp_event e;

	if (!err && window_is_unsettled(r->session.window)) {
		nanosleep(&(struct timespec){ .tv_nsec = RUN_SETTLE_NS }, NULL);
		err = run_sweep(r);
	}
	if (!err)
		err = feed_last(&r->feed);
	if (err)
		return err;
	e = own_event(SNP_EV_END);
	err = session_feed(&r->session, &e);
	if (err)
		return err;
	session_end(&r->session, sensors_state(r->sensors).denied);
	if (r->gate.pinned)
		err = leave_pinned(r);
	if (!err)
		run_publish(r, true);
	return err;
}
