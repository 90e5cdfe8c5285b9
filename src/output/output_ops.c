// SPDX-License-Identifier: GPL-2.0-only
#include "output/output_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* A reader of the journal has no use for the line of code that made an entry. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "util/textfile.h"

/* ---- journal ---- */

enum { FIELDS_MAX = 32 };

/* Without a journal sd_journal_sendv() succeeds, and drops the entry. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

int journal_check(void)
{
	return access(JOURNAL_SOCKET, W_OK) ? -errno : 0;
}

static int journal_write(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	struct iovec fields[FIELDS_MAX];
	char *at = (char *)data, *end = at + size;
	int count = 0, err;

	(void)ctx;
	(void)lost;
	for (; at < end && count < FIELDS_MAX; at += fields[count++].iov_len + 1)
		fields[count] = (struct iovec){ at, strlen(at) };
	err = journal_check();
	if (!err)
		err = sd_journal_sendv(fields, count);
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
	int n = sd_notify(0, data);

	(void)ctx;
	(void)lost;
	if (n < 0)
		return n;
	*done = size;
	return 0;
}

const struct sink_ops service_ops = { .write = service_item };
