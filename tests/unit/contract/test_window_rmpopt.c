// SPDX-License-Identifier: GPL-2.0-only
/* RMPOPT_BASE: equal on all CPUs, off after a full shutdown, left alone by a legacy one. */
#include <criterion/criterion.h>
#include <errno.h>

#include "events.h"

STORY_SUITE(window_rmpopt);

static void set(unsigned int first, unsigned int last, __u64 value)
{
	for (unsigned int i = first; i <= last; i++)
		s.cpus[i].rmpopt = value;
	sweep(&s);
}

/* As the series does it: after SNP_INIT, on each CPU. */
static void enabled(void)
{
	s.has_rmpopt = true;
	mainline_initialised(&s);
	set(0, 3, 1);
	cr_settles(&s, "");
	cr_assert_not(window_is_unsettled(s.window));
}

Test(window_rmpopt, rmpopt_left_out_on_a_cpu_is_uneven)
{
	s.has_rmpopt = true;
	mainline_initialised(&s);
	set(0, 2, 1);
	cr_told(&s, "");
	cr_assert(window_is_unsettled(s.window));
	later(&s, WINDOW_SETTLE_NS / 2);
	sweep(&s);
	cr_told(&s, "");
	cr_settles(&s, "rmpopt-uneven");
	cr_says(&s, "RMPOPT is enabled on CPUs 0-2, and not on CPU 3");
	cr_assert_not(window_is_unsettled(s.window));
	cr_settles(&s, "");
	set(3, 3, 1);
	cr_settles(&s, "");
	set(2, 2, 0);
	cr_settles(&s, "rmpopt-uneven");
}

Test(window_rmpopt, rmpopt_written_cpu_by_cpu_is_silent)
{
	s.has_rmpopt = true;
	mainline_initialised(&s);
	for (unsigned int i = 0; i < 4; i++) {
		set(i, i, 1);
		later(&s, WINDOW_SETTLE_NS - SECOND / 100);
	}
	sweep(&s);
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_bases_must_be_equal)
{
	enabled();
	set(1, 1, 0x40000001);
	cr_settles(&s, "rmpopt-uneven");
	cr_says(&s, "RMPOPT_BASE is 0x1 on CPU 0 and 0x40000001 on CPU 1");
}

Test(window_rmpopt, rmpopt_of_a_cpu_that_comes_back_without_it_is_uneven)
{
	enabled();
	cpu_down(&s, 2);
	sweep(&s);
	cr_settles(&s, "cpu-offlined:2");
	s.cpus[2].rmpopt = 0;
	cpu_up(&s, 2);
	sweep(&s);
	cr_told(&s, "cpu-onlined:2");
	cr_settles(&s, "rmpopt-uneven");
	cr_says(&s, "on CPUs 0-1,3, and not on CPU 2");
}

/* The sweep that falls into the way of a CPU offline may still read its register. */
Test(window_rmpopt, rmpopt_of_a_cpu_that_is_offline_is_no_measure)
{
	enabled();
	s.cpus[2].rmpopt = 0;
	cpu_down(&s, 2);
	s.cpus[2].online = true;
	sweep(&s);
	cr_told(&s, "cpu-offlined:2");
	s.cpus[2].online = false;
	later(&s, WINDOW_SETTLE_NS);
	sweep(&s);
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_that_differs_while_snp_is_not_initialised_is_silent)
{
	s.has_rmpopt = true;
	start(&s);
	set(1, 1, 1);
	cr_assert_not(window_is_unsettled(s.window));
	cr_settles(&s, "");
	set(1, 1, 0);
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_must_be_off_after_a_full_shutdown)
{
	enabled();
	mainline_ends(&s);
	cr_assert(window_is_unsettled(s.window));
	cr_settles(&s, "rmpopt-uneven");
	cr_says(&s, "RMPOPT is still enabled on CPUs 0-3 after a full shutdown");
	cr_assert_not(window_is_unsettled(s.window));
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_that_a_full_shutdown_switches_off_is_silent)
{
	enabled();
	mainline_ends(&s);
	set(0, 1, 0);
	set(2, 3, 0);
	cr_settles(&s, "");
	/* Later it is no shutdown's work. */
	set(2, 2, 1);
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_after_the_next_init_is_not_the_shutdowns)
{
	enabled();
	mainline_ends(&s);
	prepare(&s);
	snp_init(&s);
	sweep(&s);
	cr_told(&s, INITIALISED);
	cr_settles(&s, "no-latch");
}

