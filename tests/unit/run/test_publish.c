// SPDX-License-Identifier: GPL-2.0-only
/* What monitors, the service manager and the journal see of a run. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "standin/guard.h"
#include "standin/kernel.h"

static char textfile[128], recording[128], socket_path[128], address[160];
static char metrics[1 << 16]; /* what a step read */

static void begin(void)
{
	kernel_begin_usual();
	snprintf(textfile, sizeof(textfile), "%s/metrics.prom", host.kernel.files.root);
	snprintf(recording, sizeof(recording), "%s/recording", host.kernel.files.root);
	snprintf(socket_path, sizeof(socket_path), "%s/socket", host.kernel.files.root);
	snprintf(address, sizeof(address), "unix:%s", socket_path);
	metrics[0] = 0;
}

TestSuite(publish, .init = begin, .fini = kernel_end);

static void read_textfile(void)
{
	FILE *f = fopen(textfile, "r");

	cr_assert(f);
	metrics[fread(metrics, 1, sizeof(metrics) - 1, f)] = 0;
	fclose(f);
}

#define cr_metric(line)                                                                            \
	cr_assert(strstr(metrics, line), "`%s` should be among what was read:\n%.600s", line,      \
		  metrics)

static void run_with_textfile(char *seconds)
{
	guard("run", "--textfile", textfile, "--for", seconds, "--format", "json", NULL);
}

Test(publish, a_textfile_while_the_gate_holds)
{
	at(1, kernel_begin_snp);
	at(5, read_textfile);
	run_with_textfile("6");
	cr_metric("snp_guard_gate_state{state=\"enforcing\"} 1\n");
	cr_metric("snp_guard_window_state{state=\"open\"} 1\n");
	cr_metric("snp_guard_windows_total 1\n");
	cr_metric("snp_guard_cpus{state=\"snp_en\"} 4\n");
}

Test(publish, a_textfile_of_a_run_that_ended)
{
	run_with_textfile("6");
	read_textfile();
	cr_metric("snp_guard_gate_state{state=\"detached\"} 1\n");
	cr_metric("snp_guard_gate_state{state=\"enforcing\"} 0\n");
}

static void deafen(void)
{
	kernel.gate_is_deaf = true;
}

Test(publish, a_gate_that_does_not_refuse_is_degraded)
{
	at(1, kernel_begin_snp);
	at(3, deafen);
	at(14, read_textfile);
	run_with_textfile("15");
	cr_metric("snp_guard_gate_state{state=\"degraded\"} 1\n");
}

static void deny_two(void)
{
	kernel_open_for_writing("cpu%u/online", 1);
	kernel_open_for_writing("cpu%u/online", 2);
	bpf_kernel.missed = 3;
}

Test(publish, counters)
{
	at(1, kernel_begin_snp);
	at(2, deny_two);
	at(14, read_textfile);
	run_with_textfile("15");
	cr_metric("snp_guard_denied_writes_total 2\n");
	cr_metric("{reason=\"hook-not-called\"} 3\n");
	cr_metric("{reason=\"ring-buffer\"} 0\n");
}

Test(publish, audit_is_a_state_of_its_own)
{
	at(5, read_textfile);
	guard("run", "--audit", "--textfile", textfile, "--for", "6", NULL);
	cr_metric("snp_guard_gate_state{state=\"auditing\"} 1\n");
}

Test(publish, a_textfile_that_can_not_be_written_is_said_once)
{
	guard("run", "--textfile", "/run/no/such/dir", "--for", "60", "--format", "json", NULL);
	cr_status(UNVERIFIED);
	cr_assert_eq(times(ended.err, "goes on without it"), 1, "%s", ended.err);
	cr_out(FAULT("textfile", "failing"));
	cr_assert_gt(took(), 59);
}

