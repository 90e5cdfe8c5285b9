// SPDX-License-Identifier: GPL-2.0-only
/*
 * The automaton, told stories of hosts. For each breach there is a story in which it is named and
 * one close to it in which it is not; cr_told() takes nothing beside what is listed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "events.h"

static struct story s;

static void begin(void)
{
	story_begin(&s, 4);
}

static void finish(void)
{
	for (int i = 0; i < SNP_BREACH_COUNT; i++)
		cr_expect_eq(window_totals(s.window).breaches[i], s.breaches[i], "%s",
			     snp_breach_name(i));
	story_end(&s);
}

TestSuite(window, .init = begin, .fini = finish);

#define OPENED	      "window-open"
#define INITIALISED   "window-open initialised"
#define SHUT_DOWN     "full-shutdown window-closed"
#define FOUND_OPEN    "window-open inferred"
#define STATUS_FAILED 0x03 /* INVALID_CONFIG */

/* A kernel of 7.1 to 7.3 with SNP initialised and all that follows from it told. */
static void mainline_initialised(void)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, "window-open initialised no-latch");
}

static void v10_initialised(void)
{
	start(&s);
	v10_prepare(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, INITIALISED);
}

/* A guard that starts where SNP_EN is set everywhere. */
static void start_inside(int count, int initialised)
{
	for (unsigned int i = 0; i < s.cpu_count; i++)
		s.cpus[i].snp_en = true;
	s.count = count;
	s.initialised = initialised;
	start(&s);
}

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

/* ---- no-latch: kernels that never disable hotplug ---- */

Test(window, mainline_has_no_latch)
{
	start(&s);
	prepare(&s);
	cr_told(&s, OPENED);
	cr_assert(window_is_open(s.window));
	cr_assert_not(window_now(s.window).initialised);
	snp_init(&s);
	cr_told(&s, "initialised");
	cr_assert(window_now(s.window).initialised);
	cr_assert(window_is_unsettled(s.window));
	later(&s, WINDOW_SETTLE_NS - 10000);
	sweep(&s);
	cr_told(&s, "");
	later(&s, 10000);
	sweep(&s);
	cr_told(&s, "no-latch");
	cr_assert_not(window_is_unsettled(s.window));
	settle(&s);
	end(&s);
	cr_told(&s, "");
}

Test(window, no_latch_is_told_once_a_window)
{
	mainline_initialised();
	full_shutdown(&s);
	x86_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
	prepare(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, "window-open initialised no-latch");
	cr_assert_eq(window_totals(s.window).windows, 2);
}

Test(window, no_latch_is_not_told_of_a_failed_init)
{
	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	settle(&s);
	end(&s);
	cr_told(&s, "window-open benign-failed-init");
}

Test(window, no_latch_is_not_told_before_snp_is_initialised)
{
	start(&s);
	prepare(&s);
	settle(&s);
	settle(&s);
	end(&s);
	cr_told(&s, OPENED);
}

Test(window, no_latch_is_not_guessed_at_by_an_end_soon_after)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	end(&s);
	cr_told(&s, INITIALISED);
}

Test(window, no_latch_is_certain_once_snp_ended_without)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	legacy_shutdown(&s);
	cr_told(&s, "window-open initialised no-latch legacy-shutdown");
	snp_init(&s);
	full_shutdown(&s);
	x86_shutdown(&s);
	settle(&s);
	cr_told(&s, "initialised full-shutdown window-closed");
}

/* ---- late-disable: v9's order ---- */

Test(window, v9_disables_late)
{
	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, 0);
	command(&s, SNP_CMD_DF_FLUSH, 0, 0);
	later(&s, 123000000);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_told(&s, "window-open initialised late-disable");
	/* Four SNP_ENABLE, one EXIT, two commands and the disable, 1 us each, after the first. */
	cr_says(&s, "123007000 ns");
	cr_says(&s, "0 CPUs came online, 0 went offline");
	settle(&s);
	cr_told(&s, "");
}

Test(window, late_disable_counts_the_hotplug_in_its_gap)
{
	start(&s);
	prepare(&s);
	cpu_down(&s, 3);
	cpu_up(&s, 3);
	command(&s, SNP_CMD_INIT_EX, 0, 0);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_told(&s, "window-open cpu-offlined:3 cpu-onlined:3 late-disable");
	cr_says(&s, "1 CPU came online, 1 went offline");
}

Test(window, v9_is_late_in_every_window_and_balanced)
{
	start(&s);
	for (int i = 0; i < 3; i++) {
		prepare(&s);
		snp_init(&s);
		hp_disable(&s, "__sev_snp_init_locked");
		settle(&s);
		cr_told(&s, "window-open initialised late-disable");
		/* The flag: a legacy shutdown and the next init touch the counter no more. */
		legacy_shutdown(&s);
		prepare_bails_out(&s);
		snp_init(&s);
		settle(&s);
		cr_told(&s, "legacy-shutdown initialised");
		v10_full_shutdown(&s);
		settle(&s);
		cr_told(&s, SHUT_DOWN);
	}
}

Test(window, v9_leaves_hotplug_enabled_after_a_failed_init)
{
	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	settle(&s);
	cr_told(&s, "window-open benign-failed-init");
	prepare_bails_out(&s);
	snp_init(&s);
	hp_disable(&s, "__sev_snp_init_locked");
	settle(&s);
	cr_told(&s, "initialised late-disable");
}

/* ---- v10's order: silent ---- */

