// SPDX-License-Identifier: GPL-2.0-only
/* libsystemd's functions: the service manager's only below a service manager. */
#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util/library.h"

#define SONAME "libsystemd.so.0"
LIBRARY_NOTE(SONAME, "systemd", "The journal, and what the service manager is told");

int sd_notify(int unset_environment, const char *state)
{
	__typeof__(sd_notify) *own;

	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	own = library_function(SONAME, "sd_notify");
	return own ? own(unset_environment, state) : -errno;
}

int sd_watchdog_enabled(int unset_environment, uint64_t *usec)
{
	__typeof__(sd_watchdog_enabled) *own;

	if (!getenv("WATCHDOG_USEC"))
		return 0;
	own = library_function(SONAME, "sd_watchdog_enabled");
	return own ? own(unset_environment, usec) : -errno;
}

int sd_journal_sendv(const struct iovec *iov, int n)
{
	__typeof__(sd_journal_sendv) *own = library_function(SONAME, "sd_journal_sendv");

	return own ? own(iov, n) : -errno;
}
