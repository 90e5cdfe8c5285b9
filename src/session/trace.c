// SPDX-License-Identifier: GPL-2.0-only
#include "session/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "session/stream.h"

static int put(struct trace *t, const void *data, size_t size)
{
	while (t->part < size) {
		ssize_t n = write(t->fd, (const char *)data + t->part, size - t->part);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			t->part += n;
	}
	t->part = 0;
	t->crc = crc32(t->crc, data, size);
	return 0;
}

int trace_create(struct trace *t, const char *path, const struct trace_header *header,
		 const void *state, __u32 state_size)
{
	int err;

	*t = (struct trace){ .header = *header };
	memcpy(t->header.magic, TRACE_MAGIC, sizeof(t->header.magic));
	t->header.version = SNP_EVENT_VERSION;
	t->header.header_size = sizeof(t->header);
	t->header.record_size = sizeof(struct snp_event);
	if (state)
		t->header.flags |= TRACE_STATE;
	t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (t->fd < 0)
		return -errno;
	t->writes = true;
	err = put(t, &t->header, sizeof(t->header));
	if (!err && state)
		err = put(t, &state_size, sizeof(state_size));
	if (!err && state)
		err = put(t, state, state_size);
	return err;
}

/* The checksum in END: of all bytes before END, and of END with value 0. */
static unsigned long sealed(unsigned long crc, const struct snp_event *end)
{
	struct snp_event copy = *end;

	copy.value = 0;
	return crc32(crc, (void *)&copy, sizeof(copy));
}

int trace_write(struct trace *t, const struct snp_event *e)
{
	struct snp_event copy = *e;
	int err;

	if (e->kind == SNP_EV_END)
		copy.value = sealed(t->crc, e);
	err = put(t, &copy, sizeof(copy));
	if (!err)
		t->records++;
	return err;
}

static int damaged(struct trace *t, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s", why);
	return -EBADMSG;
}

static int check_header(struct trace *t)
{
	const struct trace_header *h = &t->header;

	if (memcmp(h->magic, TRACE_MAGIC, sizeof(h->magic)))
		return damaged(t, "it is not a recording of snp-guard");
	if (h->version != SNP_EVENT_VERSION) {
		snprintf(t->why, sizeof(t->why), "it has format %u, this snp-guard reads format %d",
			 h->version, SNP_EVENT_VERSION);
		return -EBADMSG;
	}
	if (h->realtime_offset_ns > SNP_TIME_MAX || h->realtime_offset_ns < -SNP_TIME_MAX ||
	    h->header_size != sizeof(*h) || h->record_size != sizeof(struct snp_event) ||
	    h->boot_id[sizeof(h->boot_id) - 1] || h->release[sizeof(h->release) - 1])
		return damaged(t, "its header is damaged");
	return 0;
}

static int read_state(struct trace *t)
{
	if (fread(&t->state_size, sizeof(t->state_size), 1, t->f) != 1 || !t->state_size ||
	    t->state_size > TRACE_STATE_MAX)
		return damaged(t, "its state is cut off, or none");
	t->state = malloc(t->state_size);
	if (!t->state)
		return -ENOMEM;
	if (fread(t->state, t->state_size, 1, t->f) != 1)
		return damaged(t, "it is cut off inside its state");
	t->crc = crc32(t->crc, (void *)&t->state_size, sizeof(t->state_size));
	t->crc = crc32(t->crc, t->state, t->state_size);
	t->offset += sizeof(t->state_size) + t->state_size;
	return 0;
}

/* Reads the record after the one that is about to be handed on, as zeros there concern that one. */
static void read_ahead(struct trace *t)
{
	errno = 0;
	t->ahead_size = fread(&t->ahead, 1, sizeof(t->ahead), t->f);
	if (t->ahead_size != sizeof(t->ahead) && ferror(t->f))
		t->ahead_err = errno ? -errno : -EIO;
}

int trace_open(struct trace *t, FILE *f)
{
	int err;

	*t = (struct trace){ .f = f };
	errno = 0;
	if (fread(&t->header, sizeof(t->header), 1, f) != 1)
		return ferror(f) && errno ? -errno : damaged(t, "it is shorter than its header");
	t->crc = crc32(0, (void *)&t->header, sizeof(t->header));
	t->offset = sizeof(t->header);
	err = check_header(t);
	if (!err && t->header.flags & TRACE_STATE)
		err = read_state(t);
	if (!err)
		read_ahead(t);
	return err;
}

static bool is_zero(const void *data, size_t size)
{
	const unsigned char *byte = data;

	while (size && !byte[size - 1])
		size--;
	return !size;
}

/* A file system that loses power leaves zeros in place of blocks that it did not write. */
#define BLOCK 512
#define ZEROS "it ends in zeros after record %llu: a power loss?"

/* True if a block begins inside the last record, and the record is zero from there on. */
static bool is_cut_by_block(const struct trace *t, const struct snp_event *e)
{
	size_t before = BLOCK - t->offset % BLOCK;

	return before < sizeof(*e) &&
	       is_zero((const unsigned char *)e + before, sizeof(*e) - before);
}

/* Two records' times are taken in another order than their numbers, by 2 ms in the lab at most. */
#define TOLERANCE_NS (10 * STREAM_PATIENCE_NS)

/*
 * A guard writes its own events in the order of its clock, after the records that it knows. Records
 * that waited in the ring buffer may be older than the guard's events in front of them, by any
 * time.
 */
static bool runs_backwards(struct trace *t, const struct snp_event *e)
{
	bool waited = e->seq || e->kind == SNP_EV_LOST;
	__u64 *latest = waited ? &t->record_ns : &t->own_ns, since = t->record_ns;

	if (!waited && t->own_ns > since)
		since = t->own_ns;
	if (e->time_ns > *latest)
		*latest = e->time_ns;
	return since > e->time_ns && since - e->time_ns > TOLERANCE_NS;
}

static int not_whole(struct trace *t, const char *format, unsigned long long record)
{
	snprintf(t->why, sizeof(t->why), format, record);
	return 0;
}

int trace_read(struct trace *t, struct snp_event *e)
{
	size_t size = t->ahead_size;

	if (t->ahead_err)
		return t->ahead_err;
	*e = t->ahead;
	if (!size)
		return not_whole(t, "it was cut off after %llu records: no END", t->records);
	if (is_zero(e, size))
		return not_whole(t, ZEROS, t->records);
	if (size != sizeof(*e))
		return not_whole(t, "it is cut off inside record %llu", t->records + 1);
	read_ahead(t);
	if (t->ahead_size && is_zero(&t->ahead, t->ahead_size) && is_cut_by_block(t, e))
		return not_whole(t, ZEROS, t->records);
	if (runs_backwards(t, e))
		return not_whole(t, "time runs backwards at record %llu", t->records + 1);
	t->records++;
	t->offset += sizeof(*e);
	if (e->kind == SNP_EV_END) {
		if (e->value != sealed(t->crc, e))
			return damaged(t, "its checksum is wrong");
		if (t->ahead_size)
			return damaged(t, "something follows its END");
	}
	t->crc = crc32(t->crc, (void *)e, sizeof(*e));
	return 1;
}

void trace_close(struct trace *t)
{
	if (t->f)
		fclose(t->f);
	if (t->writes)
		close(t->fd);
	free(t->state);
	t->f = NULL;
	t->writes = false;
	t->state = NULL;
}
