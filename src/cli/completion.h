/* SPDX-License-Identifier: GPL-2.0-only */
/* Shell completion, made from the table of commands and their argp tables. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <stdio.h>

#include "cli/commands.h"
#include "cli/shells.h"

enum completion_shell {
#define X(sym, name) COMPLETION_##sym,
	COMPLETION_SHELLS(X)
#undef X
};

/* Prints the completion function of a shell, for commands up to the one without a name. */
void completion_print(FILE *out, enum completion_shell shell, const struct command *commands);

#endif
