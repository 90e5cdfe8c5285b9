/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run needs of the host, checked before it attaches anything. */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include <stdbool.h>

#include "host/platform.h"

/* The needs of a run, in the order of the checks. */
struct preflight_need {
	const char *name;
	/* 1 if it is met, 0 if not, or a negative errno if that can't be known here. */
	int (*holds)(const struct platform *p);
	bool to_look;	       /* needed to read the host's state */
	bool for_good;	       /* can't come while the host is up and the guard is started so */
	const char *looks;     /* what holds() looks at */
	const char *met;       /* what was seen if it is met */
	const char *otherwise; /* "CAUSE; REMEDY" */
};
extern const struct preflight_need preflight_needs[];
extern const size_t preflight_need_count;

/*
 * Returns the first need that is not met, or NULL if the guard can run here: what is unknown, the
 * kernel will refuse if it must.
 */
const struct preflight_need *preflight(const struct platform *p);

/*
 * False if ftrace or kprobes are switched off: then attached hooks are not called. locked: set if
 * lockdown hides whether kprobes are; if it was set before, that is not tried again.
 */
bool preflight_hooks_are_on(const struct platform *p, bool *locked);

#endif
