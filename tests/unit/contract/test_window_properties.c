// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds of the automaton whatever it is told: after each event of many short sequences, and
 * over the lives of kernels that do what they should.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"

enum { SEQUENCES = 200000, LENGTH = 16, LIVES = 250 };

/* xorshift64*: the same sequences on every machine. */
static __u64 random_state;

static __u32 any(__u32 below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dull >> 32) % below;
}

/* ---- arbitrary sequences ---- */

struct seen {
	struct verdict verdicts[16];
	unsigned int count;
	unsigned int breaches[SNP_BREACH_COUNT];
};

static void see(void *ctx, const struct verdict *v)
{
	struct seen *seen = ctx;

	cr_assert_lt(seen->count, 16, "a flood of verdicts");
	seen->verdicts[seen->count++] = *v;
	if (v->kind == VERDICT_BREACH)
		seen->breaches[v->id]++;
}

static __u32 any_command(void)
{
	static const __u32 commands[] = { SNP_CMD_INIT_EX, SNP_CMD_DF_FLUSH, SNP_CMD_SHUTDOWN_EX,
					  SNP_CMD_INIT,	   SNP_CMD_SHUTDOWN, 0x83 };

	return commands[any(6)];
}

/* Mostly what a guard would write, in any order; sometimes what none would. */
static struct snp_event any_event(__u64 *now_ns, __u64 *seq)
{
	struct snp_event e = {
		.kind = any(SNP_EV_KINDS),
		.subject = any(4),
		.count = (int)any(4) - 1,
		.tid = any(3),
		.flags = any(8),
		.comm = "comm",
		.name = "name",
	};

	*now_ns += any(4) ? any(1000) : any(700000000);
	e.time_ns = *now_ns;
	if (e.kind < SNP_EV_START)
		e.seq = ++*seq;
	switch (e.kind) {
	case SNP_EV_COMMAND:
		e.subject = any_command();
		e.status = any(4) ? 0 : any(2) ? SNP_STATUS_DFFLUSH_REQUIRED : 3;
		e.result = e.status ? -EIO : 0;
		break;
	case SNP_EV_PREPARE_EXIT:
		e.result = any(4) ? 0 : -EOPNOTSUPP;
		break;
	case SNP_EV_CPU_STATE:
		e.flags |= any(4) ? 0 : SNP_F_NO_HSAVE;
		e.result = any(8) ? 0 : -EIO;
		e.value = any(2) ? SNP_SYSCFG_SNP_EN : 0;
		break;
	case SNP_EV_RMPOPT:
		e.result = any(8) ? 0 : -EIO;
		e.value = any(3);
		break;
	case SNP_EV_TRUTH:
		e.flags |= any(8) ? SNP_F_STABLE : 0;
		break;
	}
	switch (any(400)) {
	case 0:
		e.kind = any(2) ? any(0xffffffff) : SNP_EV_KINDS;
		break;
	case 1:
		e.subject = any(50) ? any(300) : any(100000);
		break;
	case 2:
		memset(e.name, 'x', sizeof(e.name));
		break;
	case 3:
		memset(e.comm, 'x', sizeof(e.comm));
		break;
	}
	return e;
}

static bool is_inside_kind(int id)
{
	switch (id) {
	case SNP_BREACH_CPU_ONLINED:
	case SNP_BREACH_CPU_OFFLINED:
	case SNP_BREACH_EARLY_ENABLE:
	case SNP_BREACH_LATE_DISABLE:
	case SNP_BREACH_PARTIAL_PREPARE:
	case SNP_BREACH_NO_LATCH:
	case SNP_BREACH_BENIGN_FAILED_INIT:
		return true;
	default:
		return false;
	}
}

