// SPDX-License-Identifier: GPL-2.0-only
/* The brake on the CPUs of a host that a directory stands for. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "kernel/brake.h"
#include "events.h"

static struct fixture fixture;
static struct platform host;
static struct brake brake;

static void set_cpus(const char *present, const char *online)
{
	fixture_write(&fixture, "/sys/devices/system/cpu/present", present);
	fixture_write(&fixture, "/sys/devices/system/cpu/online", online);
}

static const char *fail_file(unsigned int cpu)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/hotplug/fail", cpu);
	return path;
}

static void set_fail(unsigned int cpu, const char *text)
{
	fixture_write(&fixture, fail_file(cpu), text);
}

/* A file keeps what is behind the text that is written, unlike the kernel's: one line counts. */
#define cr_brake(cpu, expected)                                                                    \
	do {                                                                                       \
		char text_[16];                                                                    \
		int state_;                                                                        \
		cr_assert_gt(platform_read(&host, fail_file(cpu), text_, sizeof(text_)), 0);       \
		cr_assert_eq(sscanf(text_, "%d", &state_), 1);                                     \
		cr_expect_eq(state_, expected, "CPU %u: %d, expected %d", cpu, state_, expected);  \
	} while (0)

static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
	brake = (struct brake){ 0 };
	set_cpus("0-3\n", "0-1\n");
	for (unsigned int cpu = 0; cpu < 5; cpu++)
		set_fail(cpu, "-1\n");
}

static void finish(void)
{
	brake_end(&brake, &host);
	fixture_end(&fixture);
}

TestSuite(brake, .init = begin, .fini = finish);

Test(brake, is_armed_on_present_offline_cpus_alone)
{
	brake_follow(&brake, &host, true);
	cr_brake(0, -1);
	cr_brake(1, -1);
	cr_brake(2, 1);
	cr_brake(3, 1);
	cr_brake(4, -1);
}

Test(brake, is_not_armed_without_a_window)
{
	brake_follow(&brake, &host, false);
	cr_brake(2, -1);
}

Test(brake, is_armed_again_after_it_fired)
{
	brake_follow(&brake, &host, true);
	set_fail(2, "-1\n");
	brake_follow(&brake, &host, true);
	cr_brake(2, 1);
	brake_follow(&brake, &host, false);
	cr_brake(2, -1);
}

Test(brake, what_was_found_is_put_back_once_the_window_closes)
{
	set_fail(2, "57\n");
	brake_follow(&brake, &host, true);
	cr_brake(2, 1);
	brake_follow(&brake, &host, true);
	brake_follow(&brake, &host, false);
	cr_brake(2, 57);
	cr_brake(3, -1);
}

Test(brake, what_was_found_is_put_back_after_it_fired)
{
	set_fail(2, "57\n");
	brake_follow(&brake, &host, true);
	set_fail(2, "-1\n");
	brake_follow(&brake, &host, false);
	cr_brake(2, 57);
}

Test(brake, what_was_found_is_put_back_at_the_end)
{
	set_fail(3, "57\n");
	brake_follow(&brake, &host, true);
	brake_end(&brake, &host);
	cr_brake(2, -1);
	cr_brake(3, 57);
}

Test(brake, one_that_others_armed_stays_armed)
{
	set_fail(2, "1\n");
	brake_follow(&brake, &host, true);
	brake_follow(&brake, &host, false);
	cr_brake(2, 1);
}

Test(brake, one_that_a_killed_guard_armed_is_let_go)
{
	set_fail(2, "1\n");
	set_fail(3, "57\n");
	brake.inherits = true;
	brake_follow(&brake, &host, true);
	brake_end(&brake, &host);
	cr_brake(2, -1);
	cr_brake(3, 57);
}

Test(brake, what_others_write_meanwhile_is_put_back)
{
	brake_follow(&brake, &host, true);
	set_fail(2, "57\n");
	brake_follow(&brake, &host, true);
	cr_brake(2, 1);
	brake_follow(&brake, &host, false);
	cr_brake(2, 57);
}

Test(brake, what_others_wrote_last_stays)
{
	brake_follow(&brake, &host, true);
	set_fail(2, "57\n");
	brake_follow(&brake, &host, false);
	cr_brake(2, 57);
}

Test(brake, a_cpu_that_came_online_is_let_go)
{
	brake_follow(&brake, &host, true);
	set_cpus("0-3\n", "0-2\n");
	brake_follow(&brake, &host, true);
	cr_brake(2, -1);
	cr_brake(3, 1);
}

Test(brake, a_cpu_that_is_added_or_goes_is_followed)
{
	brake_follow(&brake, &host, true);
	set_cpus("0-4\n", "0\n");
	brake_follow(&brake, &host, true);
	cr_brake(1, 1);
	cr_brake(4, 1);
	set_cpus("0-1\n", "0-1\n");
	brake_follow(&brake, &host, true);
	for (unsigned int cpu = 0; cpu < 5; cpu++)
		cr_brake(cpu, -1);
}

Test(brake, without_the_file_nothing_happens)
{
	fixture_remove(&fixture, fail_file(2));
	set_fail(3, "garbage\n");
	brake_follow(&brake, &host, true);
	brake_follow(&brake, &host, false);
	cr_expect_not(platform_exists(&host, fail_file(2)));
}

/* Each armed brake stays what it is as long as it isn't known which CPUs are online. */
Test(brake, unreadable_lists_of_cpus_change_nothing)
{
	brake_follow(&brake, &host, true);
	fixture_remove(&fixture, "/sys/devices/system/cpu/online");
	brake_follow(&brake, &host, true);
	cr_brake(1, -1);
	cr_brake(2, 1);
	brake_follow(&brake, &host, false);
	cr_brake(2, -1);
}
