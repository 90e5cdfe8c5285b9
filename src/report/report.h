/* SPDX-License-Identifier: GPL-2.0-only */
/* Shows events and verdicts: one interface, a file for each format. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "contract/severity.h"
#include "contract/window.h"
#include "host/platform.h"
#include "util/terminal.h"

/*
 * The member schema of each line of JSON: raised by one whenever a member changes its meaning or
 * goes. New members don't count.
 */
#define JSON_SCHEMA 1

/* Formats: X(symbol, name) */
#define REPORT_FORMATS(X) X(TEXT, "text") X(JSON, "json")
/* ... and those of run, which can also write to the journal. */
#define RUN_FORMATS(X) REPORT_FORMATS(X) X(JOURNAL, "journal")

enum report_format {
#define X(sym, name) REPORT_##sym,
	RUN_FORMATS(X)
#undef X
		REPORT_FORMAT_COUNT
};

/* Counts of a breach's verdicts. */
struct report_breach {
	unsigned int counted;
	unsigned int left_out;	 /* not reported, as its severity was off */
	enum snp_severity worst; /* severity that it was counted with; a reload may change it */
};

/* The host and the run that a report is about. */
struct report_host {
	char boot_id[PLATFORM_BOOT_ID_LEN];
	char release[PLATFORM_RELEASE_LEN];
	__s64 realtime_offset_ns; /* CLOCK_REALTIME minus CLOCK_BOOTTIME at the start */
	bool audit;		  /* the gate refuses nothing */
};

/* What a report shows at the end, beside the automaton's totals. */
struct report_end {
	struct window_totals totals;
	const char *const *uncovered; /* names of facts without a source */
	unsigned int uncovered_count;
	struct report_breach breaches[SNP_BREACH_COUNT];
	bool window_open;
	__u64 lost[SNP_PART_COUNT]; /* items that a part of the guard lost so far */
	int fails[SNP_PART_COUNT];  /* 0, or the negative errno that it fails with */
	__u64 denied;		    /* attempts refused or audited, with or without a record */
	int status;		    /* the exit status to come */
	__u64 time_ns;		    /* CLOCK_BOOTTIME of the last event */
};

struct report;

struct report_ops {
	void (*start)(struct report *r, unsigned int gate_hook); /* may be NULL */
	void (*event)(struct report *r, const struct snp_event *e);
	void (*verdict)(struct report *r, const struct verdict *v);
	void (*end)(struct report *r, const struct report_end *end);
};

struct report {
	const struct report_ops *ops;
	void *state; /* the ops' own */
	FILE *out;
	struct terminal terminal; /* of out */
	const struct report_host *host;
	const struct severities *severities; /* what each breach counts as just now */
	bool gathers;			     /* lines need not appear one by one */
	const char *recording;		     /* made for the verdict that is shown; NULL: none */
	unsigned int lost;		     /* lines that there was no memory for */
	__u64 start_ns;			     /* CLOCK_BOOTTIME of the START event, or of ADOPT */
};

extern const struct report_ops report_text, report_json, report_journal;

/*
 * Begins a report on out, in colour where out is a terminal and NO_COLOR is not set. The report
 * keeps no copy of host and severities: the caller, which may change them, must outlive it. There
 * is nothing to free. Returns 0, or -EINVAL for a format that does not exist.
 */
int report_init(struct report *r, enum report_format format, FILE *out,
		const struct report_host *host, const struct severities *severities);

/* Each writes its lines at once; write errors stay in out, for the caller to ask. */
void report_event(struct report *r, const struct snp_event *e);
void report_verdict(struct report *r, const struct verdict *v);
void report_end(struct report *r, const struct report_end *end);

const char *report_format_name(enum report_format format);

#endif
