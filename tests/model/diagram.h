/* SPDX-License-Identifier: GPL-2.0-only */
/* The automaton as docs/automaton.dot draws it, held against what the code does. */
#ifndef MODEL_DIAGRAM_H
#define MODEL_DIAGRAM_H

#include <stdbool.h>

/* X(symbol, the node's name in the .dot) */
#define DIAGRAM_STATES(X)                                                                          \
	X(CLOSED, "closed")                                                                        \
	X(PREPARING, "preparing")                                                                  \
	X(OPEN, "open")                                                                            \
	X(FAILED_INIT, "failed_init")                                                              \
	X(FLUSHING, "flushing")                                                                    \
	X(INITIALISED, "initialised")

enum window_diagram_state {
#define X(sym, name) DIAGRAM_##sym,
	DIAGRAM_STATES(X)
#undef X
		DIAGRAM_STATE_COUNT
};

/* An action led from one state to another. One that leads back to the same is not drawn. */
void diagram_saw(enum window_diagram_state from, enum window_diagram_state to, const char *action);
/* Whether the edges drawn are exactly those seen; says which are not. */
bool diagram_agrees(const char *path);

#endif
