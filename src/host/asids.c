// SPDX-License-Identifier: GPL-2.0-only
#include "host/asids.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cgroup2 alone, cgroup2 beside version 1, and the controller in version 1. */
static const char *const mounts[] = { "", "/unified", "/misc" };

/* A line is "NAME VALUE"; a resource that KVM does not offer has none (kernel/cgroup/misc.c). */
static unsigned long long value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, len) && at[len] == ' ')
			return strtoull(at + len, NULL, 10);
	}
	return 0;
}

static int read_file(const struct platform *p, const char *mount, const char *name,
		     unsigned long long *value)
{
	char path[64], text[1024];
	int n;

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/misc.%s", mount, name);
	n = platform_read(p, path, text, sizeof(text));
	if (n < 0)
		return n;
	*value = value_of(text, "sev_es");
	return 0;
}

int asids_read(const struct platform *p, struct asids *a)
{
	int err = -ENOENT;

	for (size_t i = 0; err == -ENOENT && i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		err = read_file(p, mounts[i], "capacity", &a->sev_es);
		if (!err)
			err = read_file(p, mounts[i], "current", &a->sev_es_used);
	}
	return err;
}
