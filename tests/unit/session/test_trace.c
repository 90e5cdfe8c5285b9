// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: what is written is read back, and each kind of damage is told. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "events.h"

enum {
	HEADER = sizeof(struct trace_header),
	RECORD = sizeof(struct snp_event),
	RECORDS = 5,
	WHOLE = HEADER + RECORDS * RECORD,
};

static struct fixture fixture;
static char path[128];
static struct snp_event written[RECORDS];
static unsigned char bytes[WHOLE + 1];

static const struct trace_header header = {
	.flags = TRACE_AUDIT,
	.realtime_offset_ns = -5,
	.boot_id = "01234567-89ab-cdef-0123-456789abcdef",
	.release = "7.3.0-test",
};

static struct snp_event record(unsigned int i)
{
	struct snp_event e = { .kind = i + 1 < RECORDS ? SNP_EV_HP_DISABLE : SNP_EV_END };

	e.seq = i + 1;
	e.time_ns = 1000 * i;
	e.subject = SNP_NO_SUBJECT;
	e.count = i;
	strcpy(e.comm, "modprobe");
	strcpy(e.name, "snp_prepare");
	return e;
}

static void begin(void)
{
	struct trace t;
	FILE *f;

	fixture_begin(&fixture);
	snprintf(path, sizeof(path), "%s/recording", fixture.root);
	cr_assert_eq(trace_create(&t, path, &header, NULL, 0), 0);
	for (unsigned int i = 0; i < RECORDS; i++) {
		written[i] = record(i);
		cr_assert_eq(trace_write(&t, &written[i]), 0);
	}
	trace_close(&t);
	f = fopen(path, "r");
	cr_assert(f);
	cr_assert_eq(fread(bytes, 1, sizeof(bytes), f), WHOLE);
	fclose(f);
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(trace, .init = begin, .fini = finish);

/* Reads bytes up to size. Returns what the last call returned; counts the records that came. */
static int read_bytes(struct trace *t, const void *data, size_t size, unsigned int *records)
{
	static char nothing;
	FILE *f = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");
	struct snp_event e = { .comm = { nothing } };
	int err;

	cr_assert(f);
	*records = 0;
	err = trace_open(t, f);
	while (!err) {
		err = trace_read(t, &e);
		if (err <= 0)
			break;
		(*records)++;
		if (e.kind == SNP_EV_END)
			break;
		err = 0;
	}
	trace_close(t);
	return err;
}

static void damaged(size_t size, int expected, const char *why)
{
	unsigned int records;
	struct trace t;

	cr_expect_eq(read_bytes(&t, bytes, size, &records), expected, "size %zu: %s", size, t.why);
	cr_expect(strstr(t.why, why), "size %zu: `%s`, should say `%s`", size, t.why, why);
}

Test(trace, reads_back_what_was_written)
{
	FILE *f = fopen(path, "r");
	struct snp_event e;
	struct trace t;

	cr_assert_eq(trace_open(&t, f), 0);
	cr_expect_eq(t.header.version, SNP_EVENT_VERSION);
	cr_expect_eq(t.header.flags, TRACE_AUDIT);
	cr_expect_eq(t.header.realtime_offset_ns, -5);
	cr_expect_str_eq(t.header.boot_id, header.boot_id);
	cr_expect_str_eq(t.header.release, header.release);
	for (unsigned int i = 0; i < RECORDS; i++) {
		cr_assert_eq(trace_read(&t, &e), 1);
		if (e.kind == SNP_EV_END)
			e.value = 0;
		cr_expect_arr_eq(&e, &written[i], sizeof(e), "record %u", i);
	}
	trace_close(&t);
}

Test(trace, is_readable_by_its_owner_alone)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_eq(st.st_size, WHOLE);
}

Test(trace, each_record_is_in_the_file_at_once)
{
	struct snp_event e = record(0);
	struct trace t;
	struct stat st;

	cr_assert_eq(trace_create(&t, path, &header, NULL, 0), 0);
	for (int i = 1; i < 4; i++) {
		cr_assert_eq(trace_write(&t, &e), 0);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_size, HEADER + i * RECORD);
	}
	trace_close(&t);
}

Test(trace, failures_to_write_are_told)
{
	struct trace t = { 0 };

	cr_expect_eq(trace_create(&t, "/nonexistent/recording", &header, NULL, 0), -ENOENT);
	trace_close(&t);
	cr_assert_eq(trace_create(&t, "/dev/full", &header, NULL, 0), -ENOSPC);
	trace_close(&t);
}