/* Which kinds of event can bring a breach to light. */
static bool may_follow(int id, const struct snp_event *e)
{
	bool owned = e->flags & SNP_F_OWNED;
	/* The first TRUTH compares with a snapshot. */
	bool is_look = e->kind == SNP_EV_CPU_STATE || e->kind == SNP_EV_TRUTH;

	switch (id) {
	case SNP_BREACH_CPU_ONLINED:
		return e->kind == SNP_EV_CPU_UP || is_look;
	case SNP_BREACH_CPU_OFFLINED:
		return e->kind == SNP_EV_CPU_DOWN || is_look;
	case SNP_BREACH_UNSAFE_BAILOUT:
		return e->kind == SNP_EV_TRUTH || e->kind == SNP_EV_PREPARE_EXIT;
	case SNP_BREACH_CPU_WITHOUT_SNP_EN:
	case SNP_BREACH_FOREIGN_ENABLE:
	case SNP_BREACH_INIT_UNDER_GUESTS:
	case SNP_BREACH_RMPOPT_UNEVEN:
		return e->kind == SNP_EV_TRUTH;
	case SNP_BREACH_SNP_EN_LOST:
		return is_look;
	case SNP_BREACH_EARLY_ENABLE:
	case SNP_BREACH_UNBALANCED_ENABLE:
		return e->kind == SNP_EV_HP_ENABLE && owned;
	case SNP_BREACH_STACKED_DISABLE:
	case SNP_BREACH_LATE_DISABLE:
		return e->kind == SNP_EV_HP_DISABLE && owned;
	case SNP_BREACH_PARTIAL_PREPARE:
		return e->kind == SNP_EV_PREPARE_EXIT && !e->result;
	case SNP_BREACH_BENIGN_FAILED_INIT:
		/* Later if the driver was to try again and did not. */
		if (e->kind == SNP_EV_TRUTH || e->kind == SNP_EV_END)
			return true;
		return e->kind == SNP_EV_COMMAND && (e->status || e->result);
	case SNP_BREACH_ORPHANED_INIT:
		return e->kind == SNP_EV_COMMAND && (e->status || e->result);
	case SNP_BREACH_KEXEC_UNLATCHED:
		return e->kind == SNP_EV_TRUTH;
	default:
		return true;
	}
}

static void check_verdict(const struct verdict *v, const struct snp_event *e, bool open)
{
	cr_assert_eq(v->time_ns, e->time_ns);
	cr_assert_eq(v->seq, e->seq);
	cr_assert_gt(strnlen(v->text, sizeof(v->text)), 10);
	cr_assert_lt(strnlen(v->text, sizeof(v->text)), sizeof(v->text));
	if (v->kind != VERDICT_BREACH)
		return;
	cr_assert(open || !is_inside_kind(v->id), "%s outside a window, by %s",
		  snp_breach_name(v->id), snp_event_name(e->kind));
	cr_assert(may_follow(v->id, e), "%s by %s", snp_breach_name(v->id),
		  snp_event_name(e->kind));
}

/* A window opens and closes by a verdict that says so, and in turns. */
static bool follow_window(bool open, const struct seen *seen)
{
	for (unsigned int i = 0; i < seen->count; i++) {
		const struct verdict *v = &seen->verdicts[i];

		if (v->kind != VERDICT_STATE)
			continue;
		if (v->id == WINDOW_OPENED || v->id == WINDOW_CLOSED) {
			cr_assert_eq(open, v->id == WINDOW_CLOSED);
			open = v->id == WINDOW_OPENED;
		}
	}
	return open;
}

static void one_sequence(void)
{
	struct window *w = window_new(), *twin = window_new();
	unsigned int breaches[SNP_BREACH_COUNT] = { 0 };
	__u64 now_ns = 1000000000, seq = 0;
	struct snp_event e = { .kind = SNP_EV_START, .flags = any(8), .time_ns = now_ns };
	bool was_open, is_open;

	cr_assert(w && twin);
	for (int i = 0; i < LENGTH; i++) {
		struct seen seen = { 0 }, twins = { 0 };
		struct window_totals before = window_totals(w), after;
		int err;

		was_open = window_is_open(w);
		err = window_feed(w, &e, see, &seen);
		is_open = window_is_open(w);
		after = window_totals(w);
		cr_assert(!err || err == -EINVAL);
		if (err) {
			cr_assert_eq(seen.count, 0);
			cr_assert_eq(was_open, is_open);
			cr_assert(!memcmp(&before, &after, sizeof(before)));
		}
		for (unsigned int j = 0; j < seen.count; j++)
			check_verdict(&seen.verdicts[j], &e, was_open || is_open);
		cr_assert_eq(follow_window(was_open, &seen), is_open);
		for (int j = 0; j < SNP_BREACH_COUNT; j++) {
			breaches[j] += seen.breaches[j];
			cr_assert_eq(after.breaches[j], breaches[j]);
		}
		cr_assert_leq(after.windows - before.windows, 1);
		cr_assert_eq(window_feed(twin, &e, see, &twins), err);
		cr_assert_eq(twins.count, seen.count);
		cr_assert(!memcmp(twins.verdicts, seen.verdicts,
				  seen.count * sizeof(seen.verdicts[0])));
		e = any_event(&now_ns, &seq);
	}
	window_free(w);
	window_free(twin);
}

Test(properties, hold_after_each_event_of_any_sequence)
{
	random_state = 0x5eed;
	for (int i = 0; i < SEQUENCES; i++)
		one_sequence();
}

