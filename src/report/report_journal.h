/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of an entry in the journal; report_journal.c sends them. */
#ifndef REPORT_JOURNAL_H
#define REPORT_JOURNAL_H

#include "report/report.h"

enum { JOURNAL_FIELDS = 20 };

struct journal_entry {
	char *fields[JOURNAL_FIELDS]; /* "NAME=value"; the first is MESSAGE */
	unsigned int count;
	bool failed; /* without memory */
};

void journal_entry_free(struct journal_entry *j);

/* Each fills an entry that is all zero. */
void journal_of_verdict(struct journal_entry *j, const struct report *r, const struct verdict *v);
void journal_of_end(struct journal_entry *j, const struct report_end *end);
/* False for an event that is not for the journal: then the entry stays empty. */
bool journal_of_event(struct journal_entry *j, const struct report *r, const struct snp_event *e);

#endif
