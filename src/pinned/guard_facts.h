/* SPDX-License-Identifier: GPL-2.0-only */
/* What was found of a pinned guard, for those who judge it. */
#ifndef GUARD_FACTS_H
#define GUARD_FACTS_H

#include <stdbool.h>

#include "contract/breaches.h"
#include "contract/guard_state.h"

struct guard_facts {
	enum guard_state state;
	unsigned int gate_hook; /* enum snp_gate_hook; where it could be read */
	char missing[256];	/* why it is degraded; "": it is not */
	bool unpinned; /* a guard runs that pinned nothing: what it tells of itself is here */
	int told_err;  /* why that can't be read, a negative errno; 0: it can */
	int holder; /* process id of the guard that runs; 0: none does; negative: unknown, errno */
	bool has_history;			 /* its ledger could be read */
	unsigned int breaches[SNP_BREACH_COUNT]; /* findings on record, if it has a history */
};

#endif
