// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_life_cycle.h"

#include <errno.h>
#include <stdio.h>

#include "contract/window_state.h"

/* ---- the window opens and closes ---- */

static void open_window(struct window *w, bool found_open, const char *why)
{
	struct life_cycle *life = &w->life;

	if (life->open)
		return;
	life->open = true;
	life->found_open = found_open;
	life->renewed |= !found_open;
	life->opened_ns = life->changed_ns = w->event->time_ns;
	life->shutdown_unproven = false;
	life->windows++;
	holds_on_window_opened(w);
	firmware_on_window_opened(w);
	window_turn(w, WINDOW_OPENED, "window %u opened: %s", life->windows, why);
}

static void close_window(struct window *w, const char *how)
{
	if (!w->life.open)
		return;
	window_turn(w, WINDOW_CLOSED, "window %u closed%s", w->life.windows, how);
	w->life.open = false;
	life_cycle_unsettle(w);
	holds_on_window_closed(w);
	firmware_on_window_closed(w);
}

/* ---- snp_prepare() ---- */

void life_cycle_on_prepare_enter(struct window *w)
{
	w->life.preparing = true;
	w->life.was_open = w->life.open;
	w->life.enabled = 0;
}

int life_cycle_on_snp_enable(struct window *w, const struct snp_event *e)
{
	char why[64];
	int err = cpus_set_en(w, e->subject);

	if (err)
		return err;
	w->life.enabled++;
	snprintf(why, sizeof(why), "CPU %u was the first to set SNP_EN", e->subject);
	open_window(w, false, why);
	return 0;
}

static void judge_bailout(struct window *w)
{
	char cpus[96];
	unsigned int n;

	if (!w->life.bailout || w->records_lost)
		return;
	n = cpus_list(w, cpu_is_online_without_en, cpus, sizeof(cpus));
	if (!n)
		return;
	w->life.bailout = false;
	window_breach(w, SNP_BREACH_UNSAFE_BAILOUT, SNP_NO_SUBJECT,
		      "snp_prepare() bailed out although CPU%s %s lack%s SNP_EN", n == 1 ? "" : "s",
		      cpus, n == 1 ? "s" : "");
}

static void judge_partial_prepare(struct window *w, const struct snp_event *e)
{
	char cpus[96];
	unsigned int n = cpus_list(w, cpu_is_offline, cpus, sizeof(cpus));

	if (!n)
		return;
	window_breach(w, SNP_BREACH_PARTIAL_PREPARE, SNP_NO_SUBJECT,
		      "snp_prepare(), called by %.*s[%u], succeeded with %u present CPU%s "
		      "offline: %s",
		      SNP_COMM_LEN, e->comm, e->tid, n, n == 1 ? "" : "s", cpus);
}

void life_cycle_on_prepare_exit(struct window *w, const struct snp_event *e)
{
	w->life.preparing = false;
	life_cycle_unsettle(w);
	if (e->result)
		return;
	/* Without snp_enable() to watch, a window that was open already shows a bailout. */
	if (w->kernel.has_enable ? !w->life.enabled : w->life.was_open) {
		w->life.bailout = true;
		if (!w->life.open)
			open_window(w, true, "snp_prepare() found SNP_EN already set");
		/* By what is known already; else the next sweep judges it. */
		judge_bailout(w);
		return;
	}
	open_window(w, false, "snp_prepare() succeeded");
	if (!w->kernel.has_enable)
		cpus_forget_en(w);
	judge_partial_prepare(w, e);
}

/* ---- what ends it ---- */

void life_cycle_full_shutdown(struct window *w)
{
	firmware_end(w);
	w->life.bailout = false;
	w->life.renewed = true;
	cpus_clear_en(w);
	rmpopt_on_full_shutdown(w);
	window_turn(w, WINDOW_FULL_SHUTDOWN,
		    "the firmware reports a full shutdown; the next sweep verifies SNP_EN");
	close_window(w, " by a full shutdown");
	w->life.shutdown_unproven = true;
}

/* The driver calls snp_shutdown() after a full shutdown alone, whose command came first if seen. */
void life_cycle_on_x86_shutdown(struct window *w)
{
	if (w->life.open)
		life_cycle_full_shutdown(w);
	life_cycle_unsettle(w);
}

void life_cycle_on_kexec(struct window *w)
{
	w->life.leaving = true;
}

/* The exit of an snp_prepare() in flight may be among the lost records. */
void life_cycle_on_lost(struct window *w)
{
	w->life.preparing = false;
}

/* ---- sweeps ---- */

/* What SNP holds, in the words of WINDOW_INFERRED. */
static const char *assumption(const struct holds *h)
{
	return h->unknown  ? "SNP's holds are unknown"
	       : h->by_snp ? "assuming one of the holds is SNP's"
			   : "SNP has no hold";
}

static const char *firmware_text(enum firmware state, const struct snp_event *e)
{
	return state == FW_UNKNOWN	    ? "whether SNP is initialised is unknown"
	       : state != FW_INITIALISED    ? "the driver has not initialised SNP"
	       : e->flags & SNP_F_FW_BY_KVM ? "KVM has found SNP initialised"
					    : "the driver has initialised SNP";
}

static void find_open(struct window *w, const struct snp_event *e)
{
	char with[96], why[160], count[HOTPLUG_COUNT_LEN];
	unsigned int n = cpus_list(w, cpu_is_online_with_en, with, sizeof(with));

	if (!n || w->life.open)
		return;
	snprintf(why, sizeof(why), "CPU%s %s had SNP_EN when the guard started", n == 1 ? "" : "s",
		 with);
	open_window(w, true, why);
	holds_assume(w, e);
	window_turn(w, WINDOW_INFERRED, "guard started inside a window; %s: %s; %s",
		    hotplug_count(e, count), assumption(&w->holds),
		    firmware_text(w->firmware.state, e));
}

void life_cycle_first_sweep(struct window *w, const struct snp_event *e)
{
	find_open(w, e);
	life_cycle_unsettle(w);
	/* Before 7.1 SNP_EN is set at boot, and so would a disable have been made. */
	if (!w->kernel.has_prepare)
		w->life.changed_ns -= WINDOW_SETTLE_NS;
}

void life_cycle_follow_sweep(struct window *w)
{
	bool set = cpus_any(w, cpu_has_en);

	if (set && !w->life.open && !w->life.preparing)
		open_window(w, true,
			    w->life.shutdown_unproven ? "SNP_EN outlived the full shutdown"
						      : "a sweep found SNP_EN set");
	else if (!set && w->life.open && !w->life.preparing && cpus_any(w, cpu_is_online) &&
		 !cpus_any(w, cpu_is_online_with_unknown_en))
		close_window(w, ": a sweep found SNP_EN on no CPU");
}

void life_cycle_begin_anew(struct window *w)
{
	w->life.bailout = false;
}

void life_cycle_end_sweep(struct window *w)
{
	judge_bailout(w);
	w->life.bailout = false;
	w->life.shutdown_unproven = false;
}
