/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on stderr. */
#ifndef COMPLAIN_H
#define COMPLAIN_H

#include <stddef.h>

/* Prints one line, "snp-guard: ...", on stderr. */
void __attribute__((format(printf, 1, 2))) complain(const char *format, ...);

/* From now on put takes each line, with its newline, in place of stderr; NULL: stderr does again.
 */
void complain_through(void (*put)(void *ctx, const char *line, size_t size), void *ctx);

#endif
