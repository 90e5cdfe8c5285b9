// SPDX-License-Identifier: GPL-2.0-only
/*
 * The automaton's entry: takes an event in, and hands it to the part that it concerns. The parts
 * are the files beside this one whose names begin with window_.
 */
#include "contract/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "contract/window_state.h"
#include "util/cpulist.h"

struct window *window_new(void)
{
	return calloc(1, sizeof(struct window));
}

void window_free(struct window *w)
{
	if (w)
		cpus_free(&w->cpus);
	free(w);
}

/* ---- the guard itself: its start, its gate, its end ---- */

static void on_start(struct window *w, const struct snp_event *e)
{
	w->kernel.started = true;
	w->kernel.has_prepare = e->flags & SNP_F_HAS_PREPARE;
	w->kernel.has_enable = e->flags & SNP_F_HAS_ENABLE;
	w->kernel.has_hold = e->flags & SNP_F_HAS_HOLD;
	w->kernel.no_commands = e->flags & SNP_F_NO_COMMANDS;
}

static void on_uncovered(struct window *w, const struct snp_event *e)
{
	if (e->result)
		window_blind(w, SNP_BLIND_REFUSED, SNP_NO_SUBJECT,
			     "blind spot on this kernel: %.*s, as its source was refused (%s)",
			     SNP_NAME_LEN, e->name, strerror(-e->result));
	else
		window_blind(
			w, e->subject == SNP_NO_SUBJECT ? SNP_BLIND_RECORDING : SNP_BLIND_NO_SOURCE,
			SNP_NO_SUBJECT, "blind spot on this kernel: %.*s", SNP_NAME_LEN, e->name);
}

static void lose_records(struct window *w)
{
	w->records_lost = true;
	life_cycle_on_lost(w);
}

static void on_lost(struct window *w, const struct snp_event *e)
{
	w->tally.lost += e->value;
	lose_records(w);
	window_blind(w, e->status, SNP_NO_SUBJECT, "lost %llu event%s; only sweeps cover that time",
		     (unsigned long long)e->value, e->value == 1 ? "" : "s");
}

/* A failing output hides nothing from the guard; a sweep that fails does. */
static void on_fault(struct window *w, const struct snp_event *e)
{
	const char *hides = snp_part_hides(e->subject);

	if (e->flags & SNP_F_FAILING && *hides)
		window_blind(w, SNP_BLIND_FAULT, SNP_NO_SUBJECT,
			     "%s fails with errno %d; not noticed meanwhile: %s",
			     snp_part_name(e->subject), -e->result, hides);
}

static void on_denied(struct window *w, const struct snp_event *e)
{
	w->tally.denied++;
	if (e->flags & SNP_F_AUDIT)
		w->tally.audited++;
}

/* A gate that was changed from outside is a breach only if something may have passed unseen. */
static void on_gate(struct window *w, const struct snp_event *e)
{
	const char *end = e->flags & SNP_F_RESTORED ? "put right" : "not put right";

	/* The hooks were not called for a while, whatever the gate did. */
	if (e->flags & SNP_F_MISSED &&
	    (e->status == SNP_BLIND_HOOKS_OFF || e->status == SNP_BLIND_OTHER_CCP))
		lose_records(w);
	if (!(e->flags & SNP_F_DEGRADED))
		return;
	window_turn(w, WINDOW_DEGRADED, "%.*s: %s", SNP_NAME_LEN, e->name, end);
	if (e->flags & SNP_F_MISSED)
		window_blind(w, e->status, SNP_NO_SUBJECT,
			     "%.*s (%s): events and writes since the last check may be unseen",
			     SNP_NAME_LEN, e->name, end);
}

/* ---- sweeps ---- */

/* What is certain only once nothing more has followed for a while. */
static void judge_settled(struct window *w)
{
	if (!life_cycle_is_settled(w) || w->records_lost)
		return;
	/* Guests can run: a disable should have come by now. */
	if (w->firmware.state == FW_INITIALISED || !w->kernel.has_prepare)
		holds_judge_none(w);
	firmware_judge_retry(w);
	holds_judge_leak(w);
}

