/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a command writes, and whether it got there. */
#ifndef STANDARD_OUTPUT_H
#define STANDARD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Before anything else is opened: standard descriptors that are closed get a file that can't be
 * written to, lest the next file that is opened becomes standard output. A pipe that nobody reads
 * is from now on a write error, and no signal.
 */
void output_begin(void);

/*
 * Has put() write to the file or, for NULL, to standard output. Returns 0, or a negative errno
 * after it reported why; what standard output did not take is for output_end() to report.
 */
int output_write(const char *path, int (*put)(const void *what, FILE *out), const void *what);

/* Returns false, after it reported why, if standard output did not take all that was written. */
bool output_end(void);

#endif
