// SPDX-License-Identifier: GPL-2.0-only
/* Libraries that are loaded when they are needed. */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <systemd/sd-daemon.h>

#include "util/library.h"

Test(library, a_function_is_found)
{
	double (*cosine)(double) = library_function("libm.so.6", "cos");

	cr_assert_not_null(cosine);
	cr_expect_eq(cosine(0), 1);
}

Test(library, what_is_missing_is_told)
{
	errno = 0;
	cr_expect_null(library_function("libnone.so.0", "cos"));
	cr_expect_eq(errno, ELIBACC);
	errno = 0;
	cr_expect_null(library_function("libm.so.6", "no such function"));
	cr_expect_eq(errno, ELIBACC);
}

Test(library, without_a_service_manager_nobody_is_told)
{
	uint64_t usec;

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	cr_expect_eq(sd_notify(0, "READY=1"), 0);
	cr_expect_eq(sd_watchdog_enabled(0, &usec), 0);
	cr_expect_null(dlopen("libsystemd.so.0", RTLD_NOLOAD | RTLD_LAZY), "it was not loaded");
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	cr_expect_lt(sd_notify(0, "READY=1"), 0, "the library was asked");
}
