// SPDX-License-Identifier: GPL-2.0-only
#include "host/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "FIRST-LAST : System RAM"; memory of a device that serves as RAM is "System RAM (kmem)". */
static bool is_ram(const char *line, uint64_t *last)
{
	static const char ram[] = " : System RAM";
	char *end;

	strtoull(line, &end, 16);
	if (*end != '-')
		return false;
	*last = strtoull(end + 1, &end, 16);
	return !strncmp(end, ram, strlen(ram));
}

static int read_end(FILE *f, uint64_t *end)
{
	int err = -ENODATA;
	char *line = NULL;
	size_t size = 0;

	*end = 0;
	while (getline(&line, &size, f) > 0) {
		uint64_t last;

		/* No RAM ends where addresses do; strtoull() says so of what is larger. */
		if (is_ram(line, &last) && last >= *end && last != UINT64_MAX) {
			*end = last + 1;
			err = 0;
		}
	}
	/* Without CAP_SYS_ADMIN all addresses are 0 (kernel/resource.c:r_show()). */
	if (*end == 1)
		err = -EACCES;
	if (ferror(f))
		err = -EIO;
	free(line);
	return err;
}

int memory_end(const struct platform *p, uint64_t *end)
{
	int fd = platform_open(p, "/proc/iomem"), err;
	FILE *f;

	if (fd < 0)
		return fd;
	f = fdopen(fd, "r");
	if (!f) {
		err = -errno;
		close(fd);
		return err;
	}
	err = read_end(f, end);
	fclose(f);
	return err;
}
