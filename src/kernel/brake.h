/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second brake, for what no security hook sees: the kernel's own way of making a CPU's next
 * bring-up fail (cpuN/hotplug/fail), armed on every offline CPU as long as a window is open.
 */
#ifndef BRAKE_H
#define BRAKE_H

#include <stdbool.h>

#include "host/platform.h"

/* Before the first use all zero. */
struct brake {
	struct brake_cpu {
		bool armed;
		int before; /* what was found, and is put back */
	} * cpus;
	unsigned int len;
	bool inherits; /* what is found armed was armed by a guard that was killed */
};

/*
 * Arms each CPU that is present and offline if on, again if it fired; puts back what was found
 * before on all others. What can't be read or written is left as it is: the gate stands without it.
 */
void brake_follow(struct brake *b, const struct platform *p, bool on);

/* Puts back what was found before, and frees all. */
void brake_end(struct brake *b, const struct platform *p);

#endif
