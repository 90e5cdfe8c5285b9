// SPDX-License-Identifier: GPL-2.0-only
/* The CPUs: their SNP_EN, the set of those online, and what can't be read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "events.h"

STORY_SUITE(window_cpus);

/* ---- SNP_EN of each CPU ---- */

Test(window_cpus, snp_en_lost_while_initialised)
{
	v10_initialised(&s);
	s.cpus[2].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:2 cpu-without-snp-en:2");
	sweep(&s);
	cr_settles(&s, "");
}

Test(window_cpus, snp_en_lost_after_a_legacy_shutdown_harms_no_guest)
{
	v10_initialised(&s);
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

Test(window_cpus, snp_en_cleared_by_a_full_shutdown_is_not_lost)
{
	v10_initialised(&s);
	v10_full_shutdown(&s);
	/* With every CPU told of again, as a first look would. */
	for (unsigned int i = 0; i < s.cpu_count; i++)
		cpu_state(&s, i);
	truth(&s);
	cr_told(&s, SHUT_DOWN);
}

Test(window_cpus, full_shutdown_that_leaves_snp_en_set)
{
	mainline_initialised(&s);
	full_shutdown(&s);
	s.cpus[1].snp_en = true;
	sweep(&s);
	cr_told(&s, "full-shutdown window-closed snp-en-lost:1 window-open");
	cr_assert(window_is_open(s.window));
	cpu_up(&s, 5);
	cr_told(&s, "cpu-onlined:5");
}

Test(window_cpus, full_shutdown_that_leaves_snp_en_set_on_two)
{
	mainline_initialised(&s);
	full_shutdown(&s);
	s.cpus[1].snp_en = s.cpus[3].snp_en = true;
	sweep(&s);
	cr_told(&s, "full-shutdown window-closed snp-en-lost:1 snp-en-lost:3 window-open");
}

Test(window_cpus, sweep_inside_the_next_prepare_finds_nothing_kept)
{
	/* Nobody tells of each CPU's SNP_EN here, so a sweep sees it before snp_prepare() ends. */
	s.start_flags &= ~SNP_F_HAS_ENABLE;
	start(&s);
	v10_prepare(&s);
	snp_init(&s);
	v10_full_shutdown(&s);
	cr_settles(&s, INITIALISED " " SHUT_DOWN);
	prepare_enter(&s);
	hp_disable(&s, "snp_prepare");
	s.cpus[0].snp_en = true;
	sweep(&s);
	snp_enable_online(&s);
	prepare_exit(&s, 0);
	cr_settles(&s, OPENED);
}

Test(window_cpus, cpu_onlined_without_snp_en_is_named_twice)
{
	s.cpus[3].online = false;
	s.cpus[3].present = false;
	start(&s);
	v10_prepare(&s);
	snp_init(&s);
	cpu_up(&s, 3);
	cr_told(&s, "window-open initialised cpu-onlined:3");
	cr_says(&s, "requested by modprobe[4242]");
	cr_settles(&s, "cpu-without-snp-en:3");
}

Test(window_cpus, a_worker_of_the_kernel_is_no_requester)
{
	struct snp_event e;

	v10_initialised(&s);
	e = story_event(&s, SNP_EV_CPU_DOWN_BEGIN);
	e.subject = 3;
	e.tid = 7;
	strcpy(e.comm, "kworker/0:1");
	story_tell(&s, &e);
	story_tell_cpu(&s, SNP_EV_CPU_DOWN, 3);
	cr_told(&s, "cpu-offlined:3");
	cr_says(&s, "requester unknown");
}

Test(window_cpus, cpu_without_snp_en_is_told_again_once_it_came_back)
{
	v10_initialised(&s);
	s.cpus[3].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:3 cpu-without-snp-en:3");
	cpu_down(&s, 3);
	cpu_up(&s, 3);
	cr_settles(&s, "cpu-offlined:3 cpu-onlined:3 cpu-without-snp-en:3");
}

Test(window_cpus, cpu_without_snp_en_while_not_initialised_is_silent)
{
	s.cpus[0].snp_en = s.cpus[1].snp_en = true;
	start(&s);
	cr_told(&s, FOUND_OPEN);
	cr_settles(&s, "");
}

/* ---- VM_HSAVE_PA, cleared while KVM has virtualisation enabled ---- */

static void set_no_hsave(bool set)
{
	for (unsigned int i = 0; i < s.cpu_count; i++)
		s.cpus[i].no_hsave = set;
	sweep(&s);
}

Test(window_cpus, hsave_cleared_under_kvm_is_one_breach_if_it_lasts)
{
	mainline_initialised(&s);
	set_no_hsave(true);
	cr_told(&s, "");
	cr_assert(window_is_unsettled(s.window));
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	cr_told(&s, "");
	cr_settles(&s, "init-under-guests");
	cr_says(&s, "on CPUs 0-3, where KVM");
	cr_assert_not(window_is_unsettled(s.window));
	cr_settles(&s, "");
}

/* KVM sets EFER.SVME first; earlier kernels clear VM_HSAVE_PA first as virtualisation ends. */
Test(window_cpus, hsave_that_kvm_is_about_to_set_is_silent)
{
	mainline_initialised(&s);
	set_no_hsave(true);
	later(&s, WINDOW_SETTLE_NS - SECOND / 100);
	set_no_hsave(false);
	set_no_hsave(true);
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	set_no_hsave(false);
	cr_settles(&s, "");
}

Test(window_cpus, hsave_counts_from_the_first_look)
{
	mainline_initialised(&s);
	set_no_hsave(true);
	later(&s, WINDOW_SETTLE_NS / 2);
	cpu_state(&s, 2);
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	cr_told(&s, "init-under-guests");
	cr_says(&s, "on CPUs 0-3, where KVM");
}

Test(window_cpus, hsave_outlasts_a_full_shutdown)
{
	mainline_initialised(&s);
	mainline_ends(&s);
	s.cpus[2].no_hsave = true;
	sweep(&s);
	cr_settles(&s, "init-under-guests");
	cr_says(&s, "on CPU 2, where KVM");
}

Test(window_cpus, hsave_is_told_again_once_it_was_set)
{
	mainline_initialised(&s);
	s.cpus[2].no_hsave = true;
	sweep(&s);
	cr_settles(&s, "init-under-guests");
	s.cpus[2].no_hsave = false;
	sweep(&s);
	cr_settles(&s, "");
	s.cpus[2].no_hsave = true;
	sweep(&s);
	cr_settles(&s, "init-under-guests");
	/* And of another CPU; the list has them both. */
	s.cpus[0].no_hsave = true;
	sweep(&s);
	cr_settles(&s, "init-under-guests");
	cr_says(&s, "on CPUs 0,2, where KVM");
}

Test(window_cpus, hsave_that_may_still_be_set_is_not_listed)
{
	mainline_initialised(&s);
	s.cpus[2].no_hsave = true;
	sweep(&s);
	later(&s, WINDOW_SETTLE_NS / 2);
	s.cpus[0].no_hsave = true;
	sweep(&s);
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	cr_told(&s, "init-under-guests");
	cr_says(&s, "on CPU 2, where KVM");
}

Test(window_cpus, hsave_of_a_cpu_that_leaves_is_silent)
{
	mainline_initialised(&s);
	s.cpus[2].no_hsave = true;
	sweep(&s);
	s.cpus[2].no_hsave = false;
	cpu_down(&s, 2);
	cr_settles(&s, "cpu-offlined:2");
}

Test(window_cpus, hsave_of_a_cpu_that_came_back_is_looked_at_anew)
{
	mainline_initialised(&s);
	s.cpus[2].no_hsave = true;
	sweep(&s);
	later(&s, WINDOW_SETTLE_NS - SECOND / 100);
	cpu_down(&s, 2);
	cpu_up(&s, 2);
	later(&s, SECOND / 50);
	sweep(&s);
	cr_told(&s, "cpu-offlined:2 cpu-onlined:2");
	cr_settles(&s, "init-under-guests");
}

/* ---- whether SNP is initialised is unknown ---- */

Test(window_cpus, unequal_snp_en_is_named_where_the_firmwares_state_is_unknown)
{
	start_inside(&s, 0, -1);
	cr_told(&s, "window-open inferred blind");
	cr_says(&s, "can't find out whether SNP is initialised in window 1");
	s.cpus[3].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:3 cpu-without-snp-en:3");
	cr_says(&s, "CPU 3 is online without SNP_EN inside a window; whether SNP is initialised is "
		    "unknown");
	cr_settles(&s, "");
}

Test(window_cpus, unequal_snp_en_that_the_guard_finds_is_named_too)
{
	s.initialised = -1;
	s.cpus[0].snp_en = s.cpus[2].snp_en = true;
	start(&s);
	cr_told(&s, "window-open inferred blind cpu-without-snp-en:1 cpu-without-snp-en:3");
}

Test(window_cpus, equal_snp_en_is_no_breach_where_the_firmwares_state_is_unknown)
{
	start_inside(&s, 0, -1);
	cr_told(&s, "window-open inferred blind");
	cr_settles(&s, "");
	end(&s);
	cr_told(&s, "");
}

/* A bailout: the window is open, of which no sweep knew. Its CPUs may be in the midst of it. */
Test(window_cpus, sweep_inside_a_prepare_judges_nobody_by_an_unknown_state)
{
	start_inside(&s, 0, -1);
	cr_told(&s, "window-open inferred blind");
	prepare_enter(&s);
	s.cpus[3].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:3");
	prepare_exit(&s, 0);
	sweep(&s);
	cr_told(&s, "unsafe-bailout cpu-without-snp-en:3");
}

Test(window_cpus, offline_cpu_without_snp_en_is_silent)
{
	v10_initialised(&s);
	cpu_down(&s, 3);
	s.cpus[3].snp_en = false;
	cr_settles(&s, "cpu-offlined:3");
}

/* ---- the set of CPUs ---- */

Test(window_cpus, hotplug_outside_a_window_is_silent)
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

Test(window_cpus, hotplug_after_a_failed_init_is_still_inside_the_window)
{
	mainline_init_fails(&s);
	cpu_down(&s, 3);
	cpu_up(&s, 3);
	cr_told(&s, "cpu-offlined:3 cpu-onlined:3");
}

Test(window_cpus, hotplug_that_fails_is_silent)
{
	struct snp_event e;

	v10_initialised(&s);
	story_tell_cpu(&s, SNP_EV_CPU_DOWN_BEGIN, 3);
	e = story_event(&s, SNP_EV_CPUHP_FAIL);
	e.subject = 3;
	e.result = -EBUSY;
	story_tell(&s, &e);
	cr_settles(&s, "");
}

Test(window_cpus, suspend_inside_a_window_says_so)
{
	struct snp_event e;

	v10_initialised(&s);
	e = story_event(&s, SNP_EV_CPU_DOWN_BEGIN);
	e.subject = 3;
	e.flags = SNP_F_FROZEN;
	story_tell(&s, &e);
	story_tell_cpu(&s, SNP_EV_CPU_DOWN, 3);
	s.cpus[3].online = false;
	cr_told(&s, "cpu-offlined:3");
	cr_says(&s, "in suspend or resume");
}

Test(window_cpus, cpu_seen_offline_by_a_sweep_only)
{
	v10_initialised(&s);
	s.cpus[2].online = false;
	sweep(&s);
	cr_told(&s, "cpu-offlined:2");
	cr_says(&s, "seen by a sweep only");
	settle(&s);
	s.cpus[2].online = true;
	sweep(&s);
	cr_told(&s, "cpu-onlined:2");
	cr_says(&s, "seen by a sweep only");
}

Test(window_cpus, set_read_just_before_a_transition_is_not_a_second_one)
{
	v10_initialised(&s);
	cpu_down(&s, 2);
	cr_told(&s, "cpu-offlined:2");
	/* The hook fires before the set changes: a sweep may still read the old one. */
	s.cpus[2].online = true;
	sweep(&s);
	s.cpus[2].online = false;
	sweep(&s);
	cr_settles(&s, "");
}

Test(window_cpus, cpus_that_stop_for_kexec_are_silent)
{
	v10_initialised(&s);
	kexec(&s);
	for (unsigned int i = 1; i < s.cpu_count; i++)
		cpu_down(&s, i);
	cr_told(&s, "");
}

Test(window_cpus, cpus_that_stop_for_kexec_are_silent_to_sweeps_too)
{
	v10_initialised(&s);
	kexec(&s);
	for (unsigned int i = 1; i < s.cpu_count; i++)
		s.cpus[i].online = false;
	silent_to_the_end(&s);
}

/* ---- CPUs that can't be read ---- */

Test(window_cpus, unreadable_cpu_is_named_once)
{
	s.cpus[2].err = -EIO;
	start(&s);
	cr_told(&s, "blind:2");
	cr_says(&s, "can't read SYSCFG of CPU 2");
	cpu_state(&s, 2);
	cr_settles(&s, "");
	cr_assert(window_cpu(s.window, 2).looked);
	cr_assert_not(window_cpu(s.window, 2).readable);
}

Test(window_cpus, unreadable_cpu_that_is_readable_again_is_named_anew)
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

Test(window_cpus, unreadable_cpu_keeps_the_window_open)
{
	start_inside(&s, 0, 0);
	cr_told(&s, FOUND_OPEN);
	s.cpus[2].err = -EIO;
	all_snp_en(&s, false);
	sweep(&s);
	/* What CPU 2 has can't be claimed, nor that the window is closed. */
	cr_told(&s, "snp-en-lost:0 snp-en-lost:1 blind:2 snp-en-lost:3");
	cr_assert(window_is_open(s.window));
}

/* The msr driver's file comes a moment after the CPU: the guard must look again, and only then. */
Test(window_cpus, cpu_that_is_not_readable_yet_asks_for_another_sweep)
{
	s.cpus[3].online = false;
	start(&s);
	cpu_up(&s, 3);
	s.cpus[3].err = -ENOENT;
	sweep(&s);
	cr_told(&s, "");
	cr_assert(window_is_unsettled(s.window));
	cr_assert_not(window_cpu(s.window, 3).looked);
	cr_settles(&s, "blind:3");
	cr_assert_not(window_is_unsettled(s.window));
	cr_assert(window_cpu(s.window, 3).looked);
	cr_assert_not(window_cpu(s.window, 3).readable);
}

/* What is not online has no SYSCFG to read, so none that was looked at. */
Test(window_cpus, cpu_that_left_is_not_readable_any_more)
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

Test(window_cpus, offline_cpu_is_not_unreadable)
{
	s.cpus[2].err = -ENXIO;
	s.cpus[2].online = false;
	start(&s);
	cr_settles(&s, "");
}

Test(window_cpus, cpus_beyond_all_known_are_unknown)
{
	struct window_cpu c;

	start(&s);
	c = window_cpu(s.window, 100000);
	cr_assert(!c.present && !c.online && !c.looked && !c.readable && !c.snp_en);
}

/* On its way down a CPU's msr file goes before the CPU does. */
static void cpu_1_is_on_its_way_down(void)
{
	start(&s);
	story_tell_cpu(&s, SNP_EV_CPU_DOWN_BEGIN, 1);
	s.cpus[1].err = -ENOENT;
}

Test(window_cpus, unreadable_on_its_way_down_is_not_blind)
{
	cpu_1_is_on_its_way_down();
	later(&s, SECOND);
	sweep(&s);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 0);
	/* It did not go. */
	later(&s, 5 * SECOND);
	sweep(&s);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 1);
}

