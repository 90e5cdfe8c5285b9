// SPDX-License-Identifier: GPL-2.0-only
#include "session/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

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
	return 0;
}

int trace_open(struct trace *t, FILE *f)
{
	int err;

	*t = (struct trace){ .f = f };
	errno = 0;
	if (fread(&t->header, sizeof(t->header), 1, f) != 1)
		return ferror(f) && errno ? -errno : damaged(t, "it is shorter than its header");
	t->crc = crc32(0, (void *)&t->header, sizeof(t->header));
	err = check_header(t);
	if (!err && t->header.flags & TRACE_STATE)
		err = read_state(t);
	return err;
}

int trace_read(struct trace *t, struct snp_event *e)
{
	size_t n;

	errno = 0;
	n = fread(e, 1, sizeof(*e), t->f);
	if (n != sizeof(*e) && ferror(t->f))
		return errno ? -errno : -EIO;
	if (!n) {
		snprintf(t->why, sizeof(t->why), "it was cut off after %llu records: no END",
			 t->records);
		return 0;
	}
	t->records++;
	if (n != sizeof(*e)) {
		snprintf(t->why, sizeof(t->why), "it is cut off inside record %llu", t->records);
		return -EBADMSG;
	}
	if (e->kind == SNP_EV_END) {
		if (e->value != sealed(t->crc, e))
			return damaged(t, "its checksum is wrong");
		if (fgetc(t->f) != EOF)
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
