// SPDX-License-Identifier: GPL-2.0-only
#include "run/feed.h"

#include <errno.h>
#include <time.h>

#include "host/own_events.h"

/* A record that can't be taken in, or that no guard writes, is one that was lost. */
static void feed_lost(struct feed *f)
{
	struct snp_event e = own_event(SNP_EV_LOST);

	e.status = SNP_BLIND_FAULT;
	e.value = 1;
	session_feed(f->session, &e);
	f->sweep_due = f->firmware_due = f->hsave_due = true;
}

/*
 * The kernel clears VM_HSAVE_PA in snp_prepare(), before 7.1 in ccp right before SNP_INIT
 * (drivers/crypto/ccp/sev-dev.c:__sev_snp_init_locked()).
 */
static bool clears_hsave(const struct snp_event *e)
{
	return e->kind == SNP_EV_PREPARE_EXIT || e->kind == SNP_EV_LOST ||
	       (e->kind == SNP_EV_COMMAND &&
		(e->subject == SNP_CMD_INIT || e->subject == SNP_CMD_INIT_EX));
}

static void feed_due(struct feed *f, __u64 now_ns, const struct stream_end *end)
{
	struct snp_event e;
	int n;

	while ((n = session_feed_next(f->session, now_ns, end, &e))) {
		if (n < 0) {
			feed_lost(f);
			continue;
		}
		/* A refused write changes nothing, so it is no reason to sweep. */
		f->sweep_due |= e.kind != SNP_EV_DENIED;
		f->firmware_due |= e.kind == SNP_EV_LOST;
		f->hsave_due |= clears_hsave(&e);
	}
}

/*
 * The ring buffer drops the record when this returns: it must be in the ledger by then. Without
 * memory for it, or if its number was given up, it is reported as lost.
 */
static int feed_record(void *ctx, const struct snp_event *e)
{
	struct feed *f = ctx;

	if (!stream_push(&f->session->stream, e)) {
		feed_due(f, e->time_ns, NULL);
		session_keep_waiting(f->session, e);
	}
	return 0;
}

/* The kernel is asked for each program, so not for each record. */
#define MISSED_NS 1000000000ull

static int feed_until(struct feed *f, bool final)
{
	const struct snp_state state = sensors_state(f->sensors);
	__u64 now = boottime_ns();
	bool counts = now >= f->count_ns;
	struct stream_end end = { .last = state.seq, .missed = f->missed, .final = final };
	int err;

	if (counts) {
		f->count_ns = now + MISSED_NS;
		end.missed = f->missed = f->missed_before + sensors_missed(f->sensors);
	}
	err = sensors_consume(f->sensors, feed_record, f);
	feed_due(f, boottime_ns(), &end);
	if (counts)
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

	f->count_ns = 0;
	for (int i = 1; !err && i <= LAST_TRIES; i++) {
		err = feed_until(f, i == LAST_TRIES);
		if (f->complete && !stream_is_behind(&f->session->stream))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = LAST_NS }, NULL);
	}
	return err;
}