Test(window, v10_is_silent_over_repeated_cycles)
{
	start(&s);
	for (int i = 0; i < 5; i++) {
		v10_prepare(&s);
		snp_init(&s);
		settle(&s);
		cr_told(&s, INITIALISED);
		cr_assert(window_is_open(s.window));
		v10_full_shutdown(&s);
		settle(&s);
		cr_told(&s, SHUT_DOWN);
		cr_assert_not(window_is_open(s.window));
	}
	end(&s);
	cr_told(&s, "");
	cr_assert_eq(window_totals(s.window).windows, 5);
}

Test(window, v10_is_silent_without_sweeps_between)
{
	start(&s);
	for (int i = 0; i < 5; i++) {
		v10_prepare(&s);
		snp_init(&s);
		v10_full_shutdown(&s);
	}
	cr_told(&s, INITIALISED " " SHUT_DOWN " " INITIALISED " " SHUT_DOWN " " INITIALISED
				" " SHUT_DOWN " " INITIALISED " " SHUT_DOWN " " INITIALISED
				" " SHUT_DOWN);
	end(&s);
	cr_told(&s, "");
}

Test(window, v10_stays_disabled_across_legacy_shutdowns)
{
	v10_initialised();
	for (int i = 0; i < 3; i++) {
		legacy_shutdown(&s);
		settle(&s);
		prepare_bails_out(&s);
		snp_init(&s);
		settle(&s);
		cr_told(&s, "legacy-shutdown initialised");
	}
	v10_full_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, v10_stays_disabled_across_a_failed_init)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	settle(&s);
	cr_told(&s, "window-open benign-failed-init");
	prepare_bails_out(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, "initialised");
	v10_full_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

/* ---- snp_prepare() that fails, bails out, or leaves CPUs behind ---- */

Test(window, failed_prepare_is_silent)
{
	s.cpus[3].online = false;
	start(&s);
	prepare_enter(&s);
	prepare_exit(&s, -EOPNOTSUPP);
	settle(&s);
	end(&s);
	cr_told(&s, "");
	cr_assert_not(window_is_open(s.window));
}

Test(window, failed_prepare_of_v10_is_silent)
{
	s.cpus[3].online = false;
	start(&s);
	for (int i = 0; i < 2; i++) {
		prepare_enter(&s);
		hp_disable(&s, "snp_prepare");
		hp_enable(&s, "snp_prepare");
		prepare_exit(&s, -EOPNOTSUPP);
		settle(&s);
	}
	cr_told(&s, "");
	cpu_up(&s, 3);
	v10_prepare(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, INITIALISED);
}

Test(window, partial_prepare_names_the_cpus_left_behind)
{
	s.cpus[1].online = s.cpus[3].online = false;
	start(&s);
	prepare(&s);
	cr_told(&s, "window-open partial-prepare");
	cr_says(&s, "modprobe[4242]");
	cr_says(&s, "2 present CPUs offline: 1,3");
}

Test(window, absent_cpus_are_not_left_behind)
{
	s.cpus[3] = (struct story_cpu){ .present = false };
	start(&s);
	prepare(&s);
	settle(&s);
	cr_told(&s, OPENED);
}

Test(window, bailout_with_offline_cpus_is_no_partial_prepare)
{
	mainline_initialised();
	cpu_down(&s, 3);
	legacy_shutdown(&s);
	prepare_bails_out(&s);
	settle(&s);
	cr_told(&s, "cpu-offlined:3 legacy-shutdown");
}

Test(window, safe_bailout_is_silent)
{
	mainline_initialised();
	legacy_shutdown(&s);
	prepare_bails_out(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, "legacy-shutdown initialised");
}

Test(window, unsafe_bailout_names_the_cpus)
{
	mainline_initialised();
	legacy_shutdown(&s);
	cpu_down(&s, 2);
	s.cpus[2].snp_en = false;
	cpu_up(&s, 2);
	settle(&s);
	cr_told(&s, "legacy-shutdown cpu-offlined:2 cpu-onlined:2");
	/* What the last sweep told is enough to know it. */
	prepare_bails_out(&s);
	cr_told(&s, "unsafe-bailout");
	sweep(&s);
	cr_says(&s, "CPU 2 lacks SNP_EN");
	sweep(&s);
	cr_told(&s, "");
}

Test(window, unsafe_bailout_after_kexec)
{
	s.cpus[0].snp_en = s.cpus[1].snp_en = true;
	start(&s);
	cr_told(&s, FOUND_OPEN);
	prepare_bails_out(&s);
	sweep(&s);
	cr_told(&s, "unsafe-bailout");
	cr_says(&s, "CPUs 2-3 lack SNP_EN");
}

Test(window, bailout_is_judged_by_what_the_cpus_had_then)
{
	mainline_initialised();
	legacy_shutdown(&s);
	prepare_bails_out(&s);
	snp_init(&s);
	/* It ends before a sweep came, and clears SNP_EN as it should. */
	full_shutdown(&s);
	x86_shutdown(&s);
	settle(&s);
	cr_told(&s, "legacy-shutdown initialised full-shutdown window-closed");
}

/* By the sweep that follows, where nothing is known against it; that must come. */
Test(window, bailout_asks_for_a_sweep)
{
	start_inside(1, 0);
	settle(&s);
	cr_assert_not(window_is_unsettled(s.window));
	prepare_bails_out(&s);
	cr_assert(window_is_unsettled(s.window));
	sweep(&s);
	cr_assert_not(window_is_unsettled(s.window));
	cr_told(&s, FOUND_OPEN);
}

