// SPDX-License-Identifier: GPL-2.0-only
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/complain.h"
#include "host/own_events.h"
#include "kernel/pins.h"

/* ---- the first events ---- */

static int feed_start(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_START);
	int err;

	e.flags = sensors_start_flags(r->sensors);
	snprintf(e.name, sizeof(e.name), "%.*s", SNP_NAME_LEN - 1, r->trace.header.release);
	err = session_feed(&r->session, &e);
	for (int i = 0; !err && i < FACT_NUM; i++) {
		if (r->hooks.states[i].covered || (i == FACT_GATE && r->options.audit))
			continue;
		e = own_event(SNP_EV_UNCOVERED);
		e.subject = i;
		snprintf(e.name, sizeof(e.name), "%s", hook_fact_name(i));
		err = session_feed(&r->session, &e);
	}
	return err;
}

static int feed_adopt(struct run *r)
{
	struct snp_event e = own_event(SNP_EV_ADOPT);
	__u64 beat = sensors_state(r->sensors).beat_ns;

	e.value = e.time_ns > beat ? e.time_ns - beat : 0;
	snprintf(e.name, sizeof(e.name), "%.*s", SNP_NAME_LEN - 1, r->trace.header.release);
	return session_feed(&r->session, &e);
}

static int feed_one(void *ctx, const struct snp_event *e)
{
	return session_feed(ctx, e);
}

/* ---- host, recording, hooks ---- */

static void describe_host(struct run *r)
{
	struct trace_header *header = &r->trace.header;

	header->realtime_offset_ns = realtime_offset_ns();
	header->flags = r->options.audit ? TRACE_AUDIT : 0;
	platform_boot_id(&r->platform, header->boot_id);
	platform_release(&r->platform, header->release);
}

static int init_session(struct run *r)
{
	int err = session_init(&r->session, r->options.format, stdout, &r->trace.header);

	if (err)
		complain("can't report as %s: %s", report_format_name(r->options.format),
			 strerror(-err));
	else
		session_set_severities(&r->session, &r->options.severities);
	return err;
}

/* What the session knows by now stands at the recording's begin. */
static int begin_recording(struct run *r, bool with_state)
{
	struct trace_header header = r->trace.header;
	struct pack p = { .size = r->lasting.size };
	int err;

	if (!r->options.record)
		return 0;
	if (with_state) {
		p.data = malloc(p.size);
		if (!p.data)
			return -ENOMEM;
		session_save(&r->session, &p);
	}
	err = p.err ? p.err : trace_create(&r->trace, r->options.record, &header, p.data, p.used);
	free(p.data);
	if (err)
		complain("%s: %s", r->options.record, strerror(-err));
	else
		r->session.trace = &r->trace;
	return err;
}

static int complain_of_sensors(int err)
{
	if (err == -EBUSY)
		complain("another snp-guard is running here: its kprobes are in use; end that one "
			 "first");
	else if (err)
		complain("the kernel does not take the BPF programs (%s): %s", strerror(-err),
			 sensors_complaint());
	return err;
}

static int open_hooks(struct run *r)
{
	struct hooks_options options = { .audit = r->options.audit,
					 .avoid = r->options.avoid,
					 .buffer_kib = r->options.buffer_kib };
	int err = hooks_open(&r->hooks, &r->platform, NULL, &options);

	if (err)
		complain("can't look at the kernel's BTF and symbols: %s", strerror(-err));
	return err;
}

/* Everything that works on the sensors, once they are there. */
static void wire(struct run *r)
{
	r->sweep = (struct sweep){ .platform = &r->platform,
				   .sensors = r->sensors,
				   .session = &r->session,
				   .drain = run_drain,
				   .drain_ctx = r,
				   .stream = &r->stream };
	r->gate = (struct gate){ .sensors = r->sensors,
				 .platform = &r->platform,
				 .gates = r->hooks.states[FACT_GATE].covered,
				 .audit = r->options.audit,
				 .told_exposed = sensors_state(r->sensors).exposed };
	r->ask_firmware = true;
	if (r->options.duration)
		r->end_ns = boottime_ns() + r->options.duration * NS_PER_S;
}

/* ---- a guard of one's own, and one that outlives this process ---- */

static int begin_ledger(struct run *r, int group)
{
	struct cpulist possible;
	int err = platform_cpus(&r->platform, "possible", &possible);

	if (err)
		return err;
	err = lasting_begin(&r->lasting, possible.len, group);
	cpulist_free(&possible);
	if (!err)
		r->session.ledger = &r->lasting.ledger;
	return err;
}

