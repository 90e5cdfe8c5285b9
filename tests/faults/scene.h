/* SPDX-License-Identifier: GPL-2.0-only */
/* A run of the guard in which one call fails, and what is to hold whatever it is. */
#ifndef FAULTS_SCENE_H
#define FAULTS_SCENE_H

#include "inject.h"

struct scene {
	const char *name;
	void (*play)(void);
	bool pins;    /* the gate outlives the guard */
	bool adopted; /* the gate was there before it */
};

extern const struct scene scenes[];
extern const unsigned int scene_count;

/* What a run without a fault says: one line for each thing that it says once or more. */
struct facts {
	int status;
	char said[1 << 15];	/* on stdout */
	char recorded[1 << 13]; /* in the recording */
	char told[1 << 14];	/* on stderr */
	bool has_metrics;	/* the textfile names the breach */
};

#define ENDINGS(X)                                                                                 \
	X(NOT_REACHED, "not reached")                                                              \
	X(REFUSED, "refused")                                                                      \
	X(TOLD, "told")                                                                            \
	X(UNCHANGED, "unchanged")                                                                  \
	X(VIOLATION, "violation")

enum ending {
#define X(symbol, name) ENDED_##symbol,
	ENDINGS(X)
#undef X
		ENDINGS_NUM
};

/* Against the contract's rule, or against what a program may do. */
#define VIOLATIONS(X)                                                                              \
	X(GATE, "gate", "a guarded file was opened for writing in a window")                       \
	X(ENDED, "ended", "the run ended by itself")                                               \
	X(MISSED, "missed", "a CPU that lost SNP_EN is neither named nor unknown")                 \
	X(STATUS, "status", "the exit status hides what happened")                                 \
	X(SILENT, "silent", "an output lacks something, and nothing tells of it")                  \
	X(UNCLEAR, "unclear", "a refusal without one clear line")                                  \
	X(LEFT, "left", "a refused guard left its programs, or took a pinned guard's away")        \
	X(CRASHED, "crashed", "a signal, a sanitizer or an assertion ended the process")           \
	X(HUNG, "hung", "it did not end")

enum violation {
#define X(symbol, name, meaning) VIOLATION_##symbol,
	VIOLATIONS(X)
#undef X
		VIOLATIONS_NUM
};

struct outcome {
	bool is_there; /* the process came to its judgement */
	enum ending ending;
	enum violation violation;
	char why[400];
};

/* Plays a scene without a fault, and writes its calls to places. Returns false if it is unsound. */
bool scene_rehearse(const struct scene *s, struct fault_places *places, struct facts *facts,
		    struct outcome *o);
/* Plays it while the call at a place fails with err. */
void scene_play(const struct scene *s, const struct facts *facts, const struct fault_place *place,
		int err, struct outcome *o);

/* Shows what the command that was played last said. */
void scene_print_last(void);

#endif
