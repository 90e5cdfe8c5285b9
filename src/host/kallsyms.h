/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of a kernel's symbols: /proc/kallsyms or a System.map, read once. */
#ifndef KALLSYMS_H
#define KALLSYMS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct kallsym {
	const char *name;   /* NULL: all text of the module */
	const char *module; /* NULL: the kernel itself */
	/* found: */
	uint64_t start; /* 0: not there, or not shown (kptr_restrict) */
	uint64_t end;	/* of the kernel's or the module's text; 0 where it is not known */
	int count;	/* how many symbols have that name */
	/* ".isra.0" and the like: what the compiler made of a function that has not its own name
	 * any more, or not only; "" if there is none */
	char variant[24];
};

/*
 * Looks up n symbols. Lines that aren't of the form "ADDRESS TYPE NAME [MODULE]" are passed
 * over. Returns 0 or a negative errno.
 */
int kallsyms_find(FILE *f, struct kallsym *symbols, int n);

/*
 * Compares one symbol's name with the one that is looked for: counts it, or keeps it as a
 * variant. Returns true if it is that very name. For names of other tables.
 */
bool kallsyms_match_name(struct kallsym *s, const char *name);

#endif
