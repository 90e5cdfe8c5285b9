/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run as a picture shows it: states over time, and marks. A timeline is one more report of a
 * session: verdicts and the state of the host come from the automaton, the words of the marks from
 * the report in text.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "util/cpulist.h"
#include "report/report.h"

/* Of a CPU, as far as the automaton knows: X(symbol, class in the picture, text) */
#define TIMELINE_CPUS(X)                                                                           \
	X(ABSENT, "absent", "not present")                                                         \
	X(OFFLINE, "offline", "offline")                                                           \
	X(UNKNOWN, "unknown", "online, SNP_EN unreadable")                                         \
	X(CLEAR, "clear", "online, SNP_EN clear")                                                  \
	X(SET, "set", "online, SNP_EN set")                                                        \
	X(UNCHECKED, "unchecked", "online without SNP_EN while SNP is, or may be, initialised")

enum timeline_cpu {
#define X(sym, class, text) TIMELINE_CPU_##sym,
	TIMELINE_CPUS(X)
#undef X
};

/* Marks, worse from one to the next in a lane: X(symbol, class, text) */
#define TIMELINE_MARKS(X)                                                                          \
	X(DRIVER, "driver", "driver and kernel")                                                   \
	X(COMMAND, "command", "firmware command")                                                  \
	X(FAILED, "failed", "failed firmware command")                                             \
	X(DENIED, "denied", "refused by the gate")                                                 \
	X(AUDITED, "audited", "let through (audit)")                                               \
	X(NOTICE, "notice", "notice")                                                              \
	X(WARNING, "warning", "warning")                                                           \
	X(CRITICAL, "critical", "critical")

enum timeline_mark_kind {
#define X(sym, class, text) TIMELINE_##sym,
	TIMELINE_MARKS(X)
#undef X
		TIMELINE_MARK_KINDS
};

/* Where marks are shown, and the bands above them: X(symbol, label) */
#define TIMELINE_LANES(X)                                                                          \
	X(DRIVER, "driver")                                                                        \
	X(FIRMWARE, "firmware")                                                                    \
	X(GATE, "gate")                                                                            \
	X(BREACHES, "breaches")

enum timeline_lane {
#define X(sym, label) TIMELINE_LANE_##sym,
	TIMELINE_LANES(X)
#undef X
		TIMELINE_LANES_COUNT
};

struct timeline_mark {
	__u64 ns;
	enum timeline_mark_kind kind;
	int breach; /* or -1 */
	__u32 cpu;  /* or SNP_NO_SUBJECT */
	char *text;
	unsigned int burst;
};

/* From ns on. */
struct timeline_step {
	__u64 ns;
	int value;
	unsigned int burst; /* of a CPU's: moments close to each other have the same */
};

struct timeline_track {
	struct timeline_step *steps;
	unsigned int count, room;
};

/* CPUs of the same history: a step came to the first of them at first.ns, to the last at last. */
struct timeline_row {
	struct cpulist cpus;
	unsigned int cpu; /* the lowest */
	struct timeline_track first, last;
};

/* What of a run is drawn; all 0: the whole run. */
struct timeline_part {
	unsigned int window; /* this one alone, by the number that it is reported with */
	double from_s, to_s; /* seconds from the start */
};

enum timeline_window { TIMELINE_NO_WINDOW, TIMELINE_WINDOW, TIMELINE_INITIALISED };

struct timeline {
	struct report_host host;
	__u64 start_ns;	       /* of the run */
	__u64 from_ns, end_ns; /* of what is drawn */
	struct timeline_part part;
	unsigned int first_window; /* the number of the first window, or 0 */
	struct report_end end;
	struct timeline_track window; /* enum timeline_window */
	struct timeline_track held;   /* SNP's outstanding disables of CPU hotplug */
	struct timeline_track count;  /* the kernel's, or SNP_COUNT_UNKNOWN */
	struct timeline_mark *marks;
	unsigned int mark_count, mark_room;
	struct timeline_row *rows;
	unsigned int row_count;

	/* while it is made */
	const struct window *automaton;
	struct timeline_track *cpus;
	unsigned int cpu_count;
	struct snp_event last; /* fed; its effect is read before the next one */
	bool waits;
	struct report text;
	char *said;
	size_t said_len;
	int err;
};

/* CPUs that go through the same states with no more than this between them share a row. */
#define TIMELINE_BURST_NS 20000000ull

/*
 * host, severities, automaton: those of the session that t becomes a report of; drawing needs them
 * no more. Returns 0 or -ENOMEM.
 */
int timeline_init(struct timeline *t, const struct report_host *host,
		  const struct severities *severities, const struct window *automaton);
void timeline_free(struct timeline *t);

/*
 * The report; its state is the timeline. After its end() the timeline is complete and has what part
 * asks for, or err is set: -ENOMEM, or -ENOENT if the run has no such part.
 */
extern const struct report_ops report_timeline;

/*
 * Makes room for one more of count elements. Returns the array, which may have moved, or NULL
 * without memory; the old one is valid then.
 */
void *timeline_grown(void *array, unsigned int count, unsigned int *room, size_t size);
/* Adds a step. Returns 0 or -ENOMEM. */
int timeline_track_add(struct timeline_track *track, struct timeline_step step);
/* Compares two times, of __u64, for qsort(). */
int timeline_by_ns(const void *a, const void *b);
/* Leaves what part asks for. Returns 0 or -ENOENT. */
int timeline_cut(struct timeline *t);
/* Makes the rows out of what is known of each CPU. Returns 0 or -ENOMEM. */
int timeline_make_rows(struct timeline *t);

const char *timeline_cpu_class(enum timeline_cpu cpu);
const char *timeline_cpu_text(enum timeline_cpu cpu);
const char *timeline_mark_class(enum timeline_mark_kind kind);
const char *timeline_mark_text(enum timeline_mark_kind kind);
enum timeline_lane timeline_lane_of(enum timeline_mark_kind kind);

#endif
