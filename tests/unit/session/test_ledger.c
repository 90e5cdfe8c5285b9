// SPDX-License-Identifier: GPL-2.0-only
/* What outlives a guard: it may be killed at any moment, and memory may be changed by others. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "session/session.h"
#include "events.h"

enum { CHECKPOINT = 64 * 1024 };

static const struct ledger_build build = { .version = "1.2.3", .object_crc = 7, .group = 1 };
static struct trace_header host = { .boot_id = "boot", .release = "7.3.0-test" };
static void *memory;
static size_t size;
static struct ledger ledger;
static char version[16];

static void setup(void)
{
	size = ledger_size(CHECKPOINT);
	memory = calloc(1, size);
	cr_assert(memory);
	ledger_format(&ledger, memory, size, &build);
}

static void teardown(void)
{
	free(memory);
}

TestSuite(ledger, .init = setup, .fini = teardown);

static void save_word(void *ctx, struct pack *p)
{
	pack_u64(p, ctx);
}

static __u64 word_of(const struct ledger *l)
{
	__u64 word = 0;
	struct pack p;

	cr_assert_eq(ledger_state(l, &p), 0);
	pack_u64(&p, &word);
	cr_assert_eq(p.err, 0);
	return word;
}

static struct snp_event event_of(__u64 seq)
{
	return (struct snp_event){ .kind = SNP_EV_CPU_UP, .seq = seq, .comm = "task" };
}

static void append(__u64 seq)
{
	struct snp_event e = event_of(seq);

	cr_assert_eq(ledger_append(&ledger, &e, seq + 1, false), 0);
}

Test(ledger, an_empty_one_has_nothing)
{
	struct ledger_entry entry;
	struct ledger l;
	struct pack p;

	cr_assert_eq(ledger_open(&l, memory, size, version), 0);
	cr_expect_str_eq(version, "1.2.3");
	cr_expect_eq(ledger_build(&l).group, 1);
	cr_expect_eq(ledger_build(&l).object_crc, 7);
	cr_expect_eq(ledger_state(&l, &p), -ENOENT);
	cr_expect_eq(ledger_entry(&l, 0, &entry), -ENOENT);
}

Test(ledger, events_are_read_back_in_order)
{
	struct snp_event waits = event_of(9);
	struct ledger_entry entry;
	struct ledger l;

	append(1);
	append(2);
	ledger_reported(&ledger);
	append(3);
	cr_assert_eq(ledger_append(&ledger, &waits, 4, true), 0);
	cr_assert_eq(ledger_open(&l, memory, size, version), 0);
	for (unsigned int i = 0; i < 4; i++) {
		cr_assert_eq(ledger_entry(&l, i, &entry), 0);
		cr_expect_eq(entry.event.seq, i < 3 ? i + 1 : 9);
		cr_expect_eq(entry.next, i < 3 ? i + 2 : 4);
		cr_expect_eq(entry.waits, i == 3);
		cr_expect_eq(entry.reported, i < 2);
		cr_expect_str_eq(entry.event.comm, "task");
	}
	cr_expect_eq(ledger_entry(&l, 4, &entry), -ENOENT);
}

Test(ledger, a_checkpoint_takes_the_place_of_what_came_before)
{
	struct ledger_entry entry;
	__u64 word = 11;

	append(1);
	cr_assert_eq(ledger_checkpoint(&ledger, 0, save_word, &word), 0);
	cr_expect_eq(word_of(&ledger), 11);
	cr_expect_eq(ledger_entry(&ledger, 0, &entry), -ENOENT);
	append(2);
	cr_assert_eq(ledger_entry(&ledger, 0, &entry), 0);
	cr_expect_eq(entry.event.seq, 2);
	word = 12;
	cr_assert_eq(ledger_checkpoint(&ledger, 0, save_word, &word), 0);
	cr_expect_eq(word_of(&ledger), 12);
}

Test(ledger, a_full_log_wants_a_checkpoint)
{
	struct snp_event e = event_of(0);
	__u64 word = 1;

	for (__u64 i = 1; i <= LEDGER_LOG_ROOM; i++)
		append(i);
	cr_expect_eq(ledger_append(&ledger, &e, 1, false), -ENOSPC);
	cr_assert_eq(ledger_checkpoint(&ledger, 0, save_word, &word), 0);
	append(1);
}

static void save_too_much(void *ctx, struct pack *p)
{
	static unsigned char much[CHECKPOINT + 64];

	pack_bytes(p, much, sizeof(much));
	(void)ctx;
}

Test(ledger, a_checkpoint_that_does_not_fit_leaves_the_last_one)
{
	__u64 word = 5;

	cr_assert_eq(ledger_checkpoint(&ledger, 0, save_word, &word), 0);
	append(1);
	cr_expect_eq(ledger_checkpoint(&ledger, 0, save_too_much, NULL), -ENOSPC);
	cr_expect_eq(word_of(&ledger), 5);
}

/* Killed while it writes: what it wrote last is not there, what was there before is. */
Test(ledger, a_slot_that_is_half_written_does_not_count)
{
	void *before = malloc(size);
	__u64 word = 5;

	cr_assert(before);
	cr_assert_eq(ledger_checkpoint(&ledger, 0, save_word, &word), 0);
	append(1);
	memcpy(before, memory, size);
	word = 6;
	cr_assert_eq(ledger_checkpoint(&ledger, 0, save_word, &word), 0);
	/* All but the header, whose store is the last. */
	memcpy(memory, before, sizeof(__u64) * 16);
	cr_expect_eq(word_of(&ledger), 5);
	free(before);
}

