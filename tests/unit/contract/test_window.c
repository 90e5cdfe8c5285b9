// SPDX-License-Identifier: GPL-2.0-only
/*
 * The automaton as a whole: the table of breaches, gaps in what it is told, events that it
 * refuses.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "events.h"

STORY_SUITE(window);

/* ---- the table of breaches ---- */

Test(table, each_breach_has_the_contracts_name_and_severity)
{
	static const struct {
		const char *name;
		enum snp_severity severity;
	} expected[] = {
		{ "cpu-onlined", SNP_CRITICAL },
		{ "cpu-without-snp-en", SNP_CRITICAL },
		{ "unsafe-bailout", SNP_CRITICAL },
		{ "snp-en-lost", SNP_CRITICAL },
		{ "early-enable", SNP_CRITICAL },
		{ "unbalanced-enable", SNP_CRITICAL },
		{ "foreign-enable", SNP_CRITICAL },
		{ "cpu-offlined", SNP_WARNING },
		{ "stacked-disable", SNP_WARNING },
		{ "leaked-disable", SNP_WARNING },
		{ "late-disable", SNP_WARNING },
		{ "partial-prepare", SNP_WARNING },
		{ "kexec-unlatched", SNP_WARNING },
		{ "no-latch", SNP_NOTICE },
		{ "benign-failed-init", SNP_NOTICE },
		{ "orphaned-init", SNP_WARNING },
		{ "blind", SNP_WARNING },
		{ "init-under-guests", SNP_WARNING },
		{ "rmpopt-uneven", SNP_WARNING },
	};

	cr_assert_eq(sizeof(expected) / sizeof(expected[0]), SNP_BREACH_COUNT);
	for (int i = 0; i < SNP_BREACH_COUNT; i++) {
		cr_expect_str_eq(snp_breach_name(i), expected[i].name);
		cr_expect_eq(snp_breach_severity(i), expected[i].severity, "%s", expected[i].name);
		cr_expect_gt(strlen(snp_breach_meaning(i)), 20);
		cr_expect_gt(strlen(snp_breach_remedy(i)), 20);
	}
}

Test(table, names_of_kinds_and_commands_are_known)
{
	cr_expect_str_eq(snp_event_name(SNP_EV_HP_ENABLE), "hotplug-enable");
	cr_expect_str_eq(snp_event_name(SNP_EV_KINDS), "unknown");
	cr_expect_str_eq(snp_command_name(SNP_CMD_SHUTDOWN_EX), "SNP_SHUTDOWN_EX");
	cr_expect_null(snp_command_name(0x83));
}

/* ---- what is not known ---- */

Test(window, lost_records_are_blindness)
{
	start(&s);
	lost(&s, 3);
	cr_told(&s, "blind");
	cr_says(&s, "lost 3 events");
	cr_assert_eq(window_totals(s.window).lost, 3);
}

Test(window, uncovered_fact_is_blindness)
{
	struct snp_event e;

	start_only(&s);
	e = story_event(&s, SNP_EV_UNCOVERED);
	e.subject = 4;
	strcpy(e.name, "owner");
	story_tell(&s, &e);
	sweep(&s);
	cr_told(&s, "blind");
	cr_says(&s, "owner");
}

Test(window, end_without_a_sweep_is_blindness)
{
	struct snp_event e;

	start_only(&s);
	unstable_sweep(&s);
	cr_assert_not(window_totals(s.window).truth);
	e = story_event(&s, SNP_EV_END);
	story_tell(&s, &e);
	cr_told(&s, "blind");
}

Test(window, end_after_a_sweep_is_silent)
{
	start(&s);
	end(&s);
	cr_told(&s, "");
	cr_assert(window_totals(s.window).truth);
}

/* ---- what changes nothing ---- */

Test(window, refused_writes_are_counted)
{
	struct snp_event e;

	v10_initialised(&s);
	for (int i = 0; i < 3; i++) {
		e = story_event(&s, SNP_EV_DENIED);
		e.flags = i ? 0 : SNP_F_AUDIT;
		e.subject = 3;
		strcpy(e.name, "cpu3/online");
		story_tell(&s, &e);
	}
	cr_settles(&s, "");
	cr_assert_eq(window_totals(s.window).denied, 3);
	cr_assert_eq(window_totals(s.window).audited, 1);
}

