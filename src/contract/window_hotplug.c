// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_hotplug.h"

#include <stdio.h>
#include <string.h>

#include "contract/window_state.h"
#include "util/duration.h"

/* ---- texts ---- */

/* A function, its module, and a task. */
enum { CALLER_LEN = SNP_NAME_LEN + SNP_COMM_LEN + 32 };

const char *hotplug_count(const struct snp_event *e, char buf[HOTPLUG_COUNT_LEN])
{
	if (e->count == SNP_COUNT_UNKNOWN)
		snprintf(buf, HOTPLUG_COUNT_LEN, "hotplug count unreadable");
	else
		snprintf(buf, HOTPLUG_COUNT_LEN, "hotplug count %d", e->count);
	return buf;
}

/* "snp_shutdown(), in rmmod[181],": the kernel writes a module's name after the function's. */
static const char *caller_of(const struct snp_event *e, char buf[CALLER_LEN])
{
	int len = (int)strcspn(e->name, " ");

	if (len)
		snprintf(buf, CALLER_LEN, "%.*s()%s, in %.*s[%u],", len, e->name, e->name + len,
			 SNP_COMM_LEN, e->comm, e->tid);
	else
		snprintf(buf, CALLER_LEN, "unknown code, in %.*s[%u],", SNP_COMM_LEN, e->comm,
			 e->tid);
	return buf;
}

static bool was_seen(const struct snp_event *e)
{
	return e->kind || e->seq;
}

static const char *if_assumed(const struct holds *h)
{
	return h->assumed ? " (assumed: guard started late)" : "";
}

/* ---- disables and enables ---- */

static void on_snp_disable(struct window *w, const struct snp_event *e)
{
	char caller[CALLER_LEN], count[HOTPLUG_COUNT_LEN], gap[DURATION_LEN];
	struct holds *h = &w->holds;

	h->last_disable = *e;
	if (h->by_snp > 0)
		window_breach(w, SNP_BREACH_STACKED_DISABLE, SNP_NO_SUBJECT,
			      "%s disabled CPU hotplug again: SNP now has %d holds%s; %s",
			      caller_of(e, caller), h->by_snp + 1, if_assumed(h),
			      hotplug_count(e, count));
	h->by_snp++;
	if (w->life.open && !h->taken)
		window_breach(w, SNP_BREACH_LATE_DISABLE, SNP_NO_SUBJECT,
			      "%s disabled CPU hotplug %s%s after SNP_EN was set; in between %u "
			      "CPU%s came online, %u went offline",
			      caller_of(e, caller), w->life.found_open ? "at least " : "",
			      duration_text(e->time_ns - w->life.opened_ns, gap, sizeof(gap)),
			      h->gap_up, h->gap_up == 1 ? "" : "s", h->gap_down);
	h->taken = h->judged = w->life.open;
}

static void on_snp_enable(struct window *w, const struct snp_event *e)
{
	char caller[CALLER_LEN], count[HOTPLUG_COUNT_LEN];
	struct holds *h = &w->holds;

	/* What SNP held before the guard started could not be read, so believe its first enable. */
	if (!h->by_snp && h->unknown) {
		h->by_snp = 1;
		h->assumed = true;
	}
	h->unknown = false;
	if (!h->by_snp) {
		window_breach(w, SNP_BREACH_UNBALANCED_ENABLE, SNP_NO_SUBJECT,
			      "%s enabled CPU hotplug for SNP, which had no hold; %s",
			      caller_of(e, caller), hotplug_count(e, count));
		return;
	}
	h->by_snp--;
	if (h->by_snp)
		return;
	h->assumed = false;
	h->leak_pending = false;
	if (!w->life.open || w->firmware.init_failed)
		return;
	window_breach(w, SNP_BREACH_EARLY_ENABLE, SNP_NO_SUBJECT,
		      "%s dropped SNP's last hold while SNP_EN is set; %s", caller_of(e, caller),
		      hotplug_count(e, count));
}

void holds_on_hotplug(struct window *w, const struct snp_event *e)
{
	life_cycle_unsettle(w);
	/* The hotplug count has the other holds; each sweep compares it with SNP's. */
	if (!(e->flags & SNP_F_OWNED)) {
		if (e->kind == SNP_EV_HP_ENABLE)
			w->holds.last_other_enable = *e;
		return;
	}
	/* After a loss the number of SNP's holds is wrong until the next sweep. */
	if (w->records_lost)
		return;
	if (e->kind == SNP_EV_HP_DISABLE)
		on_snp_disable(w, e);
	else
		on_snp_enable(w, e);
}

