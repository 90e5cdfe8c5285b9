/* SPDX-License-Identifier: GPL-2.0-only */
/* The addresses of a kernel's symbols, from /proc/kallsyms or a System.map. */
#ifndef KALLSYMS_H
#define KALLSYMS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "abi/beginning.h"

/* What the compiler made of a function or variable, as the suffixes of its symbols tell. */
enum kallsym_form {
	KALLSYM_AS_NAMED,
	KALLSYM_RENAMED, /* the very same under a longer name, such as "NAME.llvm.42" */
	KALLSYM_SPLIT,	 /* a part of it is a function of its own, such as "NAME.part.0" */
	KALLSYM_CLONED,	 /* a copy of it takes other arguments, such as "NAME.isra.0" */
};

/*
 * More than any compiler appends: 47 bytes for .__uniq. (an MD5 as a decimal number), 26 for .llvm.
 * (64 bits).
 */
#define KALLSYM_SUFFIX_LEN 128

struct kallsym {
	const char *name;   /* NULL: all text of the module */
	const char *module; /* NULL: vmlinux */
	/* set by kallsyms_find(): */
	uint64_t start;			 /* 0: absent, or hidden by kptr_restrict */
	uint64_t end;			 /* of the function, or of the module's text; 0: unknown */
	int count;			 /* number of symbols that are it, as named or renamed */
	enum kallsym_form form;		 /* of several, the last in the list above */
	char suffix[KALLSYM_SUFFIX_LEN]; /* of the first symbol of that form, never cut */
};

/* Sets those places of asked[] that the beginnings of n symbols have: beginning_of(). */
void kallsyms_learn_beginnings(bool asked[BEGINNINGS], const struct kallsym *symbols, int n);

/*
 * Looks up n symbols in one pass over f. Skips lines that are not "ADDRESS TYPE NAME [MODULE]".
 * Returns 0 or a negative errno.
 */
int kallsyms_find(FILE *f, struct kallsym *symbols, int n);

/*
 * For symbol tables other than kallsyms: kallsyms_forget() sets s as if no symbol had been seen;
 * kallsyms_match_name() adds what one symbol's name tells. Returns true if the symbol is s->name
 * itself, renamed or not.
 */
void kallsyms_forget(struct kallsym *s);
bool kallsyms_match_name(struct kallsym *s, const char *name);

#endif
