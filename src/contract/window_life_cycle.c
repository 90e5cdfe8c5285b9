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
	window_turn(w, WINDOW_OPENED, "window %u is open: %s", life->windows, why);
}

static void close_window(struct window *w, const char *why)
{
	if (!w->life.open)
		return;
	window_turn(w, WINDOW_CLOSED, "window %u is closed: %s", w->life.windows, why);
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
	snprintf(why, sizeof(why), "SNP_EN was set, first on CPU %u", e->subject);
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
		      "snp_prepare() bailed out while CPU%s %s lack%s SNP_EN", n == 1 ? "" : "s",
		      cpus, n == 1 ? "s" : "");
}

static void judge_partial_prepare(struct window *w, const struct snp_event *e)
{
	char cpus[96];
	unsigned int n = cpus_list(w, cpu_is_offline, cpus, sizeof(cpus));

	if (!n)
		return;
	window_breach(w, SNP_BREACH_PARTIAL_PREPARE, SNP_NO_SUBJECT,
		      "snp_prepare() succeeded, called by %.*s[%u], with %u present CPU%s "
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
			open_window(w, true, "snp_prepare() found SNP_EN set");
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
	window_turn(w, WINDOW_FULL_SHUTDOWN,
		    "the firmware ended SNP and cleared SNP_EN on every CPU");
	close_window(w, "full shutdown");
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

static void find_open(struct window *w, const struct snp_event *e)
{
	char with[96], text[160], count[40] = "is not readable";
	unsigned int n = cpus_list(w, cpu_is_online_with_en, with, sizeof(with));

	if (!n || w->life.open)
		return;
	snprintf(text, sizeof(text), "SNP_EN is set on CPU%s %s as the guard starts",
		 n == 1 ? "" : "s", with);
	open_window(w, true, text);
	holds_assume(w, e);
	if (!w->holds.unknown)
		snprintf(count, sizeof(count), "is %d: %s", e->count,
			 w->holds.by_snp ? "one is taken for SNP's" : "SNP holds none");
	window_turn(w, WINDOW_INFERRED,
		    "since when the window is open is not known; the kernel's count of disables "
		    "%s; SNP is %s",
		    count,
		    w->firmware.state == FW_INITIALISED ? "initialised, as the driver says"
		    : w->firmware.state == FW_DOWN	? "not initialised, as the driver says"
							: "initialised or not: that can't be read");
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
		close_window(w, "no CPU has SNP_EN");
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
