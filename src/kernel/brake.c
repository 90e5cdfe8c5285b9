// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/brake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * States of kernel/cpu.c: a bring-up fails once when it reaches CPUHP_CREATE_THREADS, before the
 * CPU runs, and the file then reads CPUHP_INVALID again.
 */
#define ARMED	1
#define NOTHING (-1)

static void fail_path(char path[64], unsigned int cpu)
{
	snprintf(path, 64, "/sys/devices/system/cpu/cpu%u/hotplug/fail", cpu);
}

static int read_fail(const struct platform *p, unsigned int cpu, int *state)
{
	char path[64], text[16], *end;
	int n;

	fail_path(path, cpu);
	n = platform_read(p, path, text, sizeof(text));
	if (n < 0)
		return n;
	*state = (int)strtol(text, &end, 10);
	return end == text ? -EBADMSG : 0;
}

static int write_fail(const struct platform *p, unsigned int cpu, int state)
{
	char path[64], text[16];

	fail_path(path, cpu);
	snprintf(text, sizeof(text), "%d\n", state);
	return platform_write(p, path, text);
}

static void arm(const struct brake *b, const struct platform *p, unsigned int cpu,
		struct brake_cpu *c)
{
	int state;

	if (read_fail(p, cpu, &state))
		return;
	/* A value that somebody else wrote meanwhile is the one to restore. */
	if (!c->armed || (state != ARMED && state != NOTHING))
		c->before = b->inherits && state == ARMED ? NOTHING : state;
	if (state == ARMED || !write_fail(p, cpu, ARMED))
		c->armed = true;
}

static void release(const struct platform *p, unsigned int cpu, struct brake_cpu *c)
{
	int state;

	/* Do not overwrite a value that somebody else wrote. */
	if (!read_fail(p, cpu, &state) && (state == ARMED || state == NOTHING) &&
	    state != c->before)
		write_fail(p, cpu, c->before);
	c->armed = false;
}

static int make_room(struct brake *b, unsigned int len)
{
	struct brake_cpu *cpus;

	if (len <= b->len)
		return 0;
	cpus = reallocarray(b->cpus, len, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	b->cpus = cpus;
	while (b->len < len)
		cpus[b->len++] = (struct brake_cpu){ 0 };
	return 0;
}

void brake_follow(struct brake *b, const struct platform *p, bool on)
{
	struct cpulist present = { 0 }, online = { 0 };

	if (on && (platform_cpus(p, "present", &present) || platform_cpus(p, "online", &online) ||
		   make_room(b, present.len)))
		goto out;
	for (unsigned int cpu = 0; cpu < b->len; cpu++) {
		if (cpulist_has(&present, cpu) && !cpulist_has(&online, cpu))
			arm(b, p, cpu, &b->cpus[cpu]);
		else if (b->cpus[cpu].armed)
			release(p, cpu, &b->cpus[cpu]);
	}
out:
	cpulist_free(&present);
	cpulist_free(&online);
}

void brake_end(struct brake *b, const struct platform *p)
{
	brake_follow(b, p, false);
	free(b->cpus);
	*b = (struct brake){ 0 };
}
