// SPDX-License-Identifier: GPL-2.0-only
/* Resumes a pinned guard: its BPF programs go on, its ledger says what it knew. */
#include <errno.h>
#include <string.h>

#include "host/own_events.h"
#include "run/run_state.h"
#include "util/complain.h"

static int feed_adopt(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_ADOPT);

	e.status = sensors_gate_hook(r->sensors);
	e.value = e.time_ns > r->session.last_ns ? e.time_ns - r->session.last_ns : 0;
	snprintf(e.name, sizeof(e.name), "%.*s", SNP_NAME_LEN - 1, r->header.release);
	return session_feed(&r->session, &e);
}

/* text: what was not as the guard left it, and is put right. */
static int feed_mended(struct run *r, const char *text)
{
	struct snp_event e = own_event(SNP_EV_GATE);

	e.flags = SNP_F_DEGRADED | SNP_F_RESTORED | SNP_F_MISSED;
	e.status = SNP_BLIND_PINS;
	snprintf(e.name, sizeof(e.name), "%s", text);
	return session_feed(&r->session, &e);
}

/* A damaged ledger proves nothing, so the window is followed as if no guard had run before. */
static int resume_without_ledger(struct run *r)
{
	int err;

	session_free(&r->session);
	err = run_init_session(r);
	if (err)
		return err;
	stream_skip_to(&r->session.stream, sensors_state(r->sensors).seq + 1);
	err = run_begin_ledger(r, r->pinned.group);
	if (!err && pinned_guard_repin(&r->pinned) < 0)
		err = -EIO;
	if (!err) {
		run_begin_recording(r, false);
		err = run_feed_start(r);
	}
	return err ? err : feed_mended(r, "the ledger was changed by another");
}

static int resume_session(struct run *r)
{
	int err = session_resume(&r->session, &r->pinned.ledger);

	if (err == -EBADMSG)
		return resume_without_ledger(r);
	if (err)
		return err;
	r->session.ledger = &r->pinned.ledger;
	r->feed.missed_before = r->feed.missed = r->session.stream.missed;
	/* The earlier guard's outputs ended with it. */
	memset(r->session.parts, 0, sizeof(r->session.parts));
	run_begin_recording(r, true);
	return feed_adopt(r);
}

static int feed_missing(struct run *r, int missing, const char *name)
{
	char text[SNP_NAME_LEN];

	if (!missing)
		return 0;
	snprintf(text, sizeof(text), "gone: %.24s%s", name, missing > 1 ? " and more" : "");
	return feed_mended(r, text);
}

int run_resume(struct run *r)
{
	const char *name = "";
	int missing, err;

	err = run_report_sensors(
		sensors_adopt(&r->sensors, &r->hooks, r->pinned.group, &missing, &name));
	if (err)
		return err;
	run_wire(r);
	r->gate.pinned = r->brake.inherits = true;
	sensors_set_audit(r->sensors, r->settings->audit);
	err = resume_session(r);
	if (!err)
		err = feed_missing(r, missing, name);
	if (!err)
		err = run_list_guarded(r);
	/* What happened with no guard comes before what a sweep finds now. */
	if (!err)
		err = feed_all(&r->feed);
	if (!err)
		run_sweep_until_complete(r);
	else
		complain("can't resume the pinned guard: %s", strerror(-err));
	return err;
}
