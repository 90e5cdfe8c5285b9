/* SPDX-License-Identifier: GPL-2.0-only */
/* A running guard, from its start to its end. */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>

#include "contract/severity.h"
#include "host/snapshot.h"
#include "report/report.h"

/* What a guard is asked to do. */
struct run_settings {
	enum report_format format;
	bool audit, pin, until_breach;
	double interval, duration;		  /* seconds; duration 0: until a signal */
	char *record, *ready, *textfile, *listen; /* NULL: none */
	char *flight;		   /* the flight recorder's directory; NULL: it is off */
	unsigned int record_limit; /* MiB of record and of the one before it; 0: none */
	unsigned int avoid;	   /* kinds of hooks, 1 << HOOK_... */
	unsigned int buffer_kib;   /* 0: by the number of CPUs */
	struct severities severities;
};

struct run_request {
	/* The guard sets audit again where the gate is not available. */
	struct run_settings *settings;
	/* At SIGHUP: changes those settings that may change while a guard runs. */
	void (*reload)(void *ctx);
	void *ctx;
	const struct snapshot *since; /* to compare with; NULL: none */
};

/*
 * Runs a guard on this host until a signal, its duration or, with until_breach, a breach ends it.
 * Returns 0 with *status the exit status that its findings call for, or a negative errno after it
 * reported what went wrong.
 */
int run_guard(const struct run_request *request, int *status);

#endif