Test(window, bailout_before_the_first_sweep_opens_the_window)
{
	s.cpus[0].snp_en = s.cpus[1].snp_en = true;
	start_only(&s);
	prepare_bails_out(&s);
	cr_told(&s, OPENED);
	sweep(&s);
	cr_assert(strstr(s.told, "unsafe-bailout"), "told `%s`", s.told);
	cr_says(&s, "CPUs 2-3 lack SNP_EN");
}

Test(window, prepare_that_sets_snp_en_in_an_open_window_is_no_bailout)
{
	/* It runs on a CPU without SNP_EN, and leaves CPU 3 behind. */
	s.cpus[1].snp_en = true;
	s.cpus[3].online = false;
	start(&s);
	prepare(&s);
	settle(&s);
	cr_told(&s, "window-open inferred partial-prepare");
}

Test(window, bailout_is_known_without_snp_enable_to_watch)
{
	s.start_flags &= ~SNP_F_HAS_ENABLE;
	start(&s);
	prepare(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, "window-open initialised no-latch");
	legacy_shutdown(&s);
	prepare_bails_out(&s);
	settle(&s);
	cr_told(&s, "legacy-shutdown");
}

Test(window, void_prepare_succeeds)
{
	struct snp_event e;

	s.cpus[3].online = false;
	start(&s);
	prepare_enter(&s);
	snp_enable_online(&s);
	e = story_event(&s, SNP_EV_PREPARE_EXIT);
	e.flags = SNP_F_VOID;
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_told(&s, "window-open partial-prepare");
	snp_init(&s);
	legacy_shutdown(&s);
	prepare_enter(&s);
	e = story_event(&s, SNP_EV_PREPARE_EXIT);
	e.flags = SNP_F_VOID;
	cr_assert_eq(story_feed(&s, &e), 0);
	settle(&s);
	cr_told(&s, "initialised no-latch legacy-shutdown");
}

/* ---- shutdowns ---- */

Test(window, legacy_shutdown_keeps_the_window_open)
{
	v10_initialised();
	legacy_shutdown(&s);
	settle(&s);
	cr_told(&s, "legacy-shutdown");
	cr_assert(window_is_open(s.window));
	cpu_down(&s, 1);
	cr_told(&s, "cpu-offlined:1");
}

Test(window, snp_shutdown_is_a_legacy_shutdown)
{
	v10_initialised();
	/* The old command has no flags; what stands where they would be means nothing. */
	command(&s, SNP_CMD_SHUTDOWN, SNP_SHUTDOWN_X86, 0);
	settle(&s);
	cr_told(&s, "legacy-shutdown");
	cr_assert(window_is_open(s.window));
}

Test(window, failed_full_shutdown_closes_nothing)
{
	v10_initialised();
	command(&s, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, STATUS_FAILED);
	settle(&s);
	cr_told(&s, "");
	cr_assert(window_is_open(s.window));
	cpu_up(&s, 5);
	cr_told(&s, "cpu-onlined:5");
}

Test(window, shutdown_retried_after_a_flush_is_silent)
{
	v10_initialised();
	command(&s, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, SNP_STATUS_DFFLUSH_REQUIRED);
	command(&s, SNP_CMD_DF_FLUSH, 0, 0);
	v10_full_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, shutdown_of_snp_that_was_never_initialised_is_silent)
{
	start(&s);
	v10_prepare(&s);
	settle(&s);
	v10_full_shutdown(&s);
	settle(&s);
	end(&s);
	cr_told(&s, "window-open full-shutdown window-closed");
}

Test(window, legacy_shutdown_of_snp_that_was_never_initialised_is_silent)
{
	start(&s);
	v10_prepare(&s);
	legacy_shutdown(&s);
	settle(&s);
	end(&s);
	cr_told(&s, "window-open legacy-shutdown");
}

Test(window, full_shutdown_is_known_by_snp_shutdown_alone)
{
	mainline_initialised();
	for (unsigned int i = 0; i < s.cpu_count; i++)
		s.cpus[i].snp_en = false;
	x86_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, enable_in_a_full_shutdown_whose_command_was_not_seen_is_not_early)
{
	v10_initialised();
	for (unsigned int i = 0; i < s.cpu_count; i++)
		s.cpus[i].snp_en = false;
	/* snp_shutdown() runs after a full shutdown only, and enables in it. */
	x86_shutdown(&s);
	hp_enable(&s, "snp_shutdown");
	settle(&s);
	cr_not_told(&s, "early-enable");
	cr_not_told(&s, "snp-en-lost");
}

Test(window, guests_flushes_between_are_silent)
{
	v10_initialised();
	command(&s, SNP_CMD_DF_FLUSH, 0, 0);
	command(&s, SNP_CMD_DF_FLUSH, 0, STATUS_FAILED);
	settle(&s);
	cr_told(&s, "");
}

/* ---- inits that fail ---- */

Test(window, failed_init_with_snp_en_is_benign)
{
	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT, 0, STATUS_FAILED);
	cr_told(&s, "window-open benign-failed-init");
	cr_says(&s, "SNP_INIT failed: firmware status 0x3");
}

