/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>

enum { STAMP_SIZE = 64 };

/*
 * Writes a time in UTC, as ISO 8601 has it, to the second or to the nanosecond, rounded down.
 * real_ns: CLOCK_REALTIME, which may lie before 1970. Returns buf.
 */
const char *stamp_utc(long long real_ns, bool with_ns, char buf[STAMP_SIZE]);

#endif