Test(trace, whole_is_whole)
{
	unsigned int records;
	struct trace t;

	cr_expect_eq(read_bytes(&t, bytes, WHOLE, &records), 1);
	cr_expect_eq(records, RECORDS);
	cr_expect_str_eq(t.why, "");
}

Test(trace, short_header)
{
	for (size_t size = 0; size < HEADER; size++)
		damaged(size, -EBADMSG, "shorter than its header");
}

Test(trace, cut_at_a_record_boundary)
{
	char why[64];

	for (int i = 0; i < RECORDS; i++) {
		snprintf(why, sizeof(why), "cut off after %d records: no END", i);
		damaged(HEADER + i * RECORD, 0, why);
	}
}

Test(trace, cut_inside_a_record)
{
	char why[64];

	for (size_t size = HEADER + 1; size < WHOLE; size++) {
		if (!((size - HEADER) % RECORD))
			continue;
		snprintf(why, sizeof(why), "cut off inside record %zu",
			 (size - HEADER) / RECORD + 1);
		damaged(size, 0, why);
	}
}

/* ---- a power loss ---- */

enum { MANY = 40 };
static unsigned char zeroed[HEADER + MANY * RECORD];

/* MANY records, whose names end in zeros, or end with the record. */
static void fill(bool named)
{
	memcpy(zeroed, bytes, HEADER);
	for (unsigned int i = 0; i < MANY; i++) {
		struct snp_event e = record(0);

		e.seq = i + 1;
		if (!named)
			memset(e.name, 'x', sizeof(e.name));
		memcpy(zeroed + HEADER + i * RECORD, &e, RECORD);
	}
}

/* So many records come of a recording that is zero from this byte on. */
static void zeros_from(size_t at, unsigned int expected)
{
	unsigned int records;
	struct trace t;
	char why[80];

	memset(zeroed + at, 0, sizeof(zeroed) - at);
	cr_expect_eq(read_bytes(&t, zeroed, sizeof(zeroed), &records), 0, "from %zu: %s", at,
		     t.why);
	cr_expect_eq(records, expected, "from %zu", at);
	snprintf(why, sizeof(why), "it ends in zeros after record %u: a power loss?", expected);
	cr_expect_str_eq(t.why, why, "from %zu", at);
}

Test(trace, zeros_at_the_end_are_no_records)
{
	for (unsigned int i = 0; i < MANY; i++) {
		fill(false);
		zeros_from(HEADER + i * RECORD, i);
	}
}

Test(trace, a_record_that_a_lost_block_cuts_does_not_count)
{
	/* The last 6 blocks or so; each begins in another place of a record. */
	for (size_t at = 512; at + 512 < sizeof(zeroed); at += 512) {
		fill(false);
		zeros_from(at, (at - HEADER) / RECORD);
		/* Where a name's unused end is zero anyway, one can't tell. */
		fill(true);
		zeros_from(at, (at - HEADER) / RECORD);
	}
}

Test(trace, zeros_that_are_less_than_a_record)
{
	unsigned int records;
	struct trace t;

	fill(true);
	memset(zeroed + HEADER + 3 * RECORD, 0, RECORD);
	for (size_t more = 1; more < RECORD; more++) {
		cr_expect_eq(read_bytes(&t, zeroed, HEADER + 3 * RECORD + more, &records), 0);
		cr_expect_eq(records, 3);
		cr_expect(strstr(t.why, "zeros after record 3"), "%s", t.why);
	}
}

/* ---- time ---- */

#define MS 1000000ull

static void times(const __u64 *ms, const __u64 *seq, unsigned int count, unsigned int expected)
{
	unsigned int records;
	struct trace t;

	memcpy(zeroed, bytes, HEADER);
	for (unsigned int i = 0; i < count; i++) {
		struct snp_event e = record(0);

		e.seq = seq[i];
		e.kind = e.seq ? SNP_EV_HP_DISABLE : SNP_EV_TRUTH;
		e.time_ns = ms[i] * MS;
		memcpy(zeroed + HEADER + i * RECORD, &e, RECORD);
	}
	cr_expect_eq(read_bytes(&t, zeroed, HEADER + count * RECORD, &records), 0);
	cr_expect_eq(records, expected, "%s", t.why);
	cr_expect(strstr(t.why, expected == count ? "no END" : "time runs backwards at record"),
		  "%s", t.why);
}

