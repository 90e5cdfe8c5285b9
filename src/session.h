/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one way of an event: into the recording, to the reports, through the automaton, and its
 * verdicts to the reports. A live run and a replay differ only in where events come from.
 */
#ifndef SESSION_H
#define SESSION_H

#include "report.h"
#include "trace.h"
#include "window.h"

/* Exit statuses of run, check and replay. */
enum {
	STATUS_CLEAN = 0, /* nothing breached, notices aside */
	STATUS_WARNING = 1,
	STATUS_CRITICAL = 2,
	STATUS_UNVERIFIED = 3, /* could not verify */
};

struct session {
	struct window *window;
	struct report report;
	struct trace *trace; /* NULL: nothing is recorded */
	enum snp_severity worst;
	struct report_breach breaches[SNP_BREACH_COUNT];
	__u64 last_ns;
};

/* Returns 0 or a negative errno. trace stays the caller's. */
int session_init(struct session *s, enum report_format format, FILE *out,
		 const struct trace_header *host, struct trace *trace);
void session_free(struct session *s);

/* From the next verdict on; without it breaches count as their table has it. */
void session_set_severities(struct session *s, const struct severities *severities);

/* Returns 0, -EINVAL for an event that can't be, or the errno of what failed. */
int session_feed(struct session *s, const struct snp_event *e);

/* An exit status by the worst breach; STATUS_UNVERIFIED if no CPU could be looked at. */
int session_status(const struct session *s);

/* Writes the summary. denied: writes refused, with or without a record. */
void session_end(struct session *s, __u64 denied);

#endif