Test(window, failed_init_without_snp_en_is_silent)
{
	start(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	settle(&s);
	end(&s);
	cr_told(&s, "");
}

Test(window, init_that_the_driver_could_not_send_has_failed)
{
	struct snp_event e;

	start(&s);
	prepare(&s);
	e = story_event(&s, SNP_EV_COMMAND);
	e.subject = SNP_CMD_INIT_EX;
	e.result = -ETIMEDOUT;
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_told(&s, "window-open benign-failed-init");
}

/* What the firmware says counts, also where the driver makes nothing of it. */
Test(window, command_that_the_firmware_refused_has_failed_whatever_the_driver_returns)
{
	struct snp_event e;

	start(&s);
	prepare(&s);
	e = story_event(&s, SNP_EV_COMMAND);
	e.subject = SNP_CMD_INIT_EX;
	e.status = STATUS_FAILED;
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_told(&s, "window-open benign-failed-init");
	e.subject = SNP_CMD_SHUTDOWN_EX;
	e.flags = SNP_SHUTDOWN_X86;
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_told(&s, "");
	cr_assert(window_is_open(s.window));
}

Test(window, init_retried_after_a_flush_is_silent)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
	command(&s, SNP_CMD_DF_FLUSH, 0, 0);
	cr_told(&s, OPENED);
	snp_init(&s);
	settle(&s);
	cr_told(&s, "initialised");
}

Test(window, init_that_fails_after_the_flush_too_has_failed)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
	command(&s, SNP_CMD_DF_FLUSH, 0, 0);
	command(&s, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
	settle(&s);
	cr_told(&s, "window-open benign-failed-init");
}

Test(window, retry_that_never_came_does_not_spoil_the_next_windows)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
	v10_full_shutdown(&s);
	settle(&s);
	s.told[0] = 0;
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, SNP_STATUS_DFFLUSH_REQUIRED);
	command(&s, SNP_CMD_DF_FLUSH, 0, 0);
	snp_init(&s);
	settle(&s);
	cr_told(&s, INITIALISED);
}

Test(window, failed_flush_orphans_the_init)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, 0);
	command(&s, SNP_CMD_DF_FLUSH, 0, STATUS_FAILED);
	settle(&s);
	cr_told(&s, "window-open orphaned-init");
	cr_says(&s, "firmware status 0x3");
}

Test(window, failed_flush_after_a_failed_init_orphans_nothing)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	command(&s, SNP_CMD_DF_FLUSH, 0, STATUS_FAILED);
	settle(&s);
	cr_told(&s, "window-open benign-failed-init");
}

/* ---- SNP_EN of each CPU ---- */

Test(window, snp_en_lost_while_initialised)
{
	v10_initialised();
	s.cpus[2].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:2 cpu-without-snp-en:2");
	sweep(&s);
	settle(&s);
	cr_told(&s, "");
}

Test(window, snp_en_lost_after_a_legacy_shutdown_harms_no_guest)
{
	v10_initialised();
	legacy_shutdown(&s);
	s.cpus[2].snp_en = false;
	sweep(&s);
	cr_told(&s, "legacy-shutdown snp-en-lost:2");
	/* But the CPU lacks it when SNP is initialised again. */
	prepare_bails_out(&s);
	snp_init(&s);
	sweep(&s);
	cr_told(&s, "unsafe-bailout initialised cpu-without-snp-en:2");
}

