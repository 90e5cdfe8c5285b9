/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run needs of the host, asked before anything is attached. */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include <stdbool.h>

#include "platform.h"

/*
 * Returns NULL if the guard can run here; else one line that names the cause and the remedy.
 * audit: the gate is not asked for.
 */
const char *preflight(const struct platform *p, bool audit);

#endif
