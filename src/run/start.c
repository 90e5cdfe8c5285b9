// SPDX-License-Identifier: GPL-2.0-only
/* Makes a guard ready: a new one, or by resume.c one that is pinned. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "host/own_events.h"
#include "kernel/pins.h"
#include "run/run_state.h"
#include "util/complain.h"

static void describe_host(struct run *r)
{
	struct trace_header *header = &r->header;

	header->realtime_offset_ns = realtime_offset_ns();
	header->flags = r->settings->audit ? TRACE_AUDIT : 0;
	platform_boot_id(&r->platform, header->boot_id);
	platform_release(&r->platform, header->release);
}

static void complain_of_gate(const struct hook_state *gate)
{
	char why[2 * sizeof(gate->missing[0].why) + 64] = "";

	for (int i = 0; i < gate->missing_count; i++) {
		const struct hook_missing *m = &gate->missing[i];
		size_t used = strlen(why);

		snprintf(why + used, sizeof(why) - used, "%s%.*s: %s", used ? "; " : "",
			 (int)strcspn(m->source, " "), m->source, m->why);
	}
	complain("this kernel gives the gate no hook (%s), so nothing would be refused; --audit "
		 "reports only",
		 why);
}

static int open_hooks(struct run *r)
{
	struct hooks_options options = { .audit = r->settings->audit,
					 .avoid = r->settings->avoid,
					 .buffer_kib = r->settings->buffer_kib,
					 .stopped = run_is_stopped,
					 .stopped_ctx = r };
	int err = hooks_open(&r->hooks, &r->platform, NULL, &options);

	if (err == -EPERM)
		complain("the kernel hides its symbols' addresses, from root too: "
			 "sysctl -w kernel.kptr_restrict=1");
	else if (err)
		complain("can't look at the kernel's BTF and symbols: %s", strerror(-err));
	if (err || !hooks_lack_gate(&r->hooks))
		return err;
	complain_of_gate(&r->hooks.states[FACT_GATE]);
	r->cannot_run = true;
	return -ENOTSUP;
}

/* ---- pinning ---- */

#define LATCH_TRIES 100
#define LATCH_NS    50000000

/* Only the old gate knows that snp_prepare() is in flight, so it stays until that has returned. */
static int await_old_latch(struct run *r)
{
	for (int i = 0; i < LATCH_TRIES; i++) {
		if (!(sensors_pinned_latch() & SNP_LATCH_PREPARE))
			return 0;
		if (run_is_stopped(r))
			return -EINTR;
		nanosleep(&(struct timespec){ .tv_nsec = LATCH_NS }, NULL);
	}
	return -ETIMEDOUT;
}

/* old_group: as for start_new(). */
static int start_pin(struct run *r, int old_group)
{
	int err = old_group >= 0 ? await_old_latch(r) : 0;

	if (!err)
		err = pins_begin();
	if (!err)
		err = sensors_pin(r->sensors);
	if (!err)
		err = pinned_guard_pin(&r->pinned);
	if (!err)
		err = pins_publish();
	if (err) {
		complain("can't pin below " PINS_BPFFS ": %s", strerror(-err));
		/* What is pinned below PINS_NEW would stay attached. */
		pins_recover();
		return err;
	}
	sensors_set_pinned(r->sensors);
	r->gate.pinned = true;
	r->old_group = old_group;
	return 0;
}

/* ---- starting ---- */

static int start_feed(void *ctx, const struct snp_event *e)
{
	return session_feed(ctx, e);
}

/* old_group: of the kprobe events of a guard that this one replaces, or -1. */
static int start_new(struct run *r, int old_group)
{
	int group = old_group == 0, err;

	err = run_report_sensors(sensors_open(&r->sensors, &r->hooks, group));
	if (err)
		return err;
	run_wire(r);
	if (r->settings->pin)
		err = run_begin_ledger(r, group);
	if (!err) {
		run_begin_recording(r, false);
		err = run_list_guarded(r);
	}
	if (!err)
		err = run_feed_start(r);
	if (!err && r->request.since)
		err = own_before(r->request.since, r->header.boot_id, start_feed, &r->session);
	if (!err)
		run_sweep_until_complete(r);
	else
		complain("can't begin: %s", strerror(-err));
	return err || !r->settings->pin ? err : start_pin(r, old_group);
}

static int start_pinned(struct run *r)
{
	switch (r->pinned.found) {
	case PINNED_SAME_BUILD:
		return run_resume(r);
	case PINNED_OTHER_BUILD:
		complain("replacing what snp-guard %s has pinned", r->pinned.version);
		return start_new(r, r->pinned.group);
	case PINNED_UNKNOWN:
		complain(PINS_DIR " is not snp-guard's, or damaged: find out what made it; "
				  "`snp-guard detach` removes it");
		return -EEXIST;
	case PINNED_UNREADABLE:
		complain("can't read what is pinned in " PINS_DIR ": %s", strerror(-r->pinned.err));
		return r->pinned.err;
	case PINNED_NONE:
		break;
	}
	return start_new(r, -1);
}

int run_start(struct run *r)
{
	int err;

	describe_host(r);
	err = run_init_session(r);
	if (!err)
		err = open_hooks(r);
	if (err)
		return err;
	if (r->settings->pin)
		return start_pinned(r);
	if (r->pinned.found != PINNED_NONE) {
		complain("a guard's programs are pinned in " PINS_DIR
			 ": resume them by --pin, or remove them by `snp-guard detach`");
		return -EBUSY;
	}
	return start_new(r, -1);
}
