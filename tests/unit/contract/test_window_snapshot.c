// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the automaton makes of the time before the guard: a snapshot that the CPUs are compared
 * with, and a kernel that began inside a window. As in test_window.c, what is named and what is
 * close to it.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "events.h"

static struct story s;

/* A host of 7.1 on with SNP_EN set everywhere, not initialised, and SNP's disable held. */
static void begin(void)
{
	story_begin(&s, 4);
	all_snp_en(&s, true);
	s.count = 1;
}

static void finish(void)
{
	story_finish(&s);
}

#define COMPARED   "window-open inferred compared"
#define SAME_BOOT  SNP_F_SAME_BOOT
#define OTHER_BOOT 0

/* ---- a snapshot of the same window ---- */

TestSuite(snapshot, .init = begin, .fini = finish);

Test(snapshot, host_that_did_not_change_is_silent)
{
	s.cpus[3].online = s.cpus[3].snp_en = false;
	snapshot(&s);
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED);
	cr_says(&s, "SNP_EN was set at the snapshot, in this boot, and is set now: assumed to be "
		    "one window");
	silent_to_the_end(&s);
}

Test(snapshot, window_of_another_boot_outlived_a_kexec)
{
	snapshot(&s);
	start_since(&s, OTHER_BOOT);
	cr_told(&s, COMPARED);
	cr_says(&s, "SNP_EN was set at the snapshot, in another boot, and is set now: the window "
		    "outlived a kexec");
}

Test(snapshot, guard_without_one_compares_nothing)
{
	s.cpus[3].online = false;
	start(&s);
	cr_told(&s, FOUND_OPEN);
}

Test(snapshot, is_compared_once)
{
	s.cpus[3].online = false;
	snapshot(&s);
	s.cpus[3].online = true;
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED " cpu-onlined:3");
	silent_to_the_end(&s);
}

Test(snapshot, is_compared_by_the_first_sweep_that_is_complete)
{
	snapshot(&s);
	s.cpus[3].online = false;
	start_only(&s);
	tell_snapshot(&s, SAME_BOOT);
	for (unsigned int i = 0; i < s.cpu_count; i++)
		cpu_state(&s, i);
	unstable_sweep(&s);
	cr_told(&s, "");
	sweep(&s);
	cr_told(&s, COMPARED " cpu-offlined:3");
}

/* ---- ... and of another one: nothing can be compared ---- */

Test(snapshot, taken_outside_a_window_accuses_nobody)
{
	all_snp_en(&s, false);
	s.cpus[2].online = false;
	snapshot(&s);
	all_snp_en(&s, true);
	s.cpus[2].online = true;
	s.cpus[3].online = false;
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED);
	cr_assert(strstr(s.text, "SNP_EN was clear at the snapshot, in this boot, and is set now"),
		  "the text is `%s`", s.text);
	cr_assert_not(strstr(s.text, "window"), "the text is `%s`", s.text);
}

Test(snapshot, of_a_window_that_has_ended_accuses_nobody)
{
	s.cpus[2].online = false;
	snapshot(&s);
	all_snp_en(&s, false);
	s.cpus[2].online = true;
	s.cpus[3].online = false;
	start_since(&s, SAME_BOOT);
	cr_told(&s, "compared");
	cr_assert(strstr(s.text, "SNP_EN was set at the snapshot, in this boot, and is clear now"),
		  "the text is `%s`", s.text);
	cr_assert_not(strstr(s.text, "window"), "the text is `%s`", s.text);
	silent_to_the_end(&s);
}

/* ---- cpu-onlined and cpu-offlined since the snapshot ---- */

Test(snapshot, cpu_that_came_since_is_onlined)
{
	s.cpus[3].online = false;
	snapshot(&s);
	s.cpus[3].online = true;
	start_since(&s, OTHER_BOOT);
	cr_told(&s, COMPARED " cpu-onlined:3");
	cr_says(&s, "CPU 3 was offline at the snapshot and is online now");
}

