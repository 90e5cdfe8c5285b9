/* SPDX-License-Identifier: GPL-2.0-only */
/* The addresses of a kernel's symbols, from /proc/kallsyms or a System.map. */
#ifndef KALLSYMS_H
#define KALLSYMS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "abi/beginning.h"

struct kallsym {
	const char *name;   /* NULL: all text of the module */
	const char *module; /* NULL: vmlinux */
	/* set by kallsyms_find(): */
	uint64_t start; /* 0: absent, or hidden by kptr_restrict */
	uint64_t end;	/* of the function, or of the module's text; 0: unknown */
	int count;	/* number of symbols with that name */
	/* the suffix of a clone that the compiler made, such as ".isra.0"; "" if there is none */
	char variant[24];
};

/* Sets those places of asked[] that the beginnings of n symbols have: beginning_of(). */
void kallsyms_learn_beginnings(bool asked[BEGINNINGS], const struct kallsym *symbols, int n);

/*
 * Looks up n symbols in one pass over f. Skips lines that are not "ADDRESS TYPE NAME [MODULE]".
 * Returns 0 or a negative errno.
 */
int kallsyms_find(FILE *f, struct kallsym *symbols, int n);

/*
 * For symbol tables other than kallsyms: counts name if it is s->name, or keeps its suffix in
 * s->variant if it is a clone of s->name. Returns true if it is s->name.
 */
bool kallsyms_match_name(struct kallsym *s, const char *name);

#endif
