// SPDX-License-Identifier: GPL-2.0-only
/* What all parts of the automaton use, and so calls none of them. */
#include <stdarg.h>
#include <stdio.h>

#include "contract/window_state.h"

/* ---- verdicts ---- */

static void emit(struct window *w, enum verdict_kind kind, int id, const char *remedy, __u32 cpu,
		 const char *format, va_list args)
{
	struct verdict v = {
		.kind = kind,
		.id = id,
		.window = w->life.open ? w->life.windows : 0,
		.cpu = cpu,
		.seq = w->event->seq,
		.time_ns = w->event->time_ns,
		.remedy = remedy,
	};

	vsnprintf(v.text, sizeof(v.text), format, args);
	w->emit(w->ctx, &v);
}

void window_breach(struct window *w, enum snp_breach id, __u32 cpu, const char *format, ...)
{
	va_list args;

	w->tally.breaches[id]++;
	va_start(args, format);
	emit(w, VERDICT_BREACH, id, snp_breach_remedy(id), cpu, format, args);
	va_end(args);
}

void window_blind(struct window *w, unsigned int cause, __u32 cpu, const char *format, ...)
{
	va_list args;

	w->tally.breaches[SNP_BREACH_BLIND]++;
	va_start(args, format);
	emit(w, VERDICT_BREACH, SNP_BREACH_BLIND, snp_blind_remedy(cause), cpu, format, args);
	va_end(args);
}

void window_turn(struct window *w, enum window_state id, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(w, VERDICT_STATE, id, "", SNP_NO_SUBJECT, format, args);
	va_end(args);
}

/* ---- when ---- */

void life_cycle_unsettle(struct window *w)
{
	w->life.changed_ns = w->event->time_ns;
}

bool life_cycle_is_settled(const struct window *w)
{
	return w->event->time_ns - w->life.changed_ns >= WINDOW_SETTLE_NS;
}

bool life_cycle_is_inherited(const struct window *w)
{
	return w->life.open && !w->life.renewed && !w->life.preparing && !w->records_lost;
}
