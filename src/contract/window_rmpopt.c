// SPDX-License-Identifier: GPL-2.0-only
#include "contract/window_rmpopt.h"

#include <errno.h>
#include <string.h>

#include "contract/window_state.h"

/* ---- questions ---- */

/* A sweep may still read the register of a CPU that a hook has reported offline. */
static bool is_read(const struct cpu *c)
{
	return c->online && c->rmpopt.state == RMPOPT_READ;
}

static bool is_enabled(const struct cpu *c)
{
	return is_read(c) && c->rmpopt.value & SNP_RMPOPT_ENABLE;
}

static bool is_disabled(const struct cpu *c)
{
	return is_read(c) && !(c->rmpopt.value & SNP_RMPOPT_ENABLE);
}

static bool is_not_as_kept(const struct cpu *c)
{
	return is_read(c) && c->rmpopt.kept && c->rmpopt.value != c->rmpopt.kept_value;
}

bool rmpopt_is_unsettled(const struct window *w)
{
	const struct rmpopt *r = &w->rmpopt;

	return r->seen && !r->sure &&
	       (w->firmware.state == FW_INITIALISED || r->ended != RMPOPT_ENDED_NOT);
}

/* ---- what happens ---- */

static void changed(struct window *w)
{
	w->rmpopt.same_ns = 0;
	w->rmpopt.sure = w->rmpopt.told = false;
}

int rmpopt_on_register(struct window *w, const struct snp_event *e)
{
	struct cpu *c = cpus_get(w, e->subject);

	if (!c)
		return -ENOMEM;
	if (e->result && c->rmpopt.state != RMPOPT_UNREADABLE)
		window_blind(w, SNP_BLIND_RMPOPT, e->subject,
			     "can't read RMPOPT_BASE of CPU %u (%s); whether RMPOPT is enabled "
			     "there is unknown",
			     e->subject, strerror(-e->result));
	c->rmpopt.state = e->result ? RMPOPT_UNREADABLE : RMPOPT_READ;
	c->rmpopt.value = e->value;
	w->rmpopt.seen = true;
	changed(w);
	return 0;
}

void rmpopt_begin_anew(struct window *w)
{
	changed(w);
	w->rmpopt.ended = RMPOPT_ENDED_NOT;
}

void rmpopt_on_full_shutdown(struct window *w)
{
	changed(w);
	w->rmpopt.ended = RMPOPT_ENDED_FULL;
}

/* What was read while a kernel may have been writing is nothing to compare with. */
static void on_legacy_shutdown(struct window *w)
{
	for (unsigned int i = 0; i < w->cpus.count; i++) {
		struct cpu_rmpopt *r = &w->cpus.list[i].rmpopt;

		r->kept = r->state == RMPOPT_READ;
		r->kept_value = r->value;
	}
	w->rmpopt.ended = w->rmpopt.sure ? RMPOPT_ENDED_LEGACY : RMPOPT_ENDED_NOT;
	changed(w);
}

void rmpopt_on_command(struct window *w, const struct snp_event *e)
{
	if (e->result || e->status)
		return;
	switch (e->subject) {
	case SNP_CMD_INIT:
	case SNP_CMD_INIT_EX:
		rmpopt_begin_anew(w);
		break;
	case SNP_CMD_SHUTDOWN:
	case SNP_CMD_SHUTDOWN_EX:
		/* A full one calls rmpopt_on_full_shutdown() next, which overrules this. */
		if (w->firmware.state == FW_INITIALISED)
			on_legacy_shutdown(w);
		break;
	}
}

/* ---- sweeps ---- */

static void tell(struct window *w, cpu_match_fn match, const char *what, const char *how)
{
	char cpus[96];
	unsigned int n = cpus_list(w, match, cpus, sizeof(cpus));

	if (n)
		window_breach(w, SNP_BREACH_RMPOPT_UNEVEN, SNP_NO_SUBJECT, "%s CPU%s %s %s", what,
			      n == 1 ? "" : "s", cpus, how);
}

static void judge_shutdown(struct window *w)
{
	if (w->rmpopt.ended == RMPOPT_ENDED_FULL && !w->life.open)
		tell(w, is_enabled, "RMPOPT is still enabled on", "after a full shutdown");
	if (w->rmpopt.ended == RMPOPT_ENDED_LEGACY)
		tell(w, is_not_as_kept, "RMPOPT_BASE of", "changed at a legacy shutdown");
	w->rmpopt.ended = RMPOPT_ENDED_NOT;
}

/* Two CPUs that differ; false if none do. */
static bool find_unequal(const struct window *w, unsigned int *a, unsigned int *b)
{
	const struct cpu *list = w->cpus.list;
	bool found = false;

	for (unsigned int i = 0; i < w->cpus.count; i++) {
		if (!is_read(&list[i]))
			continue;
		if (!found)
			*a = i;
		found = true;
		*b = i;
		if (list[*a].rmpopt.value != list[i].rmpopt.value)
			return true;
	}
	return false;
}

static void judge_equal(struct window *w)
{
	char with[96], without[96];
	unsigned int a = 0, b = 0, n, m;

	if (w->rmpopt.told || w->firmware.state != FW_INITIALISED || !find_unequal(w, &a, &b))
		return;
	w->rmpopt.told = true;
	n = cpus_list(w, is_enabled, with, sizeof(with));
	m = cpus_list(w, is_disabled, without, sizeof(without));
	if (n && m)
		window_breach(w, SNP_BREACH_RMPOPT_UNEVEN, SNP_NO_SUBJECT,
			      "while SNP is initialised, RMPOPT is enabled on CPU%s %s, and not on "
			      "CPU%s %s",
			      n == 1 ? "" : "s", with, m == 1 ? "" : "s", without);
	else
		window_breach(w, SNP_BREACH_RMPOPT_UNEVEN, SNP_NO_SUBJECT,
			      "while SNP is initialised, RMPOPT_BASE is %#llx on CPU %u and %#llx "
			      "on CPU %u",
			      (unsigned long long)w->cpus.list[a].rmpopt.value, a,
			      (unsigned long long)w->cpus.list[b].rmpopt.value, b);
}

void rmpopt_judge(struct window *w, const struct snp_event *e)
{
	struct rmpopt *r = &w->rmpopt;

	if (!r->seen)
		return;
	if (!r->same_ns)
		r->same_ns = e->time_ns;
	if (e->time_ns - r->same_ns < WINDOW_SETTLE_NS)
		return;
	r->sure = true;
	judge_shutdown(w);
	judge_equal(w);
}
