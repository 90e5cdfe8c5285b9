/* SPDX-License-Identifier: GPL-2.0-only */
/* A live run: run_begin.c makes it ready, run.c keeps it going and ends it. */
#ifndef RUN_H
#define RUN_H

#include "kernel/brake.h"
#include "kernel/gate.h"
#include "pinned/lasting.h"
#include "monitor/publish.h"
#include "cli/run_options.h"
#include "kernel/sensors.h"
#include "monitor/service.h"
#include "session/session.h"
#include "host/snapshot.h"
#include "kernel/stream.h"
#include "run/sweep.h"

#define NS_PER_S 1000000000ull

struct run {
	struct run_options options;
	struct platform platform;
	struct hooks hooks;
	struct sensors *sensors;
	struct gate gate;
	struct session session;
	struct trace trace;
	struct stream stream;
	struct sweep sweep;
	struct publisher publisher;
	struct service_watchdog watchdog;
	struct brake brake;
	struct lasting lasting;
	int old_group;	   /* of kprobe events that go once their links have gone; -1: none */
	unsigned int kept; /* checkpoints of the ledger by which what waits was kept in it */
	bool sweep_now;	   /* an event asks for a look at the CPUs */
	bool drained;	   /* all records of these moves have been fed */
	__u64 moves;
	bool steady;	   /* the last one counted, and the latch is right */
	bool ask_firmware; /* ... and at what the driver believes: at the start, after a loss */
	__u64 next_sweep_ns, next_look_ns;
	__u64 end_ns; /* 0: not set */
};

/*
 * Attaches everything, or takes up what an earlier guard left, and has a first look at the CPUs.
 * Returns 0, or a negative errno after it said why.
 */
int run_begin(struct run *r, const struct snapshot *since);

/* Feeds all records that wait; ctx is the run. Returns 0 or a negative errno. */
int run_drain(void *ctx);

/*
 * The first look, which the latch is set by; on a host that does not come to rest it is the last
 * try. Returns 0 or a negative errno.
 */
int run_settle(struct run *r);

#endif
