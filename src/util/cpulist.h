/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of CPUs, and the kernel's way of writing them: "0-3,8"
 * (Documentation/admin-guide/cputopology.rst). */
#ifndef CPULIST_H
#define CPULIST_H

#include <stdbool.h>
#include <stddef.h>

/* More than any x86 kernel can be built for (NR_CPUS is 8192 at most); bounds what a bad list
 * costs. */
#define CPULIST_MAX 65536

struct cpulist {
	unsigned char *bits; /* one byte a CPU */
	unsigned int len;    /* CPUs from len on are not in the set */
};

/*
 * Reads the set from text as found in /sys/devices/system/cpu/online; a newline may end it, and an
 * empty text is an empty set. Returns 0, -EINVAL for anything else, -ERANGE for a CPU from
 * CPULIST_MAX on, or -ENOMEM. On failure the set is empty.
 */
int cpulist_parse(struct cpulist *set, const char *text);

/* Adds cpu. Returns 0, -ERANGE or -ENOMEM. */
int cpulist_add(struct cpulist *set, unsigned int cpu);

bool cpulist_has(const struct cpulist *set, unsigned int cpu);
unsigned int cpulist_count(const struct cpulist *set);
void cpulist_free(struct cpulist *set);

/*
 * Writes the set to buf, as much of it as fits; "..." ends a list that was cut. size must be at
 * least 8. Returns buf.
 */
char *cpulist_format(const struct cpulist *set, char *buf, size_t size);

#endif
