/* SPDX-License-Identifier: GPL-2.0-only */
/* Brings records from the ring buffer to the session, in order. */
#ifndef FEED_H
#define FEED_H

#include "kernel/sensors.h"
#include "session/session.h"

struct feed {
	struct sensors *sensors;
	struct session *session;
	/* Set by what is fed, and by others with a reason to sweep; cleared by whoever sweeps. */
	bool sweep_due;
	bool firmware_due; /* the sweep must find out, too, whether SNP is initialised */
	bool hsave_due;	   /* ... and whether VM_HSAVE_PA was cleared under KVM */
	bool rmpopt;	   /* each sweep reads RMPOPT_BASE, as the processor has RMPOPT */
	/* Called by what may take long: the guard lives. */
	void (*alive)(void *ctx);
	void *alive_ctx;
	__u64 awaited_ns; /* until when a CPU's missing msr file is waited for; 0: none is missing
			   */
	__u64 missed_before; /* calls that the kernel left out, as earlier guards reported them */
	__u64 missed;	     /* ... and all of them, as last counted */
	__u64 count_ns;	     /* they are counted again after this time, CLOCK_BOOTTIME */
	/* As of the last feed_all(): */
	bool complete; /* no record was on its way */
	__u64 changes; /* records but those of refusals (snp_state.moves) */
};

/* Feeds what the ring buffer holds, and what is due. Returns 0 or a negative errno. */
int feed_all(struct feed *f);

/*
 * Feeds the records up to this moment, also those on their way, and counts what does not come as
 * lost. Records that come later are left to the next guard. Returns 0 or a negative errno.
 */
int feed_last(struct feed *f);

#endif
