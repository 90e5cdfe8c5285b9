/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes one call of a run fail. The linker gives src/ the functions of inject.c in place of those
 * of libc, libbpf and the stand-in (objcopy --redefine-syms, see faults.mk); malloc() and its kin
 * are replaced for the libraries too. What the stand-in itself calls neither counts nor fails.
 */
#ifndef FAULTS_INJECT_H
#define FAULTS_INJECT_H

#include <stdbool.h>

#include "calls.h"

/* Where a run is, in the order in which a run gets there. */
#define FAULT_PHASES(X)                                                                            \
	X(START, "start")                                                                          \
	X(ADOPT, "adoption")                                                                       \
	X(IDLE, "no window")                                                                       \
	X(WINDOW, "window")                                                                        \
	X(SWEEP, "sweep")                                                                          \
	X(RELOAD, "SIGHUP")                                                                        \
	X(WINDOW_END, "window's end")                                                              \
	X(EXIT, "exit")

enum fault_phase {
#define X(symbol, name) PHASE_##symbol,
	FAULT_PHASES(X)
#undef X
		PHASES_NUM
};

extern const char *const fault_phase_names[PHASES_NUM];

enum { FAULT_FRAMES = 12 };

/* A call that a run made. */
struct fault_place {
	enum fault_call call;
	enum fault_phase phase;
	bool other_thread; /* not the one that called the command */
	unsigned int nth;  /* of this call in its kind of thread, from 1 */
	void *frames[FAULT_FRAMES];
};

struct fault_places {
	unsigned int count, room;
	struct fault_place all[];
};

/* The next command's calls are written to places, or, if target is not NULL, that one fails. */
void faults_prepare(struct fault_places *places, const struct fault_place *target, int err);
/* The call that was to fail did. */
bool faults_fired(void);

/* For the script of a run. */
void faults_set_phase(enum fault_phase phase);
/* The guard has come to its loop. */
bool faults_is_running(void);

#endif