Test(window, modules_come_and_go_in_silence)
{
	struct snp_event e;

	v10_initialised(&s);
	legacy_shutdown(&s);
	e = story_event(&s, SNP_EV_MODULE_FREE);
	strcpy(e.name, "ccp");
	story_tell(&s, &e);
	e = story_event(&s, SNP_EV_MODULE_LOAD);
	strcpy(e.name, "ccp");
	story_tell(&s, &e);
	cr_settles(&s, "legacy-shutdown");
	cr_assert(window_is_open(s.window));
}

/* ---- events that can't be ---- */

static void refuse(struct snp_event e, const char *what)
{
	cr_expect_eq(story_feed(&s, &e), -EINVAL, "%s", what);
	cr_told(&s, "");
}

Test(window, nothing_comes_before_start)
{
	refuse(story_event(&s, SNP_EV_PREPARE_ENTER), "before START");
	refuse(story_event(&s, SNP_EV_TRUTH), "before START");
	refuse(story_event(&s, SNP_EV_END), "before START");
	start(&s);
	cr_told(&s, "");
}

Test(window, there_is_one_start)
{
	start(&s);
	refuse(story_event(&s, SNP_EV_START), "second START");
}

Test(window, kinds_have_an_end)
{
	static const __u32 kinds[] = { SNP_EV_KINDS, SNP_EV_KINDS + 1, 0x7fffffff, 0xffffffff };
	struct snp_event e;

	start(&s);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		e = story_event(&s, SNP_EV_END);
		e.kind = kinds[i];
		refuse(e, "kind out of range");
	}
}

Test(window, cpus_have_an_end)
{
	static const __u32 kinds[] = { SNP_EV_SNP_ENABLE,     SNP_EV_CPU_UP_BEGIN,
				       SNP_EV_CPU_DOWN_BEGIN, SNP_EV_CPU_UP,
				       SNP_EV_CPU_DOWN,	      SNP_EV_CPU_STATE,
				       SNP_EV_BEFORE_CPU,     SNP_EV_RMPOPT };
	struct snp_event e;

	start(&s);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		e = story_event(&s, kinds[i]);
		refuse(e, "no CPU");
		e.subject = 65536;
		refuse(e, "CPU too large");
		e.subject = 65535;
		cr_expect_eq(story_feed(&s, &e), 0);
		s.told[0] = 0;
	}
}

Test(window, texts_are_terminated)
{
	struct snp_event e;

	start(&s);
	e = story_event(&s, SNP_EV_HP_ENABLE);
	memset(e.comm, 'x', sizeof(e.comm));
	refuse(e, "comm");
	e = story_event(&s, SNP_EV_MODULE_LOAD);
	memset(e.name, 'x', sizeof(e.name));
	refuse(e, "name");
	e.name[sizeof(e.name) - 1] = 0;
	cr_expect_eq(story_feed(&s, &e), 0);
}

static void accept(struct snp_event e, const char *what)
{
	cr_expect_eq(story_feed(&s, &e), 0, "%s", what);
	cr_told(&s, "");
}

static struct snp_event fault(unsigned int part, bool fails, int result)
{
	struct snp_event e = story_event(&s, SNP_EV_FAULT);

	e.subject = part;
	e.flags = fails ? SNP_F_FAILING : 0;
	e.result = result;
	return e;
}

Test(window, a_fault_has_a_part_and_fails_with_an_error_alone)
{
	start(&s);
	refuse(fault(SNP_PART_COUNT, true, -5), "no part");
	refuse(fault(0, true, 0), "fails without an error");
	refuse(fault(0, false, -5), "an error that does not fail");
	refuse(fault(0, true, 5), "a positive error");
	accept(fault(SNP_PART_COUNT - 1, false, 0), "works again");
}

Test(window, clocks_have_an_end)
{
	struct snp_event e;

	start(&s);
	e = story_event(&s, SNP_EV_MODULE_LOAD);
	e.time_ns = (__u64)SNP_TIME_MAX + 1;
	refuse(e, "no clock shows that");
	e.time_ns = SNP_TIME_MAX;
	accept(e, "the last moment");
}

