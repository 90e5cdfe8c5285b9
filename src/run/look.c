// SPDX-License-Identifier: GPL-2.0-only
/* What a guard looks at between events: CPUs, gate, pins. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/own_events.h"
#include "kernel/kprobe_event.h"
#include "pinned/guard_lock.h"
#include "run/run_state.h"
#include "run/sweep.h"
#include "util/complain.h"

static struct publish_counters counters_of(const struct run *r, bool ended)
{
	const struct gate *g = &r->gate;

	return (struct publish_counters){
		.denied = sensors_state(r->sensors).denied,
		.missed = r->session.stream.missed,
		.degraded = g->told_open || g->told_off || g->told_unpinned,
		.audit = g->audit,
		.no_gate = !g->gates,
		.ended = ended && !g->pinned, /* a pinned gate goes on */
	};
}

/* For those who ask a guard that has no pins. */
static void tell_askers(struct run *r, const struct publish_counters *c)
{
	struct guard_facts facts = { .state = publish_gate(c), .gate_hook = r->session.gate_hook };

	if (c->degraded)
		snprintf(facts.missing, sizeof(facts.missing),
			 "the gate was changed from outside, as the guard has reported");
	memcpy(facts.breaches, window_totals(r->session.window).breaches, sizeof(facts.breaches));
	run_trouble(r, SNP_PART_LOCK, guard_tell(r->pinned.lock, &facts, r->told_until_ns));
	memcpy(r->told_breaches, facts.breaches, sizeof(facts.breaches));
}

/* After a critical breach that is new: how many guests it puts at risk. */
static int tell_guests(struct run *r, const struct window_totals *totals)
{
	unsigned int critical = 0;
	struct snp_event e;
	bool new;

	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		if (severity_of(&r->settings->severities, i) == SNP_CRITICAL)
			critical += totals->breaches[i];
	new = critical > r->told_critical;
	r->told_critical = critical;
	if (!new)
		return 0;
	e = own_guests(&r->platform);
	return session_feed(&r->session, &e);
}

/* A finding does not wait for a sweep that is complete. */
static void tell_findings(struct run *r, const struct window_totals *totals)
{
	struct publish_counters c;

	if (!memcmp(totals->breaches, r->told_breaches, sizeof(r->told_breaches)))
		return;
	c = counters_of(r, false);
	tell_askers(r, &c);
}

void run_publish(struct run *r, bool ended)
{
	const struct publish_counters c = counters_of(r, ended);

	r->told_until_ns = boottime_ns() + publish_stale_ns(r->settings->interval);
	publish(&r->publisher, &r->session, &c);
	tell_askers(r, &c);
}

/* ---- alive ---- */

void run_alive(void *ctx)
{
	struct run *r = ctx;

	service_alive(&r->outputs, &r->watchdog, boottime_ns());
}

/* ---- CPUs ---- */

void run_sweep(struct run *r)
{
	__u64 interval = r->settings->interval * NS_PER_S;
	/* Without a hook on commands, only a sweep shows whether SNP is initialised. */
	bool firmware = r->feed.firmware_due || !r->hooks.states[FACT_COMMANDS].covered;
	bool covered =
		r->hooks.states[FACT_COMMANDS].covered || r->hooks.states[FACT_PREPARE].covered;
	bool hsave = r->feed.hsave_due || !covered;
	int n;

	r->feed.sweep_due = r->feed.firmware_due = r->feed.hsave_due = false;
	n = sweep(&r->platform, &r->feed, firmware, hsave);
	run_trouble(r, SNP_PART_SWEEP, n < 0 ? n : 0);
	r->swept = n > 0;
	if (r->swept) {
		gate_brake(&r->gate, &r->brake,
			   !r->gate.audit && window_is_open(r->session.window));
		run_publish(r, false);
	}
	if (window_is_unsettled(r->session.window) && RUN_SETTLE_NS < interval)
		interval = RUN_SETTLE_NS;
	if (!r->swept) {
		r->feed.firmware_due = firmware;
		r->feed.hsave_due = hsave;
		interval = STREAM_PATIENCE_NS;
	}
	r->next_sweep_ns = boottime_ns() + interval;
}

bool run_is_stopped(void *ctx)
{
	const struct run *r = ctx;

	return (r->end_ns && boottime_ns() >= r->end_ns) || service_is_to_end();
}

/* Longer than sweep() waits for a msr file. */
#define COMPLETE_S 5

void run_sweep_until_complete(struct run *r)
{
	__u64 until_ns = boottime_ns() + COMPLETE_S * NS_PER_S;

	run_sweep(r);
	while (!r->swept && !run_is_stopped(r)) {
		if (boottime_ns() >= until_ns) {
			complain("the CPUs keep changing: no sweep was complete in %d s; SNP_EN is "
				 "unverified until one is",
				 COMPLETE_S);
			break;
		}
		nanosleep(&(struct timespec){ .tv_nsec = STREAM_PATIENCE_NS }, NULL);
		run_sweep(r);
	}
}

/* ---- gate and pins ---- */

#define LOOK_NS	 1000000000ull
#define AGAIN_NS 100000000ull

/* Changing the programs takes a while: records from before the change are reported first. */
static int feed_change(struct run *r, struct snp_event *e)
{
	int err = feed_all(&r->feed);

	e->time_ns = boottime_ns();
	return err ? err : session_feed(&r->session, e);
}

static int follow_writers(struct run *r)
{
	struct snp_event e;
	int n = gate_follow(&r->gate, &e);

	return n <= 0 ? n : feed_change(r, &e);
}

/* sensors_repin(), which the gate calls, knows nothing of the ledger's pin. */
static int look_at_ledger(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_GATE);
	int n = pinned_guard_repin(&r->pinned);

	if (n <= 0)
		return n;
	e.flags = SNP_F_DEGRADED | SNP_F_RESTORED;
	snprintf(e.name, sizeof(e.name), "pin was gone: the ledger");
	return session_feed(&r->session, &e);
}

static int look_at_gate(struct run *r)
{
	struct snp_event e;
	int n, err;

	while ((n = gate_look(&r->gate, window_is_open(r->session.window), r->feed.changes, &e)) >
	       0) {
		if (e.flags & SNP_F_MISSED)
			r->feed.sweep_due = r->feed.firmware_due = r->feed.hsave_due = true;
		err = feed_change(r, &e);
		if (err)
			return err;
	}
	return n;
}

void run_look(struct run *r)
{
	bool due = boottime_ns() >= r->next_look_ns, whole;
	struct window_totals totals;
	int err;

	session_look(&r->session, boottime_ns());
	totals = window_totals(r->session.window);
	tell_findings(r, &totals);
	err = tell_guests(r, &totals);
	if (err)
		run_trouble(r, SNP_PART_EVENTS, err);
	if (!due && !gate_is_awaited(&r->gate))
		return;
	err = follow_writers(r);
	/* The gate is compared with the session, so all events must be fed first. */
	whole = !err && due && r->feed.complete;
	if (due)
		r->next_look_ns = boottime_ns() + (whole ? LOOK_NS : AGAIN_NS);
	if (!whole) {
		/* That the gate holds, only a whole look can tell. */
		if (err)
			run_trouble(r, SNP_PART_GATE, err);
		return;
	}
	if (r->old_group >= 0 && kprobe_event_remove_stale(r->old_group) != -EBUSY)
		r->old_group = -1;
	err = look_at_gate(r);
	if (!err && r->gate.pinned)
		err = look_at_ledger(r);
	run_trouble(r, SNP_PART_GATE, err);
}
