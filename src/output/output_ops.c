// SPDX-License-Identifier: GPL-2.0-only
#include "output/output_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/systemd.h"
#include "util/textfile.h"

/* ---- journal ---- */

int journal_check(void)
{
	return access(SYSTEMD_JOURNAL, W_OK) ? -errno : 0;
}

static int journal_write(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	int err = systemd_journal(data, size);

	(void)ctx;
	(void)lost;
	if (!err)
		*done = size;
	return err;
}

const struct sink_ops journal_ops = { .write = journal_write };

/* ---- files ---- */

static int textfile_item(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	int err = textfile_write(ctx, data, size);

	(void)lost;
	if (!err)
		*done = size;
	return err;
}

const struct sink_ops textfile_ops = { .write = textfile_item, .close = free };

static int ready_item(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	int fd = open(ctx, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	(void)data;
	(void)lost;
	if (fd < 0)
		return -errno;
	close(fd);
	*done = size;
	return 0;
}

const struct sink_ops ready_ops = { .write = ready_item, .close = free };

/* ---- the service manager ---- */

static int service_item(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	int n = systemd_notify(data);

	(void)ctx;
	(void)lost;
	if (n < 0)
		return n;
	*done = size;
	return 0;
}

const struct sink_ops service_ops = { .write = service_item };
