/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guard is to the host, as operators see it. */
#ifndef GUARD_STATE_H
#define GUARD_STATE_H

#include <stdbool.h>

#include "contract/breaches.h"

/* X(symbol, name) */
#define GUARD_STATES(X)                                                                            \
	X(DETACHED, "detached")                                                                    \
	X(AUDITING, "auditing")                                                                    \
	X(DEGRADED, "degraded")                                                                    \
	X(ENFORCING, "enforcing")

enum guard_state {
#define X(sym, name) GUARD_##sym,
	GUARD_STATES(X)
#undef X
		GUARD_STATE_COUNT
};

const char *guard_state_name(enum guard_state state);

struct guard_facts {
	enum guard_state state;
	char missing[256]; /* why it is degraded */
	int holder;	   /* process of the guard that runs, 0 if none does */
	bool has_history;
	unsigned int breaches[SNP_BREACH_COUNT]; /* with a history: named since it began */
};

#endif