/* After a loss nothing that was remembered is certain: the sweep says what there is now. */
static void begin_anew(struct window *w, const struct snp_event *e)
{
	if (!w->records_lost)
		return;
	w->records_lost = false;
	life_cycle_begin_anew(w);
	firmware_begin_anew(w);
	holds_begin_anew(w, e);
	rmpopt_begin_anew(w);
}

/* Something keeps changing, so that each sweep says nothing. */
static void on_unstable(struct window *w, const struct snp_event *e)
{
	struct tally *t = &w->tally;

	if (!t->unverified_ns)
		t->unverified_ns = e->time_ns;
	if (t->told_unverified || e->time_ns - t->unverified_ns < WINDOW_UNVERIFIED_NS)
		return;
	t->told_unverified = true;
	window_blind(w, SNP_BLIND_UNSTABLE, SNP_NO_SUBJECT,
		     "no sweep was complete for %llu s, as something kept changing: SNP_EN is "
		     "unverified",
		     WINDOW_UNVERIFIED_NS / 1000000000);
}

static void on_truth(struct window *w, const struct snp_event *e)
{
	bool first = !w->tally.swept;

	if (!(e->flags & SNP_F_STABLE)) {
		on_unstable(w, e);
		return;
	}
	w->tally.unverified_ns = 0;
	w->tally.told_unverified = false;
	firmware_on_sweep(w, e);
	if (first) {
		w->tally.swept = true;
		life_cycle_first_sweep(w, e);
	}
	life_cycle_follow_sweep(w);
	if (first) {
		snapshot_compare(w);
		holds_judge_inherited(w, e);
	}
	begin_anew(w, e);
	firmware_judge_unknown(w);
	cpus_judge(w, e);
	cpus_judge_hsave(w, e);
	rmpopt_judge(w, e);
	life_cycle_end_sweep(w);
	holds_judge_count(w, e);
	judge_settled(w);
	cpus_end_sweep(w);
}

static void on_end(struct window *w)
{
	if (!w->tally.swept)
		window_blind(w, SNP_BLIND_NO_SWEEP, SNP_NO_SUBJECT,
			     "no sweep completed; SNP_EN is unverified");
	judge_settled(w);
}

/* ---- events ---- */

bool window_accepts(const struct window *w, const struct snp_event *e)
{
	if (e->kind >= SNP_EV_KINDS || w->kernel.started == (e->kind == SNP_EV_START))
		return false;
	if (e->comm[SNP_COMM_LEN - 1] || e->name[SNP_NAME_LEN - 1])
		return false;
	/* -4095: MAX_ERRNO in the kernel's include/linux/err.h */
	if (e->time_ns > (__u64)SNP_TIME_MAX || e->result < -4095 || e->count < SNP_COUNT_UNKNOWN ||
	    e->count > SNP_COUNT_MAX)
		return false;
	switch (e->kind) {
	case SNP_EV_SNP_ENABLE:
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
	case SNP_EV_BEFORE_CPU:
	case SNP_EV_CPU_STATE:
	case SNP_EV_RMPOPT:
		return e->subject < CPULIST_MAX;
	case SNP_EV_FAULT:
		return e->subject < SNP_PART_COUNT && e->result <= 0 &&
		       !(e->flags & SNP_F_FAILING) == !e->result;
	default:
		return true;
	}
}

