/* SPDX-License-Identifier: GPL-2.0-only */
/* What the contract says of each breach, as docs/contract.md has it when this is built. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdio.h>

#include "contract/breaches.h"

struct explanation {
	enum snp_severity severity;
	const char *paragraph; /* what the breach is */
	const char *named, *not_named, *shown_by;
};

const struct explanation *explain(enum snp_breach breach);

/* The breach of that name, or -EINVAL. */
int explain_breach_by_name(const char *name);

/* All about a breach: for a person, wrapped, or as one line of JSON. */
void explain_text(FILE *out, enum snp_breach breach);
void explain_json(FILE *out, enum snp_breach breach);

/* One line for each breach. */
void explain_list(FILE *out);

#endif
