// SPDX-License-Identifier: GPL-2.0-only
/*
 * The books of CPU hotplug: SNP's holds, in the order of each kind of kernel, and those of others.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "events.h"

STORY_SUITE(window_hotplug);

/* ---- no-latch: kernels that never disable hotplug ---- */

Test(window_hotplug, mainline_has_no_latch)
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
	silent_to_the_end(&s);
}

Test(window_hotplug, no_latch_is_told_once_a_window)
{
	mainline_initialised(&s);
	mainline_ends(&s);
	mainline_initialises(&s);
	cr_assert_eq(window_totals(s.window).windows, 2);
}

Test(window_hotplug, no_latch_is_not_told_of_a_failed_init)
{
	mainline_init_fails(&s);
	silent_to_the_end(&s);
}

Test(window_hotplug, no_latch_is_not_told_before_snp_is_initialised)
{
	start(&s);
	prepare(&s);
	settle(&s);
	settle(&s);
	end(&s);
	cr_told(&s, OPENED);
}

Test(window_hotplug, no_latch_is_not_guessed_at_by_an_end_soon_after)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	end(&s);
	cr_told(&s, INITIALISED);
}

Test(window_hotplug, no_latch_is_certain_once_snp_ended_without)
{
	start(&s);
	prepare(&s);
	snp_init(&s);
	legacy_shutdown(&s);
	cr_told(&s, "window-open initialised no-latch legacy-shutdown");
	snp_init(&s);
	full_shutdown(&s);
	x86_shutdown(&s);
	cr_settles(&s, "initialised full-shutdown window-closed");
}

/* ---- late-disable: v9's order ---- */

Test(window_hotplug, v9_disables_late)
{
	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, 0);
	df_flush(&s, 0);
	later(&s, 123000000);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_told(&s, "window-open initialised late-disable");
	/* Four SNP_ENABLE, one EXIT, two commands and the disable, 1 us each, after the first. */
	cr_says(&s, "123.0 ms after");
	cr_says(&s, "0 CPUs came online, 0 went offline");
	cr_settles(&s, "");
}

Test(window_hotplug, late_disable_counts_the_hotplug_in_its_gap)
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

Test(window_hotplug, v9_is_late_in_every_window_and_balanced)
{
	start(&s);
	for (int i = 0; i < 3; i++) {
		prepare(&s);
		snp_init(&s);
		hp_disable(&s, "__sev_snp_init_locked");
		cr_settles(&s, "window-open initialised late-disable");
		/* The flag: a legacy shutdown and the next init touch the counter no more. */
		legacy_shutdown(&s);
		initialise_again(&s);
		cr_told(&s, "legacy-shutdown initialised");
		v10_ends(&s);
	}
}

Test(window_hotplug, v9_leaves_hotplug_enabled_after_a_failed_init)
{
	mainline_init_fails(&s);
	cr_settles(&s, "");
	prepare_bails_out(&s);
	snp_init(&s);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_settles(&s, "initialised late-disable");
}

/* ---- v10's order: silent ---- */

Test(window_hotplug, v10_is_silent_over_repeated_cycles)
{
	start(&s);
	for (int i = 0; i < 5; i++) {
		v10_initialises(&s);
		cr_assert(window_is_open(s.window));
		v10_ends(&s);
		cr_assert_not(window_is_open(s.window));
	}
	end(&s);
	cr_told(&s, "");
	cr_assert_eq(window_totals(s.window).windows, 5);
}

Test(window_hotplug, v10_is_silent_without_sweeps_between)
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

Test(window_hotplug, v10_stays_disabled_across_legacy_shutdowns)
{
	v10_initialised(&s);
	for (int i = 0; i < 3; i++) {
		legacy_shutdown(&s);
		settle(&s);
		initialise_again(&s);
		cr_told(&s, "legacy-shutdown initialised");
	}
	v10_ends(&s);
}

Test(window_hotplug, v10_stays_disabled_across_a_failed_init)
{
	v10_init_fails(&s);
	cr_settles(&s, "");
	initialise_again(&s);
	cr_told(&s, "initialised");
	v10_ends(&s);
}

/* ---- the books of disables and enables ---- */

Test(window_hotplug, enable_inside_a_window_is_early)
{
	v10_initialised(&s);
	legacy_shutdown(&s);
	hp_enable(&s, "__sev_snp_shutdown_locked");
	cr_told(&s, "legacy-shutdown early-enable");
	cr_says(&s, "__sev_snp_shutdown_locked(), in modprobe[4242], dropped SNP's last hold");
	cr_assert_eq(s.window_of_last, 1);
	cr_settles(&s, "");
}

Test(window_hotplug, enable_after_a_failed_init_is_not_early)
{
	v10_init_fails(&s);
	hp_enable(&s, "__sev_snp_init_locked");
	cr_settles(&s, "");
}

Test(window_hotplug, enable_after_an_init_that_failed_and_then_succeeded_is_early)
{
	v10_init_fails(&s);
	snp_init(&s);
	hp_enable(&s, "__sev_snp_init_locked");
	cr_told(&s, "initialised early-enable");
}

