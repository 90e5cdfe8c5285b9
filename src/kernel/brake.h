/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The brake, for onlining that no security hook sees: cpuN/hotplug/fail, the kernel's own way
 * to make a CPU's next bring-up fail, is set for every offline CPU while a window is open.
 */
#ifndef BRAKE_H
#define BRAKE_H

#include <stdbool.h>

#include "host/platform.h"

/* All zero before the first use. */
struct brake {
	struct brake_cpu {
		bool armed;
		int before; /* the value to restore */
	} * cpus;
	unsigned int len;
	bool inherits; /* an armed file was armed by a guard that was killed */
};

/*
 * If on, arms each CPU that is present and offline, again if its brake fired; restores the file of
 * all others. A file that can't be read or written is left as it is: the gate does not need it.
 */
void brake_follow(struct brake *b, const struct platform *p, bool on);

/* Restores all files, and frees the memory of b. */
void brake_end(struct brake *b, const struct platform *p);

#endif
