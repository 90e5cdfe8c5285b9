/* SPDX-License-Identifier: GPL-2.0-only */
/* How `snp-guard status` shows the state of a guard. */
#ifndef STATUS_OUTPUT_H
#define STATUS_OUTPUT_H

#include <stdio.h>

#include "pinned/pinned_status.h"
#include "util/terminal.h"

/* For a person: the last five refusals and the last ten windows. */
void status_print_text(FILE *out, const struct terminal *t, const struct pinned_status *b);
/* One object, with all refusals and windows on record. */
void status_print_json(FILE *out, const struct pinned_status *b);
/* What can't be read is neither "detached" nor "degraded". err: a negative errno, why. */
void status_print_unknown(FILE *out, const struct terminal *t, bool json, int err);

#endif
