// SPDX-License-Identifier: GPL-2.0-only
/* fopencookie() is glibc's and musl's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "output/outputs.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Address space of a queue, of which only what is used takes memory. */
#define ROOM (4u << 20)
/* The longest line fits, so that no item is a part of one. */
#define STREAM_BUFFER (64u << 10)
/* How long what waits may take at the end. */
#define LAST_NS 2000000000ull

int outputs_open(struct outputs *o)
{
	*o = (struct outputs){ .changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	return o->changed_fd < 0 ? -errno : 0;
}

int outputs_add(struct outputs *o, enum snp_part part, const struct sink_ops *ops, void *ctx,
		enum outputs_queue queue)
{
	const struct sink_options options = { .ops = ops,
					      .ctx = ctx,
					      .room = ROOM,
					      .newest = queue == OUTPUTS_NEWEST,
					      .changed_fd = o->changed_fd };
	int err = sink_open(&o->sinks[part], &options);

	if (err && ops->close)
		ops->close(ctx);
	return err;
}

int outputs_start(struct outputs *o)
{
	int err = 0;

	for (int i = 0; !err && i < SNP_PART_COUNT; i++)
		err = o->sinks[i] ? sink_start(o->sinks[i]) : 0;
	return err;
}

/* ---- to a descriptor ---- */

/*
 * A descriptor that is shared with others may be set not to block. A wait that is over before
 * sink_close() gives up lets the thread end.
 */
static int await_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int n = poll(&p, 1, SINK_RETRY_NS / 1000000);

	if (n < 0 && errno != EINTR)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

static int fd_write(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	int fd = (int)(intptr_t)ctx;
	ssize_t n = write(fd, (const char *)data + *done, size - *done);

	(void)lost;
	if (n < 0 && errno == EAGAIN)
		return await_room(fd);
	if (n >= 0)
		*done += n;
	return n >= 0 || errno == EINTR ? 0 : -errno;
}

static const struct sink_ops fd_ops = { .write = fd_write };

int outputs_add_fd(struct outputs *o, enum snp_part part, int fd)
{
	return outputs_add(o, part, &fd_ops, (void *)(intptr_t)fd, OUTPUTS_EACH);
}

/* ---- items ---- */

void outputs_put(struct outputs *o, enum snp_part part, const void *data, size_t size)
{
	if (o->sinks[part])
		sink_put(o->sinks[part], data, size);
}

void outputs_lose(struct outputs *o, enum snp_part part)
{
	if (o->sinks[part])
		sink_lose(o->sinks[part]);
}

static ssize_t stream_write(void *cookie, const char *data, size_t size)
{
	sink_put(cookie, data, size);
	return (ssize_t)size;
}

FILE *outputs_stream(struct outputs *o, enum snp_part part)
{
	const cookie_io_functions_t functions = { .write = stream_write };
	FILE *f = fopencookie(o->sinks[part], "w", functions);

	if (f)
		setvbuf(f, NULL, _IOFBF, STREAM_BUFFER);
	o->streams[part] = f;
	return f;
}

/* ---- states ---- */

bool outputs_are_idle(struct outputs *o)
{
	for (int i = 0; i < SNP_PART_COUNT; i++)
		if (o->sinks[i] && !sink_state(o->sinks[i]).idle)
			return false;
	return true;
}

void outputs_drain(struct outputs *o, __u64 ns)
{
	for (int i = 0; i < SNP_PART_COUNT; i++)
		if (o->sinks[i])
			sink_drain(o->sinks[i], ns);
}

bool outputs_next_change(struct outputs *o, enum snp_part *part, struct sink_state *state)
{
	uint64_t changes;

	/* Before the states, so that a later change makes it readable again. */
	if (o->changed_fd >= 0 && read(o->changed_fd, &changes, sizeof(changes)) < 0)
		changes = 0;
	for (int i = 0; i < SNP_PART_COUNT; i++) {
		struct sink_state *told = &o->told[i];

		if (!o->sinks[i])
			continue;
		*state = sink_state(o->sinks[i]);
		/* Failing for another reason is no news; a gap is, once the output works again. */
		if (!state->err == !told->err && (state->err || state->lost == told->lost))
			continue;
		*told = *state;
		*part = i;
		return true;
	}
	return false;
}

struct sink_state outputs_state(struct outputs *o, enum snp_part part)
{
	return o->sinks[part] ? sink_state(o->sinks[part]) : (struct sink_state){ 0 };
}

void outputs_close(struct outputs *o, struct sink_state states[SNP_PART_COUNT])
{
	for (int i = 0; i < SNP_PART_COUNT; i++) {
		if (o->streams[i])
			fclose(o->streams[i]);
		states[i] =
			o->sinks[i] ? sink_close(o->sinks[i], LAST_NS) : (struct sink_state){ 0 };
	}
	if (o->changed_fd >= 0)
		close(o->changed_fd);
	*o = (struct outputs){ .changed_fd = -1 };
}
