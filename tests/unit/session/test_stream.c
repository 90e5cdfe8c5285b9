// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>

#include "session/stream.h"

static struct stream stream;

static void begin(void)
{
	stream_init(&stream);
}

static void finish(void)
{
	stream_free(&stream);
}

TestSuite(stream, .init = begin, .fini = finish);

static int push(__u64 seq)
{
	struct snp_event e = { .seq = seq, .time_ns = 1000 * seq, .kind = SNP_EV_CPU_UP };

	return stream_push(&stream, &e);
}

static long long number_of(const struct snp_event *e)
{
	if (e->kind != SNP_EV_LOST)
		return e->seq;
	cr_expect_eq(e->seq, 0);
	cr_expect_eq(e->subject, SNP_NO_SUBJECT);
	return -(long long)e->value;
}

/* While the ring buffer may hold more: the next record's number; 0: none; negative: so many lost.
 */
static long long pop(__u64 now_ns)
{
	struct snp_event e;

	return stream_next(&stream, now_ns, NULL, &e) ? number_of(&e) : 0;
}

/* The same once the ring buffer is empty, and the kernel gave numbers up to last. */
static long long emptied(__u64 now_ns, __u64 last)
{
	const struct stream_end end = { .last = last };
	struct snp_event e;

	return stream_next(&stream, now_ns, &end, &e) ? number_of(&e) : 0;
}

/* The same at the end, when nothing more is waited for. */
static long long finally(__u64 last)
{
	const struct stream_end end = { .last = last, .final = true };
	struct snp_event e;

	return stream_next(&stream, 0, &end, &e) ? number_of(&e) : 0;
}

Test(stream, records_in_order_pass_at_once)
{
	for (__u64 seq = 1; seq <= 1000; seq++) {
		cr_assert_eq(push(seq), 0);
		cr_assert_eq(pop(0), (long long)seq);
		cr_assert_eq(pop(0), 0);
	}
}

Test(stream, what_waits_and_was_handed_on_by_another_is_dropped)
{
	cr_assert_eq(push(4), 0);
	cr_assert_eq(push(9), 0);
	cr_assert_eq(push(12), 0);
	stream_skip_to(&stream, 10);
	cr_expect_eq(push(9), -ESTALE);
	cr_expect_eq(pop(0), 0);
	for (__u64 seq = 10; seq <= 11; seq++)
		cr_assert_eq(push(seq), 0);
	for (long long seq = 10; seq <= 12; seq++)
		cr_expect_eq(pop(0), seq);
	cr_expect_eq(pop(UINT64_MAX), 0);
}

Test(stream, order_is_made)
{
	static const __u64 order[] = { 3, 2, 5, 1, 4 };

	for (int i = 0; i < 5; i++)
		cr_assert_eq(push(order[i]), 0);
	for (long long seq = 1; seq <= 5; seq++)
		cr_assert_eq(pop(0), seq);
	cr_assert_eq(pop(UINT64_MAX), 0);
}

Test(stream, many_may_wait)
{
	for (__u64 seq = 500; seq; seq--)
		cr_assert_eq(push(seq), 0);
	for (long long seq = 1; seq <= 500; seq++)
		cr_assert_eq(pop(0), seq);
}

Test(stream, a_missing_record_is_waited_for)
{
	cr_assert_eq(push(1), 0);
	cr_assert_eq(push(3), 0);
	cr_assert_eq(pop(3000), 1);
	cr_assert_eq(pop(0), 0, "a clock behind the record's");
	cr_assert_eq(pop(3000 + STREAM_PATIENCE_NS - 1), 0);
	cr_assert_eq(push(2), 0);
	cr_assert_eq(pop(3000), 2);
	cr_assert_eq(pop(3000), 3);
}

Test(stream, patience_ends)
{
	cr_assert_eq(push(1), 0);
	cr_assert_eq(push(5), 0);
	cr_assert_eq(push(9), 0);
	cr_assert_eq(pop(0), 1);
	cr_assert_eq(pop(5000 + STREAM_PATIENCE_NS), -3);
	cr_assert_eq(pop(5000 + STREAM_PATIENCE_NS), 5);
	cr_assert_eq(pop(5000 + STREAM_PATIENCE_NS), 0, "9 has waited less");
	cr_assert_eq(pop(9000 + STREAM_PATIENCE_NS), -3);
	cr_assert_eq(pop(9000 + STREAM_PATIENCE_NS), 9);
}

Test(stream, the_first_may_be_missing)
{
	cr_assert_eq(push(2), 0);
	cr_assert_eq(pop(0), 0);
	cr_assert_eq(pop(UINT64_MAX), -1);
	cr_assert_eq(pop(0), 2);
}