Test(window, results_are_errors_of_the_kernel)
{
	struct snp_event e;

	start(&s);
	e = story_event(&s, SNP_EV_PREPARE_EXIT);
	e.result = -4096; /* beyond MAX_ERRNO */
	refuse(e, "no error");
	e.result = -4095;
	accept(e, "the last error");
}

Test(window, counts_have_an_end)
{
	struct snp_event e;

	start(&s);
	e = story_event(&s, SNP_EV_HP_DISABLE); /* foreign: no breach, whatever the count */
	e.count = SNP_COUNT_MAX + 1;
	refuse(e, "more than any kernel has");
	e.count = SNP_COUNT_MAX;
	accept(e, "as many as a kernel may have");
	e.count = 0;
	accept(e, "none");
	e.count = SNP_COUNT_UNKNOWN;
	accept(e, "not known");
	e.count = SNP_COUNT_UNKNOWN - 1;
	refuse(e, "less than none");
}

Test(window, extreme_numbers_are_refused_or_harmless)
{
	static const int numbers[] = { 0x7fffffff, -0x7fffffff - 1, -2 };
	struct snp_event e;

	/* Such a record can only come from a damaged recording; its checksum is known at its end.
	 */
	start(&s);
	prepare(&s);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		e = story_event(&s, SNP_EV_CPU_STATE);
		e.subject = 1;
		e.flags = SNP_F_PRESENT | SNP_F_ONLINE;
		e.result = numbers[i];
		story_feed(&s, &e);
		for (int j = 0; j < 3; j++) {
			later(&s, SECOND);
			e = story_event(&s, SNP_EV_TRUTH);
			e.flags = SNP_F_STABLE;
			e.count = numbers[i];
			story_feed(&s, &e);
			e = story_event(&s, SNP_EV_HP_ENABLE);
			e.flags = SNP_F_OWNED;
			story_feed(&s, &e);
			e.kind = SNP_EV_HP_DISABLE;
			story_feed(&s, &e);
		}
	}
}

/* ---- the gate ---- */

static void tell_gate(__u32 flags)
{
	struct snp_event e = story_event(&s, SNP_EV_GATE);

	e.flags = flags;
	strcpy(e.name, "the latch was opened by another");
	story_tell(&s, &e);
}

static void begin_gate(void)
{
	begin();
	start(&s);
}

TestSuite(gate, .init = begin_gate, .fini = finish);

/* SNP ends while a sweep can't ask the driver, and the gate says this. */
static bool is_initialised_after(__u32 flags, enum snp_blind_cause cause)
{
	struct snp_event e;

	begin_gate();
	v10_prepare(&s);
	snp_init(&s);
	s.swept = true;
	e = story_event(&s, SNP_EV_GATE);
	e.flags = flags;
	e.status = cause;
	story_tell(&s, &e);
	sweep(&s);
	return window_now(s.window).initialised;
}

Test(gate, hooks_that_were_not_called_leave_nothing_certain)
{
	finish();
	cr_expect_not(is_initialised_after(SNP_F_MISSED, SNP_BLIND_HOOKS_OFF));
	finish();
	cr_expect_not(is_initialised_after(SNP_F_MISSED | SNP_F_DEGRADED, SNP_BLIND_OTHER_CCP));
	finish();
	cr_expect(is_initialised_after(SNP_F_MISSED | SNP_F_DEGRADED, SNP_BLIND_LATCH));
	finish();
	cr_expect(is_initialised_after(0, SNP_BLIND_HOOKS_OFF));
}

Test(gate, steady_and_armed_are_no_verdict)
{
	tell_gate(SNP_F_STEADY);
	tell_gate(0);
	cr_told(&s, "");
}

Test(gate, degraded_and_put_right_is_said_and_no_breach)
{
	tell_gate(SNP_F_DEGRADED | SNP_F_RESTORED);
	cr_says(&s, "the latch was opened by another: put right");
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 0);
}

Test(gate, degraded_so_that_something_may_have_passed_is_blind)
{
	tell_gate(SNP_F_DEGRADED | SNP_F_MISSED);
	cr_says(&s, "not put right");
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 1);
}

/* ---- blind: a remedy belongs to its cause ---- */

