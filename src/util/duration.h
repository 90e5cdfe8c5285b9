/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DURATION_H
#define DURATION_H

#include <linux/types.h>
#include <stddef.h>

/* Room for any text of duration_text(). */
#define DURATION_LEN 24

/*
 * Writes a length of time, given in ns, to buf of size bytes, in the unit that suits it: "8.0 us",
 * "10.1 ms", "2.5 s", "3 min", "2.0 h". Returns buf.
 */
const char *duration_text(__u64 ns, char *buf, size_t size);

#endif
