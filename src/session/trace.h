/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings: a header; with TRACE_STATE what the session knew before, of which a session packs and
 * unpacks the bytes; then the events as they were fed to the automaton, then the END event, whose
 * value is the CRC-32 of all bytes before it, and of its own with that value 0. A recording
 * without it was cut off.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdio.h>

#include "host/platform.h"
#include "abi/event.h"

#define TRACE_MAGIC "SNPGUARD"

struct trace_header {
	char magic[8];
	__u32 version;	   /* SNP_EVENT_VERSION */
	__u32 header_size; /* bytes before the first record */
	__u32 record_size;
	__u32 flags;		  /* TRACE_AUDIT */
	__s64 realtime_offset_ns; /* CLOCK_REALTIME minus CLOCK_BOOTTIME at the start */
	char boot_id[PLATFORM_BOOT_ID_LEN];
	char release[PLATFORM_RELEASE_LEN];
	char padding[2];
};
_Static_assert(sizeof(struct trace_header) == 136, "a recording's header has 136 bytes");

#define TRACE_AUDIT (1u << 0)
#define TRACE_STATE (1u << 1) /* a __u32 follows, and so many bytes of state */

#define TRACE_STATE_MAX (32u << 20)

struct trace {
	FILE *f;
	unsigned long crc;
	unsigned long long records;
	struct trace_header header;
	void *state; /* NULL: it begins with nothing known */
	__u32 state_size;
	char why[160]; /* what is wrong with it, after a failure */
};

/*
 * Creates a recording, not readable by others, which begins with a state unless that is NULL.
 * Returns 0 or a negative errno.
 */
int trace_create(struct trace *t, const char *path, const struct trace_header *header,
		 const void *state, __u32 state_size);
/* Appends one record, and the checksum if it is END. Returns 0 or a negative errno. */
int trace_write(struct trace *t, const struct snp_event *e);

/* Opens a recording, checks its header, and reads its state. Returns 0, -EBADMSG with why, or
 * another errno. */
int trace_open(struct trace *t, FILE *f);
/*
 * Reads one record. Returns 1; 0 at the end, with why if END is missing; -EBADMSG with why for a
 * damaged recording; or another negative errno.
 */
int trace_read(struct trace *t, struct snp_event *e);

/* Returns 0, or the negative errno of what had not been written yet. */
int trace_close(struct trace *t);

#endif
