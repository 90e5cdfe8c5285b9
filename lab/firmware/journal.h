/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands that the firmware ran, with their times and statuses. When the same command repeats
 * with the same status (SNP_PAGE_RECLAIM does, page after page), the first run has one entry, and
 * all further runs share a second one, with the time of the last.
 */
#ifndef LAB_JOURNAL_H
#define LAB_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "firmware/firmware.h"

struct journal_entry {
	uint64_t microseconds; /* since journal_start() */
	uint32_t flags;
	uint32_t status;
	uint32_t times; /* how many runs the entry stands for */
	uint16_t command;
	char rule[FIRMWARE_RULE_MAX]; /* why the firmware refused it; "" if it did not */
};

struct journal {
	struct timespec start;
	FILE *out; /* gets each entry as a line; repeats once the next command ends them */
	struct journal_entry *entries;
	size_t count;
	size_t room;
};

/* out stays the caller's and must outlive the journal. */
void journal_start(struct journal *journal, FILE *out);

/*
 * Adds a command that has run, with the flags and the rule that fw has of it, and writes it to out.
 * 0; -ENOMEM: written, but not kept.
 */
int journal_add(struct journal *journal, const struct firmware *fw, unsigned int command,
		enum firmware_status status);

/* Prints one line: SECONDS.MICROSECONDS COMMAND NAME flags=F status=S NAME [times=N][: RULE]. */
void journal_print(const struct journal_entry *entry, FILE *out);

/* Writes repeats that are still pending, and frees the entries. */
void journal_end(struct journal *journal);

#endif