Test(window_hotplug, init_that_failed_without_snp_en_excuses_no_early_enable)
{
	start(&s);
	snp_init_fails(&s);
	v10_prepare(&s);
	hp_enable(&s, "snp_prepare");
	cr_told(&s, "window-open early-enable");
}

Test(window_hotplug, enable_with_nothing_outstanding_is_unbalanced)
{
	mainline_initialised(&s);
	full_shutdown(&s);
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "full-shutdown window-closed unbalanced-enable");
	cr_says(&s, "snp_shutdown(), in modprobe[4242], enabled CPU hotplug for SNP, which had no hold");
}

Test(window_hotplug, second_enable_of_a_shutdown_is_unbalanced)
{
	v10_initialised(&s);
	v10_full_shutdown(&s);
	cr_told(&s, SHUT_DOWN);
	hp_enable(&s, "snp_shutdown");
	cr_told(&s, "unbalanced-enable");
}

Test(window_hotplug, foreign_pairs_are_silent)
{
	v10_initialised(&s);
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

Test(window_hotplug, foreign_pairs_are_no_latch)
{
	start(&s);
	foreign_disable(&s, "pci_call_probe");
	prepare(&s);
	snp_init(&s);
	foreign_enable(&s, "pci_call_probe");
	cr_settles(&s, "window-open initialised no-latch");
}

Test(window_hotplug, foreign_enable_is_told_if_the_deficit_lasts)
{
	v10_initialised(&s);
	foreign_enable(&s, "thaw_secondary_cpus");
	sweep(&s);
	cr_told(&s, "");
	cr_assert(window_is_unsettled(s.window));
	cr_settles(&s, "foreign-enable");
	cr_says(&s, "hotplug count 0, but SNP has 1 hold: thaw_secondary_cpus(), in modprobe[4242], enabled");
	settle(&s);
	cr_settles(&s, "");
}

Test(window_hotplug, deficit_that_passes_is_silent)
{
	v10_initialised(&s);
	foreign_enable(&s, "resume");
	sweep(&s);
	foreign_disable(&s, "resume");
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	cr_settles(&s, "");
	/* The next one starts anew. */
	foreign_enable(&s, "resume");
	sweep(&s);
	cr_told(&s, "");
}

Test(window_hotplug, deficit_of_an_enable_whose_record_follows_is_silent)
{
	v10_initialised(&s);
	full_shutdown(&s);
	s.count = 0;
	sweep(&s);
	s.count = 1;
	hp_enable(&s, "snp_shutdown");
	cr_settles(&s, SHUT_DOWN);
}

Test(window_hotplug, foreign_enable_is_not_blamed_on_snps_own)
{
	v10_initialised(&s);
	foreign_enable(&s, "thaw_secondary_cpus");
	sweep(&s);
	cr_settles(&s, "foreign-enable");
	/* SNP disabled once and enables once: its own books balance. */
	v10_ends(&s);
}

Test(window_hotplug, unreadable_count_is_no_deficit)
{
	v10_initialised(&s);
	s.count = SNP_COUNT_UNKNOWN;
	sweep(&s);
	settle(&s);
	cr_settles(&s, "");
}

Test(window_hotplug, second_disable_is_stacked)
{
	v10_initialised(&s);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_told(&s, "stacked-disable");
	cr_says(&s, "SNP now has 2 holds; hotplug count 2");
	v10_full_shutdown(&s);
	cr_settles(&s, "full-shutdown window-closed leaked-disable");
}

Test(window_hotplug, disable_in_the_next_window_is_not_stacked)
{
	v10_initialised(&s);
	v10_full_shutdown(&s);
	v10_prepare(&s);
	cr_told(&s, "full-shutdown window-closed window-open");
}

Test(window_hotplug, foreign_disable_is_not_stacked)
{
	v10_initialised(&s);
	foreign_disable(&s, "pci_call_probe");
	cr_told(&s, "");
}

Test(window_hotplug, disable_that_outlives_the_window_is_leaked)
{
	v10_initialised(&s);
	full_shutdown(&s);
	x86_shutdown(&s);
	sweep(&s);
	cr_told(&s, SHUT_DOWN);
	cr_assert(window_is_unsettled(s.window));
	cr_settles(&s, "leaked-disable");
	cr_says(&s, "window 1 has closed, but SNP still has 1 hold; snp_prepare(), in modprobe[4242],");
	cr_settles(&s, "");
}

Test(window_hotplug, enable_that_comes_soon_after_is_no_leak)
{
	v10_initialised(&s);
	full_shutdown(&s);
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	hp_enable(&s, "snp_shutdown");
	x86_shutdown(&s);
	settle(&s);
	cr_settles(&s, SHUT_DOWN);
}

Test(window_hotplug, foreign_disable_that_outlives_the_window_is_no_leak)
{
	mainline_initialised(&s);
	foreign_disable(&s, "pci_call_probe");
	mainline_ends(&s);
}
