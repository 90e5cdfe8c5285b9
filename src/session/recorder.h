/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes recordings behind an output's sink. */
#ifndef RECORDER_H
#define RECORDER_H

#include "contract/breaches.h"
#include "output/outputs.h"
#include "session/trace.h"

/* What becomes of what is there already. */
enum recorder_place {
	RECORDER_REPLACE, /* the file is written anew */
	RECORDER_ROTATE,  /* the file is kept as FILE.1 */
	RECORDER_KEEP,	  /* the directory is made, and keeps its newest recordings (RECORDER_*) */
};

/* Of a directory of recordings: the oldest go. */
#define RECORDER_FILES 16
#define RECORDER_BYTES (64ull << 20)
#define RECORDER_AGE_S (30ll * 24 * 3600)
/*
 * Writes the path of such a recording: DIR/2026-06-01T00:16:44Z-cpu-offlined.trace. Returns its
 * length, as snprintf() does.
 */
int recorder_path(char *path, size_t size, const char *dir, __s64 real_ns, enum snp_breach breach);

/* Adds an output that makes recordings. Returns 0 or a negative errno. */
int recorder_add(struct outputs *o, enum snp_part part);
/*
 * Ends the recording that the output makes, if any, and begins another one; header, state and
 * state_size as for trace_create().
 */
void recorder_begin(struct outputs *o, enum snp_part part, const char *path,
		    enum recorder_place place, const struct trace_header *header, const void *state,
		    __u32 state_size);
/* Appends an event. Where events before it were dropped, a LOST event says so. */
void recorder_event(struct outputs *o, enum snp_part part, const struct snp_event *e);

#endif
