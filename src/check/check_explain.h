/* SPDX-License-Identifier: GPL-2.0-only */
/* What docs/runbook.md says of each check; the build makes a table of it. */
#ifndef CHECK_EXPLAIN_H
#define CHECK_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "util/terminal.h"

/* A paragraph, a point, or a line of code or of a table; "" stands between them. */
struct check_explanation {
	const char *check, *line;
};
/* A check's lines follow each other. NULL, NULL ends the table. */
extern const struct check_explanation check_explanations[];

/* Paragraphs and points are wrapped; code and tables stay as they are. */
void check_explain_line(FILE *out, const struct terminal *t, const char *line);
/* Prints a check's name, what it looks at, and its lines. Returns false if it has none. */
bool check_explain(FILE *out, const char *check);

#endif