/* ... for five seconds, and not a moment longer. */
Test(window_cpus, unreadable_for_five_seconds_is_blind)
{
	struct snp_event e;

	cpu_1_is_on_its_way_down();
	e = story_event(&s, SNP_EV_CPU_STATE);
	e.subject = 1;
	e.flags = SNP_F_PRESENT | SNP_F_ONLINE;
	e.result = -ENOENT;
	e.time_ns += 5 * SECOND - 1001;
	story_tell(&s, &e);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 0);
	e.time_ns++;
	story_tell(&s, &e);
	cr_expect_eq(s.breaches[SNP_BREACH_BLIND], 1);
}

/* ---- sweeps that say nothing ---- */

Test(window_cpus, sweeps_that_come_to_no_end_are_blindness)
{
	start(&s);
	/* The last complete one may be long ago. */
	later(&s, 100 * SECOND);
	unstable_sweep(&s);
	later(&s, 9 * SECOND);
	unstable_sweep(&s);
	cr_told(&s, "");
	later(&s, SECOND);
	unstable_sweep(&s);
	cr_told(&s, "blind");
	cr_says(&s, "no sweep was complete for 10 s");
	later(&s, 20 * SECOND);
	unstable_sweep(&s);
	cr_told(&s, "");
	sweep(&s);
	unstable_sweep(&s);
	later(&s, 10 * SECOND);
	unstable_sweep(&s);
	cr_told(&s, "blind");
}
