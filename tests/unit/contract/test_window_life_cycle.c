// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life cycle of windows: how they open and close, and what a guard makes of one that it finds
 * open.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "events.h"

STORY_SUITE(window_life_cycle);

/* ---- snp_prepare() that fails, bails out, or leaves CPUs behind ---- */

Test(window_life_cycle, failed_prepare_is_silent)
{
	s.cpus[3].online = false;
	start(&s);
	prepare_enter(&s);
	prepare_exit(&s, -EOPNOTSUPP);
	silent_to_the_end(&s);
	cr_assert_not(window_is_open(s.window));
}

Test(window_life_cycle, failed_prepare_of_v10_is_silent)
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
	v10_initialises(&s);
}

Test(window_life_cycle, partial_prepare_names_the_cpus_left_behind)
{
	s.cpus[1].online = s.cpus[3].online = false;
	start(&s);
	prepare(&s);
	cr_told(&s, "window-open partial-prepare");
	cr_says(&s, "modprobe[4242]");
	cr_says(&s, "2 present CPUs offline: 1,3");
}

Test(window_life_cycle, absent_cpus_are_not_left_behind)
{
	s.cpus[3] = (struct story_cpu){ .present = false };
	start(&s);
	prepare(&s);
	cr_settles(&s, OPENED);
}

Test(window_life_cycle, bailout_with_offline_cpus_is_no_partial_prepare)
{
	mainline_initialised(&s);
	cpu_down(&s, 3);
	legacy_shutdown(&s);
	prepare_bails_out(&s);
	cr_settles(&s, "cpu-offlined:3 legacy-shutdown");
}

Test(window_life_cycle, safe_bailout_is_silent)
{
	mainline_initialised(&s);
	legacy_shutdown(&s);
	initialise_again(&s);
	cr_told(&s, "legacy-shutdown initialised");
}

Test(window_life_cycle, unsafe_bailout_names_the_cpus)
{
	mainline_initialised(&s);
	legacy_shutdown(&s);
	cpu_down(&s, 2);
	s.cpus[2].snp_en = false;
	cpu_up(&s, 2);
	cr_settles(&s, "legacy-shutdown cpu-offlined:2 cpu-onlined:2");
	/* What the last sweep told is enough to know it. */
	prepare_bails_out(&s);
	cr_told(&s, "unsafe-bailout");
	sweep(&s);
	cr_says(&s, "CPU 2 lacks SNP_EN");
	sweep(&s);
	cr_told(&s, "");
}

Test(window_life_cycle, unsafe_bailout_after_kexec)
{
	s.cpus[0].snp_en = s.cpus[1].snp_en = true;
	start(&s);
	cr_told(&s, FOUND_OPEN);
	prepare_bails_out(&s);
	sweep(&s);
	cr_told(&s, "unsafe-bailout");
	cr_says(&s, "CPUs 2-3 lack SNP_EN");
}

Test(window_life_cycle, bailout_is_judged_by_what_the_cpus_had_then)
{
	mainline_initialised(&s);
	legacy_shutdown(&s);
	prepare_bails_out(&s);
	snp_init(&s);
	/* It ends before a sweep came, and clears SNP_EN as it should. */
	full_shutdown(&s);
	x86_shutdown(&s);
	cr_settles(&s, "legacy-shutdown initialised full-shutdown window-closed");
}

/* By the sweep that follows, where nothing is known against it; that must come. */
Test(window_life_cycle, bailout_asks_for_a_sweep)
{
	start_inside(&s, 1, 0);
	settle(&s);
	cr_assert_not(window_is_unsettled(s.window));
	prepare_bails_out(&s);
	cr_assert(window_is_unsettled(s.window));
	sweep(&s);
	cr_assert_not(window_is_unsettled(s.window));
	cr_told(&s, FOUND_OPEN);
}

Test(window_life_cycle, bailout_before_the_first_sweep_opens_the_window)
{
	s.cpus[0].snp_en = s.cpus[1].snp_en = true;
	start_only(&s);
	prepare_bails_out(&s);
	cr_told(&s, OPENED);
	sweep(&s);
	cr_assert(strstr(s.told, "unsafe-bailout"), "told `%s`", s.told);
	cr_says(&s, "CPUs 2-3 lack SNP_EN");
}

Test(window_life_cycle, prepare_that_sets_snp_en_in_an_open_window_is_no_bailout)
{
	/* It runs on a CPU without SNP_EN, and leaves CPU 3 behind. */
	s.cpus[1].snp_en = true;
	s.cpus[3].online = false;
	start(&s);
	prepare(&s);
	cr_settles(&s, "window-open inferred partial-prepare");
}

Test(window_life_cycle, bailout_is_known_without_snp_enable_to_watch)
{
	s.start_flags &= ~SNP_F_HAS_ENABLE;
	mainline_initialised(&s);
	legacy_shutdown(&s);
	prepare_bails_out(&s);
	cr_settles(&s, "legacy-shutdown");
}

Test(window_life_cycle, void_prepare_succeeds)
{
	struct snp_event e;

	s.cpus[3].online = false;
	start(&s);
	prepare_enter(&s);
	snp_enable_online(&s);
	e = story_event(&s, SNP_EV_PREPARE_EXIT);
	e.flags = SNP_F_VOID;
	story_tell(&s, &e);
	cr_told(&s, "window-open partial-prepare");
	snp_init(&s);
	legacy_shutdown(&s);
	prepare_enter(&s);
	e = story_event(&s, SNP_EV_PREPARE_EXIT);
	e.flags = SNP_F_VOID;
	story_tell(&s, &e);
	cr_settles(&s, "initialised no-latch legacy-shutdown");
}

