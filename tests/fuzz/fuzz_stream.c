// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of records. The input is a program, a letter an operation:
 *   g         a number is given; its record is on its way
 *   pX sX     the record of a number X back from the newest comes (s: X back from the oldest
 *             that was not handed on); X counts from '0'
 *   tX        X times 7 ms pass
 *   o         one record is asked for
 *   d         what comes is handed on as `run` does it: all that can be, then with an empty buffer
 * Each number must be handed on once and in order, or be counted among the lost; and none may
 * be given up before its time.
 */
#include <errno.h>
#include <stdbool.h>

#include "session/stream.h"
#include "fuzz.h"

enum { NUMBERS_MAX = 512, STEP_NS = 7000000 };

enum fate { NOT_GIVEN, ON_ITS_WAY, WAITING, HANDED_ON, LOST };

struct model {
	struct stream stream;
	enum fate fate[NUMBERS_MAX + 2];
	__u64 given_ns[NUMBERS_MAX + 1];
	__u64 given, next, now_ns;
	__u64 behind_ns,
		behind_next; /* the first check that found next missing, and nothing else */
};

static bool anything_waits(const struct model *m)
{
	for (__u64 n = m->next; n <= m->given; n++)
		if (m->fate[n] == WAITING)
			return true;
	return false;
}

static void push(struct model *m, __u64 n)
{
	struct snp_event e = { .kind = SNP_EV_HP_DISABLE };
	int err, expected;

	if (n < 1 || n > m->given)
		return;
	e.seq = n;
	e.time_ns = m->given_ns[n];
	e.value = n * 3;
	expected = m->fate[n] == ON_ITS_WAY ? 0 : -ESTALE;
	err = stream_push(&m->stream, &e);
	fuzz_check(err == expected, "%d, not %d, for number %llu", err, expected, n);
	if (!err)
		m->fate[n] = WAITING;
	m->behind_ns = 0;
}

static void lost(struct model *m, const struct snp_event *e, bool in_time)
{
	fuzz_check(e->value && e->value <= m->given - m->next + 1, "%llu lost of %llu to %llu",
		   e->value, m->next, m->given);
	for (__u64 n = m->next; n < m->next + e->value; n++) {
		fuzz_check(m->fate[n] == ON_ITS_WAY, "number %llu is here", n);
		fuzz_check(!in_time || m->now_ns - m->given_ns[n] >= STREAM_PATIENCE_NS,
			   "number %llu of %llu lost is given up after %llu ns", n, e->value,
			   m->now_ns - m->given_ns[n]);
		m->fate[n] = LOST;
	}
	m->next += e->value;
	m->behind_ns = 0;
}

static bool pop(struct model *m, bool at_end)
{
	struct snp_event e;
	const struct stream_end end = { .last = m->given, .final = true };
	int got = stream_next(&m->stream, m->now_ns, at_end ? &end : NULL, &e);

	if (!got) {
		fuzz_check(m->fate[m->next] != WAITING, "number %llu waits", m->next);
		fuzz_check(!at_end || !anything_waits(m), "something waits at the end");
		for (__u64 n = m->next; n <= m->given; n++) {
			if (m->fate[n] != WAITING)
				continue;
			fuzz_check(m->now_ns - m->given_ns[n] < STREAM_PATIENCE_NS,
				   "number %llu waits for %llu too long", n, m->next);
			break;
		}
		return false;
	}
	if (e.kind == SNP_EV_LOST) {
		lost(m, &e, !at_end);
		return true;
	}
	fuzz_check(e.seq == m->next, "number %llu, not %llu", e.seq, m->next);
	fuzz_check(m->fate[e.seq] == WAITING, "number %llu never came", e.seq);
	fuzz_check(e.value == e.seq * 3 && e.time_ns == m->given_ns[e.seq], "another's record");
	m->fate[e.seq] = HANDED_ON;
	m->next++;
	m->behind_ns = 0;
	return true;
}

static void check(struct model *m)
{
	const struct stream_end end = { .last = m->given };
	bool waits = anything_waits(m);
	struct snp_event e;

	if (!stream_next(&m->stream, m->now_ns, &end, &e)) {
		if (waits || m->given < m->next)
			return;
		if (!m->behind_ns) {
			m->behind_ns = m->now_ns;
			m->behind_next = m->next;
		}
		fuzz_check(m->now_ns - m->behind_ns < STREAM_PATIENCE_NS,
			   "number %llu is waited for without end", m->behind_next);
		return;
	}
	fuzz_check(!waits, "what waits comes first");
	fuzz_check(e.kind == SNP_EV_LOST, "kind %u", e.kind);
	lost(m, &e, true);
}

static void drain(struct model *m)
{
	while (pop(m, false))
		;
	check(m);
}

static void step(struct model *m, struct cursor *c)
{
	switch (take_byte(c)) {
	case 'g':
		if (m->given == NUMBERS_MAX)
			break;
		m->fate[++m->given] = ON_ITS_WAY;
		m->given_ns[m->given] = m->now_ns;
		break;
	case 'p':
		push(m, m->given - (uint8_t)(take_byte(c) - '0'));
		break;
	case 's':
		push(m, m->next + (uint8_t)(take_byte(c) - '0'));
		break;
	case 't':
		m->now_ns += (uint8_t)(take_byte(c) - '0') * (__u64)STEP_NS;
		break;
	case 'o':
		pop(m, false);
		break;
	case 'd':
		drain(m);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model m = { .next = 1, .now_ns = 1000000000 };
	struct cursor c = { data, size };

	stream_init(&m.stream);
	while (c.left)
		step(&m, &c);
	while (pop(&m, true))
		;
	for (__u64 n = 1; n <= m.given; n++)
		fuzz_check(m.fate[n] == HANDED_ON || m.fate[n] == LOST, "number %llu is forgotten",
			   n);
	stream_free(&m.stream);
	return 0;
}
