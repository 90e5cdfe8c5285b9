/* SPDX-License-Identifier: GPL-2.0-only */
/* The output of check, and its exit status. */
#ifndef CHECK_OUTPUT_H
#define CHECK_OUTPUT_H

#include <stdio.h>

#include "check/check.h"
#include "util/terminal.h"

/*
 * Exit statuses by monitor: X(symbol, name, all pass, warning, critical, could not verify)
 *
 * nagios: those of the Monitoring Plugins (OK, WARNING, CRITICAL, UNKNOWN), which the other
 * commands have too. npd: to node-problem-detector 0 is no problem, 1 a problem, and all else
 * unknown, so a warning is a problem.
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
	X(JUNIT, "junit", check_print_junit, NAGIOS)                                               \
	X(PROMETHEUS, "prometheus", print_prometheus, NAGIOS)                                      \
	X(NAGIOS, "nagios", print_nagios, NAGIOS)                                                  \
	X(NPD, "npd", print_npd, NPD)

enum check_format {
#define X(sym, name, printer, map) CHECK_FORMAT_##sym,
	CHECK_FORMATS(X)
#undef X
		CHECK_FORMAT_COUNT
};

/* NRPE up to version 2 passes on 1024 bytes; node-problem-detector shows 80 characters. */
enum { CHECK_NAGIOS_SIZE = 1024, CHECK_NPD_SIZE = 80 };

/* For a person: a line for each result, and one for the remedy where there is anything to do. */
void check_print_text(FILE *out, const struct terminal *t, const struct check_report *r);

/* Returns 0 or a negative errno. */
int check_print(FILE *out, const struct check_report *r, enum check_format format);
int check_print_junit(FILE *out, const struct check_report *r);
/* OK, WARNING, CRITICAL or UNKNOWN, by the worst result. */
const char *check_verdict(const struct check_report *r);
int check_exit_status(const struct check_report *r, enum check_exit_map map);

/* The exit map of a format for which none is asked. */
enum check_exit_map check_format_map(enum check_format format);

#endif
