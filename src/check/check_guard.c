// SPDX-License-Identifier: GPL-2.0-only
/* The guard: what it refuses, and what a pinned one has on record. */
#include <string.h>

#include "check/check_parts.h"
#include "contract/names.h"

void check_gate(struct check_look *l)
{
	const struct guard_facts *g = l->facts->guard;
	const char *name = guard_state_name(g->state);

	if (g->told_err)
		check_add(l, CHECK_ID_GATE, CHECK_UNKNOWN,
			  "try again: a guard that starts has told nothing yet",
			  "guard %d runs without --pin; can't read what it tells: %s", g->holder,
			  strerror(-g->told_err));
	else if (g->state == GUARD_DEGRADED)
		check_add(l, CHECK_ID_GATE, CHECK_WARN,
			  "see `snp-guard status`, and restart the guard", "%s: %s", name,
			  g->missing);
	else if (g->state == GUARD_AUDITING)
		check_add(l, CHECK_ID_GATE, CHECK_PASS, NULL, "%s: nothing is refused", name);
	else if (g->state == GUARD_ENFORCING)
		check_add(l, CHECK_ID_GATE, CHECK_PASS, NULL, "%s%s%s", name,
			  snp_gate_hook_words(g->gate_hook),
			  g->unpinned ? ", as long as the guard runs" : "");
	else if (g->holder < 0)
		check_add(l, CHECK_ID_GATE, CHECK_UNKNOWN, "try again",
			  "can't tell whether a guard runs: %s", strerror(-g->holder));
	else
		check_add(l, CHECK_ID_GATE, CHECK_NOT_APPLICABLE, NULL, "%s: no guard runs", name);
}

void check_recorded(struct check_look *l)
{
	const struct check_facts *f = l->facts;
	const struct guard_facts *g = f->guard;

	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		if (!g->breaches[i] || severity_is_off(&f->severities, i))
			continue;
		check_add(l, CHECK_ID_RECORDED, check_status_of(&f->severities, i),
			  snp_breach_remedy(i),
			  "%s: named %u time%s since the guard's record began", snp_breach_name(i),
			  g->breaches[i], g->breaches[i] == 1 ? "" : "s");
		check_part(l, "%s", snp_breach_name(i));
	}
	if (check_has(l, CHECK_ID_RECORDED))
		return;
	if (g->has_history)
		check_add(l, CHECK_ID_RECORDED, CHECK_PASS, NULL,
			  "the guard's record has no finding");
	else
		check_add(l, CHECK_ID_RECORDED, CHECK_NOT_APPLICABLE, NULL,
			  "no guard has left a record");
}
