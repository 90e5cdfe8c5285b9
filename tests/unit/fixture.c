// SPDX-License-Identifier: GPL-2.0-only
#include "fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/event.h"

void fixture_begin(struct fixture *f)
{
	strcpy(f->root, "/tmp/snp-guard-unit-XXXXXX");
	cr_assert(mkdtemp(f->root));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fixture_end(struct fixture *f)
{
	nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void path_below(const struct fixture *f, const char *path, char full[PATH_MAX])
{
	cr_assert_lt(snprintf(full, PATH_MAX, "%s%s", f->root, path), PATH_MAX);
}

static int create(struct fixture *f, const char *path, int flags)
{
	char full[PATH_MAX];
	int fd;

	path_below(f, path, full);
	for (char *slash = full + strlen(f->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		cr_assert(!mkdir(full, 0755) || errno == EEXIST);
		*slash = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
	cr_assert_geq(fd, 0, "%s: %s", full, strerror(errno));
	return fd;
}

void fixture_write(struct fixture *f, const char *path, const char *text)
{
	int fd = create(f, path, O_TRUNC);

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

void fixture_remove(struct fixture *f, const char *path)
{
	char full[PATH_MAX];

	path_below(f, path, full);
	cr_assert_eq(remove(full), 0, "%s: %s", full, strerror(errno));
}

void fixture_rename(struct fixture *f, const char *from, const char *to)
{
	char old[PATH_MAX], new[PATH_MAX];

	path_below(f, from, old);
	path_below(f, to, new);
	cr_assert_eq(rename(old, new), 0, "%s: %s", new, strerror(errno));
}

void fixture_msr(struct fixture *f, unsigned int cpu, __u32 msr, __u64 value)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
	fd = create(f, path, 0);
	cr_assert_eq(pwrite(fd, &value, sizeof(value), msr), (ssize_t)sizeof(value));
	close(fd);
}

void fixture_syscfg(struct fixture *f, unsigned int cpu, __u64 value)
{
	fixture_msr(f, cpu, SNP_MSR_SYSCFG, value);
}

void fixture_cpuid(struct fixture *f, __u32 leaf, const __u32 regs[4])
{
	const __u32 highest[4] = { 0x80000025 };
	int fd = create(f, "/dev/cpu/0/cpuid", 0);

	cr_assert_eq(pwrite(fd, highest, sizeof(highest), 0x80000000u), (ssize_t)sizeof(highest));
	cr_assert_eq(pwrite(fd, regs, sizeof(highest), leaf), (ssize_t)sizeof(highest));
	close(fd);
}

unsigned int fixture_threads(void)
{
	/* The stand-in for a host leaves a path alone that begins with two slashes. */
	DIR *dir = opendir("//proc/self/task");
	unsigned int n = 0;

	cr_assert(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}