/* Any byte of it, one at a time: what is read is right, or nothing is. */
Test(ledger, what_others_changed_is_damaged)
{
	const struct snp_event e = event_of(1);
	int states = 0, entries = 0, forgotten = 0, err;
	struct ledger_entry entry;
	unsigned char *bytes = memory;
	struct ledger l;
	struct pack p;
	__u64 word = 5;

	cr_assert_eq(ledger_checkpoint(&ledger, 0, save_word, &word), 0);
	append(1);
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 1;
		if (!ledger_open(&l, memory, size, version)) {
			err = ledger_state(&l, &p);
			states += err == -EBADMSG;
			cr_expect(err || word_of(&l) == 5, "byte %zu", i);
			forgotten += !err && ledger_entry(&l, 0, &entry) == -ENOENT;
			err = ledger_entry(&l, 0, &entry);
			entries += err == -EBADMSG;
			cr_expect(err || (!memcmp(&entry.event, &e, sizeof(e)) && entry.next == 2 &&
					  !entry.waits),
				  "byte %zu", i);
		}
		bytes[i] ^= 1;
	}
	cr_expect_geq(states, (int)(sizeof(word) + 2 * sizeof(__u64)));
	/* How many there are is one word, so that one store tells of one more. */
	cr_expect_leq(forgotten, 1);
	cr_expect_geq(entries, (int)(sizeof(e) + sizeof(__u64)));
}

Test(ledger, what_is_no_ledger_is_refused)
{
	struct ledger l;

	cr_expect_eq(ledger_open(&l, memory, 64, version), -EBADMSG);
	((unsigned char *)memory)[0] ^= 1;
	cr_expect_eq(ledger_open(&l, memory, size, version), -EBADMSG);
	cr_expect_str_eq(version, "");
	((unsigned char *)memory)[0] ^= 1;
	((unsigned char *)memory)[8] ^= 1; /* the layout */
	cr_expect_eq(ledger_open(&l, memory, size, version), -EBADMSG);
	cr_expect_str_eq(version, "1.2.3");
}

/* ---- a session that is killed and taken up ---- */

static void begin(struct session *s, FILE *out)
{
	cr_assert_eq(session_init(s, REPORT_JSON, out, &host), 0);
	s->ledger = &ledger;
}

/* A window with a refusal in it, event by event. */
static unsigned int tell(struct snp_event *events)
{
	const struct snp_event some[] = {
		{ .kind = SNP_EV_START, .flags = SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE },
		{ .kind = SNP_EV_UNCOVERED, .name = "a fact" },
		{ .kind = SNP_EV_CPU_STATE, .flags = SNP_F_PRESENT | SNP_F_ONLINE },
		{ .kind = SNP_EV_TRUTH, .flags = SNP_F_STABLE },
		{ .kind = SNP_EV_PREPARE_ENTER, .seq = 1 },
		{ .kind = SNP_EV_SNP_ENABLE, .seq = 2 },
		{ .kind = SNP_EV_PREPARE_EXIT, .seq = 3 },
		{ .kind = SNP_EV_DENIED, .seq = 4, .comm = "sh", .name = "cpu3/online" },
		{ .kind = SNP_EV_CPU_DOWN, .subject = 1, .seq = 5 },
		{ .kind = SNP_EV_COMMAND,
		  .subject = SNP_CMD_SHUTDOWN_EX,
		  .flags = SNP_SHUTDOWN_X86,
		  .seq = 6 },
		{ .kind = SNP_EV_DENIED,
		  .seq = 7,
		  .flags = SNP_F_AUDIT,
		  .tid = 77,
		  .comm = "sh",
		  .name = "cpu2/online" },
	};
	const unsigned int n = sizeof(some) / sizeof(some[0]);

	for (unsigned int i = 0; i < n; i++) {
		events[i] = some[i];
		events[i].time_ns = (i + 1) * SECOND;
	}
	return n;
}

