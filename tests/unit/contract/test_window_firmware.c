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
	cr_says(&s, "SNP_INIT failed: firmware status 0x3");
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
