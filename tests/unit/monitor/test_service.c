// SPDX-License-Identifier: GPL-2.0-only
/* What the service manager shows of a run in one line, and when it hears that the guard lives. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "monitor/service.h"

static void reads(const struct service_facts *f, const char *expected)
{
	char text[SERVICE_STATUS_LEN];

	service_status_text(text, f);
	cr_expect_str_eq(text, expected);
}

Test(service, the_status_line)
{
	reads(&(struct service_facts){ .gate = "enforcing" },
	      "Gate enforcing; no window so far; no breach; 0 denied");
	reads(&(struct service_facts){ .gate = "enforcing",
				       .window_open = true,
				       .windows = 1,
				       .breaches = 1,
				       .worst = "notice",
				       .denied = 2 },
	      "Gate enforcing; window 1 is open; 1 breach, the worst notice; 2 denied");
	reads(&(struct service_facts){ .gate = "degraded",
				       .windows = 3,
				       .breaches = 12,
				       .worst = "critical",
				       .denied = 7 },
	      "Gate degraded; window 3 is closed; 12 breaches, the worst critical; 7 denied");
}

Test(service, the_status_line_has_room_for_the_largest)
{
	char text[SERVICE_STATUS_LEN];

	service_status_text(text, &(struct service_facts){ .gate = "enforcing",
							   .windows = UINT32_MAX,
							   .breaches = UINT32_MAX,
							   .worst = "critical",
							   .denied = UINT64_MAX });
	cr_expect_str_eq(text, "Gate enforcing; window 4294967295 is closed; 4294967295 breaches, "
			       "the worst critical; 18446744073709551615 denied");
}

Test(service, nobody_waits_for_a_sign_of_life)
{
	struct outputs none = { .changed_fd = -1 };
	struct service_watchdog w;

	unsetenv("WATCHDOG_USEC");
	service_watchdog_begin(&w);
	cr_expect_eq(service_alive_at(&w), UINT64_MAX);
	service_alive(&none, &w, 5);
	cr_expect_eq(service_alive_at(&w), UINT64_MAX);
}

Test(service, signs_of_life_come_twice_as_often_as_asked_for)
{
	struct outputs none = { .changed_fd = -1 };
	struct service_watchdog w;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	service_watchdog_begin(&w);
	cr_expect_eq(service_alive_at(&w), 0, "the first at once");
	service_alive(&none, &w, 1000);
	cr_expect_eq(service_alive_at(&w), 15000001000ull);
	service_alive(&none, &w, 15000000999ull);
	cr_expect_eq(service_alive_at(&w), 15000001000ull, "it is not time yet");
	service_alive(&none, &w, 15000001000ull);
	cr_expect_eq(service_alive_at(&w), 30000001000ull);
	setenv("WATCHDOG_PID", "1", 1);
	service_watchdog_begin(&w);
	cr_expect_eq(service_alive_at(&w), UINT64_MAX, "another process is waited for");
}
