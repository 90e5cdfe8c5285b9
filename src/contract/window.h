/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The automaton: the state of one host, events in, verdicts out, no I/O. All that
 * decides a breach is here.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>

#include "contract/names.h"
#include "abi/event.h"
#include "contract/breaches.h"

/* Turns of a host's life that a report shows and that are no breach: X(symbol, name) */
#define WINDOW_STATES(X)                                                                           \
	X(OPENED, "window-open")                                                                   \
	X(CLOSED, "window-closed")                                                                 \
	X(INITIALISED, "initialised")                                                              \
	X(LEGACY_SHUTDOWN, "legacy-shutdown")                                                      \
	X(FULL_SHUTDOWN, "full-shutdown")                                                          \
	X(INFERRED, "inferred")                                                                    \
	X(COMPARED, "compared")                                                                    \
	X(DEGRADED, "degraded")

enum window_state {
#define X(sym, name) WINDOW_##sym,
	WINDOW_STATES(X)
#undef X
};

enum verdict_kind { VERDICT_STATE, VERDICT_BREACH };

struct verdict {
	enum verdict_kind kind;
	int id;		     /* enum window_state or enum snp_breach */
	unsigned int window; /* the window's number, from 1; 0: in none */
	__u32 cpu;	     /* the CPU that it is about, or SNP_NO_SUBJECT */
	__u64 seq;	     /* of the event that led to it */
	__u64 time_ns;	     /* CLOCK_BOOTTIME */
	char text[240];	     /* what happened, to whom, and who did it */
};

typedef void (*window_emit_fn)(void *ctx, const struct verdict *v);

/* What is known of one CPU. */
struct window_cpu {
	bool present, online;
	bool looked;   /* its SYSCFG was looked at since it came online */
	bool readable; /* ... and could be read */
	bool snp_en;   /* meaningful if readable */
};

struct window_totals {
	unsigned int windows;
	unsigned int breaches[SNP_BREACH_COUNT];
	unsigned int denied;  /* records of refused writes */
	unsigned int audited; /* ... that were let through in audit mode */
	__u64 lost;
	bool truth; /* at least one sweep over the CPUs was complete */
};

/* A delay after which what was expected to follow an event is taken not to come. */
#define WINDOW_SETTLE_NS 500000000ull

struct window;

/* Returns a host of which nothing is known, or NULL without memory. */
struct window *window_new(void);
void window_free(struct window *w);

struct pack;
/* Writes all that w remembers; it fits or p says that it doesn't (pack.h). */
void window_save(const struct window *w, struct pack *p);
/*
 * Takes it up again in w, which is new. Returns 0, -EBADMSG for what no window_save() wrote, or
 * -ENOMEM.
 */
int window_load(struct window *w, struct pack *p);

/*
 * Takes one event in, and calls emit for each verdict it leads to. Events come in the
 * order of their sequence numbers; those of the user side stand where they were made.
 * Returns 0, -EINVAL for an event that window_accepts() doesn't, or -ENOMEM.
 */
int window_feed(struct window *w, const struct snp_event *e, window_emit_fn emit, void *ctx);

/* False for an event that no guard writes here: a recording is damaged. */
bool window_accepts(const struct window *w, const struct snp_event *e);

/* False before the first event. */
bool window_has_started(const struct window *w);
bool window_is_open(const struct window *w);
/* True as long as a sweep after WINDOW_SETTLE_NS would tell more than the last one. */
bool window_is_unsettled(const struct window *w);
struct window_cpu window_cpu(const struct window *w, unsigned int cpu);
/* What holds just now, for who shows it. */
struct window_now {
	bool open, initialised;
	int outstanding; /* SNP's disables of CPU hotplug, less its enables */
};
struct window_now window_now(const struct window *w);
struct window_totals window_totals(const struct window *w);

const char *window_state_name(enum window_state state);

#endif
