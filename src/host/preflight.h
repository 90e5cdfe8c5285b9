/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run needs of the host, asked before anything is attached. */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include <stdbool.h>

#include "host/platform.h"

/* What the guard needs of a host, in the order in which it is asked. */
struct preflight_need {
	const char *name;
	bool (*holds)(const struct platform *p);
	bool gate_only;	       /* a run that only audits does without */
	bool to_look;	       /* without it the host's state can't be read */
	const char *otherwise; /* cause and remedy, parted by "; " */
};
extern const struct preflight_need preflight_needs[];
extern const size_t preflight_need_count;

/*
 * Returns NULL if the guard can run here; else one line that names the cause and the remedy.
 * audit: the gate is not asked for.
 */
const char *preflight(const struct platform *p, bool audit);

/* False if ftrace or kprobes are switched off just now: then hooks that are attached are silent. */
bool preflight_hooks_are_on(const struct platform *p);

#endif
