// SPDX-License-Identifier: GPL-2.0-only
/* Queues and their threads, with real pipes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/own_events.h"
#include "output/outputs.h"

static struct outputs outputs;
static struct sink_state states[SNP_PART_COUNT];
static int pipe_fds[2];

static void begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(pipe_fds), 0);
	cr_assert_eq(outputs_open(&outputs), 0);
	cr_assert_eq(outputs_add_fd(&outputs, SNP_PART_STDOUT, pipe_fds[1]), 0);
}

static void finish(void)
{
	outputs_close(&outputs, states);
}

TestSuite(sink, .init = begin, .fini = finish);

#define MS 1000000ull

static void put(const char *text)
{
	outputs_put(&outputs, SNP_PART_STDOUT, text, strlen(text));
}

static void fill_pipe(void)
{
	char block[4096] = "";
	int flags = fcntl(pipe_fds[1], F_GETFL);

	fcntl(pipe_fds[1], F_SETFL, flags | O_NONBLOCK);
	while (write(pipe_fds[1], block, sizeof(block)) > 0)
		;
	fcntl(pipe_fds[1], F_SETFL, flags);
}

static void reads(const char *expected)
{
	char text[256] = "";

	cr_assert_geq(read(pipe_fds[0], text, sizeof(text) - 1), 0);
	cr_assert_str_eq(text, expected);
}

Test(sink, items_come_out_in_order)
{
	put("a");
	put("b");
	cr_assert_eq(outputs_start(&outputs), 0);
	put("c");
	outputs_drain(&outputs, 1000 * MS);
	cr_assert(outputs_are_idle(&outputs));
	reads("abc");
}

Test(sink, a_stream_makes_an_item_of_each_flush)
{
	FILE *f = outputs_stream(&outputs, SNP_PART_STDOUT);

	fputs("one\n", f);
	fflush(f);
	fputs("two\n", f);
	fflush(f);
	cr_assert_eq(outputs_start(&outputs), 0);
	outputs_drain(&outputs, 1000 * MS);
	reads("one\ntwo\n");
}

Test(sink, who_puts_never_waits_for_a_reader)
{
	char item[1024];
	__u64 begun = boottime_ns();

	memset(item, 'x', sizeof(item));
	fill_pipe();
	cr_assert_eq(outputs_start(&outputs), 0);
	for (int i = 0; i < 10000; i++)
		outputs_put(&outputs, SNP_PART_STDOUT, item, sizeof(item));
	cr_assert_lt(boottime_ns() - begun, 2000 * MS);
	cr_assert_geq(outputs_state(&outputs, SNP_PART_STDOUT).lost, 5000);
	cr_assert_not(outputs_are_idle(&outputs));
	/* The thread stays in write(2); closing does not wait for it for ever. */
	begun = boottime_ns();
	outputs_close(&outputs, states);
	cr_assert_lt(boottime_ns() - begun, 4000 * MS);
	cr_assert_eq(states[SNP_PART_STDOUT].lost, 10000);
	cr_assert_eq(states[SNP_PART_STDOUT].err, -ETIMEDOUT);
	close(pipe_fds[0]);
}

Test(sink, a_reader_that_is_gone_is_no_signal_and_is_told_once)
{
	struct sink_state state;
	enum snp_part part;

	close(pipe_fds[0]);
	cr_assert_eq(outputs_start(&outputs), 0);
	put("a");
	outputs_drain(&outputs, 1000 * MS);
	for (int i = 0; i < 100 && !outputs_state(&outputs, SNP_PART_STDOUT).err; i++)
		usleep(10000);
	put("b");
	cr_assert(outputs_next_change(&outputs, &part, &state));
	cr_assert_eq(part, SNP_PART_STDOUT);
	cr_assert_eq(state.err, -EPIPE);
	cr_assert_eq(state.lost, 2);
	put("c");
	cr_assert_not(outputs_next_change(&outputs, &part, &state));
}

static void do_not_block(void)
{
	cr_assert_eq(fcntl(pipe_fds[1], F_SETFL, O_WRONLY | O_NONBLOCK), 0);
	fill_pipe();
	cr_assert_eq(outputs_start(&outputs), 0);
	put("a");
}

Test(sink, a_reader_that_is_slow_is_no_failure_where_writes_do_not_block)
{
	char block[1 << 16];

	do_not_block();
	usleep(50000);
	cr_assert_eq(outputs_state(&outputs, SNP_PART_STDOUT).err, 0);
	cr_assert_not(outputs_are_idle(&outputs));
	cr_assert_gt(read(pipe_fds[0], block, sizeof(block)), 0);
	outputs_drain(&outputs, 1000 * MS);
	reads("a");
	cr_assert_eq(outputs_state(&outputs, SNP_PART_STDOUT).since_ns, 0, "it never failed");
}

Test(sink, a_reader_that_stops_is_told_where_writes_do_not_block)
{
	__u64 begun;

	do_not_block();
	for (int i = 0; i < 300 && !outputs_state(&outputs, SNP_PART_STDOUT).err; i++)
		usleep(10000);
	cr_assert_eq(outputs_state(&outputs, SNP_PART_STDOUT).err, -ETIMEDOUT);
	/* The thread ends. */
	begun = boottime_ns();
	outputs_close(&outputs, states);
	cr_assert_lt(boottime_ns() - begun, 1900 * MS);
	cr_assert_eq(states[SNP_PART_STDOUT].lost, 1);
}