Test(window, snp_en_cleared_by_a_full_shutdown_is_not_lost)
{
	v10_initialised();
	v10_full_shutdown(&s);
	/* With every CPU told of again, as a first look would. */
	for (unsigned int i = 0; i < s.cpu_count; i++)
		cpu_state(&s, i);
	truth(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, full_shutdown_that_leaves_snp_en_set)
{
	mainline_initialised();
	full_shutdown(&s);
	s.cpus[1].snp_en = true;
	sweep(&s);
	cr_told(&s, "full-shutdown window-closed snp-en-lost:1 window-open");
	cr_assert(window_is_open(s.window));
	cpu_up(&s, 5);
	cr_told(&s, "cpu-onlined:5");
}

Test(window, full_shutdown_that_leaves_snp_en_set_on_two)
{
	mainline_initialised();
	full_shutdown(&s);
	s.cpus[1].snp_en = s.cpus[3].snp_en = true;
	sweep(&s);
	cr_told(&s, "full-shutdown window-closed snp-en-lost:1 snp-en-lost:3 window-open");
}

Test(window, sweep_inside_the_next_prepare_finds_nothing_kept)
{
	/* Nobody tells of each CPU's SNP_EN here, so a sweep sees it before snp_prepare() ends. */
	s.start_flags &= ~SNP_F_HAS_ENABLE;
	start(&s);
	v10_prepare(&s);
	snp_init(&s);
	v10_full_shutdown(&s);
	settle(&s);
	cr_told(&s, INITIALISED " " SHUT_DOWN);
	prepare_enter(&s);
	hp_disable(&s, "snp_prepare");
	s.cpus[0].snp_en = true;
	sweep(&s);
	snp_enable_online(&s);
	prepare_exit(&s, 0);
	settle(&s);
	cr_told(&s, OPENED);
}

Test(window, cpu_onlined_without_snp_en_is_named_twice)
{
	s.cpus[3].online = false;
	s.cpus[3].present = false;
	start(&s);
	v10_prepare(&s);
	snp_init(&s);
	cpu_up(&s, 3);
	cr_told(&s, "window-open initialised cpu-onlined:3");
	cr_says(&s, "asked for by modprobe[4242]");
	settle(&s);
	cr_told(&s, "cpu-without-snp-en:3");
}

Test(window, cpu_without_snp_en_is_told_again_once_it_came_back)
{
	v10_initialised();
	s.cpus[3].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:3 cpu-without-snp-en:3");
	cpu_down(&s, 3);
	cpu_up(&s, 3);
	settle(&s);
	cr_told(&s, "cpu-offlined:3 cpu-onlined:3 cpu-without-snp-en:3");
}

Test(window, cpu_without_snp_en_while_not_initialised_is_silent)
{
	s.cpus[0].snp_en = s.cpus[1].snp_en = true;
	start(&s);
	cr_told(&s, FOUND_OPEN);
	settle(&s);
	cr_told(&s, "");
}

Test(window, offline_cpu_without_snp_en_is_silent)
{
	v10_initialised();
	cpu_down(&s, 3);
	s.cpus[3].snp_en = false;
	settle(&s);
	cr_told(&s, "cpu-offlined:3");
}

/* ---- the set of CPUs ---- */

Test(window, hotplug_outside_a_window_is_silent)
{
	start(&s);
	cpu_down(&s, 3);
	cpu_up(&s, 3);
	settle(&s);
	v10_prepare(&s);
	snp_init(&s);
	v10_full_shutdown(&s);
	cpu_down(&s, 3);
	settle(&s);
	cpu_up(&s, 3);
	settle(&s);
	end(&s);
	cr_told(&s, INITIALISED " " SHUT_DOWN);
}

Test(window, hotplug_after_a_failed_init_is_still_inside_the_window)
{
	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	cpu_down(&s, 3);
	cpu_up(&s, 3);
	cr_told(&s, "window-open benign-failed-init cpu-offlined:3 cpu-onlined:3");
}

Test(window, hotplug_that_fails_is_silent)
{
	struct snp_event e;

	v10_initialised();
	e = story_event(&s, SNP_EV_CPU_DOWN_BEGIN);
	e.subject = 3;
	cr_assert_eq(story_feed(&s, &e), 0);
	e = story_event(&s, SNP_EV_CPUHP_FAIL);
	e.subject = 3;
	e.result = -EBUSY;
	cr_assert_eq(story_feed(&s, &e), 0);
	settle(&s);
	cr_told(&s, "");
}

Test(window, suspend_inside_a_window_says_so)
{
	struct snp_event e;

	v10_initialised();
	e = story_event(&s, SNP_EV_CPU_DOWN_BEGIN);
	e.subject = 3;
	e.flags = SNP_F_FROZEN;
	cr_assert_eq(story_feed(&s, &e), 0);
	e = story_event(&s, SNP_EV_CPU_DOWN);
	e.subject = 3;
	cr_assert_eq(story_feed(&s, &e), 0);
	s.cpus[3].online = false;
	cr_told(&s, "cpu-offlined:3");
	cr_says(&s, "in suspend or resume");
}

Test(window, cpu_seen_offline_by_a_sweep_only)
{
	v10_initialised();
	s.cpus[2].online = false;
	sweep(&s);
	cr_told(&s, "cpu-offlined:2");
	cr_says(&s, "seen by a sweep and by no hook");
	settle(&s);
	s.cpus[2].online = true;
	sweep(&s);
	cr_told(&s, "cpu-onlined:2");
	cr_says(&s, "seen by a sweep and by no hook");
}

Test(window, set_read_just_before_a_transition_is_not_a_second_one)
{
	v10_initialised();
	cpu_down(&s, 2);
	cr_told(&s, "cpu-offlined:2");
	/* The hook fires before the set changes: a sweep may still read the old one. */
	s.cpus[2].online = true;
	sweep(&s);
	s.cpus[2].online = false;
	sweep(&s);
	settle(&s);
	cr_told(&s, "");
}

Test(window, cpus_that_stop_for_kexec_are_silent)
{
	v10_initialised();
	kexec(&s);
	for (unsigned int i = 1; i < s.cpu_count; i++)
		cpu_down(&s, i);
	cr_told(&s, "");
}

Test(window, cpus_that_stop_for_kexec_are_silent_to_sweeps_too)
{
	v10_initialised();
	kexec(&s);
	for (unsigned int i = 1; i < s.cpu_count; i++)
		s.cpus[i].online = false;
	settle(&s);
	end(&s);
	cr_told(&s, "");
}

/* ---- kernels without snp_prepare() ---- */

static void begin_old(void)
{
	begin();
	s.start_flags = SNP_F_GATE;
	s.cpus[3].online = false;
	for (unsigned int i = 0; i < 3; i++)
		s.cpus[i].snp_en = true;
	s.initialised = 1;
	start(&s);
	settle(&s);
	cr_told(&s, "window-open inferred no-latch");
}

TestSuite(old_kernel, .init = begin_old, .fini = finish);

Test(old_kernel, window_is_open_from_the_start)
{
	settle(&s);
	end(&s);
	cr_told(&s, "");
	cr_assert(window_is_open(s.window));
}

Test(old_kernel, onlined_cpu_sets_its_own_snp_en)
{
	cpu_up(&s, 3);
	cr_told(&s, "cpu-onlined:3");
	cr_says(&s, "this kernel sets its SNP_EN");
	later(&s, 900000000);
	sweep(&s);
	s.cpus[3].snp_en = true;
	settle(&s);
	end(&s);
	cr_told(&s, "");
}

Test(old_kernel, onlined_cpu_gets_a_second_for_its_snp_en)
{
	cpu_up(&s, 3);
	cr_told(&s, "cpu-onlined:3");
	later(&s, 990000000);
	sweep(&s);
	cr_told(&s, "");
	later(&s, 20000000);
	sweep(&s);
	cr_told(&s, "cpu-without-snp-en:3");
}

Test(old_kernel, has_no_window_if_snp_is_off)
{
	story_end(&s);
	story_begin(&s, 4);
	s.start_flags = SNP_F_GATE;
	start(&s);
	cpu_down(&s, 3);
	settle(&s);
	end(&s);
	cr_told(&s, "");
}

/* ---- a guard that starts in the middle ---- */

Test(window, start_inside_with_count_1_infers_a_disable)
{
	start_inside(1, 1);
	cr_told(&s, FOUND_OPEN);
	cr_says(&s, "the kernel's count of disables is 1: one is taken for SNP's");
	cr_says(&s, "initialised, as the driver says");
	settle(&s);
	v10_full_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
	v10_prepare(&s);
	snp_init(&s);
	settle(&s);
	cr_told(&s, INITIALISED);
}

Test(window, start_inside_with_count_0_has_no_latch)
{
	start_inside(0, 1);
	cr_told(&s, FOUND_OPEN);
	cr_says(&s, "the kernel's count of disables is 0: SNP holds none");
	settle(&s);
	cr_told(&s, "no-latch");
	full_shutdown(&s);
	x86_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, start_inside_with_count_0_uninitialised_is_silent)
{
	start_inside(0, 0);
	settle(&s);
	cr_told(&s, FOUND_OPEN);
	cr_says(&s, "not initialised, as the driver says");
}

Test(window, start_inside_with_an_unreadable_count_accuses_nobody)
{
	start_inside(SNP_COUNT_UNKNOWN, 1);
	settle(&s);
	cr_not_told(&s, "no-latch");
	/* The v10 kernel's own enable, whose disable was before the guard. */
	full_shutdown(&s);
	s.count = 1;
	hp_enable(&s, "snp_shutdown");
	x86_shutdown(&s);
	settle(&s);
	cr_not_told(&s, "unbalanced-enable");
}

Test(window, start_inside_still_holds_the_kernel_to_its_books)
{
	start_inside(1, 1);
	cr_told(&s, FOUND_OPEN);
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "early-enable");
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "unbalanced-enable");
}

