// SPDX-License-Identifier: GPL-2.0-only
#include "host/registers.h"

#include <errno.h>
#include <unistd.h>

static const struct {
	const char *name;
	uint32_t first;
	unsigned int count;
} groups[] = {
#define X(sym, name, first, count) { name, first, count },
	REGISTERS(X)
#undef X
};

#define X(sym, name, first, count)                                                                 \
	_Static_assert((count) <= REGISTERS_PER_GROUP, "room for each of " name);
REGISTERS(X)
#undef X

const char *register_name(enum register_group group)
{
	return groups[group].name;
}

uint32_t register_msr(enum register_group group, unsigned int i)
{
	return groups[group].first + i;
}

unsigned int register_count(enum register_group group)
{
	return groups[group].count;
}

static void note(struct register_state *s, unsigned int cpu, int err, uint64_t value)
{
	if (err) {
		s->err = err;
		s->err_cpu = cpu;
	} else if (!s->known) {
		s->known = true;
		s->cpu = cpu;
		s->value = value;
	} else if (!s->differs && s->value != value) {
		s->differs = true;
		s->other = cpu;
		s->other_value = value;
	}
}

static void read_cpu(struct registers *r, const struct platform *p, unsigned int cpu)
{
	int fd = platform_msr_open(p, cpu);

	for (int group = 0; group < REGISTER_GROUPS; group++)
		for (unsigned int i = 0; i < groups[group].count; i++) {
			uint64_t value = 0;
			int err =
				fd < 0 ? fd : platform_msr_read(fd, register_msr(group, i), &value);

			note(&r->of[group][i], cpu, err, value);
		}
	if (fd >= 0)
		close(fd);
}

void registers_read(struct registers *r, const struct platform *p, const struct snapshot *s)
{
	*r = (struct registers){ 0 };
	for (unsigned int i = 0; i < s->count; i++)
		if (s->cpus[i].online)
			read_cpu(r, p, i);
}
