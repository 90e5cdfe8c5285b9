/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads every CPU's SYSCFG and the hotplug count, and feeds what differs from what is known. */
#ifndef SWEEP_H
#define SWEEP_H

#include "host/platform.h"
#include "run/feed.h"

/*
 * A sweep is complete if nothing changed meanwhile: all records from before it were fed, since then
 * only refusals were recorded, and no full shutdown was in flight, in which the firmware clears
 * SNP_EN at a moment of its own. It is tried a few times, each time after feeding what came; then a
 * TRUTH event without SNP_F_STABLE reports that it is not complete, unless it waits for the msr
 * file of a CPU that has just come. A complete sweep sets the latch by what it found. firmware:
 * also find out whether SNP is initialised; hsave: and whether KVM lacks a host save area on a CPU.
 *
 * Returns 1 if the sweep is complete and the latch is right, 0 if not, or a negative errno.
 */
int sweep(const struct platform *p, struct feed *f, bool firmware, bool hsave);

#endif
