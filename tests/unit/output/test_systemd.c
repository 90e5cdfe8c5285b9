// SPDX-License-Identifier: GPL-2.0-only
/* What systemd gets, at sockets of its kind. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "output/systemd.h"

/* path: of the socket; @: an abstract one. */
static void gets_what_is_said(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char got[64];

	strcpy(to.sun_path, path);
	if (*path == '@')
		to.sun_path[0] = 0;
	cr_assert_eq(bind(fd, (struct sockaddr *)&to,
			  offsetof(struct sockaddr_un, sun_path) + strlen(path)),
		     0);
	setenv("NOTIFY_SOCKET", path, 1);
	cr_expect_eq(systemd_notify("READY=1"), 1);
	cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), 7);
	cr_expect_arr_eq(got, "READY=1", 7);
	close(fd);
	cr_expect_eq(systemd_notify("READY=1"), -ECONNREFUSED);
}

Test(systemd, the_service_manager_is_told_at_a_path_or_a_name)
{
	char dir[] = "/tmp/systemd.XXXXXX", path[64];

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/notify", dir);
	gets_what_is_said(path);
	unlink(path);
	rmdir(dir);
	snprintf(path, sizeof(path), "@snp-guard-test-%d", getpid());
	gets_what_is_said(path);
}

Test(systemd, without_a_service_manager_nobody_is_told)
{
	char longest[200] = "/";

	unsetenv("NOTIFY_SOCKET");
	cr_expect_eq(systemd_notify("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	cr_expect_eq(systemd_notify("READY=1"), -ENOENT);
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	cr_expect_eq(systemd_notify("READY=1"), -EAFNOSUPPORT);
	memset(longest + 1, 'a', sizeof(longest) - 2);
	setenv("NOTIFY_SOCKET", longest, 1);
	cr_expect_eq(systemd_notify("READY=1"), -EAFNOSUPPORT);
}

Test(systemd, the_watchdog_is_this_process_s)
{
	char pid[16];

	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	cr_expect_eq(systemd_watchdog_usec(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	cr_expect_eq(systemd_watchdog_usec(), 30000000);
	setenv("WATCHDOG_PID", "1", 1);
	cr_expect_eq(systemd_watchdog_usec(), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	cr_expect_eq(systemd_watchdog_usec(), 30000000);
}

Test(systemd, a_value_in_the_journal_may_have_lines_and_be_empty)
{
	static const char fields[] = "MESSAGE=two\nlines=a\0EMPTY=",
			  expected[] = "SYSLOG_IDENTIFIER=snp-guard\n"
				       "MESSAGE\n\x0b\0\0\0\0\0\0\0two\nlines=a\n"
				       "EMPTY\n\0\0\0\0\0\0\0\0\n";
	size_t size;
	char *entry = systemd_journal_entry(fields, sizeof(fields), &size);

	cr_assert_eq(size, sizeof(expected) - 1);
	cr_expect_arr_eq(entry, expected, size);
	free(entry);
}
