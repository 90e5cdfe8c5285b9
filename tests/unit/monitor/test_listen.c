// SPDX-License-Identifier: GPL-2.0-only
/* The file and the addresses at which monitors find a run's metrics. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/listen.h"
#include "util/textfile.h"
#include "events.h"

static struct fixture fixture;
static char path[128], address[160];

static void begin(void)
{
	fixture_begin(&fixture);
	snprintf(path, sizeof(path), "%s/snp_guard.prom", fixture.root);
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(textfile, .init = begin, .fini = finish);
TestSuite(listen, .init = begin, .fini = finish);

static int count_files(void)
{
	DIR *dir = opendir(fixture.root);
	int n = 0;

	cr_assert(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void holds(const char *text)
{
	char buf[64] = "";
	FILE *f = fopen(path, "re");

	cr_assert(f);
	cr_assert_eq(fread(buf, 1, sizeof(buf) - 1, f), strlen(text));
	fclose(f);
	cr_expect_str_eq(buf, text);
}

Test(textfile, is_replaced_as_a_whole_and_readable_by_all)
{
	struct stat first, second;

	umask(077);
	cr_assert_eq(textfile_write(path, "a 1\n", 4), 0);
	cr_assert_eq(stat(path, &first), 0);
	cr_expect_eq(first.st_mode & 0777, 0644);
	holds("a 1\n");
	/* A reader of the old one keeps it. */
	FILE *old = fopen(path, "re");

	cr_assert_eq(textfile_write(path, "b 22\n", 5), 0);
	cr_assert_eq(stat(path, &second), 0);
	cr_expect_neq(first.st_ino, second.st_ino);
	cr_expect_eq(fgetc(old), 'a');
	fclose(old);
	holds("b 22\n");
	cr_expect_eq(count_files(), 1, "nothing else is left");
}

Test(textfile, that_can_not_be_written_leaves_nothing)
{
	char below[160];

	snprintf(below, sizeof(below), "%s/none/x.prom", fixture.root);
	cr_expect_eq(textfile_write(below, "a 1\n", 4), -ENOENT);
	/* A directory is in the way. */
	cr_assert_eq(mkdir(path, 0755), 0);
	cr_expect_eq(textfile_write(path, "a 1\n", 4), -EISDIR);
	cr_expect_eq(count_files(), 1);
}

Test(listen, addresses)
{
	static const struct {
		const char *address, *host; /* host NULL: refused */
		unsigned int port;
	} rows[] = {
		{ ":9817", "127.0.0.1", 9817 },
		{ "0.0.0.0:1", "0.0.0.0", 1 },
		{ "192.0.2.1:65535", "192.0.2.1", 65535 },
		{ "[::1]:9817", "::1", 9817 },
		{ "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:0",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0 },
		{ "localhost:9817", NULL, 0 },
		{ "[127.0.0.1]:9817", NULL, 0 },
		{ "[]:9817", NULL, 0 },
		{ "[::1:9817", NULL, 0 },
		{ "[:9817", NULL, 0 },
		{ "::1:9817", NULL, 0 },
		{ "9817", NULL, 0 },
		{ "1.2.3.4:", NULL, 0 },
		{ "1.2.3.4:65536", NULL, 0 },
		{ "1.2.3.4:-1", NULL, 0 },
		{ "1.2.3.4:1x", NULL, 0 },
		{ "1.2.3.4:000009", NULL, 0 },
		{ "", NULL, 0 },
	};
	char host[INET6_ADDRSTRLEN], longest[400];
	struct sockaddr_storage to;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = listen_parse(rows[i].address, &to);
		const struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&to;
		const struct sockaddr_in *ipv4 = (struct sockaddr_in *)&to;

		cr_expect_eq(err, rows[i].host ? 0 : -EINVAL, "`%s`", rows[i].address);
		if (err || !rows[i].host)
			continue;
		if (to.ss_family == AF_INET6)
			inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof(host));
		else
			inet_ntop(AF_INET, &ipv4->sin_addr, host, sizeof(host));
		cr_expect_str_eq(host, rows[i].host);
		cr_expect_eq(ntohs(to.ss_family == AF_INET6 ? ipv6->sin6_port : ipv4->sin_port),
			     rows[i].port);
	}
	memset(longest, 'a', sizeof(longest));
	strcpy(longest + 300, ":1");
	cr_expect_eq(listen_parse(longest, &to), -EINVAL);
}

/* A connection to the UNIX socket, on which nothing may take longer than this. */
enum { LONG_S = 5 };
static int connect_to_it(void)
{
	const struct timeval limit = { .tv_sec = LONG_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(at.sun_path, path);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0, "%s", strerror(errno));
	return fd;
}