Test(properties, records_of_noise_do_no_harm)
{
	random_state = 0xbad5eed;
	for (int i = 0; i < SEQUENCES / 10; i++) {
		struct window *w = window_new();
		struct snp_event e = { .kind = SNP_EV_START };
		struct seen seen;

		cr_assert(w);
		for (int j = 0; j < LENGTH; j++) {
			seen.count = 0;
			window_feed(w, &e, see, &seen);
			for (size_t k = 0; k < sizeof(e); k += 4)
				memcpy((char *)&e + k, &(__u32){ any(0xffffffff) }, 4);
			e.kind = any(SNP_EV_KINDS);
			e.subject %= any(20) ? 8 : 8192;
			e.comm[SNP_COMM_LEN - 1] = e.name[SNP_NAME_LEN - 1] = 0;
		}
		window_free(w);
	}
}

/* ---- kernels that do what they should ---- */

enum kernel { MAINLINE, V9, V10 };

/* What goes on in a kernel's life beside SNP, and must not lead to any verdict. */
static void something_else(struct story *s, int *foreign)
{
	switch (any(6)) {
	case 0:
		foreign_disable(s, "pci_call_probe");
		++*foreign;
		break;
	case 1:
		if (*foreign) {
			foreign_enable(s, "pci_call_probe");
			--*foreign;
		}
		break;
	case 2:
		sweep(s);
		break;
	case 3:
		settle(s);
		break;
	case 4:
		command(s, 0x83, 0, any(2));
		break;
	case 5:
		later(s, any(SECOND));
		break;
	}
}

static void prepare_on(struct story *s, enum kernel kernel, bool set)
{
	prepare_enter(s);
	if (!set) {
		if (kernel == V10)
			hp_disable(s, "snp_prepare");
		snp_enable_online(s);
	}
	prepare_exit(s, 0);
}

static void failing_prepare_on(struct story *s, enum kernel kernel)
{
	prepare_enter(s);
	if (kernel == V10) {
		hp_disable(s, "snp_prepare");
		hp_enable(s, "snp_prepare");
	}
	prepare_exit(s, -EOPNOTSUPP);
}

/* The life of a host, as that kernel leads it. set: SNP_EN; up: initialised. */
static void live(struct story *s, enum kernel kernel)
{
	bool set = false, up = false, held = false;
	int foreign = 0;

	for (int i = 0; i < 30; i++) {
		something_else(s, &foreign);
		if (up) {
			if (any(2)) {
				legacy_shutdown(s);
			} else {
				full_shutdown(s);
				set = false;
				if (held)
					hp_enable(s, "snp_shutdown");
				held = false;
				x86_shutdown(s);
			}
			up = false;
		} else if (!set && !any(4)) {
			failing_prepare_on(s, kernel);
		} else {
			prepare_on(s, kernel, set);
			held |= kernel == V10;
			set = true;
			something_else(s, &foreign);
			if (!any(4)) {
				command(s, SNP_CMD_INIT_EX, 0, 3);
				continue;
			}
			if (!any(4))
				command(s, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
			snp_init(s);
			if (kernel == V9 && !held)
				hp_disable(s, "__sev_snp_init_locked");
			held |= kernel == V9;
			up = true;
		}
	}
	end(s);
}

static void live_with(enum kernel kernel, __u32 flags, const bool allowed[SNP_BREACH_COUNT])
{
	random_state = 0x11fe;
	for (int i = 0; i < LIVES; i++) {
		/* Static, as what a failed test leaves behind is no leak then. */
		static struct story s;

		story_begin(&s, 3);
		s.start_flags = flags;
		start(&s);
		live(&s, kernel);
		for (int j = 0; j < SNP_BREACH_COUNT; j++)
			cr_assert(allowed[j] || !s.breaches[j], "life %d: %s; told: %s", i,
				  snp_breach_name(j), s.told);
		story_end(&s);
	}
}

Test(properties, v10_is_never_accused)
{
	live_with(V10, SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE,
		  (bool[SNP_BREACH_COUNT]){ [SNP_BREACH_BENIGN_FAILED_INIT] = true });
}

Test(properties, v10_is_never_accused_without_snp_enable_to_watch)
{
	live_with(V10, SNP_F_HAS_PREPARE,
		  (bool[SNP_BREACH_COUNT]){ [SNP_BREACH_BENIGN_FAILED_INIT] = true });
}

Test(properties, mainline_is_accused_of_no_latch_alone)
{
	live_with(MAINLINE, SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE,
		  (bool[SNP_BREACH_COUNT]){
			  [SNP_BREACH_BENIGN_FAILED_INIT] = true, [SNP_BREACH_NO_LATCH] = true });
}

Test(properties, v9_is_accused_of_late_disables_alone)
{
	live_with(
		V9, SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE,
		(bool[SNP_BREACH_COUNT]){
			[SNP_BREACH_BENIGN_FAILED_INIT] = true, [SNP_BREACH_LATE_DISABLE] = true });
}
