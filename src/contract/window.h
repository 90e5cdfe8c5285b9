/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The automaton: the state of one host. Events go in, verdicts come out; it alone decides what is a
 * breach. It does no I/O, reads no clock, and keeps nothing outside struct window.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>

#include "contract/names.h"
#include "abi/event.h"
#include "contract/breaches.h"

/* Changes of state that a report shows and that are no breach: X(symbol, name) */
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
	int id;		     /* enum window_state or enum snp_breach, by kind */
	unsigned int window; /* number of the open window, from 1; 0: no window is open */
	__u32 cpu;	     /* the CPU that the verdict is about, or SNP_NO_SUBJECT */
	__u64 seq;	     /* of the event that led to the verdict */
	__u64 time_ns;	     /* of that event, CLOCK_BOOTTIME */
	const char *remedy;  /* of a breach: what to do; "": nothing, or a string constant */
	char text[240];	     /* what happened, and who did it */
};

/* Takes one verdict; *v is valid during the call only. ctx is that of window_feed(). */
typedef void (*window_emit_fn)(void *ctx, const struct verdict *v);

/* What the last sweeps and events say of one CPU. */
struct window_cpu {
	bool present, online;
	bool looked;   /* a sweep tried to read SYSCFG since the CPU came online */
	bool readable; /* ... and could */
	bool snp_en;   /* valid only if readable */
	bool no_hsave; /* KVM has enabled virtualisation, and VM_HSAVE_PA is 0 */
	bool rmpopt_read, rmpopt_failed; /* a sweep has read RMPOPT_BASE, or tried */
	__u64 rmpopt;			 /* its value, if it was read */
};

struct window_totals {
	unsigned int windows;
	unsigned int breaches[SNP_BREACH_COUNT];
	unsigned int denied;  /* DENIED events */
	unsigned int audited; /* ... of audit mode, which let the access through */
	__u64 lost;	      /* events */
	bool truth;	      /* at least one sweep was complete */
};

/* All is settled this long, in ns, after the last related event: nothing more is expected. */
#define WINDOW_SETTLE_NS 500000000ull

/* If no sweep was complete for so long, in ns, of those that were tried, SNP_EN is unverified. */
#define WINDOW_UNVERIFIED_NS 10000000000ull

struct window;

/* Returns a new automaton, for window_free() to free, or NULL without memory. */
struct window *window_new(void);
/* w may be NULL. */
void window_free(struct window *w);

struct pack;
/* Writes the whole state of w to p. p->err says whether it had room (util/pack.h). */
void window_save(const struct window *w, struct pack *p);
/*
 * Reads into w, which is new, a state that window_save() wrote. Returns 0, -EBADMSG for any other
 * bytes, or -ENOMEM; after a failure w is only good for window_free().
 */
int window_load(struct window *w, struct pack *p);

/*
 * Feeds one event, and calls emit, with ctx, for each verdict that follows from it. Events come in
 * the order of their sequence numbers, those of user space in between, where they were made. e is
 * not kept. Returns 0, -EINVAL for an event that window_accepts() refuses, or -ENOMEM.
 */
int window_feed(struct window *w, const struct snp_event *e, window_emit_fn emit, void *ctx);

/* False for an event that no guard writes after those that were fed: a recording is damaged. */
bool window_accepts(const struct window *w, const struct snp_event *e);

/* False before the first event. */
bool window_has_started(const struct window *w);
bool window_is_open(const struct window *w);
/* True while a sweep after WINDOW_SETTLE_NS could lead to more verdicts than the last one. */
bool window_is_unsettled(const struct window *w);
/* All false for a CPU that no event named. */
struct window_cpu window_cpu(const struct window *w, unsigned int cpu);
/* The present state, for displays. */
struct window_now {
	bool open, initialised;
	bool may_be_initialised; /* SNP is, or that is unknown */
	int outstanding;	 /* SNP's holds: its cpu_hotplug_disable() calls not yet undone */
};
struct window_now window_now(const struct window *w);
struct window_totals window_totals(const struct window *w);

/* "window-open" and so on; a string constant. */
const char *window_state_name(enum window_state state);

#endif