Test(window, window_that_opens_before_the_first_sweep_is_not_inferred)
{
	s.initialised = 1;
	start_only(&s);
	v10_prepare(&s);
	snp_init(&s);
	sweep(&s);
	settle(&s);
	cr_told(&s, INITIALISED);
}

Test(window, disable_before_the_first_sweep_is_late_all_the_same)
{
	start_only(&s);
	prepare(&s);
	sweep(&s);
	snp_init(&s);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_assert(strstr(s.told, "late-disable"), "told `%s`", s.told);
}

Test(window, window_found_by_a_sweep_only)
{
	start(&s);
	s.cpus[0].snp_en = true;
	sweep(&s);
	cr_told(&s, OPENED);
	/* One CPU's SNP_EN goes: a breach, and no window is left. */
	s.cpus[0].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:0 window-closed");
}

Test(window, unstable_sweep_judges_nothing)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	later(&s, SECOND);
	unstable_sweep(&s);
	cr_told(&s, INITIALISED);
}

/* ---- the books of disables and enables ---- */

Test(window, enable_inside_a_window_is_early)
{
	v10_initialised();
	legacy_shutdown(&s);
	hp_enable(&s, "__sev_snp_shutdown_locked");
	cr_told(&s, "legacy-shutdown early-enable");
	cr_says(&s, "__sev_snp_shutdown_locked undid SNP's disable with SNP_EN set");
	cr_assert_eq(s.window_of_last, 1);
	settle(&s);
	cr_told(&s, "");
}

Test(window, enable_after_a_failed_init_is_not_early)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	hp_enable(&s, "__sev_snp_init_locked");
	settle(&s);
	cr_told(&s, "window-open benign-failed-init");
}

Test(window, enable_after_an_init_that_failed_and_then_succeeded_is_early)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	snp_init(&s);
	hp_enable(&s, "__sev_snp_init_locked");
	cr_told(&s, "window-open benign-failed-init initialised early-enable");
}

Test(window, init_that_failed_without_snp_en_excuses_no_early_enable)
{
	start(&s);
	command(&s, SNP_CMD_INIT_EX, 0, STATUS_FAILED);
	v10_prepare(&s);
	hp_enable(&s, "snp_prepare");
	cr_told(&s, "window-open early-enable");
}

Test(window, enable_with_nothing_outstanding_is_unbalanced)
{
	mainline_initialised();
	full_shutdown(&s);
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "full-shutdown window-closed unbalanced-enable");
	cr_says(&s, "snp_shutdown enabled CPU hotplug with no disable");
}

Test(window, second_enable_of_a_shutdown_is_unbalanced)
{
	v10_initialised();
	v10_full_shutdown(&s);
	cr_told(&s, SHUT_DOWN);
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "unbalanced-enable");
}