Test(trace, time_does_not_run_backwards)
{
	times((__u64[]){ 5000, 5001, 3000 }, (__u64[]){ 1, 2, 3 }, 3, 2);
	times((__u64[]){ 5000, 5001, 3000 }, (__u64[]){ 0, 0, 0 }, 3, 2);
	/* The guard's own event is older than a record that it had. */
	times((__u64[]){ 1000, 5000, 3000 }, (__u64[]){ 0, 1, 0 }, 3, 2);
	/* A time that a flipped bit put into the future. */
	times((__u64[]){ 1000, 1ull << 40, 1001 }, (__u64[]){ 1, 2, 3 }, 3, 2);
}

Test(trace, records_of_several_cpus_are_a_little_out_of_order)
{
	times((__u64[]){ 5000, 4998, 5001, 4001 }, (__u64[]){ 1, 2, 3, 4 }, 4, 4);
	times((__u64[]){ 5000, 4998, 5001, 4900 }, (__u64[]){ 1, 0, 2, 0 }, 4, 4);
}

/* They waited in the ring buffer while no guard ran. */
Test(trace, records_may_be_older_than_the_start)
{
	times((__u64[]){ 9000, 20, 30, 9001 }, (__u64[]){ 0, 1, 2, 0 }, 4, 4);
}

Test(trace, trailing_byte)
{
	damaged(WHOLE + 1, -EBADMSG, "something follows its END");
}

Test(trace, another_file)
{
	bytes[0] ^= 1;
	damaged(WHOLE, -EBADMSG, "not a recording of snp-guard");
}

Test(trace, another_version)
{
	bytes[offsetof(struct trace_header, version)]++;
	damaged(WHOLE, -EBADMSG, "it has format 3, this snp-guard reads format 2");
}

Test(trace, another_size_of_records)
{
	bytes[offsetof(struct trace_header, record_size)]--;
	damaged(WHOLE, -EBADMSG, "its header is damaged");
}

Test(trace, unterminated_texts_of_the_header)
{
	memset(bytes + offsetof(struct trace_header, boot_id), 'x', PLATFORM_BOOT_ID_LEN);
	damaged(WHOLE, -EBADMSG, "its header is damaged");
	begin();
	memset(bytes + offsetof(struct trace_header, release), 'x', PLATFORM_RELEASE_LEN);
	damaged(WHOLE, -EBADMSG, "its header is damaged");
}

Test(trace, a_bit_flipped_anywhere_is_found)
{
	/* All bytes but those of END that its checksum does not cover. */
	for (size_t at = 0; at < WHOLE - RECORD; at++) {
		for (int bit = 0; bit < 8; bit++) {
			unsigned int records;
			struct trace t;
			int err;

			bytes[at] ^= 1 << bit;
			err = read_bytes(&t, bytes, WHOLE, &records);
			/* 0: the bit is one of a time, and the next record's is before it. */
			cr_assert_leq(err, 0, "bit %d at %zu: %d after %u records", bit, at, err,
				      records);
			cr_assert(*t.why, "bit %d at %zu", bit, at);
			bytes[at] ^= 1 << bit;
		}
	}
}

Test(trace, a_bit_flipped_in_the_end_is_found)
{
	size_t end = WHOLE - RECORD;
	unsigned int unseen = 0;

	/* Its checksum is of the bytes before it: what else it holds must be found otherwise. */
	for (size_t at = end; at < WHOLE; at++) {
		unsigned int records;
		struct trace t;
		int err;

		bytes[at] ^= 1;
		err = read_bytes(&t, bytes, WHOLE, &records);
		unseen += err > 0;
		bytes[at] ^= 1;
	}
	cr_expect_eq(unseen, 0, "%u of the %d bytes of END may change unseen", unseen, RECORD);
}

Test(trace, records_that_changed_places_are_found)
{
	unsigned char first[RECORD];

	memcpy(first, bytes + HEADER, RECORD);
	memcpy(bytes + HEADER, bytes + HEADER + RECORD, RECORD);
	memcpy(bytes + HEADER + RECORD, first, RECORD);
	damaged(WHOLE, -EBADMSG, "its checksum is wrong");
}