/* The file would take the place of the link, or as root of /dev/null. */
Test(publish, a_textfile_that_is_something_else_is_refused_and_stays)
{
	struct stat st;

	cr_assert_eq(symlink("elsewhere", textfile), 0);
	run_with_textfile("6");
	cr_status(UNVERIFIED);
	cr_err("metrics.prom: not a regular file, and metrics would take its place");
	cr_assert_eq(host_logged("attach"), 0);
	cr_expect(!lstat(textfile, &st) && S_ISLNK(st.st_mode));
	unlink(textfile);
	cr_assert_eq(mkfifo(textfile, 0600), 0);
	run_with_textfile("6");
	cr_status(UNVERIFIED);
	cr_expect(!lstat(textfile, &st) && S_ISFIFO(st.st_mode));
	guard("run", "--record", recording, "--for", "6", NULL);
	cr_status(CLEAN);
	guard("replay", "--textfile", textfile, recording, NULL);
	cr_status(UNVERIFIED);
	cr_err("not a regular file");
	cr_expect(!lstat(textfile, &st) && S_ISFIFO(st.st_mode));
}

/* ---- over HTTP ---- */

static void get_from(const void *to, socklen_t len, const char *request)
{
	sa_family_t family = ((const struct sockaddr *)to)->sa_family;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t used = 0;
	ssize_t n;

	cr_assert_eq(connect(fd, to, len), 0);
	cr_assert_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	while ((n = read(fd, metrics + used, sizeof(metrics) - used - 1)) > 0)
		used += n;
	metrics[used] = 0;
	close(fd);
}

static void get(const char *request)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	strcpy(to.sun_path, socket_path);
	get_from(&to, sizeof(to), request);
}

static void get_metrics(void)
{
	get("GET /metrics HTTP/1.0\r\n\r\n");
}

static void get_health(void)
{
	get("GET /healthz HTTP/1.0\r\n\r\n");
}

Test(publish, metrics_over_http)
{
	at(1, kernel_begin_snp);
	at(5, get_metrics);
	guard("run", "--listen", address, "--for", "6", "--format", "json", NULL);
	cr_metric("200 OK");
	cr_metric("snp_guard_gate_state{state=\"enforcing\"} 1\n");
	cr_assert(access(socket_path, F_OK), "the socket is left");
}

Test(publish, a_run_is_healthy)
{
	at(5, get_health);
	guard("run", "--listen", address, "--for", "6", "--format", "json", NULL);
	cr_metric("200 OK");
	cr_metric("\r\n\r\nok\n");
}

static void restless(void)
{
	host.now_ns += SECOND;
	kernel_record(SNP_EV_MODULE_LOAD, SNP_NO_SUBJECT);
	kernel.on_truth = restless;
}

/* 3 intervals and 5 s without a sweep that counts. */
Test(publish, a_run_without_sweeps_is_not)
{
	at(5, restless);
	at(80, get_health);
	at(80, sigterm);
	guard("run", "--listen", address, "--format", "json", NULL);
	cr_metric("503");
	cr_metric("not ok");
}

static void sweep_seldom(void)
{
	host_write("/etc/snp-guard.conf", "[run]\ninterval = 300\n");
	sighup();
}

Test(publish, a_run_that_is_to_sweep_less_often_from_now_on_is_healthy)
{
	at(1, sweep_seldom);
	at(250, get_health);
	guard("run", "--listen", address, "--for", "251", "--format", "json", NULL);
	cr_metric("200 OK");
}

static unsigned long long last_check(void)
{
	static const char name[] = "\nsnp_guard_last_check_timestamp_seconds ";
	const char *found = strstr(metrics, name);

	cr_assert(found, "%.600s", metrics);
	return strtoull(found + strlen(name), NULL, 10);
}

Test(publish, the_last_check_is_that_of_the_last_complete_sweep)
{
	unsigned long long begun = HOST_REALTIME_S + host.now_ns / SECOND, live;

	at(25, restless);
	at(80, sigterm);
	guard("run", "--textfile", textfile, "--record", recording, "--format", "json", NULL);
	read_textfile();
	live = last_check();
	cr_expect(live >= begun + 19 && live <= begun + 21, "%llu s after the start", live - begun);
	guard("replay", "--textfile", textfile, recording, NULL);
	read_textfile();
	cr_expect(last_check() - live <= 1 || live - last_check() <= 1, "%llu, replayed %llu", live,
		  last_check());
}

/* ---- [::] ---- */

static struct sockaddr_in ipv4;