static void is_blind_by(enum snp_blind_cause cause)
{
	cr_told(&s, "blind");
	cr_expect_str_eq(s.remedy_of_last, snp_blind_remedy(cause));
}

static void tell(enum snp_event_kind kind, __u32 flags, int result, __u32 status, const char *name)
{
	struct snp_event e = story_event(&s, kind);

	e.flags = flags;
	e.result = result;
	e.status = status;
	e.subject = kind == SNP_EV_FAULT ? SNP_PART_SWEEP : 3;
	e.value = 2;
	strcpy(e.name, name);
	story_tell(&s, &e);
}

Test(window, blind_has_the_remedy_of_its_cause)
{
	struct snp_event e;

	start(&s);
	cr_told(&s, "");
	tell(SNP_EV_UNCOVERED, 0, 0, 0, "kexec");
	is_blind_by(SNP_BLIND_NO_SOURCE);
	tell(SNP_EV_UNCOVERED, 0, -EACCES, 0, "commands");
	cr_assert(strstr(s.text, "commands, as its source was refused (Permission denied)"));
	is_blind_by(SNP_BLIND_REFUSED);
	e = story_event(&s, SNP_EV_UNCOVERED);
	story_tell(&s, &e);
	is_blind_by(SNP_BLIND_RECORDING);
	tell(SNP_EV_FAULT, SNP_F_FAILING, -EMFILE, 0, "");
	is_blind_by(SNP_BLIND_FAULT);
	for (int i = 0; i < SNP_BLIND_CAUSE_COUNT; i++) {
		tell(SNP_EV_LOST, 0, 0, i, "");
		is_blind_by(i);
		tell(SNP_EV_GATE, SNP_F_DEGRADED | SNP_F_MISSED, 0, i, "this");
		s.told[strcspn(s.told, " ")] = 0;
		cr_told(&s, "degraded");
		cr_expect_str_eq(s.remedy_of_last, snp_blind_remedy(i));
	}
	/* Of a later version's guard. */
	tell(SNP_EV_LOST, 0, 0, SNP_BLIND_CAUSE_COUNT, "");
	is_blind_by(SNP_BLIND_UNKNOWN);
}

Test(window, a_fault_that_hides_nothing_is_not_blind)
{
	struct snp_event e = fault(SNP_PART_TEXTFILE, true, -ENOSPC);

	start(&s);
	story_tell(&s, &e);
	e = fault(SNP_PART_SWEEP, false, 0);
	story_tell(&s, &e);
	cr_told(&s, "");
	e = fault(SNP_PART_SWEEP, true, -EMFILE);
	story_tell(&s, &e);
	is_blind_by(SNP_BLIND_FAULT);
}

Test(window, no_sweep_and_an_unstable_one_have_their_own_remedies)
{
	struct snp_event e = story_event(&s, SNP_EV_START);

	story_tell(&s, &e);
	for (int i = 0; i < 2; i++) {
		e = story_event(&s, SNP_EV_TRUTH);
		e.time_ns += i * WINDOW_UNVERIFIED_NS;
		story_tell(&s, &e);
	}
	is_blind_by(SNP_BLIND_UNSTABLE);
	e = story_event(&s, SNP_EV_END);
	e.time_ns += WINDOW_UNVERIFIED_NS;
	story_tell(&s, &e);
	is_blind_by(SNP_BLIND_NO_SWEEP);
}

Test(window, an_unreadable_cpu_has_the_remedy_of_its_errno)
{
	static const struct {
		int err;
		enum snp_blind_cause cause;
	} of[] = { { -ENOENT, SNP_BLIND_NO_MSR },     { -ENXIO, SNP_BLIND_NO_MSR },
		   { -EACCES, SNP_BLIND_MSR_DENIED }, { -EPERM, SNP_BLIND_MSR_DENIED },
		   { -EIO, SNP_BLIND_MSR_FAILS },     { -ENOMEM, SNP_BLIND_MSR_FAILS } };

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		if (i) {
			story_finish(&s);
			story_begin(&s, 4);
		}
		start(&s);
		s.cpus[2].err = of[i].err;
		sweep(&s);
		s.told[0] = 0;
		cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 1);
		cr_expect_str_eq(s.remedy_of_last, snp_blind_remedy(of[i].cause), "%d", of[i].err);
	}
}
