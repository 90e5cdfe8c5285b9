/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on stderr. */
#ifndef COMPLAIN_H
#define COMPLAIN_H

/* Prints one line, "snp-guard: ...", on stderr. */
void __attribute__((format(printf, 1, 2))) complain(const char *format, ...);

#endif