Test(window_rmpopt, rmpopt_must_not_change_at_a_legacy_shutdown)
{
	enabled();
	legacy_shutdown(&s);
	set(0, 1, 0);
	cr_told(&s, "legacy-shutdown");
	cr_settles(&s, "rmpopt-uneven");
	cr_says(&s, "RMPOPT_BASE of CPUs 0-1 changed at a legacy shutdown");
	set(2, 3, 0);
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_that_a_legacy_shutdown_leaves_alone_is_silent)
{
	enabled();
	legacy_shutdown(&s);
	sweep(&s);
	cr_told(&s, "legacy-shutdown");
	cr_settles(&s, "");
	set(0, 3, 0);
	cr_settles(&s, "");
}

/* The kernel may have been writing it as the last sweep read it. */
Test(window_rmpopt, rmpopt_that_was_not_settled_before_a_legacy_shutdown_is_silent)
{
	s.has_rmpopt = true;
	mainline_initialised(&s);
	set(0, 0, 1);
	legacy_shutdown(&s);
	set(1, 3, 1);
	cr_told(&s, "legacy-shutdown");
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_that_only_some_sweeps_saw_before_snp_init_is_no_measure)
{
	enabled();
	initialise_again(&s);
	s.told[0] = 0;
	snp_init(&s);
	set(0, 3, 0);
	legacy_shutdown(&s);
	set(0, 3, 1);
	cr_told(&s, "initialised legacy-shutdown");
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_after_a_loss_is_no_shutdowns_work)
{
	enabled();
	mainline_ends(&s);
	lost(&s, 1);
	sweep(&s);
	cr_told(&s, "blind");
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_that_can_not_be_read_is_blindness)
{
	enabled();
	s.cpus[2].rmpopt_err = -EIO;
	sweep(&s);
	cr_told(&s, "blind:2");
	cr_says(&s, "can't read RMPOPT_BASE of CPU 2 (Input/output error)");
	cr_settles(&s, "");
	s.cpus[2].rmpopt_err = 0;
	s.cpus[2].rmpopt = 0;
	sweep(&s);
	cr_settles(&s, "rmpopt-uneven");
}

static void tell_unreadable(unsigned int cpu, __u64 value)
{
	struct snp_event e = story_event(&s, SNP_EV_RMPOPT);

	e.subject = cpu;
	e.result = -EIO;
	e.value = value;
	story_tell(&s, &e);
}

Test(window_rmpopt, rmpopt_that_can_not_be_read_has_no_value_and_is_named_once)
{
	enabled();
	tell_unreadable(2, 1);
	cr_told(&s, "blind:2");
	tell_unreadable(2, 1);
	cr_told(&s, "");
	s.cpus[2].rmpopt_err = -EIO;
	mainline_ends(&s);
	cr_settles(&s, "rmpopt-uneven");
	cr_says(&s, "RMPOPT is still enabled on CPUs 0-1,3 after a full shutdown");
}

Test(window_rmpopt, rmpopt_that_was_not_read_before_a_legacy_shutdown_is_no_measure)
{
	enabled();
	s.cpus[2].rmpopt_err = -EIO;
	sweep(&s);
	cr_settles(&s, "blind:2");
	legacy_shutdown(&s);
	s.cpus[2].rmpopt_err = 0;
	sweep(&s);
	cr_told(&s, "legacy-shutdown");
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_that_can_not_be_read_after_a_legacy_shutdown_is_unchanged)
{
	enabled();
	legacy_shutdown(&s);
	s.cpus[2].rmpopt_err = -EIO;
	sweep(&s);
	cr_told(&s, "legacy-shutdown blind:2");
	cr_settles(&s, "");
}

static void shutdown_fails(__s32 result, __u32 status)
{
	struct snp_event e = story_event(&s, SNP_EV_COMMAND);

	e.subject = SNP_CMD_SHUTDOWN_EX;
	e.result = result;
	e.status = status;
	story_tell(&s, &e);
	s.told[0] = 0;
}

Test(window_rmpopt, rmpopt_after_a_shutdown_that_failed_is_no_shutdowns_work)
{
	enabled();
	shutdown_fails(-EIO, 0);
	set(0, 3, 3);
	cr_settles(&s, "");
	shutdown_fails(0, 1);
	set(0, 3, 1);
	cr_settles(&s, "");
}

Test(window_rmpopt, rmpopt_bases_that_differ_with_rmpopt_disabled_are_named)
{
	enabled();
	set(0, 3, 0);
	cr_settles(&s, "");
	set(1, 1, 0x40000000);
	cr_settles(&s, "rmpopt-uneven");
	cr_says(&s, "RMPOPT_BASE is 0 on CPU 0 and 0x40000000 on CPU 1");
}