static void feed_from(struct session *s, const struct snp_event *events, unsigned int i,
		      unsigned int n)
{
	for (; i < n; i++) {
		if (events[i].seq)
			s->stream.next = events[i].seq + 1;
		cr_assert_eq(session_feed(s, &events[i]), 0);
	}
}

static void knows_all(const struct session *s)
{
	const struct history_window *w = history_window(&s->history, 0);
	const struct history_denial *d = history_denial(&s->history, 0);

	cr_assert(w && d);
	cr_expect_eq(w->number, 1);
	cr_expect_eq(w->opened_ns, 6 * SECOND);
	cr_expect_eq(w->closed_ns, 10 * SECOND);
	cr_expect_eq(w->denied, 1);
	cr_expect_eq(w->breaches[SNP_BREACH_CPU_OFFLINED], 1);
	cr_expect_eq(s->history.denial_count, 2);
	cr_expect_eq(d->time_ns, 11 * SECOND);
	cr_expect_eq(d->tid, 77);
	cr_expect(d->audited);
	cr_expect_str_eq(d->comm, "sh");
	cr_expect_str_eq(d->file, "cpu2/online");
	cr_expect_eq(window_totals(s->window).denied, 2);
	cr_expect_eq(window_totals(s->window).windows, 1);
	cr_expect_eq(s->breaches[SNP_BREACH_BLIND].counted, 1);
	cr_expect_eq(s->worst, SNP_WARNING);
	cr_expect_eq(s->uncovered_count, 1);
	cr_expect_eq(s->stream.next, 8);
}

Test(ledger, one_that_was_emptied_is_not_believed)
{
	FILE *out = fopen("/dev/null", "w");
	struct session s;

	begin(&s, out);
	cr_assert_eq(ledger_open(&ledger, memory, size, version), 0);
	cr_expect_eq(session_resume(&s, &ledger), -EBADMSG);
	session_free(&s);
	fclose(out);
}

/* Killed after any of the events, and with a checkpoint after any or none: nothing is missing. */
Test(ledger, a_session_goes_on_wherever_it_was_killed)
{
	struct snp_event events[16];
	unsigned int n = tell(events);
	FILE *out = fopen("/dev/null", "w");

	for (unsigned int killed = 1; killed <= n; killed++)
		for (unsigned int kept = 0; kept <= killed; kept++) {
			struct session first, second;

			memset(memory, 0, size);
			ledger_format(&ledger, memory, size, &build);
			begin(&first, out);
			feed_from(&first, events, 0, kept);
			if (kept)
				session_checkpoint(&first);
			feed_from(&first, events, kept, killed);
			session_free(&first);
			begin(&second, out);
			cr_assert_eq(ledger_open(&ledger, memory, size, version), 0);
			cr_assert_eq(session_resume(&second, &ledger), 0);
			feed_from(&second, events, killed, n);
			knows_all(&second);
			session_free(&second);
		}
	fclose(out);
}

static void take_up(struct session *s, FILE *out)
{
	session_free(s);
	cr_assert_eq(ledger_open(&ledger, memory, size, version), 0);
	cr_assert_eq(session_init(s, REPORT_JSON, out, &host), 0);
	cr_assert_eq(session_resume(s, &ledger), 0);
	s->ledger = &ledger;
}