int window_feed(struct window *w, const struct snp_event *e, window_emit_fn emit_fn, void *ctx)
{
	if (!window_accepts(w, e))
		return -EINVAL;
	w->event = e;
	w->emit = emit_fn;
	w->ctx = ctx;
	switch ((enum snp_event_kind)e->kind) {
	case SNP_EV_PREPARE_ENTER:
		life_cycle_on_prepare_enter(w);
		break;
	case SNP_EV_PREPARE_EXIT:
		life_cycle_on_prepare_exit(w, e);
		break;
	case SNP_EV_SNP_ENABLE:
		return life_cycle_on_snp_enable(w, e);
	case SNP_EV_X86_SHUTDOWN:
		life_cycle_on_x86_shutdown(w);
		break;
	case SNP_EV_KEXEC:
		life_cycle_on_kexec(w);
		break;
	case SNP_EV_COMMAND:
		rmpopt_on_command(w, e);
		if (firmware_on_command(w, e))
			life_cycle_full_shutdown(w);
		break;
	case SNP_EV_HP_DISABLE:
	case SNP_EV_HP_ENABLE:
		holds_on_hotplug(w, e);
		break;
	case SNP_EV_CPU_UP_BEGIN:
	case SNP_EV_CPU_DOWN_BEGIN:
		return cpus_on_request(w, e);
	case SNP_EV_CPU_UP:
	case SNP_EV_CPU_DOWN:
		return cpus_on_transition(w, e);
	case SNP_EV_CPU_STATE:
		return cpus_on_state(w, e);
	case SNP_EV_RMPOPT:
		return rmpopt_on_register(w, e);
	case SNP_EV_BEFORE_CPU:
		return snapshot_on_cpu(w, e);
	case SNP_EV_BEFORE:
		snapshot_on_complete(w, e);
		break;
	case SNP_EV_TRUTH:
		on_truth(w, e);
		break;
	case SNP_EV_START:
		on_start(w, e);
		break;
	case SNP_EV_UNCOVERED:
		on_uncovered(w, e);
		break;
	case SNP_EV_LOST:
		on_lost(w, e);
		break;
	case SNP_EV_FAULT:
		on_fault(w, e);
		break;
	case SNP_EV_DENIED:
		on_denied(w, e);
		break;
	case SNP_EV_GATE:
		on_gate(w, e);
		break;
	case SNP_EV_END:
		on_end(w);
		break;
	case SNP_EV_SHUTDOWN_LOCKED:
	case SNP_EV_CPUHP_FAIL:
	case SNP_EV_MODULE_LOAD:
	case SNP_EV_MODULE_FREE:
	case SNP_EV_KINDS:
	case SNP_EV_ADOPT:
		/* Shown, and a reason to sweep; nothing follows from them alone. */
		life_cycle_unsettle(w);
		break;
	case SNP_EV_GUESTS: /* shown, too, and concerns nothing here */
		break;
	}
	return 0;
}

/* ---- what others may know ---- */

const char *window_state_name(enum window_state state)
{
	static const char *const names[] = {
#define X(sym, name) name,
		WINDOW_STATES(X)
#undef X
	};

	return names[state];
}

bool window_has_started(const struct window *w)
{
	return w->kernel.started;
}

bool window_is_open(const struct window *w)
{
	return w->life.open;
}

bool window_is_unsettled(const struct window *w)
{
	const struct holds *h = &w->holds;

	return (h->deficit_ns && !h->deficit_told) || w->life.bailout || w->firmware.init_retry ||
	       (!w->life.open && h->leak_pending) || cpus_any(w, cpu_is_unread) ||
	       cpus_any(w, cpu_is_untold_without_hsave) || w->cpus.look_again ||
	       rmpopt_is_unsettled(w) ||
	       (w->life.open && !h->judged &&
		(w->firmware.state == FW_INITIALISED || !w->kernel.has_prepare));
}

struct window_cpu window_cpu(const struct window *w, unsigned int cpu)
{
	const struct cpu *c;

	if (cpu >= w->cpus.count)
		return (struct window_cpu){ 0 };
	c = &w->cpus.list[cpu];
	return (struct window_cpu){
		.present = c->present,
		.online = c->online,
		.looked = c->readable || c->told_unknown,
		.readable = c->readable,
		.snp_en = c->en == EN_SET,
		.no_hsave = c->no_hsave_ns,
		.rmpopt_read = c->rmpopt.state == RMPOPT_READ,
		.rmpopt_failed = c->rmpopt.state == RMPOPT_UNREADABLE,
		.rmpopt = c->rmpopt.value,
	};
}

struct window_now window_now(const struct window *w)
{
	return (struct window_now){
		.open = w->life.open,
		.initialised = w->firmware.state == FW_INITIALISED,
		.may_be_initialised = firmware_may_run_guests(w),
		.outstanding = w->holds.by_snp,
	};
}

struct window_totals window_totals(const struct window *w)
{
	struct window_totals totals = {
		.windows = w->life.windows,
		.denied = w->tally.denied,
		.audited = w->tally.audited,
		.lost = w->tally.lost,
		.truth = w->tally.swept,
	};

	memcpy(totals.breaches, w->tally.breaches, sizeof(totals.breaches));
	return totals;
}
