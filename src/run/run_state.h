/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a running guard has, for the files of this folder: run.c calls start.c, loop.c and end.c in
 * turn; these look at the host through look.c.
 */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include "kernel/brake.h"
#include "kernel/gate.h"
#include "kernel/sensors.h"
#include "monitor/publish.h"
#include "monitor/service.h"
#include "pinned/pinned_guard.h"
#include "run/feed.h"
#include "run/run.h"
#include "session/session.h"

#define NS_PER_S 1000000000ull

struct run {
	struct run_request request;
	struct run_settings *settings; /* of the request */
	struct platform platform;
	struct hooks hooks;
	struct sensors *sensors;
	struct gate gate;
	struct session session;
	struct outputs outputs;
	enum snp_part report;	    /* the output that the report goes to */
	struct trace_header header; /* of recordings: the host and the run */
	struct feed feed;
	struct publisher publisher;
	struct service_watchdog watchdog;
	struct brake brake;
	struct pinned_guard pinned;
	int old_group;	 /* kprobe events of a replaced guard, to be removed; -1: none */
	bool cannot_run; /* what fails will, as long as the host is booted as it is */
	bool swept;	 /* the last sweep was complete, and the latch is right */
	__u64 next_sweep_ns, next_look_ns; /* CLOCK_BOOTTIME */
	__u64 end_ns;			   /* the same; 0: no end is set */
	/* What was told last to those who ask, and until when it holds. */
	unsigned int told_breaches[SNP_BREACH_COUNT];
	unsigned int told_critical; /* critical breaches of which the guests at risk are told */
	__u64 told_until_ns;
	__u64 trouble_ns[SNP_PART_COUNT]; /* since when a look fails; 0: it does not */
};

/* ---- faults.c ---- */

/* Adds the outputs that the settings name. Returns 0, or a negative errno after it reported why. */
int run_add_outputs(struct run *r);
/* Starts the outputs, with the privileges that the guard has by now. Returns as
 * run_add_outputs(). */
int run_start_outputs(struct run *r);
/* An output as the user knows it. */
const char *run_output_name(const struct run *r, enum snp_part part);
/* Tells what has changed with the outputs. */
void run_tell_outputs(struct run *r);
/* Writes what waits, tells what did not get out, and ends the outputs. */
void run_close_outputs(struct run *r);
/* Notes that a look of the guard failed, or did not: err 0. What lasts is told. */
void run_trouble(struct run *r, enum snp_part part, int err);

/* ---- start.c, resume.c, prepare.c ---- */

/*
 * Attaches everything or resumes a pinned guard, and sweeps for the first time. Returns 0, or a
 * negative errno after it reported why.
 */
int run_start(struct run *r);

/* Resumes the guard of this very build that is pinned. Returns as run_start(). */
int run_resume(struct run *r);

/* Steps of both, in the order in which they are taken. Each int is 0 or a negative errno. */

/* Begins the session with the report's format; reports why it can't. */
int run_init_session(struct run *r);
/* Reports why the sensors could not be opened; returns err. */
int run_report_sensors(int err);
/* Connects the parts that use the sensors. */
void run_wire(struct run *r);
/* Begins a ledger in the pinned group. */
int run_begin_ledger(struct run *r, int group);
/* Begins what the settings record; with_state: with what the session knows by now. */
void run_begin_recording(struct run *r, bool with_state);
/* Has the gate list the guarded files, and tries the write hooks once. */
int run_list_guarded(struct run *r);
/* Feeds START, and an event for each fact that has no source. */
int run_feed_start(struct run *r);

/* ---- look.c ---- */

/* A sign of life to the service manager, if one is due. ctx: struct run. */
void run_alive(void *ctx);
/* Sweeps, and publishes the result. */
void run_sweep(struct run *r);
/* Sweeps until a sweep is complete; on a host that does not come to rest, for some time only. */
void run_sweep_until_complete(struct run *r);
/* True if SIGINT or SIGTERM waits, or the run's time is over. ctx: struct run. */
bool run_is_stopped(void *ctx);
/* Once a second has the write hooks follow the writers, at once if a window waits for that, and
 * looks at gate and pins. */
void run_look(struct run *r);
/* Shows the state to monitors. ended: the guard is about to go. */
void run_publish(struct run *r, bool ended);

/* What follows an event may take a moment to come; a finding about it is due after this. */
#define RUN_SETTLE_NS (WINDOW_SETTLE_NS + WINDOW_SETTLE_NS / 10)

/* ---- loop.c, end.c ---- */

/* Feeds, looks and sweeps until a signal of signal_fd or a setting ends the run. */
void run_loop(struct run *r, int signal_fd);

/* Feeds what is left, writes the summary, and leaves what is pinned in order. */
void run_end(struct run *r);

#endif
