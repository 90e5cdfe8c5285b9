/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings. A recording has a header; with TRACE_STATE the session's state, packed by
 * session_save(); the events in the order in which they were fed; and last the END event, whose
 * value is the CRC-32 of all bytes before it and of itself with value 0. A recording without END
 * was cut off, by a kill or a power loss.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdio.h>

#include "host/platform.h"
#include "abi/event.h"

#define TRACE_MAGIC "SNPGUARD"

struct trace_header {
	char magic[8];
	__u32 version;	   /* SNP_EVENT_VERSION */
	__u32 header_size; /* in bytes; state or first record follow */
	__u32 record_size;
	__u32 flags;		  /* TRACE_* */
	__s64 realtime_offset_ns; /* CLOCK_REALTIME minus CLOCK_BOOTTIME at the start */
	char boot_id[PLATFORM_BOOT_ID_LEN];
	char release[PLATFORM_RELEASE_LEN];
	char padding[2];
};
_Static_assert(sizeof(struct trace_header) == 136, "a recording's header has 136 bytes");

#define TRACE_AUDIT (1u << 0) /* the gate refused nothing */
#define TRACE_STATE (1u << 1) /* a __u32 follows the header, then so many bytes of state */

#define TRACE_STATE_MAX (32u << 20)

struct trace {
	FILE *f;     /* that is read */
	bool writes; /* to fd */
	int fd;
	size_t part; /* of what is being written, bytes that were */
	unsigned long crc;
	unsigned long long records; /* read or written so far */
	unsigned long long offset;  /* in bytes, of the record that is read next */
	struct snp_event ahead;	    /* that record, as far as the file has it */
	size_t ahead_size;
	int ahead_err;		 /* it could not be read: a negative errno */
	__u64 record_ns, own_ns; /* the latest time of a BPF program's record, and of others */
	struct trace_header header;
	void *state; /* that it begins with; NULL: none */
	__u32 state_size;
	char why[160]; /* what is wrong with it, after a failure */
};

/*
 * Creates a recording that only its owner can read; it begins with a state unless that is NULL.
 * Returns 0 or a negative errno; trace_close() in either case.
 */
int trace_create(struct trace *t, const char *path, const struct trace_header *header,
		 const void *state, __u32 state_size);
/*
 * Appends an event, END with the checksum. Returns 0 or a negative errno; after a failure a call
 * with the same event goes on where the last one stopped.
 */
int trace_write(struct trace *t, const struct snp_event *e);

/*
 * Begins to read a recording: checks its header, reads its state. t owns f from now on. Returns 0,
 * -EBADMSG with t->why set, or another negative errno; trace_close() in either case.
 */
int trace_open(struct trace *t, FILE *f);
/*
 * Reads one event. Returns 1; 0 with t->why set if the recording is not whole: the events before
 * are good, and what follows is missing, zeros, or from another time; -EBADMSG with t->why set for
 * a recording that is damaged otherwise; or another negative errno. Not to be called after END.
 */
int trace_read(struct trace *t, struct snp_event *e);

/* Frees t's state and closes its files. */
void trace_close(struct trace *t);

#endif
