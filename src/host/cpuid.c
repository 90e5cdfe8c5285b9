// SPDX-License-Identifier: GPL-2.0-only
#include "host/cpuid.h"

#include <cpuid.h>
#include <errno.h>
#include <unistd.h>

/* EAX of this leaf is the highest extended leaf; of a higher one CPUID returns another leaf's. */
#define HIGHEST 0x80000000u

static int read_leaf(int fd, uint32_t leaf, struct cpuid *c)
{
	ssize_t n = pread(fd, c, sizeof(*c), leaf);

	if (n == sizeof(*c))
		return 0;
	return n < 0 ? -errno : -ENODATA;
}

int cpuid_read(const struct platform *p, uint32_t leaf, struct cpuid *c)
{
	int fd = platform_open(p, "/dev/cpu/0/cpuid"), err;

	if (fd < 0)
		return fd;
	err = read_leaf(fd, HIGHEST, c);
	if (!err && c->eax < leaf)
		err = -ENODATA;
	if (!err)
		err = read_leaf(fd, leaf, c);
	close(fd);
	return err;
}

bool cpuid_has_rmpopt(const struct platform *p)
{
	struct cpuid c = { 0 };
	int err = cpuid_read(p, CPUID_RMP, &c);

	if (err == -ENOENT && !*p->root)
		err = __get_cpuid(CPUID_RMP, &c.eax, &c.ebx, &c.ecx, &c.edx) ? 0 : -ENODATA;
	return !err && c.edx & CPUID_RMP_RMPOPT;
}
