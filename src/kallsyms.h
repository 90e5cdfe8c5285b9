/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of the kernel's symbols: /proc/kallsyms, read once. */
#ifndef KALLSYMS_H
#define KALLSYMS_H

#include <stdint.h>
#include <stdio.h>

struct kallsym {
	const char *name;   /* NULL: all text of the module */
	const char *module; /* NULL: the kernel itself */
	/* found: */
	uint64_t start; /* 0: not there, or not shown (kptr_restrict) */
	uint64_t end;	/* of the kernel's or the module's text; 0 where it is not known */
	int count;	/* how many symbols have that name */
};

/*
 * Looks up n symbols. Lines that aren't of the form "ADDRESS TYPE NAME [MODULE]" are passed
 * over. Returns 0 or a negative errno.
 */
int kallsyms_find(FILE *f, struct kallsym *symbols, int n);

#endif