Test(ledger, what_was_not_reported_is)
{
	struct snp_event events[16];
	struct session s;
	char *text;
	size_t len;
	FILE *out = fopen("/dev/null", "w"), *said = open_memstream(&text, &len);

	tell(events);
	begin(&s, out);
	feed_from(&s, events, 0, 2);
	/* Killed between the ledger and the report. */
	cr_assert_eq(ledger_append(&ledger, &events[2], 1, false), 0);
	take_up(&s, said);
	fflush(said);
	cr_expect(strstr(text, "\"cpu-state\"") && !strstr(text, "\"start\""), "%s", text);
	session_free(&s);
	fclose(said);
	fclose(out);
	free(text);
}

/* Takes a record in as a run does it. */
static void take(struct session *s, __u64 seq)
{
	struct snp_event e = event_of(seq), fed;
	int n;

	e.kind = SNP_EV_DENIED;
	cr_assert_eq(stream_push(&s->stream, &e), 0);
	while ((n = session_feed_next(s, 0, NULL, &fed)) > 0)
		;
	cr_assert_eq(n, 0);
	session_keep_waiting(s, &e);
}

/* It is in the ledger twice by then: as one that waited, and as one that was fed. */
Test(ledger, what_waited_and_was_fed_is_not_fed_again)
{
	struct snp_event events[16];
	FILE *out = fopen("/dev/null", "w");
	struct session s;

	tell(events);
	begin(&s, out);
	feed_from(&s, events, 0, 1);
	take(&s, 2);
	take(&s, 4);
	take_up(&s, out);
	cr_expect_eq(s.stream.next, 1);
	cr_expect(stream_has(&s.stream, 2) && stream_has(&s.stream, 4));
	take(&s, 1);
	take_up(&s, out);
	cr_expect_eq(s.stream.next, 3);
	cr_expect(!stream_has(&s.stream, 2) && stream_has(&s.stream, 4));
	cr_expect_eq(s.history.denial_count, 2);
	session_free(&s);
	fclose(out);
}

/*
 * Killed after each of many records, of which one is missing all the time, and so over several
 * checkpoints: those that wait for it are never forgotten.
 */
static void killed_with_waiting(unsigned int waiting)
{
	struct snp_event events[16];
	FILE *out = fopen("/dev/null", "w");
	__u64 late, seq = 1;
	struct session s;

	tell(events);
	begin(&s, out);
	feed_from(&s, events, 0, 1);
	for (int round = 0; round < 8; round++) {
		late = seq++;
		for (unsigned int i = 0; i < waiting; i++, seq++) {
			take(&s, seq);
			take_up(&s, out);
			cr_assert_eq(s.stream.count, i + 1, "%u of %u wait", s.stream.count, i + 1);
		}
		take(&s, late);
		take_up(&s, out);
		cr_assert_eq(s.stream.next, seq);
		cr_assert_eq(s.history.denial_count, seq - 1);
	}
	session_free(&s);
	fclose(out);
}

Test(ledger, records_that_wait_outlive_checkpoints)
{
	killed_with_waiting(1);
}

Test(ledger, many_records_that_wait_outlive_checkpoints)
{
	killed_with_waiting(LEDGER_LOG_ROOM / 2);
}

/* Killed between a checkpoint and the append that it made room for. */
Test(ledger, a_record_is_due_until_the_log_has_it)
{
	enum { APPENDED = 48 }; /* where the header counts what was appended, and then reported */
	__u64 *counts = (__u64 *)((char *)memory + APPENDED), seq = 0;
	struct snp_event events[16], e, fed;
	FILE *out = fopen("/dev/null", "w");
	struct session s;
	unsigned int room;

	tell(events);
	begin(&s, out);
	feed_from(&s, events, 0, 1);
	do {
		room = ledger_room(&ledger);
		e = event_of(++seq);
		e.kind = SNP_EV_DENIED;
		cr_assert_eq(stream_push(&s.stream, &e), 0);
		cr_assert_eq(session_feed_next(&s, 0, NULL, &fed), 1);
	} while (ledger_room(&ledger) < room);
	counts[1] = --counts[0];
	take_up(&s, out);
	cr_expect(stream_has(&s.stream, seq));
	cr_expect_eq(s.stream.next, seq);
	cr_expect_eq(s.history.denial_count, seq - 1);
	session_free(&s);
	fclose(out);
}