/* ---- what other parts tell it ---- */

void holds_on_window_opened(struct window *w)
{
	struct holds *h = &w->holds;

	h->judged = h->taken = h->by_snp > 0;
	h->gap_up = h->gap_down = 0;
	h->leak_pending = false;
}

void holds_on_window_closed(struct window *w)
{
	w->holds.leak_pending = w->holds.by_snp > 0;
}

/* SNP has one hold at most in a window, so other code has the rest of the count. */
static void assume_by_count(struct holds *h, const struct snp_event *e)
{
	h->by_snp = e->count > 0;
	h->assumed = h->by_snp;
	h->unknown = e->count == SNP_COUNT_UNKNOWN;
	h->deficit_ns = 0;
	h->deficit_told = false;
}

void holds_assume(struct window *w, const struct snp_event *e)
{
	struct holds *h = &w->holds;

	assume_by_count(h, e);
	/* A hold from before the guard's start may be as old as the window: nobody was late. */
	h->taken = h->judged = h->by_snp || h->unknown;
}

void holds_on_cpu_moved(struct window *w, bool online)
{
	if (!w->life.open || w->holds.taken)
		return;
	w->holds.gap_up += online;
	w->holds.gap_down += !online;
}

/* ---- judgements ---- */

void holds_judge_none(struct window *w)
{
	if (!w->life.open || w->holds.judged || w->records_lost)
		return;
	w->holds.judged = true;
	window_breach(w, SNP_BREACH_NO_LATCH, SNP_NO_SUBJECT,
		      "the kernel left CPU hotplug enabled in window %u", w->life.windows);
}

/* A kernel that has SNP's disable and finds SNP_EN set at its start disables at once. */
void holds_judge_inherited(struct window *w, const struct snp_event *e)
{
	if (!life_cycle_is_inherited(w) || !w->kernel.has_hold || e->count ||
	    w->firmware.state == FW_INITIALISED || (w->since.known && w->since.same_boot))
		return;
	w->holds.judged = true;
	window_breach(w, SNP_BREACH_KEXEC_UNLATCHED, SNP_NO_SUBJECT,
		      "SNP_EN was set when this kernel started, and the kernel left CPU hotplug "
		      "enabled; hotplug count 0");
}

void holds_judge_count(struct window *w, const struct snp_event *e)
{
	struct holds *h = &w->holds;
	char caller[CALLER_LEN];

	if (e->count == SNP_COUNT_UNKNOWN || e->count >= h->by_snp) {
		h->deficit_ns = 0;
		h->deficit_told = false;
		return;
	}
	/* An enable counts down before its record is written: only what lasts is a deficit. */
	if (!h->deficit_ns)
		h->deficit_ns = e->time_ns;
	if (h->deficit_told || e->time_ns - h->deficit_ns < WINDOW_SETTLE_NS)
		return;
	h->deficit_told = true;
	window_breach(w, SNP_BREACH_FOREIGN_ENABLE, SNP_NO_SUBJECT,
		      "hotplug count %d, but SNP has %d hold%s%s: %s enabled CPU hotplug", e->count,
		      h->by_snp, h->by_snp == 1 ? "" : "s", if_assumed(h),
		      was_seen(&h->last_other_enable) ? caller_of(&h->last_other_enable, caller)
						      : "unseen code");
}

void holds_judge_leak(struct window *w)
{
	struct holds *h = &w->holds;
	char caller[CALLER_LEN];

	if (w->life.open || !h->leak_pending)
		return;
	h->leak_pending = false;
	window_breach(w, SNP_BREACH_LEAKED_DISABLE, SNP_NO_SUBJECT,
		      "window %u has closed, but SNP still has %d hold%s%s; %s took the last",
		      w->life.windows, h->by_snp, h->by_snp == 1 ? "" : "s", if_assumed(h),
		      was_seen(&h->last_disable) ? caller_of(&h->last_disable, caller)
						 : "unseen code");
}

void holds_begin_anew(struct window *w, const struct snp_event *e)
{
	struct holds *h = &w->holds;

	h->leak_pending = false;
	assume_by_count(h, e);
	if (!w->life.open)
		h->by_snp = 0;
	h->taken = h->judged = true;
}
