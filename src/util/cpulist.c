// SPDX-License-Identifier: GPL-2.0-only
#include "util/cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cpulist_add(struct cpulist *set, unsigned int cpu)
{
	unsigned int len;
	unsigned char *bits;

	if (cpu >= CPULIST_MAX)
		return -ERANGE;
	if (cpu >= set->len) {
		len = cpu < 64 ? 64 : cpu * 2;
		bits = realloc(set->bits, len);
		if (!bits)
			return -ENOMEM;
		memset(bits + set->len, 0, len - set->len);
		set->bits = bits;
		set->len = len;
	}
	set->bits[cpu] = 1;
	return 0;
}

bool cpulist_has(const struct cpulist *set, unsigned int cpu)
{
	return cpu < set->len && set->bits[cpu];
}

unsigned int cpulist_count(const struct cpulist *set)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < set->len; i++)
		n += set->bits[i];
	return n;
}

void cpulist_free(struct cpulist *set)
{
	free(set->bits);
	*set = (struct cpulist){ 0 };
}

/* Reads one number; strtoul alone would take signs and blanks. */
static int parse_cpu(const char **text, unsigned int *cpu)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	errno = 0;
	n = strtoul(*text, &end, 10);
	if (errno || n >= CPULIST_MAX)
		return -ERANGE;
	*text = end;
	*cpu = n;
	return 0;
}

static int parse_range(struct cpulist *set, const char **text)
{
	unsigned int first, last;
	int err;

	err = parse_cpu(text, &first);
	if (err)
		return err;
	last = first;
	if (**text == '-') {
		(*text)++;
		err = parse_cpu(text, &last);
		if (err)
			return err;
		if (last < first)
			return -EINVAL;
	}
	/* The last first: the set grows once. */
	for (unsigned int cpu = last + 1; !err && cpu-- > first;)
		err = cpulist_add(set, cpu);
	return err;
}

int cpulist_parse(struct cpulist *set, const char *text)
{
	int err = 0;

	*set = (struct cpulist){ 0 };
	if (!*text || !strcmp(text, "\n"))
		return 0;
	for (;;) {
		err = parse_range(set, &text);
		if (err)
			goto fail;
		if (*text != ',')
			break;
		text++;
	}
	if (!*text || !strcmp(text, "\n"))
		return 0;
	err = -EINVAL;
fail:
	cpulist_free(set);
	return err;
}

char *cpulist_format(const struct cpulist *set, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = 0;
	for (unsigned int cpu = 0, first; cpu < set->len; cpu++) {
		char range[24];
		int n;

		if (!set->bits[cpu])
			continue;
		first = cpu;
		while (cpulist_has(set, cpu + 1))
			cpu++;
		n = snprintf(range, sizeof(range), first == cpu ? "%s%u" : "%s%u-%u",
			     used ? "," : "", first, cpu);
		if (used + n + sizeof("...") > size) {
			strcpy(buf + used, "...");
			break;
		}
		strcpy(buf + used, range);
		used += n;
	}
	return buf;
}
