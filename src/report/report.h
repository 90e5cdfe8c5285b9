/* SPDX-License-Identifier: GPL-2.0-only */
/* How events and verdicts look: one interface, a file for each format. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "contract/severity.h"
#include "session/trace.h"
#include "contract/window.h"

/* Formats: X(symbol, name) */
#define REPORT_FORMATS(X) X(TEXT, "text") X(JSON, "json")
/* ... and those of run, of which more than a stream of lines can come. */
#define RUN_FORMATS(X) REPORT_FORMATS(X) X(JOURNAL, "journal")

enum report_format {
#define X(sym, name) REPORT_##sym,
	RUN_FORMATS(X)
#undef X
		REPORT_FORMAT_COUNT
};

/* What became of a breach's verdicts. */
struct report_breach {
	unsigned int counted;
	unsigned int left_out;	 /* while its severity was off */
	enum snp_severity worst; /* that it counted as; a severity may change while a run goes on */
};

/* What a report says at the end, beside the automaton's totals. */
struct report_end {
	struct window_totals totals;
	struct report_breach breaches[SNP_BREACH_COUNT];
	bool window_open;
	__u64 denied;  /* writes refused or audited, with or without a record */
	int status;    /* the exit status to come */
	__u64 time_ns; /* CLOCK_BOOTTIME of the last event */
};

struct report;

struct report_ops {
	int (*open)(void); /* 0, or why it can't be had: a negative errno; may be NULL */
	void (*start)(struct report *r); /* may be NULL */
	void (*event)(struct report *r, const struct snp_event *e);
	void (*verdict)(struct report *r, const struct verdict *v);
	void (*end)(struct report *r, const struct report_end *end);
};

struct report {
	const struct report_ops *ops;
	void *state; /* of ops that keep one */
	FILE *out;
	bool color;
	struct trace_header host;     /* boot id, release, clocks, audit */
	struct severities severities; /* what a breach counts as from now on */
	__u64 start_ns;		      /* CLOCK_BOOTTIME of the START event, or of ADOPT */
	char **uncovered;	      /* facts without a source, for the end */
	unsigned int uncovered_count;
};

extern const struct report_ops report_text, report_json, report_journal;

/*
 * color: use it where out is a terminal that wants it. host is copied. Returns 0, -EINVAL for a
 * format that isn't one, or another negative errno for one that can't be had here.
 */
int report_init(struct report *r, enum report_format format, FILE *out,
		const struct trace_header *host);
void report_free(struct report *r);

void report_event(struct report *r, const struct snp_event *e);
/* Takes in what the end will tell of an event, and writes nothing. */
void report_learn(struct report *r, const struct snp_event *e);
void report_verdict(struct report *r, const struct verdict *v);
void report_end(struct report *r, const struct report_end *end);

const char *report_format_name(enum report_format format);

#endif