/* Of all addresses, at a port that is free. */
static void choose_port(void)
{
	socklen_t len = sizeof(ipv4);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ipv4 = (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	cr_assert_eq(bind(fd, (struct sockaddr *)&ipv4, len), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&ipv4, &len), 0);
	close(fd);
	snprintf(address, sizeof(address), "[::]:%d", ntohs(ipv4.sin_port));
}

static void get_by_ipv4(void)
{
	get_from(&ipv4, sizeof(ipv4), "GET /healthz HTTP/1.0\r\n\r\n");
}

static void is_healthy_by_ipv4(void)
{
	choose_port();
	metrics[0] = 0;
	at(5, get_by_ipv4);
	guard("run", "--listen", address, "--for", "6", NULL);
	cr_status(CLEAN);
	cr_metric("200 OK");
}

Test(publish, all_addresses_are_those_of_ipv4_too)
{
	is_healthy_by_ipv4();
	host.bindv6only = true;
	is_healthy_by_ipv4();
}

Test(publish, all_addresses_of_a_kernel_without_ipv6)
{
	host_refuse("AF_INET6", -EAFNOSUPPORT);
	is_healthy_by_ipv4();
	guard("run", "--listen", "[::1]:0", "--for", "6", NULL);
	cr_status(UNVERIFIED);
	cr_err("can't listen at [::1]:0: Address family not supported");
}

/* ---- the service manager ---- */

Test(publish, the_service_manager_hears_of_it_all)
{
	at(1, kernel_begin_snp);
	run_for("20");
	cr_before("notify STATUS", "notify READY=1");
	cr_before("notify READY=1", "notify STATUS=Gate enforcing; window 1 is open");
	cr_before("notify STATUS=Gate enforcing; window 1 is open", "notify STOPPING=1");
	cr_assert_eq(host_logged("notify WATCHDOG"), 0);
}

Test(publish, the_watchdog_is_fed_twice_as_often_as_it_asks)
{
	host.watchdog_usec = 4000000;
	at(1, kernel_begin_snp);
	run_for("20");
	cr_assert_geq(host_logged("notify WATCHDOG=1"), 10, "%s", host.log);
	cr_assert_leq(host_logged("notify WATCHDOG=1"), 12, "%s", host.log);
}

/* ---- the journal ---- */

static void down(void)
{
	kernel_cpu_down(3);
}

Test(publish, the_journal_gets_what_calls_for_attention)
{
	host_write("/run/systemd/journal/socket", "");
	at(1, kernel_begin_snp);
	at(2, deny_two);
	at(3, down);
	guard("run", "--for", "10", "--format", "journal", NULL);
	cr_status(WARNING);
	cr_assert_geq(host_logged("journal MESSAGE="), 5, "%s", host.log);
	cr_assert(strstr(host.log, "cpu-offlined"), "%s", host.log);
	cr_assert_str_empty(ended.out);
}

static void journal_works(void)
{
	host_refuse("systemd_journal", 0);
}

Test(publish, what_the_journal_does_not_take_is_offered_again)
{
	host_write("/run/systemd/journal/socket", "");
	host_refuse("systemd_journal", -ENOBUFS);
	at(1, kernel_begin_snp);
	at(5, journal_works);
	guard("run", "--for", "10", "--format", "journal", NULL);
	cr_status(CLEAN);
	cr_err("journal: No buffer space available; the guard goes on");
	cr_err("journal: works again; lost: 0");
	cr_before("journal MESSAGE=guard started", "journal MESSAGE=guard ended");
}

Test(publish, what_the_journal_never_takes_is_lost_and_said)
{
	host_write("/run/systemd/journal/socket", "");
	host_refuse("systemd_journal", -ENOBUFS);
	at(1, kernel_begin_snp);
	guard("run", "--for", "10", "--format", "journal", NULL);
	cr_status(UNVERIFIED);
	cr_assert_gt(took(), 9);
	cr_err("journal: No buffer space available; lost: ");
}

Test(publish, without_a_journal_it_can_not_be_the_format)
{
	guard("run", "--for", "10", "--format", "journal", NULL);
	cr_status(UNVERIFIED);
	cr_err("can't report to the journal");
}
