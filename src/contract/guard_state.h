/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the gate, as operators and monitors see it. */
#ifndef GUARD_STATE_H
#define GUARD_STATE_H

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

#endif
