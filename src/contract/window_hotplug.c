// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_hotplug.h"

#include <stdio.h>

#include "contract/window_state.h"

/* ---- who, in texts ---- */

static const char *caller_of(const struct snp_event *e)
{
	return e->name[0] ? e->name : "an unknown caller";
}

/* "the last one was by snp_prepare, in modprobe[123]", as far as it was seen. */
static const char *done_by(const struct snp_event *e, const char *what, char *buf, size_t size)
{
	if (!e->kind && !e->seq)
		snprintf(buf, size, "%s was not seen", what);
	else
		snprintf(buf, size, "%s was by %s, in %.*s[%u]", what, caller_of(e), SNP_COMM_LEN,
			 e->comm, e->tid);
	return buf;
}

static const char *if_assumed(const struct holds *h)
{
	return h->assumed ? " (inferred)" : "";
}

/* ---- disables and enables ---- */

static void on_snp_disable(struct window *w, const struct snp_event *e)
{
	struct holds *h = &w->holds;

	h->last_disable = *e;
	if (h->by_snp > 0)
		window_breach(w, SNP_BREACH_STACKED_DISABLE, SNP_NO_SUBJECT,
			      "%s disabled CPU hotplug for SNP again, in %.*s[%u]: %d "
			      "outstanding%s, the kernel's count is %d",
			      caller_of(e), SNP_COMM_LEN, e->comm, e->tid, h->by_snp + 1,
			      if_assumed(h), e->count);
	h->by_snp++;
	if (w->life.open && !h->taken)
		window_breach(w, SNP_BREACH_LATE_DISABLE, SNP_NO_SUBJECT,
			      "%s disabled CPU hotplug %s%llu ns after SNP_EN was set; in between "
			      "%u CPU%s came online, %u went offline",
			      caller_of(e), w->life.found_open ? "at least " : "",
			      (unsigned long long)(e->time_ns - w->life.opened_ns), h->gap_up,
			      h->gap_up == 1 ? "" : "s", h->gap_down);
	h->taken = h->judged = w->life.open;
}

static void on_snp_enable(struct window *w, const struct snp_event *e)
{
	struct holds *h = &w->holds;

	/* Nobody could say what SNP held before the guard came, so its first enable is believed. */
	if (!h->by_snp && h->unknown) {
		h->by_snp = 1;
		h->assumed = true;
	}
	h->unknown = false;
	if (!h->by_snp) {
		window_breach(w, SNP_BREACH_UNBALANCED_ENABLE, SNP_NO_SUBJECT,
			      "%s enabled CPU hotplug with no disable of SNP's outstanding, in "
			      "%.*s[%u]; the kernel's count is %d",
			      caller_of(e), SNP_COMM_LEN, e->comm, e->tid, e->count);
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
		      "%s undid SNP's disable with SNP_EN set, in %.*s[%u]; the kernel's count is "
		      "%d",
		      caller_of(e), SNP_COMM_LEN, e->comm, e->tid, e->count);
}

void holds_on_hotplug(struct window *w, const struct snp_event *e)
{
	life_cycle_unsettle(w);
	/* Others' holds are in the kernel's count, which each sweep compares with these books. */
	if (!(e->flags & SNP_F_OWNED)) {
		if (e->kind == SNP_EV_HP_ENABLE)
			w->holds.last_other_enable = *e;
		return;
	}
	/* A loss makes the books wrong; the next sweep begins them anew. */
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
		      "window %u is open and this kernel has not disabled CPU hotplug",
		      w->life.windows);
}

/* A kernel that has SNP's disable and finds SNP_EN set at its start disables at once. */
void holds_judge_inherited(struct window *w, const struct snp_event *e)
{
	if (!life_cycle_is_inherited(w) || !w->kernel.has_latch || e->count ||
	    w->firmware.state == FW_INITIALISED || (w->since.known && w->since.same_boot))
		return;
	w->holds.judged = true;
	window_breach(w, SNP_BREACH_KEXEC_UNLATCHED, SNP_NO_SUBJECT,
		      "SNP_EN was set as this kernel started, which has SNP's hotplug disable, "
		      "and the kernel's count is 0");
}

void holds_judge_count(struct window *w, const struct snp_event *e)
{
	struct holds *h = &w->holds;
	char who[96];

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
		      "the kernel's count is %d, below the %d%s that SNP holds; %s", e->count,
		      h->by_snp, if_assumed(h),
		      done_by(&h->last_other_enable, "another's last enable", who, sizeof(who)));
}

void holds_judge_leak(struct window *w)
{
	struct holds *h = &w->holds;
	char who[96];

	if (w->life.open || !h->leak_pending)
		return;
	h->leak_pending = false;
	window_breach(w, SNP_BREACH_LEAKED_DISABLE, SNP_NO_SUBJECT,
		      "window %u is closed with %d disable%s of SNP's outstanding%s; %s",
		      w->life.windows, h->by_snp, h->by_snp == 1 ? "" : "s", if_assumed(h),
		      done_by(&h->last_disable, "the last one", who, sizeof(who)));
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