Test(stream, late_and_repeated_numbers_are_stale)
{
	cr_assert_eq(push(0), -ESTALE, "the user side's own don't go through");
	cr_assert_eq(push(1), 0);
	cr_assert_eq(push(3), 0);
	cr_assert_eq(pop(UINT64_MAX), 1);
	cr_assert_eq(push(1), -ESTALE);
	cr_assert_eq(pop(UINT64_MAX), -1);
	cr_assert_eq(push(2), -ESTALE, "it was given up");
	cr_assert_eq(pop(0), 3);
	cr_assert_eq(pop(UINT64_MAX), 0);
}

Test(stream, a_number_that_waits_twice_passes_once)
{
	cr_assert_eq(push(2), 0);
	push(2);
	cr_assert_eq(push(1), 0);
	cr_assert_eq(push(3), 0);
	cr_assert_eq(pop(0), 1);
	cr_assert_eq(pop(0), 2);
	cr_assert_eq(pop(0), 3);
	cr_assert_eq(pop(UINT64_MAX), 0);
}

Test(stream, what_is_missing_at_the_end_is_lost)
{
	cr_assert_eq(finally(0), 0);
	cr_assert_eq(push(1), 0);
	cr_assert_eq(push(4), 0);
	cr_expect_eq(finally(10), 1);
	cr_expect_eq(finally(10), -2, "with no patience");
	cr_expect_eq(finally(10), 4);
	cr_expect_eq(finally(10), -6);
	cr_expect_eq(finally(10), 0);
	cr_expect_eq(finally(1), 0);
}

Test(stream, numbers_of_which_nothing_came_are_lost_in_the_end)
{
	cr_assert_eq(push(1), 0);
	cr_expect_eq(emptied(5000, 3), 1, "what waits comes first");
	cr_expect_eq(emptied(5000, 1), 0, "all came");
	cr_expect_not(stream_is_behind(&stream));
	cr_expect_eq(emptied(6000, 3), 0);
	cr_expect(stream_is_behind(&stream));
	cr_expect_eq(emptied(6000 + STREAM_PATIENCE_NS - 1, 3), 0);
	cr_expect_eq(emptied(6000 + STREAM_PATIENCE_NS, 3), -2);
	cr_expect_eq(emptied(UINT64_MAX, 3), 0, "told once");
	cr_expect_not(stream_is_behind(&stream));
	cr_expect_eq(push(3), -ESTALE);
	cr_expect_eq(push(4), 0);
	cr_expect_eq(pop(0), 4);
}

Test(stream, numbers_that_come_late_are_not_lost)
{
	cr_expect_eq(emptied(6000, 1), 0);
	cr_assert_eq(push(1), 0);
	cr_expect_eq(pop(0), 1);
	cr_expect_eq(emptied(6000 + STREAM_PATIENCE_NS, 1), 0);
	/* The next wait starts anew. */
	cr_expect_eq(emptied(7000 + STREAM_PATIENCE_NS, 2), 0);
	cr_expect_eq(emptied(7000 + 2 * STREAM_PATIENCE_NS, 2), -1);
}

Test(stream, numbers_given_meanwhile_are_waited_for_as_long)
{
	cr_expect_eq(emptied(6000, 2), 0);
	cr_expect_eq(emptied(6000 + STREAM_PATIENCE_NS, 5), -2);
	cr_expect_eq(emptied(6000 + STREAM_PATIENCE_NS, 5), 0);
	cr_expect_eq(emptied(6000 + 2 * STREAM_PATIENCE_NS, 5), -3);
}

Test(stream, calls_that_the_kernel_left_out_are_lost_once)
{
	struct stream_end end = { .last = 1, .missed = 3 };
	struct snp_event e;

	cr_assert_eq(push(1), 0);
	cr_expect_eq(stream_next(&stream, 0, NULL, &e), 1);
	cr_assert_eq(stream_next(&stream, 7000, &end, &e), 1);
	cr_expect_eq(number_of(&e), -3);
	cr_expect_eq(e.time_ns, 7000);
	cr_expect_eq(stream_next(&stream, 7000, &end, &e), 0);
	end.missed = 2;
	cr_expect_eq(stream_next(&stream, 7000, &end, &e), 0,
		     "another guard's programs count anew");
	end.missed = 5;
	cr_assert_eq(stream_next(&stream, 8000, &end, &e), 1);
	cr_expect_eq(number_of(&e), -2);
	cr_expect_eq(stream.next, 2, "they have no numbers");
}

/* Also while a record waits for another. */
Test(stream, calls_that_the_kernel_left_out_do_not_wait)
{
	const struct stream_end end = { .last = 2, .missed = 1 };
	struct snp_event e;

	cr_assert_eq(push(2), 0);
	cr_assert_eq(stream_next(&stream, 2000, &end, &e), 1);
	cr_expect_eq(number_of(&e), -1);
	cr_expect(stream_has(&stream, 2));
	cr_expect_not(stream_has(&stream, 1));
	cr_expect_eq(stream_next(&stream, 2000, &end, &e), 0);
}
