// SPDX-License-Identifier: GPL-2.0-only
#include "firmware/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void journal_start(struct journal *journal, FILE *out)
{
	memset(journal, 0, sizeof(*journal));
	clock_gettime(CLOCK_MONOTONIC, &journal->start);
	journal->out = out;
}

static uint64_t since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - start->tv_sec) * 1000000 +
			  (now.tv_nsec - start->tv_nsec) / 1000);
}

static struct journal_entry *last(const struct journal *journal, size_t from_end)
{
	return journal->count > from_end ? &journal->entries[journal->count - 1 - from_end] : NULL;
}

static bool same(const struct journal_entry *a, const struct journal_entry *b)
{
	return a && b && a->command == b->command && a->flags == b->flags &&
	       a->status == b->status && !strcmp(a->rule, b->rule);
}

/* Whether the last entry stands for repeats of the entry before it. */
static bool is_repeat(const struct journal *journal)
{
	return same(last(journal, 0), last(journal, 1));
}

/* Called when the repeats are over, since only then their number is known. */
static void write_repeats(const struct journal *journal)
{
	if (is_repeat(journal))
		journal_print(last(journal, 0), journal->out);
}

static int keep(struct journal *journal, const struct journal_entry *entry)
{
	if (journal->count == journal->room) {
		size_t room = journal->room ? 2 * journal->room : 64;
		void *more = reallocarray(journal->entries, room, sizeof(*entry));

		if (!more)
			return -ENOMEM;
		journal->entries = more;
		journal->room = room;
	}
	journal->entries[journal->count++] = *entry;
	return 0;
}

int journal_add(struct journal *journal, const struct firmware *fw, unsigned int command,
		enum firmware_status status)
{
	struct journal_entry entry = {
		.microseconds = since(&journal->start),
		.flags = fw->flags,
		.command = (uint16_t)command,
		.status = status,
		.times = 1,
	};

	memcpy(entry.rule, fw->rule, sizeof(entry.rule));
	if (same(last(journal, 0), &entry)) {
		if (!is_repeat(journal))
			return keep(journal, &entry);
		last(journal, 0)->microseconds = entry.microseconds;
		last(journal, 0)->times++;
		return 0;
	}
	write_repeats(journal);
	journal_print(&entry, journal->out);
	return keep(journal, &entry);
}

void journal_print(const struct journal_entry *entry, FILE *out)
{
	const char *command = firmware_command_name(entry->command);
	const char *status = firmware_status_name(entry->status);

	fprintf(out, "%" PRIu64 ".%06" PRIu64 " 0x%03x %s flags=0x%" PRIx32 " status=0x%02x %s",
		entry->microseconds / 1000000, entry->microseconds % 1000000, entry->command,
		command ? command : "?", entry->flags, entry->status, status ? status : "?");
	if (entry->times > 1)
		fprintf(out, " times=%" PRIu32, entry->times);
	if (*entry->rule)
		fprintf(out, ": %s", entry->rule);
	fputc('\n', out);
}

void journal_end(struct journal *journal)
{
	write_repeats(journal);
	free(journal->entries);
	journal->entries = NULL;
	journal->count = 0;
}
