/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the firmware was asked for, when, and what it answered. A command that repeats itself
 * (SNP_PAGE_RECLAIM does, page after page) takes two entries: its first time, and all further
 * ones together with the time of the last.
 */
#ifndef LAB_JOURNAL_H
#define LAB_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct journal_entry {
	uint64_t microseconds; /* since the journal's start */
	uint32_t flags;
	uint16_t command;
	uint16_t status;
	uint32_t times;
};

struct journal {
	struct timespec start;
	FILE *out; /* entries go here too; repeats when they have ended */
	struct journal_entry *entries;
	size_t count;
	size_t room;
};

void journal_start(struct journal *journal, FILE *out);

/* Adds a command and writes it out. -ENOMEM: written out, but not kept. */
int journal_add(struct journal *journal, unsigned int command, uint32_t flags, unsigned int status);

/* One line: seconds.microseconds number name flags=F status=S name, and times=N from 2 on. */
void journal_print(const struct journal_entry *entry, FILE *out);

void journal_end(struct journal *journal);

#endif