Test(snapshot, cpu_that_was_not_present_then_is_onlined)
{
	s.cpus[3] = (struct story_cpu){ 0 };
	snapshot(&s);
	s.cpus[3] = (struct story_cpu){ .present = true, .online = true, .snp_en = true };
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED " cpu-onlined:3");
}

/* By what the contract has of a CPU that lacks it, the first sweep has the say. */
Test(snapshot, cpu_that_came_since_without_snp_en_is_not_one_that_lost_it)
{
	s.cpus[3].online = s.cpus[3].snp_en = false;
	snapshot(&s);
	s.cpus[3].online = true;
	s.initialised = 1;
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED " cpu-onlined:3 cpu-without-snp-en:3");
}

Test(snapshot, cpu_that_left_since_is_offlined)
{
	snapshot(&s);
	s.cpus[3].online = false;
	start_since(&s, OTHER_BOOT);
	cr_told(&s, COMPARED " cpu-offlined:3");
	cr_says(&s, "CPU 3 was online at the snapshot and is offline now");
}

Test(snapshot, cpus_that_came_and_left_are_named_each)
{
	s.cpus[1].online = s.cpus[2].online = false;
	snapshot(&s);
	s.cpus[1].online = s.cpus[2].online = true;
	s.cpus[3].online = false;
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED " cpu-onlined:1 cpu-onlined:2 cpu-offlined:3");
}

/* ---- snp-en-lost since the snapshot ---- */

Test(snapshot, snp_en_that_a_cpu_had_then_is_lost)
{
	snapshot(&s);
	s.cpus[2].snp_en = false;
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED " snp-en-lost:2");
	cr_says(&s, "CPU 2 had SNP_EN at the snapshot and has lost it, while others kept it");
}

Test(snapshot, snp_en_that_a_cpu_did_not_have_is_not_lost)
{
	s.cpus[2].snp_en = false;
	snapshot(&s);
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED);
}

Test(snapshot, snp_en_of_a_cpu_that_left_is_not_lost)
{
	snapshot(&s);
	s.cpus[2].online = s.cpus[2].snp_en = false;
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED " cpu-offlined:2");
}

Test(snapshot, snp_en_that_cant_be_read_now_is_not_lost)
{
	snapshot(&s);
	s.cpus[2].err = -EIO;
	start_since(&s, SAME_BOOT);
	cr_told(&s, "blind:2 " COMPARED);
}

/* What a snapshot could not read, or had no CPU to read from, says nothing of SNP_EN. */
static void before_cpu(unsigned int cpu, __u32 flags, int result)
{
	struct snp_event e = story_event(&s, SNP_EV_BEFORE_CPU);

	e.subject = cpu;
	e.flags = SNP_F_PRESENT | flags;
	e.result = result;
	e.value = SNP_SYSCFG_SNP_EN;
	story_tell(&s, &e);
}

Test(snapshot, snp_en_that_could_not_be_read_then_is_not_lost)
{
	snapshot(&s);
	s.cpus[2].snp_en = false;
	start_only(&s);
	tell_snapshot(&s, SAME_BOOT);
	before_cpu(2, SNP_F_ONLINE, -EIO);
	sweep(&s);
	cr_told(&s, COMPARED);
}

Test(snapshot, snp_en_of_a_cpu_that_was_offline_then_is_not_lost)
{
	snapshot(&s);
	s.cpus[2].snp_en = false;
	start_only(&s);
	tell_snapshot(&s, SAME_BOOT);
	before_cpu(2, 0, 0);
	sweep(&s);
	cr_told(&s, COMPARED " cpu-onlined:2");
}

