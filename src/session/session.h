/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of an event: into ledger and recording, to the report, through the automaton, and its
 * verdicts to the report. A live run and a replay differ only in where the events come from. The
 * session owns all that is known of a run.
 */
#ifndef SESSION_H
#define SESSION_H

#include "contract/window.h"
#include "report/report.h"
#include "output/outputs.h"
#include "session/flight.h"
#include "session/history.h"
#include "session/ledger.h"
#include "session/stream.h"
#include "session/trace.h"

/* Exit statuses of all commands; 64, EX_USAGE, is argp's. */
enum {
	STATUS_CLEAN = 0, /* no breach above notice */
	STATUS_WARNING = 1,
	STATUS_CRITICAL = 2,
	STATUS_UNVERIFIED = 3,	/* could not verify */
	STATUS_CANNOT_RUN = 78, /* run: not as it is configured, or as the host is booted */
};

/* How a part of the guard does. */
struct session_part {
	int err;	/* 0: it works; or a negative errno */
	__u64 since_ns; /* CLOCK_BOOTTIME when that began; 0: it always worked */
	__u64 lost;	/* items that did not get out */
};

struct session {
	struct stream stream; /* records on their way to the automaton */
	struct window *window;
	struct report report;
	struct report_host host;
	struct severities severities; /* what each breach counts as */
	char **uncovered;	      /* names of facts without a source */
	unsigned int uncovered_count;
	unsigned int gate_hook; /* enum snp_gate_hook, of the guard that began last */
	struct history history;
	struct outputs *outputs; /* of a live guard; NULL: there are none */
	bool records;		 /* the outputs have a recording */
	__u64 recorded;		 /* bytes of it */
	struct flight flight;
	char last_flight[FLIGHT_PATH]; /* the flight recorder's last recording; "": none */
	struct session_part parts[SNP_PART_COUNT];
	struct ledger *ledger; /* NULL: the state ends with the process */
	size_t state_room;     /* bytes that the packed state may take; 0: unknown */
	bool silent;	       /* report nothing at all */
	bool quiet;	       /* the event being fed was reported by an earlier guard */
	enum snp_severity worst;
	int guests; /* that the last critical breach put at risk, or SNP_COUNT_UNKNOWN; 0: no breach
		     */
	struct report_breach breaches[SNP_BREACH_COUNT];
	__u64 last_ns;	/* CLOCK_BOOTTIME of the last event */
	__u64 swept_ns; /* the same of the last complete sweep; 0: none was seen here */
};

/*
 * Begins a session that reports to out. host is copied. Returns 0 or a negative errno;
 * session_free() in either case.
 */
int session_init(struct session *s, enum report_format format, FILE *out,
		 const struct trace_header *host);
/* Outputs, ledger and out stay the caller's. */
void session_free(struct session *s);

/* Counts breaches by these severities from the next verdict on; before, by their table. */
void session_set_severities(struct session *s, const struct severities *severities);

/* ---- session_state.c: the state as bytes ---- */

/* Notes a fact that no hook shows; the name is copied. Returns 0 or -ENOMEM. */
int session_keep_uncovered(struct session *s, const char *fact);

/* The bytes that the packed state takes at most, on a host with so many possible CPUs. */
size_t session_state_room(unsigned int cpus);
/*
 * Packs the whole state, for a ledger or the beginning of a recording. What it begins with says how
 * to read it, so that later versions can.
 */
void session_save(void *session, struct pack *p);
#define SESSION_VERSION_LEN 16
/*
 * Unpacks a state of this version, or of an older one, into a new session. version: set to that of
 * the snp-guard that packed it, "" if that did not say. Returns 0, -EBADMSG for a damaged state,
 * -ENOTSUP for one of a newer snp-guard, or -ENOMEM.
 */
int session_load(struct session *s, struct pack *p, char version[SESSION_VERSION_LEN]);

/* ---- the ledger and recordings ---- */

/*
 * Takes over the state and the events of a ledger, which it only reads: events that its guard did
 * not report are reported now, records that waited wait again. Returns 0, -EBADMSG for a damaged or
 * empty ledger, or another negative errno.
 */
int session_resume(struct session *s, const struct ledger *l);
/* Writes a checkpoint to the ledger, if there is one. A failure is a fault of that part. */
void session_checkpoint(struct session *s);
/*
 * Begins a recording as the guard's output, or another one in its place. with_state: it begins with
 * what is known by now.
 */
void session_record(struct session *s, const char *path, enum recorder_place place,
		    const struct trace_header *header, bool with_state);
/* To be called now and then: notes what the outputs have written, ends what has had its time. */
void session_look(struct session *s, __u64 now_ns);

/*
 * Notes that a part of the guard fails, by a negative errno, or works, and how many items it has
 * lost; what is new is an event.
 */
void session_fault(struct session *s, enum snp_part part, int err, __u64 lost);

/*
 * Takes one event in. When this returns, the ledger has it, so the caller may let go of it. Returns
 * 0, -EINVAL for an event that no guard writes here, or -ENOMEM.
 */
int session_feed(struct session *s, const struct snp_event *e);

/*
 * Feeds what is due in the stream; now_ns and end as for stream_next(). Returns 1 with *e a copy of
 * the event, 0 if nothing is due, or a negative errno.
 */
int session_feed_next(struct session *s, __u64 now_ns, const struct stream_end *end,
		      struct snp_event *e);
/*
 * Writes a record to the ledger, if there is one, that was pushed to the stream and still waits
 * there, so that the caller may let go of it.
 */
void session_keep_waiting(struct session *s, const struct snp_event *e);

/*
 * The exit status by the worst breach; STATUS_UNVERIFIED if no sweep was complete, or if a part
 * fails or lost what it should have kept.
 */
int session_status(const struct session *s);

/* Writes the summary. refused: number of refused or audited attempts, with or without a record. */
void session_end(struct session *s, __u64 refused);

#endif
