/* SPDX-License-Identifier: GPL-2.0-only */
/* What docs/contract.md says of each breach, built into the program (contract.awk). */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdio.h>

#include "contract/breaches.h"

struct explanation {
	enum snp_severity severity;
	const char *paragraph;	       /* what the breach is */
	const char *named, *not_named; /* when it is reported, and when it is not */
	const char *shown_by;	       /* tests */
};

/* Never NULL. */
const struct explanation *explain(enum snp_breach breach);

/* Returns the breach of that name, or -EINVAL. */
int explain_breach_by_name(const char *name);

/* Write all that is known of a breach to out: wrapped for a reader, or as one line of JSON. */
void explain_text(FILE *out, enum snp_breach breach);
void explain_json(FILE *out, enum snp_breach breach);

/* Writes severity, name and meaning of each breach to out. */
void explain_list(FILE *out);

#endif
