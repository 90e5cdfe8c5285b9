/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of run, and where they come from. */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>

#include "report.h"

struct run_options {
	enum report_format format;
	bool audit, until_breach;
	double interval, duration;
	const char *record, *ready, *since;
	unsigned int avoid, buffer_kib;
};

/*
 * Reads the command line. Returns 0, or a negative errno after it said why; a usage error ends the
 * process.
 */
int run_options_read(struct run_options *o, int argc, char **argv);

#endif