/* ---- an output that the test makes fail ---- */

static struct {
	int err, calls;
	char got[64]; /* the first bytes */
	size_t bytes;
	__u32 sum, lost;
} fake;

static int fake_write(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	(void)ctx;
	fake.calls++;
	if (fake.err)
		return fake.err;
	/* One byte at a time, to see that the rest follows. */
	if (fake.bytes < sizeof(fake.got) - 1)
		fake.got[fake.bytes] = ((const char *)data)[*done];
	fake.sum = fake.sum * 31 + ((const unsigned char *)data)[*done];
	fake.bytes++;
	*done += 1;
	if (*done == size) {
		fake.lost += *lost;
		*lost = 0;
	}
	return 0;
}

static const struct sink_ops fake_ops = { .write = fake_write };

static struct sink *open_fake(size_t room, bool newest)
{
	const struct sink_options options = {
		.ops = &fake_ops, .room = room, .newest = newest, .changed_fd = -1
	};
	struct sink *s;

	memset(&fake, 0, sizeof(fake));
	cr_assert_eq(sink_open(&s, &options), 0);
	return s;
}

static void work(struct sink *s)
{
	while (sink_work(s))
		;
}

Test(sink, the_same_item_is_tried_again)
{
	struct sink *s = open_fake(4096, false);

	sink_put(s, "ab", 2);
	fake.err = -ENOSPC;
	work(s);
	cr_assert_eq(sink_state(s).err, -ENOSPC);
	cr_assert(sink_state(s).idle, "nobody is to wait for it");
	fake.err = 0;
	work(s);
	cr_assert_str_eq(fake.got, "ab");
	cr_assert_eq(sink_state(s).err, 0);
	cr_assert_eq(sink_close(s, 0).lost, 0);
}

Test(sink, a_gap_is_told_with_the_item_after_it)
{
	struct sink *s = open_fake(64, false);

	for (int i = 0; i < 10; i++)
		sink_put(s, "a", 1);
	cr_assert_eq(sink_state(s).lost, 6, "%llu", sink_state(s).lost);
	work(s);
	cr_assert_eq(fake.lost, 0);
	sink_put(s, "b", 1);
	work(s);
	cr_assert_str_eq(fake.got, "aaaab");
	cr_assert_eq(fake.lost, 6);
	cr_assert_eq(sink_close(s, 0).lost, 6);
}

/* The queue wraps around, whatever the sizes. */
Test(sink, each_item_comes_out_once_at_any_fill)
{
	struct sink *s = open_fake(256, false);
	unsigned int kept = 0, seed = 1;
	size_t bytes = 0;
	__u32 sum = 0;

	for (int round = 0; round < 5000; round++) {
		unsigned char item[48];
		size_t size;
		__u64 lost;

		seed = seed * 1103515245 + 12345;
		size = 1 + seed / 65536 % sizeof(item);
		for (size_t i = 0; i < size; i++)
			item[i] = (unsigned char)(seed >> i % 24);
		lost = sink_state(s).lost;
		sink_put(s, item, size);
		if (sink_state(s).lost == lost) {
			kept++;
			bytes += size;
			for (size_t i = 0; i < size; i++)
				sum = sum * 31 + item[i];
		}
		for (unsigned int i = seed >> 24 & 63; i; i--)
			sink_work(s);
	}
	work(s);
	cr_assert(sink_state(s).idle);
	cr_assert_eq(fake.bytes, bytes);
	cr_assert_eq(fake.sum, sum);
	cr_assert(kept > 1000 && kept < 5000, "%u", kept);
	cr_assert_eq(sink_close(s, 0).lost, 5000 - kept);
}

Test(sink, of_what_replaces_only_the_newest_comes_out)
{
	struct sink *s = open_fake(4096, true);

	sink_put(s, "a", 1);
	sink_put(s, "b", 1);
	sink_put(s, "c", 1);
	work(s);
	cr_assert_str_eq(fake.got, "c");
	cr_assert_eq(fake.lost, 0);
	cr_assert_eq(sink_close(s, 0).lost, 0, "what was replaced is not lost");
}

Test(sink, of_what_replaces_the_newest_is_lost_if_it_never_comes_out)
{
	struct sink *s = open_fake(4096, true);

	fake.err = -ENOSPC;
	for (int i = 0; i < 3; i++) {
		sink_put(s, "a", 1);
		work(s);
	}
	cr_assert_eq(sink_state(s).lost, 0);
	cr_assert_eq(sink_close(s, 0).lost, 1);
}

static int drop(void *ctx, const void *data, size_t size, size_t *done, __u32 *lost)
{
	(void)ctx;
	(void)data;
	(void)size;
	(void)done;
	(void)lost;
	return SINK_DROP;
}

Test(sink, what_has_no_place_any_more_counts_as_lost)
{
	static const struct sink_ops ops = { .write = drop };
	const struct sink_options options = { .ops = &ops, .room = 4096, .changed_fd = -1 };
	struct sink *s;

	cr_assert_eq(sink_open(&s, &options), 0);
	sink_put(s, "a", 1);
	work(s);
	cr_assert_eq(sink_state(s).lost, 1);
	cr_assert_eq(sink_close(s, 0).err, 0);
}
