/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one way of an event: into the recording, to the reports, through the automaton, and its
 * verdicts to the reports. A live run and a replay differ only in where events come from.
 */
#ifndef SESSION_H
#define SESSION_H

#include "session/history.h"
#include "session/ledger.h"
#include "report/report.h"
#include "session/trace.h"
#include "contract/window.h"

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
	struct report_host host;
	struct severities severities; /* what each breach counts as */
	char **uncovered;	      /* names of facts without a source */
	unsigned int uncovered_count;
	struct history history;
	struct trace *trace;   /* NULL: nothing is recorded */
	struct ledger *ledger; /* NULL: nothing outlives the guard */
	bool silent;	       /* nothing is reported at all */
	bool quiet;	       /* ... as what is fed was reported before */
	enum snp_severity worst;
	struct report_breach breaches[SNP_BREACH_COUNT];
	__u64 last_ns;
	__u64 missed; /* calls that the kernel left out, as far as they were told */
	__u64 next; /* the sequence number that is due; the caller keeps it right for the ledger */
};

/* Returns 0 or a negative errno. */
int session_init(struct session *s, enum report_format format, FILE *out,
		 const struct trace_header *host);
void session_free(struct session *s);

/* From the next verdict on; without it breaches count as their table has it. */
void session_set_severities(struct session *s, const struct severities *severities);

/* What a session knows, for a ledger or at the begin of a recording; it fits or p says so. */
void session_save(void *session, struct pack *p);
/* Takes it up in a session that is new. Returns 0, -EBADMSG or -ENOMEM. */
int session_load(struct session *s, struct pack *p);

/*
 * Takes up what is in a ledger; of its events those without a report get one. Records that waited
 * for others are handed to waiting. Returns 0, -EBADMSG if it is damaged or empty, or another
 * errno.
 */
int session_resume(struct session *s, const struct ledger *l,
		   int (*waiting)(void *ctx, const struct snp_event *e), void *ctx);

/* Keeps a record in the ledger, if there is one, that arrived before others. 0 or an errno. */
int session_keep_waiting(struct session *s, const struct snp_event *e);

/* Returns 0, -EINVAL for an event that can't be, or the errno of what failed. */
int session_feed(struct session *s, const struct snp_event *e);

/* An exit status by the worst breach; STATUS_UNVERIFIED if no CPU could be looked at. */
int session_status(const struct session *s);

/* Writes the summary. denied: writes refused, with or without a record. */
void session_end(struct session *s, __u64 denied);

#endif
