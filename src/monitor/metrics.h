/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Metrics in Prometheus's text format 0.0.4. Pure: facts in, text out. Tests compare rules,
 * dashboard and documents with the table.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdio.h>

#include "contract/guard_state.h"
#include "contract/window.h"

/*
 * X(symbol, name, type, whose, labels, help)
 *
 * node_exporter's textfile collector takes counters and gauges only, so a state is a gauge for
 * each value it can have, of which one is 1.
 */
#define METRICS(X)                                                                                 \
	X(BUILD_INFO, "snp_guard_build_info", gauge, RUN, "version,kernel",                        \
	  "The guard's version and its kernel; always 1.")                                         \
	X(LAST_CHECK, "snp_guard_last_check_timestamp_seconds", gauge, RUN, "",                    \
	  "When the last sweep was complete, as UNIX time; 0: none was yet.")                      \
	X(WINDOW, "snp_guard_window_state", gauge, RUN, "state",                                   \
	  "Whether SNP_EN is set on any CPU.")                                                     \
	X(GATE, "snp_guard_gate_state", gauge, RUN, "state",                                       \
	  "Whether the gate refuses changes of the set of online CPUs in a window.")               \
	X(GATE_HOOK, "snp_guard_gate_hook", gauge, RUN, "hook", "What the gate refuses by.")       \
	X(CPUS, "snp_guard_cpus", gauge, RUN, "state", "CPUs by what was last seen of them.")      \
	X(UNCOVERED, "snp_guard_uncovered_facts", gauge, RUN, "",                                  \
	  "Facts for which this kernel offers no source.")                                         \
	X(WINDOWS, "snp_guard_windows_total", counter, RUN, "", "SNP windows that were seen.")     \
	X(BREACHES, "snp_guard_breaches_total", counter, RUN, "breach,severity",                   \
	  "Breaches of the contract that were found.")                                             \
	X(GUESTS, "snp_guard_guests_at_risk", gauge, RUN, "",                                      \
	  "SNP and SEV-ES guests that ran at the last critical breach; no sample: unknown.")       \
	X(DENIED, "snp_guard_denied_writes_total", counter, RUN, "",                               \
	  "Attempts that were refused, or with --audit would have been.")                          \
	X(LOST, "snp_guard_lost_records_total", counter, RUN, "reason",                            \
	  "Events that were lost: no room in the ring buffer, a hook not called by the kernel, "   \
	  "or lost before a recording was replayed.")                                              \
	X(OUTPUT_LOST, "snp_guard_output_lost_total", counter, RUN, "output",                      \
	  "Items that an output of the guard did not take, and that were dropped.")                \
	X(FAULT, "snp_guard_fault", gauge, RUN, "part",                                            \
	  "Whether a part of the guard fails; the guard goes on without it.")                      \
	X(CHECK_STATUS, "snp_guard_check_status", gauge, CHECK, "check,status",                    \
	  "The worst result of each check of snp-guard check.")                                    \
	X(CHECK_TIME, "snp_guard_check_timestamp_seconds", gauge, CHECK, "",                       \
	  "When snp-guard check looked at the host, as UNIX time.")

/* One check, as a metric shows it. */
struct metrics_check {
	const char *name;
	int status; /* an index of the statuses' names */
};

/* Whose metrics. Run and check share none, as they may write to the same directory. */
enum metrics_of { METRICS_OF_RUN, METRICS_OF_CHECK };

struct metrics_facts {
	/* of a run */
	const char *kernel;
	double last_check; /* UNIX time; 0: never */
	bool window_open;
	enum guard_state gate;
	unsigned int gate_hook; /* enum snp_gate_hook */
	unsigned int cpus_present, cpus_online, cpus_snp_en, uncovered;
	int guests; /* at risk, or SNP_COUNT_UNKNOWN */
	struct window_totals totals;
	__u64 denied; /* refusals, with or without a record */
	__u64 missed; /* of totals.lost: calls of BPF programs that the kernel left out */
	__u64 lost[SNP_PART_COUNT]; /* by part: items that did not get out */
	int fails[SNP_PART_COUNT];  /* by part: 0, or a negative errno */
	bool recorded;		    /* replayed: a recording does not say why an event was lost */
	/* of a check */
	const struct metrics_check *checks; /* each name once */
	unsigned int check_count;
	const char *const *check_statuses;
	int check_status_count;
	double check_time;
};

/* Writes the metrics of run, or of check, from the facts of the same. Returns 0 or an errno. */
int metrics_render(FILE *out, enum metrics_of whose, const struct metrics_facts *f);

#endif
