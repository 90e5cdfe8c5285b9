/* SPDX-License-Identifier: GPL-2.0-only */
/* How `snp-guard hooks` shows the sources that a kernel offers. */
#ifndef HOOKS_OUTPUT_H
#define HOOKS_OUTPUT_H

#include <stdio.h>

#include "kernel/hooks.h"
#include "util/terminal.h"

/*
 * For a person: a line for each fact, and below it the sources that would have been preferred, and
 * the effect of doing without.
 */
void hooks_print_text(FILE *out, const struct terminal *t, const struct hooks *h);
/* An object for each fact. */
void hooks_print_json(FILE *out, const struct hooks *h);

#endif
