/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Criterion's assertions for tests/unit/standin in a program without Criterion: one that does not
 * hold says so and ends the process with PLAIN_FAILED.
 */
#ifndef PLAIN_CRITERION_H
#define PLAIN_CRITERION_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAIN_FAILED 99

__attribute__((format(printf, 4, 5), noreturn)) void
plain_fail(const char *file, int line, const char *what, const char *format, ...);

#define PLAIN_CHECK(holds, what, ...)                                                              \
	((holds) ? (void)0 : plain_fail(__FILE__, __LINE__, what, " " __VA_ARGS__))

#define cr_assert(holds, ...)	    PLAIN_CHECK(holds, #holds, __VA_ARGS__)
#define cr_assert_not(holds, ...)   PLAIN_CHECK(!(holds), "!(" #holds ")", __VA_ARGS__)
#define cr_assert_eq(a, b, ...)	    PLAIN_CHECK((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)    PLAIN_CHECK((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)	    PLAIN_CHECK((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)	    PLAIN_CHECK((a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)    PLAIN_CHECK((a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_str_empty(a, ...) PLAIN_CHECK(!*(a), #a " is empty", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) PLAIN_CHECK(!strcmp(a, b), #a " equals " #b, __VA_ARGS__)

#endif