Test(snapshot, whose_cpus_could_not_be_read_is_of_no_window)
{
	start_only(&s);
	for (unsigned int i = 1; i < s.cpu_count; i++)
		before_cpu(i, SNP_F_ONLINE, -EIO);
	before_cpu(0, 0, 0);
	tell_snapshot(&s, SAME_BOOT); /* no CPUs: none was kept */
	sweep(&s);
	cr_told(&s, COMPARED);
	cr_says(&s, "SNP_EN was clear at the snapshot");
}

/* ---- kexec-unlatched: a kernel that has SNP's disable and began inside a window ---- */

static void begin_latched(void)
{
	begin();
	s.start_flags |= SNP_F_HAS_HOLD;
	s.count = 0;
}

TestSuite(kexec_unlatched, .init = begin_latched, .fini = finish);

Test(kexec_unlatched, is_named_by_the_first_sweep)
{
	start_only(&s);
	cr_told(&s, "");
	sweep(&s);
	cr_told(&s, FOUND_OPEN " kexec-unlatched");
	cr_says(&s, "hotplug count 0");
	settle(&s);
	cr_settles(&s, "");
}

/* It says all that no-latch would. */
Test(kexec_unlatched, is_not_told_again_as_no_latch)
{
	start(&s);
	cr_told(&s, FOUND_OPEN " kexec-unlatched");
	initialise_again(&s);
	cr_told(&s, "initialised");
	full_shutdown(&s);
	x86_shutdown(&s);
	cr_settles(&s, SHUT_DOWN);
}

Test(kexec_unlatched, is_named_after_a_kexec_that_a_snapshot_shows)
{
	snapshot(&s);
	start_since(&s, OTHER_BOOT);
	cr_told(&s, COMPARED " kexec-unlatched");
}

Test(kexec_unlatched, is_named_where_the_drivers_flag_cant_be_read)
{
	s.initialised = -1;
	start(&s);
	cr_told(&s, FOUND_OPEN " kexec-unlatched blind");
}

Test(kexec_unlatched, kernel_without_the_disable_is_silent)
{
	s.start_flags &= ~SNP_F_HAS_HOLD;
	start(&s);
	cr_settles(&s, FOUND_OPEN);
}

Test(kexec_unlatched, kernel_that_disabled_is_silent)
{
	s.count = 1;
	start(&s);
	cr_settles(&s, FOUND_OPEN);
}

Test(kexec_unlatched, count_that_cant_be_read_is_silent)
{
	s.count = SNP_COUNT_UNKNOWN;
	start(&s);
	cr_settles(&s, FOUND_OPEN);
}

/* The guard came later into the same kernel, as a snapshot of it shows. */
Test(kexec_unlatched, kernel_that_took_the_snapshot_is_silent)
{
	snapshot(&s);
	start_since(&s, SAME_BOOT);
	cr_settles(&s, COMPARED);
}

/* The guard came later into the same kernel, as the driver's own SNP shows. */
Test(kexec_unlatched, kernel_with_snp_initialised_is_not_accused_of_a_kexec)
{
	s.initialised = 1;
	start(&s);
	cr_told(&s, FOUND_OPEN);
	cr_settles(&s, "no-latch");
}

Test(kexec_unlatched, kernel_that_began_outside_a_window_is_silent)
{
	all_snp_en(&s, false);
	start(&s);
	cr_told(&s, "");
	prepare(&s);
	cr_settles(&s, "window-open");
}

Test(kexec_unlatched, window_that_a_later_sweep_finds_is_no_kexec)
{
	all_snp_en(&s, false);
	start(&s);
	all_snp_en(&s, true);
	cr_settles(&s, "window-open");
}

/* ---- what was seen between START and the first sweep comes first ---- */

static void start_told(__u32 flags)
{
	start_only(&s);
	tell_snapshot(&s, flags);
}

Test(snapshot, window_that_was_seen_to_begin_is_another_one)
{
	s.cpus[3].online = false;
	snapshot(&s);
	s.cpus[3].online = true;
	all_snp_en(&s, false);
	s.count = 0;
	start_told(SAME_BOOT);
	v10_prepare(&s);
	sweep(&s);
	cr_told(&s, "window-open compared");
}