/* ---- shutdowns ---- */

Test(window_life_cycle, legacy_shutdown_keeps_the_window_open)
{
	v10_initialised(&s);
	legacy_shutdown(&s);
	cr_settles(&s, "legacy-shutdown");
	cr_assert(window_is_open(s.window));
	cpu_down(&s, 1);
	cr_told(&s, "cpu-offlined:1");
}

Test(window_life_cycle, snp_shutdown_is_a_legacy_shutdown)
{
	v10_initialised(&s);
	/* The old command has no flags; what stands where they would be means nothing. */
	command(&s, SNP_CMD_SHUTDOWN, SNP_SHUTDOWN_X86, 0);
	cr_settles(&s, "legacy-shutdown");
	cr_assert(window_is_open(s.window));
}

Test(window_life_cycle, failed_full_shutdown_closes_nothing)
{
	v10_initialised(&s);
	command(&s, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, STATUS_FAILED);
	cr_settles(&s, "");
	cr_assert(window_is_open(s.window));
	cpu_up(&s, 5);
	cr_told(&s, "cpu-onlined:5");
}

Test(window_life_cycle, shutdown_retried_after_a_flush_is_silent)
{
	v10_initialised(&s);
	command(&s, SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, SNP_STATUS_DFFLUSH_REQUIRED);
	df_flush(&s, 0);
	v10_ends(&s);
}

Test(window_life_cycle, shutdown_of_snp_that_was_never_initialised_is_silent)
{
	start(&s);
	v10_prepare(&s);
	settle(&s);
	v10_full_shutdown(&s);
	settle(&s);
	end(&s);
	cr_told(&s, "window-open full-shutdown window-closed");
}

Test(window_life_cycle, legacy_shutdown_of_snp_that_was_never_initialised_is_silent)
{
	start(&s);
	v10_prepare(&s);
	legacy_shutdown(&s);
	settle(&s);
	end(&s);
	cr_told(&s, "window-open legacy-shutdown");
}

Test(window_life_cycle, full_shutdown_is_known_by_snp_shutdown_alone)
{
	mainline_initialised(&s);
	all_snp_en(&s, false);
	x86_shutdown(&s);
	cr_settles(&s, SHUT_DOWN);
}

Test(window_life_cycle, enable_in_a_full_shutdown_whose_command_was_not_seen_is_not_early)
{
	v10_initialised(&s);
	all_snp_en(&s, false);
	/* snp_shutdown() runs after a full shutdown only, and enables in it. */
	x86_shutdown(&s);
	hp_enable(&s, "snp_shutdown");
	settle(&s);
	cr_not_told(&s, "early-enable");
	cr_not_told(&s, "snp-en-lost");
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
	cr_settles(&s, "window-open inferred no-latch");
}

TestSuite(old_kernel, .init = begin_old, .fini = finish);

Test(old_kernel, window_is_open_from_the_start)
{
	silent_to_the_end(&s);
	cr_assert(window_is_open(s.window));
}

Test(old_kernel, onlined_cpu_sets_its_own_snp_en)
{
	cpu_up(&s, 3);
	cr_told(&s, "cpu-onlined:3");
	cr_says(&s, "the kernel sets its SNP_EN");
	later(&s, 900000000);
	sweep(&s);
	s.cpus[3].snp_en = true;
	silent_to_the_end(&s);
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
	silent_to_the_end(&s);
}

/* ---- a guard that starts in the middle ---- */

Test(window_life_cycle, start_inside_with_count_1_infers_a_disable)
{
	start_inside(&s, 1, 1);
	cr_told(&s, FOUND_OPEN);
	cr_says(&s, "hotplug count 1: assuming one of the holds is SNP's");
	cr_says(&s, "the driver has initialised SNP");
	settle(&s);
	v10_ends(&s);
	v10_initialises(&s);
}

Test(window_life_cycle, start_inside_with_count_0_has_no_latch)
{
	start_inside(&s, 0, 1);
	cr_told(&s, FOUND_OPEN);
	cr_says(&s, "hotplug count 0: SNP has no hold");
	cr_settles(&s, "no-latch");
	mainline_ends(&s);
}

Test(window_life_cycle, start_inside_with_count_0_uninitialised_is_silent)
{
	start_inside(&s, 0, 0);
	cr_settles(&s, FOUND_OPEN);
	cr_says(&s, "the driver has not initialised SNP");
}

Test(window_life_cycle, start_inside_with_an_unreadable_count_accuses_nobody)
{
	start_inside(&s, SNP_COUNT_UNKNOWN, 1);
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

Test(window_life_cycle, start_inside_still_holds_the_kernel_to_its_books)
{
	start_inside(&s, 1, 1);
	cr_told(&s, FOUND_OPEN);
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "early-enable");
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "unbalanced-enable");
}

Test(window_life_cycle, window_that_opens_before_the_first_sweep_is_not_inferred)
{
	s.initialised = 1;
	start_only(&s);
	v10_prepare(&s);
	snp_init(&s);
	sweep(&s);
	cr_settles(&s, INITIALISED);
}

Test(window_life_cycle, disable_before_the_first_sweep_is_late_all_the_same)
{
	start_only(&s);
	prepare(&s);
	sweep(&s);
	snp_init(&s);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_assert(strstr(s.told, "late-disable"), "told `%s`", s.told);
}

Test(window_life_cycle, window_found_by_a_sweep_only)
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

Test(window_life_cycle, unstable_sweep_judges_nothing)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	later(&s, SECOND);
	unstable_sweep(&s);
	cr_told(&s, INITIALISED);
}