/* More than the log can keep: after a kill they are lost, and until then nothing is. */
Test(ledger, more_records_wait_than_the_log_has_room_for)
{
	struct snp_event events[16];
	FILE *out = fopen("/dev/null", "w");
	struct session s;

	tell(events);
	begin(&s, out);
	feed_from(&s, events, 0, 1);
	for (__u64 seq = 3 * LEDGER_LOG_ROOM; seq; seq--)
		take(&s, seq);
	cr_expect_eq(s.stream.count, 0);
	cr_expect_eq(s.history.denial_count, 3 * LEDGER_LOG_ROOM);
	take_up(&s, out);
	cr_expect_eq(s.history.denial_count, 3 * LEDGER_LOG_ROOM);
	session_free(&s);
	fclose(out);
}

/* ---- a guard that goes on while another process looks ---- */

static struct session busy;
static bool stop;
static __u64 fed;

static void *feed_denials(void *arg)
{
	struct snp_event e = event_of(0);

	(void)arg;
	e.kind = SNP_EV_DENIED;
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		busy.stream.next = ++e.seq + 1;
		e.time_ns = SECOND + e.seq;
		if (session_feed(&busy, &e))
			break;
		__atomic_store_n(&fed, e.seq, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* Whenever it looks, it finds all that was fed by then, and nothing that is damaged. */
Test(ledger, a_look_while_the_guard_writes)
{
	unsigned int looks = 0, tries = 0;
	struct snp_event events[16];
	FILE *out = fopen("/dev/null", "w");
	struct ledger copy;
	struct session s;
	pthread_t guard;
	__u64 before;
	int err;

	tell(events);
	begin(&busy, out);
	busy.silent = true;
	feed_from(&busy, events, 0, 1);
	cr_assert_eq(pthread_create(&guard, NULL, feed_denials, NULL), 0);
	while (looks < 300) {
		before = __atomic_load_n(&fed, __ATOMIC_SEQ_CST);
		err = ledger_copy(&ledger, &copy);
		tries++;
		if (err == -EAGAIN && tries < 30000)
			continue;
		cr_assert_eq(err, 0, "%d after %u", err, tries);
		cr_assert_eq(session_init(&s, REPORT_JSON, out, &host), 0);
		s.silent = true;
		err = session_resume(&s, &copy);
		cr_assert_eq(err, 0, "%d after %u", err, looks);
		cr_assert_geq(s.history.denial_count, before);
		session_free(&s);
		ledger_free_copy(&copy);
		looks++;
	}
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	pthread_join(guard, NULL);
	cr_assert_gt(fed, 10 * LEDGER_LOG_ROOM, "several checkpoints: %llu", fed);
	session_free(&busy);
	fclose(out);
}

Test(ledger, a_history_keeps_the_last_ones)
{
	struct history h = { 0 };
	struct verdict opened = { .kind = VERDICT_STATE, .id = WINDOW_OPENED };
	struct snp_event denied = { .kind = SNP_EV_DENIED };

	for (unsigned int i = 1; i <= 2 * HISTORY_WINDOWS + 1; i++) {
		opened.window = i;
		history_verdict(&h, &opened);
		denied.tid = i;
		history_event(&h, &denied);
	}
	cr_expect_eq(history_window(&h, 0)->number, 2 * HISTORY_WINDOWS + 1);
	cr_expect_eq(history_window(&h, HISTORY_WINDOWS - 1)->number, HISTORY_WINDOWS + 2);
	cr_expect_null(history_window(&h, HISTORY_WINDOWS));
	cr_expect_eq(history_denial(&h, 0)->tid, 2 * HISTORY_DENIALS + 1);
	cr_expect_null(history_denial(&h, HISTORY_DENIALS));
}

Test(ledger, a_state_that_is_cut_is_refused)
{
	static unsigned char bytes[CHECKPOINT];
	struct pack out = { .data = bytes, .size = sizeof(bytes) };
	struct snp_event events[16];
	char packed_by[SESSION_VERSION_LEN];
	struct session s, t;
	FILE *f = fopen("/dev/null", "w");
	unsigned int n = tell(events);

	begin(&s, f);
	feed_from(&s, events, 0, n);
	session_save(&s, &out);
	cr_assert_eq(out.err, 0);
	for (size_t cut = 0; cut < out.used; cut += cut < 64 ? 1 : 97) {
		struct pack in = { .data = bytes, .size = cut, .reading = true };

		cr_assert_eq(session_init(&t, REPORT_JSON, f, &host), 0);
		cr_expect_eq(session_load(&t, &in, packed_by), -EBADMSG, "%zu bytes", cut);
		session_free(&t);
	}
	session_free(&s);
	fclose(f);
}
