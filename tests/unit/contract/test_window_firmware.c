// SPDX-License-Identifier: GPL-2.0-only
/* Firmware commands that fail, and what the driver does then. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "events.h"

STORY_SUITE(window_firmware);

/* ---- inits that fail ---- */

Test(window_firmware, guests_flushes_between_are_silent)
{
	v10_initialised(&s);
	df_flush(&s, 0);
	df_flush(&s, STATUS_FAILED);
	cr_settles(&s, "");
}

Test(window_firmware, failed_init_with_snp_en_is_benign)
{
	start(&s);
	prepare(&s);
	command(&s, SNP_CMD_INIT, 0, STATUS_FAILED);
	cr_told(&s, "window-open benign-failed-init");
	cr_says(&s, "SNP_INIT failed: firmware status 0x3 (INVALID_CONFIG)");
}

Test(window_firmware, failed_init_without_snp_en_is_silent)
{
	start(&s);
	snp_init_fails(&s);
	silent_to_the_end(&s);
}

/* A command of which the driver and the firmware may say different things. */
static void tell_command(__u32 number, __u32 flags, int result, __u32 status)
{
	struct snp_event e = story_event(&s, SNP_EV_COMMAND);

	e.subject = number;
	e.flags = flags;
	e.result = result;
	e.status = status;
	story_tell(&s, &e);
}

Test(window_firmware, init_that_the_driver_could_not_send_has_failed)
{
	start(&s);
	prepare(&s);
	tell_command(SNP_CMD_INIT_EX, 0, -ETIMEDOUT, 0);
	cr_told(&s, "window-open benign-failed-init");
}

/* What the firmware says counts, also where the driver makes nothing of it. */
Test(window_firmware, command_that_the_firmware_refused_has_failed_whatever_the_driver_returns)
{
	start(&s);
	prepare(&s);
	tell_command(SNP_CMD_INIT_EX, 0, 0, STATUS_FAILED);
	cr_told(&s, "window-open benign-failed-init");
	tell_command(SNP_CMD_SHUTDOWN_EX, SNP_SHUTDOWN_X86, 0, STATUS_FAILED);
	cr_told(&s, "");
	cr_assert(window_is_open(s.window));
}

Test(window_firmware, init_retried_after_a_flush_is_silent)
{
	start(&s);
	v10_prepare(&s);
	snp_init_needs_a_flush(&s);
	df_flush(&s, 0);
	cr_told(&s, OPENED);
	snp_init(&s);
	cr_settles(&s, "initialised");
}

Test(window_firmware, init_that_fails_after_the_flush_too_has_failed)
{
	start(&s);
	v10_prepare(&s);
	snp_init_needs_a_flush(&s);
	df_flush(&s, 0);
	snp_init_needs_a_flush(&s);
	cr_settles(&s, "window-open benign-failed-init");
}

Test(window_firmware, retry_that_never_came_does_not_spoil_the_next_windows)
{
	start(&s);
	v10_prepare(&s);
	snp_init_needs_a_flush(&s);
	v10_full_shutdown(&s);
	settle(&s);
	s.told[0] = 0;
	v10_prepare(&s);
	snp_init_needs_a_flush(&s);
	df_flush(&s, 0);
	snp_init(&s);
	cr_settles(&s, INITIALISED);
}

Test(window_firmware, failed_flush_orphans_the_init)
{
	start(&s);
	v10_prepare(&s);
	command(&s, SNP_CMD_INIT_EX, 0, 0);
	df_flush(&s, STATUS_FAILED);
	cr_settles(&s, "window-open orphaned-init");
	cr_says(&s, "firmware status 0x3");
}

Test(window_firmware, failed_flush_after_a_failed_init_orphans_nothing)
{
	v10_init_fails(&s);
	df_flush(&s, STATUS_FAILED);
	cr_settles(&s, "");
}

/* ---- whether SNP is initialised is unknown ---- */

Test(window_firmware, unknown_state_of_the_firmware_is_blind_once)
{
	start_inside(&s, 0, -1);
	cr_told(&s, "window-open inferred blind");
	cr_settles(&s, "");
	/* Known again, and then no more. */
	legacy_shutdown(&s);
	cr_settles(&s, "legacy-shutdown");
	lost(&s, 1);
	sweep(&s);
	cr_told(&s, "blind blind");
	cr_says(&s, "can't find out whether SNP is initialised");
}

Test(window_firmware, window_that_the_guard_saw_open_is_not_of_unknown_state)
{
	s.initialised = -1;
	start(&s);
	prepare(&s);
	s.cpus[3].snp_en = false;
	cr_settles(&s, "window-open snp-en-lost:3");
	snp_init(&s);
	cr_settles(&s, "initialised cpu-without-snp-en:3 no-latch");
}

Test(window_firmware, kvm_says_that_snp_is_initialised)
{
	struct snp_event e;

	all_snp_en(&s, true);
	start_only(&s);
	for (unsigned int i = 0; i < s.cpu_count; i++)
		cpu_state(&s, i);
	e = story_event(&s, SNP_EV_TRUTH);
	e.flags = SNP_F_STABLE | SNP_F_FW_KNOWN | SNP_F_FW_INIT | SNP_F_FW_BY_KVM;
	story_tell(&s, &e);
	cr_told(&s, FOUND_OPEN);
	cr_says(&s, "KVM has found SNP initialised");
	s.swept = true;
	s.cpus[3].snp_en = false;
	sweep(&s);
	cr_told(&s, "snp-en-lost:3 cpu-without-snp-en:3");
	cr_says(&s, "while SNP is initialised");
}

/* ---- where no command is seen ---- */

/* What a sweep says that could ask, or (-1) could not. */
static void sweep_asks(int initialised)
{
	s.swept = false;
	s.initialised = initialised;
	sweep(&s);
}

Test(window_firmware, without_commands_each_sweep_tells_whether_snp_is_initialised)
{
	s.start_flags |= SNP_F_NO_COMMANDS;
	start(&s);
	prepare(&s);
	sweep_asks(0);
	cr_told(&s, "window-open");
	s.cpus[3].snp_en = false;
	sweep_asks(0);
	cr_told(&s, "snp-en-lost:3");
	sweep_asks(1);
	cr_told(&s, "cpu-without-snp-en:3");
}

Test(window_firmware, without_commands_and_another_source_it_is_unknown)
{
	s.start_flags |= SNP_F_NO_COMMANDS;
	s.initialised = -1;
	start(&s);
	cr_told(&s, "");
	prepare(&s);
	sweep_asks(-1);
	cr_told(&s, "window-open blind");
	s.cpus[3].snp_en = false;
	sweep_asks(-1);
	cr_told(&s, "snp-en-lost:3 cpu-without-snp-en:3");
	all_snp_en(&s, false);
	sweep_asks(-1);
	cr_assert_not(window_is_open(s.window));
}
