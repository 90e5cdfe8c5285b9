/* SPDX-License-Identifier: GPL-2.0-only */
/* What a session shows to monitors: the textfile, HTTP, and the service manager's status line. */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "monitor/listen.h"
#include "monitor/service.h"
#include "session/session.h"

struct publisher {
	const char *textfile; /* NULL: none */
	struct listener *listener;
	bool complained;
	char status[SERVICE_STATUS_LEN]; /* as the service manager was told */
};

/*
 * textfile, listen: NULL for none. interval_s: between two sweeps. Returns 0, or a negative errno
 * after it said why.
 */
int publisher_open(struct publisher *p, const char *textfile, const char *listen,
		   double interval_s);
void publisher_close(struct publisher *p);

/* What a live run knows beside its session. */
struct publish_counters {
	__u64 denied;  /* with or without a record */
	__u64 missed;  /* hooks that were not called */
	bool degraded; /* something is not as the guard left it, and not put right */
	bool audit;
	bool no_gate; /* this kernel takes no program that could refuse anything */
	bool ended;   /* nothing is attached any more */
};

/*
 * Shows the session as it is after a sweep. counters: NULL for a recording. A textfile that can't
 * be written is no reason to end a run: it is said once, and the file's age says it too.
 */
void publish(struct publisher *p, const struct session *s, const struct publish_counters *counters);

#endif