/* snp_prepare() in flight is known to the old gate alone: that one stays until it has returned. */
static int await_old_latch(void)
{
	for (int i = 0; i < 100; i++) {
		if (!(sensors_pinned_latch() & SNP_LATCH_PREPARE))
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	return -ETIMEDOUT;
}

static int pin_all(struct run *r, int old_group)
{
	int err = old_group >= 0 ? await_old_latch() : 0;

	if (!err)
		err = pins_begin();
	if (!err)
		err = sensors_pin(r->sensors);
	if (!err)
		err = lasting_pin(&r->lasting);
	if (!err)
		err = pins_publish();
	if (err) {
		complain("can't pin below " PINS_BPFFS ": %s", strerror(-err));
		return err;
	}
	sensors_set_pinned(r->sensors);
	r->gate.pinned = true;
	r->old_group = old_group;
	return 0;
}

static int list_guarded(struct run *r)
{
	int err = gate_list(&r->gate);

	if (!err && r->gate.unlisted)
		complain("/sys is mounted read-only here, so who writes to the guarded files can't "
			 "be told: each read and write of the host is looked at, in a window too; "
			 "give the guard one that can be written to");
	return err;
}

/* old_group: of the kprobe events of a guard that is replaced, or -1. */
static int begin_anew(struct run *r, const struct snapshot *since, int old_group)
{
	int group = old_group == 0, err;

	err = complain_of_sensors(sensors_open(&r->sensors, &r->hooks, group));
	if (err)
		return err;
	wire(r);
	if (r->options.pin)
		err = begin_ledger(r, group);
	if (!err)
		err = begin_recording(r, false);
	if (!err)
		err = list_guarded(r);
	if (!err)
		err = feed_start(r);
	if (!err && r->options.since)
		err = own_before(since, r->trace.header.boot_id, feed_one, &r->session);
	if (!err)
		err = run_settle(r);
	if (err)
		complain("can't begin: %s", strerror(-err));
	return err || !r->options.pin ? err : pin_all(r, old_group);
}

static int on_waiting(void *ctx, const struct snp_event *e)
{
	struct run *r = ctx;
	int err = stream_push(&r->stream, e);

	return err == -ESTALE ? 0 : err;
}

/* What the ledger has can't be believed: the window is taken up as if no guard had been there. */
static int begin_damaged(struct run *r)
{
	struct snp_event e;
	int err;

	session_free(&r->session);
	err = init_session(r);
	if (err)
		return err;
	r->session.next = sensors_state(r->sensors).seq + 1;
	stream_begin_at(&r->stream, r->session.next);
	r->session.missed = sensors_missed(r->sensors);
	err = begin_ledger(r, r->lasting.group);
	if (!err && lasting_repin(&r->lasting) < 0)
		err = -EIO;
	if (!err)
		err = begin_recording(r, false);
	if (!err)
		err = feed_start(r);
	e = own_event(SNP_EV_GATE);
	e.flags = SNP_F_DEGRADED | SNP_F_RESTORED | SNP_F_MISSED;
	snprintf(e.name, sizeof(e.name), "the ledger was changed by another");
	return err ? err : session_feed(&r->session, &e);
}

static int resume(struct run *r)
{
	int err = session_resume(&r->session, &r->lasting.ledger, on_waiting, r);

	if (err == -EBADMSG)
		return begin_damaged(r);
	/* Of those that waited, some may have been fed after that. */
	stream_begin_at(&r->stream, r->session.next);
	r->session.ledger = &r->lasting.ledger;
	if (!err)
		err = begin_recording(r, true);
	return err ? err : feed_adopt(r);
}

static int feed_missing(struct run *r, int missing, const char *name)
{
	struct snp_event e = own_event(SNP_EV_GATE);

	if (!missing)
		return 0;
	e.flags = SNP_F_DEGRADED | SNP_F_RESTORED | SNP_F_MISSED;
	snprintf(e.name, sizeof(e.name), "gone: %.24s%s", name, missing > 1 ? " and more" : "");
	return session_feed(&r->session, &e);
}

static int begin_adopted(struct run *r)
{
	const char *name = "";
	int missing, err;

	err = complain_of_sensors(
		sensors_adopt(&r->sensors, &r->hooks, r->lasting.group, &missing, &name));
	if (err)
		return err;
	wire(r);
	r->gate.pinned = r->brake.inherits = true;
	sensors_set_audit(r->sensors, r->options.audit);
	err = resume(r);
	if (!err)
		err = feed_missing(r, missing, name);
	if (!err)
		err = list_guarded(r);
	/* What happened meanwhile comes before the look at what there is. */
	if (!err)
		err = run_drain(r);
	r->gate.told_exposed = 0;
	if (!err)
		err = run_settle(r);
	if (err)
		complain("can't take up what is pinned: %s", strerror(-err));
	return err;
}

static int begin_pinned(struct run *r, const struct snapshot *since)
{
	switch (r->lasting.found) {
	case LASTING_OURS:
		return begin_adopted(r);
	case LASTING_ANOTHER:
		complain("replacing what snp-guard %s has pinned", r->lasting.version);
		return begin_anew(r, since, r->lasting.group);
	case LASTING_FOREIGN:
		complain(PINS_DIR " is there and is no guard's, or damaged: look what made it; "
				  "`snp-guard detach` removes it");
		return -EEXIST;
	case LASTING_NONE:
		break;
	}
	return begin_anew(r, since, -1);
}

int run_begin(struct run *r, const struct snapshot *since)
{
	int err;

	describe_host(r);
	err = init_session(r);
	if (!err)
		err = open_hooks(r);
	if (err)
		return err;
	if (r->options.pin)
		return begin_pinned(r, since);
	if (r->lasting.found != LASTING_NONE) {
		complain("a guard's programs are pinned in " PINS_DIR
			 ": take them up by --pin, or remove them by `snp-guard detach`");
		return -EBUSY;
	}
	return begin_anew(r, since, -1);
}
