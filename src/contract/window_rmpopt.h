/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RMPOPT: a core that has it enabled skips the RMP checks where its own table says that no page is
 * a guest's. RMPOPT_BASE enables it; sweeps read it on each CPU of a processor that has it.
 */
#ifndef WINDOW_RMPOPT_H
#define WINDOW_RMPOPT_H

#include <stdbool.h>

#include "abi/event.h"

struct window;

enum rmpopt_ended { RMPOPT_ENDED_NOT, RMPOPT_ENDED_FULL, RMPOPT_ENDED_LEGACY };

struct rmpopt {
	bool seen;     /* the processor has RMPOPT */
	__u64 same_ns; /* of the first of the sweeps in a row that find the same; 0: none did */
	bool sure;     /* ... and of one WINDOW_SETTLE_NS later, too: no kernel is writing them */
	bool told;     /* rmpopt-uneven is reported of what they find */
	enum rmpopt_ended ended; /* the shutdown after which they are not sure yet */
};

/* RMPOPT: what a sweep found in a CPU's register. Returns 0 or -ENOMEM. */
int rmpopt_on_register(struct window *w, const struct snp_event *e);

/* COMMAND: before the firmware's part, whose state is that before the command. */
void rmpopt_on_command(struct window *w, const struct snp_event *e);

/* ---- what other parts tell it ---- */

/* Events were lost: what was found before says nothing of what comes. */
void rmpopt_begin_anew(struct window *w);
void rmpopt_on_full_shutdown(struct window *w);

/* ---- a complete sweep ---- */

/* rmpopt-uneven. */
void rmpopt_judge(struct window *w, const struct snp_event *e);

/* ---- questions ---- */

/* A sweep after WINDOW_SETTLE_NS could lead to a breach. */
bool rmpopt_is_unsettled(const struct window *w);

#endif
