// SPDX-License-Identifier: GPL-2.0-only
#include "run/feed.h"

#include <errno.h>
#include <time.h>

#include "host/own_events.h"

static int feed_due(struct feed *f, __u64 now_ns, const struct stream_end *end)
{
	struct snp_event e;
	int n;

	while ((n = session_feed_next(f->session, now_ns, end, &e)) > 0) {
		/* A refused write changes nothing, so it is no reason to sweep. */
		f->sweep_due |= e.kind != SNP_EV_DENIED;
		f->firmware_due |= e.kind == SNP_EV_LOST;
	}
	return n;
}

/* The ring buffer drops the record when this returns: it must be in the ledger by then. */
static int feed_record(void *ctx, const struct snp_event *e)
{
	struct feed *f = ctx;
	int err = stream_push(&f->session->stream, e);

	/* Its number was given up, and is reported as lost. */
	if (err == -ESTALE)
		return 0;
	if (!err)
		err = feed_due(f, e->time_ns, NULL);
	return err ? err : session_keep_waiting(f->session, e);
}

static int feed_until(struct feed *f, bool final)
{
	const struct snp_state state = sensors_state(f->sensors);
	const struct stream_end end = { .last = state.seq,
					.missed = f->missed_before + sensors_missed(f->sensors),
					.final = final };
	int err = sensors_consume(f->sensors, feed_record, f);

	if (!err)
		err = feed_due(f, boottime_ns(), &end);
	if (!err)
		sensors_missed_reported(f->sensors);
	f->complete = f->session->stream.next > state.seq;
	f->changes = state.moves;
	return err;
}

int feed_all(struct feed *f)
{
	return feed_until(f, false);
}

#define LAST_TRIES 20
#define LAST_NS	   (STREAM_PATIENCE_NS / 10)

int feed_last(struct feed *f)
{
	int err = 0;

	for (int i = 1; !err && i <= LAST_TRIES; i++) {
		err = feed_until(f, i == LAST_TRIES);
		if (f->complete && !stream_is_behind(&f->session->stream))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = LAST_NS }, NULL);
	}
	return err;
}