Test(window, foreign_pairs_are_silent)
{
	v10_initialised();
	for (int i = 0; i < 3; i++) {
		foreign_disable(&s, "pci_call_probe");
		settle(&s);
		foreign_disable(&s, "freeze_secondary_cpus");
		foreign_enable(&s, "thaw_secondary_cpus");
		foreign_enable(&s, "pci_call_probe");
		settle(&s);
	}
	v10_full_shutdown(&s);
	foreign_disable(&s, "migrate_to_reboot_cpu");
	settle(&s);
	end(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, foreign_pairs_are_no_latch)
{
	start(&s);
	foreign_disable(&s, "pci_call_probe");
	prepare(&s);
	snp_init(&s);
	foreign_enable(&s, "pci_call_probe");
	settle(&s);
	cr_told(&s, "window-open initialised no-latch");
}

Test(window, foreign_enable_is_told_if_the_deficit_lasts)
{
	v10_initialised();
	foreign_enable(&s, "thaw_secondary_cpus");
	sweep(&s);
	cr_told(&s, "");
	cr_assert(window_is_unsettled(s.window));
	settle(&s);
	cr_told(&s, "foreign-enable");
	cr_says(&s, "count is 0, below the 1");
	settle(&s);
	settle(&s);
	cr_told(&s, "");
}

Test(window, deficit_that_passes_is_silent)
{
	v10_initialised();
	foreign_enable(&s, "resume");
	sweep(&s);
	foreign_disable(&s, "resume");
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	settle(&s);
	cr_told(&s, "");
	/* The next one starts anew. */
	foreign_enable(&s, "resume");
	sweep(&s);
	cr_told(&s, "");
}

Test(window, deficit_of_an_enable_whose_record_follows_is_silent)
{
	v10_initialised();
	full_shutdown(&s);
	s.count = 0;
	sweep(&s);
	s.count = 1;
	hp_enable(&s, "snp_shutdown");
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, foreign_enable_is_not_blamed_on_snps_own)
{
	v10_initialised();
	foreign_enable(&s, "thaw_secondary_cpus");
	sweep(&s);
	settle(&s);
	cr_told(&s, "foreign-enable");
	/* SNP disabled once and enables once: its own books balance. */
	v10_full_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, unreadable_count_is_no_deficit)
{
	v10_initialised();
	s.count = SNP_COUNT_UNKNOWN;
	sweep(&s);
	settle(&s);
	settle(&s);
	cr_told(&s, "");
}

Test(window, second_disable_is_stacked)
{
	v10_initialised();
	hp_disable(&s, "__sev_snp_init_locked");
	cr_told(&s, "stacked-disable");
	cr_says(&s, "2 outstanding");
	v10_full_shutdown(&s);
	settle(&s);
	cr_told(&s, "full-shutdown window-closed leaked-disable");
}

Test(window, disable_in_the_next_window_is_not_stacked)
{
	v10_initialised();
	v10_full_shutdown(&s);
	v10_prepare(&s);
	cr_told(&s, "full-shutdown window-closed window-open");
}

Test(window, foreign_disable_is_not_stacked)
{
	v10_initialised();
	foreign_disable(&s, "pci_call_probe");
	cr_told(&s, "");
}

Test(window, disable_that_outlives_the_window_is_leaked)
{
	v10_initialised();
	full_shutdown(&s);
	x86_shutdown(&s);
	sweep(&s);
	cr_told(&s, SHUT_DOWN);
	cr_assert(window_is_unsettled(s.window));
	settle(&s);
	cr_told(&s, "leaked-disable");
	cr_says(&s, "window 1 is closed with 1 disable of SNP's outstanding");
	settle(&s);
	cr_told(&s, "");
}

Test(window, enable_that_comes_soon_after_is_no_leak)
{
	v10_initialised();
	full_shutdown(&s);
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	hp_enable(&s, "snp_shutdown");
	x86_shutdown(&s);
	settle(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window, foreign_disable_that_outlives_the_window_is_no_leak)
{
	mainline_initialised();
	foreign_disable(&s, "pci_call_probe");
	full_shutdown(&s);
	x86_shutdown(&s);
	settle(&s);
	cr_told(&s, SHUT_DOWN);
}

/* ---- what is not known ---- */

Test(window, unreadable_cpu_is_named_once)
{
	s.cpus[2].err = -EIO;
	start(&s);
	cr_told(&s, "blind:2");
	cr_says(&s, "SYSCFG of CPU 2 can't be read");
	cpu_state(&s, 2);
	settle(&s);
	cr_told(&s, "");
	cr_assert(window_cpu(s.window, 2).looked);
	cr_assert_not(window_cpu(s.window, 2).readable);
}

Test(window, unreadable_cpu_that_is_readable_again_is_named_anew)
{
	start(&s);
	s.cpus[2].err = -EIO;
	sweep(&s);
	s.cpus[2].err = 0;
	sweep(&s);
	cr_told(&s, "blind:2");
	s.cpus[2].err = -EIO;
	sweep(&s);
	cr_told(&s, "blind:2");
}

Test(window, unreadable_cpu_keeps_the_window_open)
{
	start_inside(0, 0);
	cr_told(&s, FOUND_OPEN);
	s.cpus[2].err = -EIO;
	for (unsigned int i = 0; i < s.cpu_count; i++)
		s.cpus[i].snp_en = false;
	sweep(&s);
	/* What CPU 2 has can't be claimed, nor that the window is closed. */
	cr_told(&s, "snp-en-lost:0 snp-en-lost:1 blind:2 snp-en-lost:3");
	cr_assert(window_is_open(s.window));
}

/* The msr driver's file comes a moment after the CPU: the guard must look again, and only then. */
Test(window, cpu_that_is_not_readable_yet_asks_for_another_sweep)
{
	s.cpus[3].online = false;
	start(&s);
	cpu_up(&s, 3);
	s.cpus[3].err = -ENOENT;
	sweep(&s);
	cr_told(&s, "");
	cr_assert(window_is_unsettled(s.window));
	cr_assert_not(window_cpu(s.window, 3).looked);
	settle(&s);
	cr_told(&s, "blind:3");
	cr_assert_not(window_is_unsettled(s.window));
	cr_assert(window_cpu(s.window, 3).looked);
	cr_assert_not(window_cpu(s.window, 3).readable);
}

/* What is not online has no SYSCFG to read, so none that was looked at. */
Test(window, cpu_that_left_is_not_readable_any_more)
{
	start(&s);
	cr_assert(window_cpu(s.window, 3).looked);
	cr_assert(window_cpu(s.window, 3).readable);
	/* The first that there is no room for: with four CPUs there is room for 64. */
	cr_assert_not(window_cpu(s.window, 64).present);
	s.cpus[3].online = false;
	sweep(&s);
	cr_assert_not(window_cpu(s.window, 3).online);
	cr_assert_not(window_cpu(s.window, 3).looked);
	cr_assert_not(window_cpu(s.window, 3).readable);
	cr_told(&s, "");
}

Test(window, offline_cpu_is_not_unreadable)
{
	s.cpus[2].err = -ENXIO;
	s.cpus[2].online = false;
	start(&s);
	settle(&s);
	cr_told(&s, "");
}

Test(window, lost_records_are_blindness)
{
	start(&s);
	lost(&s, 3);
	cr_told(&s, "blind");
	cr_says(&s, "3 records were lost");
	cr_assert_eq(window_totals(s.window).lost, 3);
}

Test(window, uncovered_fact_is_blindness)
{
	struct snp_event e;

	start_only(&s);
	e = story_event(&s, SNP_EV_UNCOVERED);
	e.subject = 4;
	strcpy(e.name, "owner");
	cr_assert_eq(story_feed(&s, &e), 0);
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
	cr_assert_eq(story_feed(&s, &e), 0);
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

	v10_initialised();
	for (int i = 0; i < 3; i++) {
		e = story_event(&s, SNP_EV_DENIED);
		e.flags = i ? 0 : SNP_F_AUDIT;
		e.subject = 3;
		strcpy(e.name, "cpu3/online");
		cr_assert_eq(story_feed(&s, &e), 0);
	}
	settle(&s);
	cr_told(&s, "");
	cr_assert_eq(window_totals(s.window).denied, 3);
	cr_assert_eq(window_totals(s.window).audited, 1);
}

Test(window, modules_come_and_go_in_silence)
{
	struct snp_event e;

	v10_initialised();
	legacy_shutdown(&s);
	e = story_event(&s, SNP_EV_MODULE_FREE);
	strcpy(e.name, "ccp");
	cr_assert_eq(story_feed(&s, &e), 0);
	e = story_event(&s, SNP_EV_MODULE_LOAD);
	strcpy(e.name, "ccp");
	cr_assert_eq(story_feed(&s, &e), 0);
	settle(&s);
	cr_told(&s, "legacy-shutdown");
	cr_assert(window_is_open(s.window));
}

Test(window, cpus_beyond_all_known_are_unknown)
{
	struct window_cpu c;

	start(&s);
	c = window_cpu(s.window, 100000);
	cr_assert(!c.present && !c.online && !c.looked && !c.readable && !c.snp_en);
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
				       SNP_EV_BEFORE_CPU };
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

static struct snp_event gate_event(struct story *s, __u32 flags)
{
	struct snp_event e = story_event(s, SNP_EV_GATE);

	e.flags = flags;
	strcpy(e.name, "the latch was opened by another");
	return e;
}

Test(gate, steady_and_armed_are_no_verdict)
{
	struct story s;
	struct snp_event e;

	story_begin(&s, 2);
	start(&s);
	e = gate_event(&s, SNP_F_STEADY);
	cr_assert_eq(story_feed(&s, &e), 0);
	e = gate_event(&s, 0);
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_told(&s, "");
	story_end(&s);
}

Test(gate, degraded_and_put_right_is_said_and_no_breach)
{
	struct story s;
	struct snp_event e;

	story_begin(&s, 2);
	start(&s);
	e = gate_event(&s, SNP_F_DEGRADED | SNP_F_RESTORED);
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_says(&s, "the latch was opened by another: put right");
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 0);
	story_end(&s);
}

Test(gate, degraded_so_that_something_may_have_passed_is_blind)
{
	struct story s;
	struct snp_event e;

	story_begin(&s, 2);
	start(&s);
	e = gate_event(&s, SNP_F_DEGRADED | SNP_F_MISSED);
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_says(&s, "not put right");
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 1);
	story_end(&s);
}

