/* SPDX-License-Identifier: GPL-2.0-only */
/* How a check's results look, and which exit status they make. */
#ifndef CHECK_OUTPUT_H
#define CHECK_OUTPUT_H

#include <stdio.h>

#include "check/check.h"
#include "util/terminal.h"

/*
 * What statuses a monitor takes: X(symbol, name, all is well, warning, critical, could not verify)
 *
 * nagios: the Monitoring Plugins' (OK, WARNING, CRITICAL, UNKNOWN), which are those of the other
 * commands too. npd: node-problem-detector takes 0 for no problem, 1 for one, and all else for
 * unknown, so a warning is a problem there.
 */
#define CHECK_EXIT_MAPS(X)                                                                         \
	X(NAGIOS, "nagios", 0, 1, 2, 3)                                                            \
	X(NPD, "npd", 0, 1, 1, 2)

enum check_exit_map {
#define X(sym, name, ok, warning, critical, unknown) CHECK_EXIT_##sym,
	CHECK_EXIT_MAPS(X)
#undef X
		CHECK_EXIT_MAP_COUNT
};

/* Formats: X(symbol, name, printer, exit map) */
#define CHECK_FORMATS(X)                                                                           \
	X(TEXT, "text", print_text, NAGIOS)                                                        \
	X(JSON, "json", print_json, NAGIOS)                                                        \
	X(PROMETHEUS, "prometheus", print_prometheus, NAGIOS)                                      \
	X(NAGIOS, "nagios", print_nagios, NAGIOS)                                                  \
	X(NPD, "npd", print_npd, NPD)

enum check_format {
#define X(sym, name, printer, map) CHECK_FORMAT_##sym,
	CHECK_FORMATS(X)
#undef X
		CHECK_FORMAT_COUNT
};

/* NRPE up to version 2 hands on so many bytes; node-problem-detector shows so many characters. */
enum { CHECK_NAGIOS_SIZE = 1024, CHECK_NPD_SIZE = 80 };

/* For a person: a line for each result, and one for the remedy where there is anything to do. */
void check_print_text(FILE *out, const struct terminal *t, const struct check_report *r);

/* Returns 0 or a negative errno. */
int check_print(FILE *out, const struct check_report *r, enum check_format format);
int check_exit_status(const struct check_report *r, enum check_exit_map map);

/* The exit map of a format for which none is asked. */
enum check_exit_map check_format_map(enum check_format format);

#endif
