/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory that stands for the root of a host. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <linux/types.h>

struct fixture {
	char root[64];
};

void fixture_begin(struct fixture *f);
void fixture_end(struct fixture *f); /* removes all of it */
/* Writes a file with its directories. path begins with a slash, and is below the root. */
void fixture_write(struct fixture *f, const char *path, const char *text);
void fixture_remove(struct fixture *f, const char *path);
void fixture_rename(struct fixture *f, const char *from, const char *to);
/* A register of /dev/cpu/N/msr, a sparse file; those below it are 0, if not set before. */
void fixture_msr(struct fixture *f, unsigned int cpu, __u32 msr, __u64 value);
/* A sparse /dev/cpu/N/msr with SYSCFG at its address. */
void fixture_syscfg(struct fixture *f, unsigned int cpu, __u64 value);
/* A leaf of /dev/cpu/0/cpuid, which then has all leaves up to 8000_0025h. regs: EAX to EDX */
void fixture_cpuid(struct fixture *f, __u32 leaf, const __u32 regs[4]);
/* How many threads this process has. */
unsigned int fixture_threads(void);

#endif