/* On its way down a CPU's msr file goes before the CPU does. */
static void begin_on_its_way_down(struct story *s)
{
	struct snp_event e;

	story_begin(s, 2);
	start(s);
	e = story_event(s, SNP_EV_CPU_DOWN_BEGIN);
	e.subject = 1;
	cr_assert_eq(story_feed(s, &e), 0);
	s->cpus[1].err = -ENOENT;
}

Test(cpus, unreadable_on_its_way_down_is_not_blind)
{
	struct story s;

	begin_on_its_way_down(&s);
	later(&s, SECOND);
	sweep(&s);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 0);
	/* It did not go. */
	later(&s, 5 * SECOND);
	sweep(&s);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 1);
	story_end(&s);
}

/* ... for five seconds, and not a moment longer. */
Test(cpus, unreadable_for_five_seconds_is_blind)
{
	struct story s;
	struct snp_event e;

	begin_on_its_way_down(&s);
	e = story_event(&s, SNP_EV_CPU_STATE);
	e.subject = 1;
	e.flags = SNP_F_PRESENT | SNP_F_ONLINE;
	e.result = -ENOENT;
	e.time_ns += 5 * SECOND - 1001;
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 0);
	e.time_ns++;
	cr_assert_eq(story_feed(&s, &e), 0);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 1);
	story_end(&s);
}
