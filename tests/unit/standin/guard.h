/* SPDX-License-Identifier: GPL-2.0-only */
/* A command of the guard, called as main() calls it, on the host that stands. */
#ifndef STANDIN_GUARD_H
#define STANDIN_GUARD_H

#include <criterion/criterion.h>
#include <string.h>

enum { CLEAN = 0, WARNING = 1, CRITICAL = 2, UNVERIFIED = 3, USAGE = 64, CANNOT_RUN = 78 };

/* How the last command ended. */
struct ended {
	int status;
	char out[1 << 18], err[1 << 14]; /* stdout and stderr */
};

extern struct ended ended;

/* Where the stdout of the next commands goes; NULL: to ended.out. */
extern const char *guard_stdout;

/* Calls a command with these arguments, the last of which is NULL. */
void guard(const char *command, ...) __attribute__((sentinel));
/* The same in a process of its own, for what ends the process: usage errors and --help. */
void guard_alone(const char *command, ...) __attribute__((sentinel));

/* How often text stands in all, as in ended.out. */
unsigned int times(const char *all, const char *text);

/* `run --format json`, for so many seconds of the host's clock. */
void run_for(const char *seconds);
/* How long the last command took, in seconds of the host's clock. */
double took(void);

/* Parts of the lines of JSON. */
#define EVENT(name)	   "\"event\":\"" name "\""
#define BREACH(name)	   "\"breach\":\"" name "\""
#define FAULT(part, state) "\"part\":\"" part "\",\"state\":\"" state "\""
#define STATE(name)	   "\"state\":\"" name "\""
#define GATE_DEGRADED	   EVENT("gate") "," STATE("degraded")

#define cr_status(expected)                                                                        \
	cr_assert_eq(ended.status, expected, "status %d, expected %d; stderr: %s\nstdout: %s",     \
		     ended.status, expected, ended.err, ended.out)
#define cr_out(what)                                                                               \
	cr_assert(strstr(ended.out, what), "should say `%s` on stdout: %s", what, ended.out)
#define cr_not_out(what)                                                                           \
	cr_assert(!strstr(ended.out, what), "should not say `%s` on stdout: %s", what, ended.out)
#define cr_err(what)                                                                               \
	cr_assert(strstr(ended.err, what), "should say `%s` on stderr: %s", what, ended.err)
#define cr_quiet() cr_assert_str_empty(ended.err)

#endif