/* Sends a request; the whole answer. */
static const char *ask(const char *request)
{
	static char answer[4096];
	int fd = connect_to_it();
	size_t used = 0;
	ssize_t n;

	cr_assert_eq(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	while (used < sizeof(answer) - 1 &&
	       (n = recv(fd, answer + used, sizeof(answer) - 1 - used, 0)) > 0)
		used += n;
	answer[used] = 0;
	close(fd);
	return answer;
}

#define GET(url) "GET " url " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static void answers(const char *request, const char *status, const char *has)
{
	const char *answer = ask(request);

	cr_expect_eq(strncmp(answer + strlen("HTTP/1.1 "), status, 3), 0, "%s", answer);
	cr_expect(strstr(answer, has), "no `%s` in %s", has, answer);
}

static void open_listener(struct listener **l)
{
	snprintf(address, sizeof(address), "unix:%s", path);
	cr_assert_eq(listener_open(l, address), 0);
	cr_assert_eq(listener_start(*l), 0);
}

Test(listen, metrics_and_health)
{
	struct listener *l;

	open_listener(&l);
	answers(GET("/healthz"), "503", "no complete sweep yet");
	answers(GET("/metrics"), "503", "no complete sweep yet");
	cr_assert_eq(listener_publish(l, "a 1\n", 4, UINT64_MAX), 0);
	answers(GET("/metrics"), "200",
		"Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	answers(GET("/metrics"), "200", "\r\n\r\na 1\n");
	answers(GET("/healthz"), "200", "\r\n\r\nok\n");
	cr_assert_eq(listener_publish(l, "a 2\n", 4, UINT64_MAX), 0);
	answers(GET("/metrics"), "200", "\r\n\r\na 2\n");
	answers(GET("/"), "404", "/metrics and /healthz");
	answers("POST /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: "
		"0\r\n\r\n",
		"405", "only GET and HEAD");
	listener_close(l);
	cr_expect_eq(access(path, F_OK), -1, "the socket is gone");
}

Test(listen, health_is_not_ok_when_nothing_came_for_too_long)
{
	struct listener *l;

	open_listener(&l);
	cr_assert_eq(listener_publish(l, "a 1\n", 4, 0), 0);
	answers(GET("/healthz"), "503", "not ok: the last complete sweep was");
	listener_close(l);
}

Test(listen, what_a_killed_guard_left_is_replaced_and_a_file_is_not)
{
	struct listener *l, *again;

	open_listener(&l);
	open_listener(&again);
	listener_close(again);
	listener_close(l);
	fixture_write(&fixture, "/snp_guard.prom", "kept");
	cr_expect_eq(listener_open(&l, address), -EADDRINUSE);
	holds("kept");
	cr_expect_eq(listener_open(&l, "unix:"), -EINVAL);
	cr_expect_eq(listener_open(&l, "nonsense"), -EINVAL);
}

/* ---- clients that hold on to their connections ---- */

enum { CLIENTS = 200 };

Test(listen, silent_clients_keep_nobody_out)
{
	struct listener *l;
	int fds[CLIENTS];

	open_listener(&l);
	cr_assert_eq(listener_publish(l, "a 1\n", 4, UINT64_MAX), 0);
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = connect_to_it();
		/* Some have sent the beginning of a request. */
		if (i % 2)
			cr_expect_eq(send(fds[i], "GET /me", 7, MSG_NOSIGNAL), 7);
		if (i % 20 == 0)
			answers(GET("/metrics"), "200", "\r\n\r\na 1\n");
	}
	answers(GET("/metrics"), "200", "\r\n\r\na 1\n");
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	listener_close(l);
}

/*
 * More clients than there may be ask for more than a socket takes, and hold on to their
 * connections. begun: each has the beginning of its answer before the next one comes.
 */
static void nobody_is_kept_out(bool begun)
{
	static char much[1 << 20];
	struct listener *l;
	int fds[CLIENTS];
	char byte;

	open_listener(&l);
	memset(much, 'a', sizeof(much) - 1);
	cr_assert_eq(listener_publish(l, much, sizeof(much) - 1, UINT64_MAX), 0);
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = connect_to_it();
		cr_expect_gt(send(fds[i], GET("/metrics"), strlen(GET("/metrics")), MSG_NOSIGNAL),
			     0);
		if (begun)
			cr_assert_eq(recv(fds[i], &byte, 1, 0), 1, "client %d got no answer", i);
	}
	answers(GET("/healthz"), "200", "ok");
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	listener_close(l);
}

Test(listen, clients_that_do_not_read_keep_nobody_out)
{
	nobody_is_kept_out(false);
}

/* Only the last one has not asked when it comes. */
Test(listen, clients_that_have_asked_keep_nobody_out)
{
	nobody_is_kept_out(true);
}

/* The privileges are dropped between the two. */
Test(listen, its_thread_starts_when_it_is_told_to)
{
	struct listener *l;
	unsigned int before = fixture_threads();

	snprintf(address, sizeof(address), "unix:%s", path);
	cr_assert_eq(listener_open(&l, address), 0);
	cr_expect_eq(fixture_threads(), before);
	cr_assert_eq(listener_start(l), 0);
	cr_expect_eq(fixture_threads(), before + 1);
	listener_close(l);
	cr_expect_eq(fixture_threads(), before);
	cr_assert_eq(listener_open(&l, address), 0);
	listener_close(l);
	cr_expect_eq(access(path, F_OK), -1, "the socket is gone");
}