Test(snapshot, window_that_was_seen_to_end_is_not_compared)
{
	snapshot(&s);
	start_told(SAME_BOOT);
	full_shutdown(&s);
	s.cpus[1].snp_en = true; /* kept by the firmware */
	sweep(&s);
	cr_told(&s, "full-shutdown snp-en-lost:1 window-open inferred compared");
}

/* A bailout opens the window before the first sweep; what hooks tell in it is told once. */
Test(snapshot, transition_that_a_hook_told_is_not_told_again)
{
	s.cpus[3].online = false;
	snapshot(&s);
	start_told(OTHER_BOOT);
	prepare_bails_out(&s);
	cpu_up(&s, 3);
	cpu_down(&s, 2);
	cr_told(&s, "window-open cpu-onlined:3 cpu-offlined:2");
	sweep(&s);
	cr_told(&s, "compared");
}

Test(snapshot, snp_en_of_a_cpu_that_was_seen_offline_is_not_lost)
{
	snapshot(&s);
	start_told(SAME_BOOT);
	cpu_down(&s, 2);
	cpu_up(&s, 2);
	s.cpus[2].snp_en = false;
	sweep(&s);
	cr_told(&s, COMPARED);
}

Test(snapshot, snp_en_is_lost_once)
{
	snapshot(&s);
	start_told(SAME_BOOT);
	prepare_bails_out(&s);
	cpu_state(&s, 2);
	unstable_sweep(&s);
	s.cpus[2].snp_en = false;
	sweep(&s);
	cr_told(&s, "window-open snp-en-lost:2 compared unsafe-bailout");
}

Test(snapshot, cpus_that_stop_for_kexec_are_not_offlined)
{
	snapshot(&s);
	start_told(SAME_BOOT);
	kexec(&s);
	s.cpus[3].online = false;
	sweep(&s);
	cr_told(&s, COMPARED);
}

Test(snapshot, cpu_that_a_crash_kernel_does_not_have_is_not_offlined)
{
	snapshot(&s);
	s.cpus[3] = (struct story_cpu){ 0 };
	start_since(&s, OTHER_BOOT);
	cr_told(&s, COMPARED);
}

Test(snapshot, cpu_that_was_removed_in_this_boot_is_offlined)
{
	snapshot(&s);
	s.cpus[3] = (struct story_cpu){ 0 };
	start_since(&s, SAME_BOOT);
	cr_told(&s, COMPARED " cpu-offlined:3");
}

Test(snapshot, loss_before_the_first_sweep_accuses_nobody)
{
	snapshot(&s);
	start_told(SAME_BOOT);
	lost(&s, 1);
	s.cpus[2].snp_en = false;
	s.cpus[3].online = false;
	sweep(&s);
	cr_told(&s, "blind " COMPARED);
}

/* v9 disables after SNP_INIT: this kernel began outside a window. */
Test(kexec_unlatched, prepare_seen_before_the_first_sweep_is_no_kexec)
{
	all_snp_en(&s, false);
	start_only(&s);
	prepare(&s);
	sweep(&s);
	snp_init(&s);
	hp_disable(&s, "__sev_snp_init_locked");
	cr_settles(&s, "window-open initialised late-disable");
}

Test(kexec_unlatched, first_sweep_inside_a_prepare_is_no_kexec)
{
	all_snp_en(&s, false);
	start_only(&s);
	prepare_enter(&s);
	s.cpus[0].snp_en = true; /* its record is on the way */
	sweep(&s);
	cr_not_told(&s, "kexec-unlatched");
}

Test(kexec_unlatched, bailout_before_the_first_sweep_is_a_window_found_open)
{
	start_only(&s);
	prepare_bails_out(&s);
	sweep(&s);
	cr_told(&s, "window-open kexec-unlatched");
}
