/* SPDX-License-Identifier: GPL-2.0-only */
/* Shows a session to monitors: textfile, HTTP, and the service manager's status line. */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "contract/guard_state.h"
#include "monitor/listen.h"
#include "monitor/service.h"
#include "session/session.h"

struct publisher {
	struct outputs *outputs; /* of a live run; NULL: files are written at once */
	const char *textfile;	 /* NULL: none */
	struct listener *listener;
	const double *interval_s;	 /* of a listener: seconds between two sweeps */
	bool complained;		 /* the last attempt failed, and that was reported */
	char status[SERVICE_STATUS_LEN]; /* sent to the service manager last */
};

/* Returns 0, or -EINVAL after it reported why the textfile, which may be NULL, can't be one. */
int publisher_check(const char *textfile);
/*
 * textfile: a path, which the caller keeps; listen: an address as for listener_open(); NULL for
 * none. interval_s: seconds between two sweeps, read each time, as it may change. Returns 0, or a
 * negative errno after it reported why.
 */
int publisher_open(struct publisher *p, struct outputs *outputs, const char *textfile,
		   const char *listen, const double *interval_s);
/*
 * Loads what publisher_start() will need, before anything is attached. Returns 0, or a negative
 * errno after it reported why.
 */
int publisher_load(const struct publisher *p);
/*
 * Starts the thread that answers HTTP, if there is to be one. It keeps the privileges that its
 * caller has. Returns 0, or a negative errno after it reported why.
 */
int publisher_start(struct publisher *p);
void publisher_close(struct publisher *p);

/* What a live run adds to its session. */
struct publish_counters {
	__u64 denied;  /* refusals, with or without a record */
	__u64 missed;  /* calls of BPF programs that the kernel left out */
	bool degraded; /* the gate is not as the guard left it, and could not be restored */
	bool audit;
	bool no_gate; /* the gate's programs are not available here */
	bool ended;   /* the programs are detached */
};

/* counters: NULL for a recording. */
enum guard_state publish_gate(const struct publish_counters *counters);

/*
 * How long what is published holds, with so many seconds between two sweeps, in nanoseconds: it
 * comes with complete sweeps, of which one may be late, and one incomplete.
 */
__u64 publish_stale_ns(double interval_s);

/*
 * Shows the session as it is now. counters: NULL for a recording. A failure does not end a run: it
 * is reported once, and monitors see that the metrics are old.
 */
void publish(struct publisher *p, const struct session *s, const struct publish_counters *counters);

#endif
