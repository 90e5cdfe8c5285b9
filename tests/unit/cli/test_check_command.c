// SPDX-License-Identifier: GPL-2.0-only
/* snp-guard check: what it looks at, in each format, and how it ends. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "standin/guard.h"
#include "standin/kernel.h"

static void begin(void)
{
	kernel_begin_usual();
	host_write("/dev/sev", "");
}

TestSuite(check_command, .init = begin, .fini = kernel_end);

/* A window, with SNP initialised. */
static void in_a_window(void)
{
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		host_set_snp_en(cpu, true);
	kernel.count = 1;
	kernel.initialised = 1;
	host.firmware.state = PSP_STATE_INIT;
	host.firmware.flags = PSP_FLAG_RMP_INIT | PSP_FLAG_ALIAS_CHECKED;
}

static void finds(const char *name, const char *status)
{
	char text[128];

	guard("check", "--format", "json", NULL);
	snprintf(text, sizeof(text), "\"check\":\"%s\",\"status\":\"%s\"", name, status);
	cr_out(text);
}

Test(check_command, attaches_nothing)
{
	guard("check", NULL);
	cr_quiet();
	cr_assert_str_not_empty(ended.out);
	cr_assert_eq(host_logged("attach"), 0);
}

Test(check_command, a_cpu_without_snp_en_is_critical)
{
	in_a_window();
	host_set_snp_en(2, false);
	guard("check", "--format", "json", NULL);
	cr_status(CRITICAL);
	cr_out("FAIL");
	guard("check", "--format", "json", "--severity", "cpu-without-snp-en=off", NULL);
	cr_assert_neq(ended.status, CRITICAL);
}

Test(check_command, each_format)
{
	in_a_window();
	guard("check", "--format", "text", NULL);
	cr_out("PASS");
	guard("check", "--format", "json", NULL);
	cr_out("\"id\":\"snp-en\",\"check\":\"snp-en\",\"status\":\"PASS\"");
	cr_out("\"type\":\"check-summary\"");
	guard("check", "--format", "junit", NULL);
	cr_out("<testcase classname=\"snp-guard.snp-en\" name=\"snp-en\"");
	guard("check", "--format", "prometheus", NULL);
	cr_out("snp_guard_check_status{");
	guard("check", "--format", "nagios", NULL);
	cr_out("SNP");
	guard("check", "--format", "npd", NULL);
	cr_assert_leq(ended.status, 2);
	guard("check", "--exit-map", "npd", NULL);
	cr_assert_leq(ended.status, 2);
}

/* What the summary has as the exit status is the exit status. */
Test(check_command, the_summary_of_json_ends_as_the_command_does)
{
	in_a_window();
	host_set_snp_en(2, false);
	guard("check", "--format", "json", NULL);
	cr_status(CRITICAL);
	cr_out("\"verdict\":\"CRITICAL\"");
	cr_out("\"exit_status\":2}\n");
	cr_out("\"id\":\"snp-en/cpu-without-snp-en/cpu2\"");
	guard("check", "--format", "json", "--exit-map", "npd", NULL);
	cr_status(WARNING);
	cr_out("\"verdict\":\"CRITICAL\"");
	cr_out("\"exit_status\":1}\n");
}

Test(check_command, only_some)
{
	in_a_window();
	host_set_snp_en(2, false);
	guard("check", "--only", "kvm-amd,online", "--format", "json", NULL);
	cr_status(CLEAN);
	cr_out("\"check\":\"online\"");
	cr_assert(!strstr(ended.out, "snp-en"));
	guard("check", "--only", "snp-en", NULL);
	cr_status(CRITICAL);
}

Test(check_command, a_list_of_all)
{
	guard("check", "--list", NULL);
	cr_status(CLEAN);
	cr_out("snp-en            SNP_EN in SYSCFG of each online CPU\n");
	cr_out("\nroot              the effective user id\n");
}

Test(check_command, a_check_is_explained)
{
	guard("check", "--explain", "snp-en", NULL);
	cr_status(CLEAN);
	cr_out("snp-en: SNP_EN in SYSCFG of each online CPU\n\n");
	cr_out("against the RMP");
	cr_assert_eq(host_logged("modprobe"), 0);
}

/* ---- --watch ---- */

static void cpu_2_loses_snp_en(void)
{
	host_set_snp_en(2, false);
}

static void cpu_2_gets_snp_en(void)
{
	host_set_snp_en(2, true);
}

/* A look takes 0.1 s: rounds begin at 0, 1.1 and 2.2. */
Test(check_command, checks_again_and_again)
{
	in_a_window();
	at(1.5, cpu_2_loses_snp_en);
	at(3, sigterm);
	guard("check", "--watch", "1", "--only", "snp-en", NULL);
	cr_status(CRITICAL);
	cr_assert_eq(strncmp(ended.out, "PASS ", 5), 0, "%s", ended.out);
	cr_assert_eq(times(ended.out, "PASS "), 2, "%s", ended.out);
	cr_assert_eq(times(ended.out, "FAIL "), 1, "%s", ended.out);
	cr_assert_eq(times(ended.out, "\n\n"), 2, "%s", ended.out);
	cr_out("Z  OK\n\nPASS ");
	cr_out("Z  OK\n\nFAIL ");
	cr_out("Z  CRITICAL\n");
	cr_assert_str_eq(strstr(ended.out, "CRITICAL\n"), "CRITICAL\n");
	cr_not_out("\033");
	cr_quiet();
}

static void sigint(void)
{
	raise(SIGINT);
}

Test(check_command, a_watch_ends_with_its_last_status)
{
	in_a_window();
	host_set_snp_en(2, false);
	at(1.5, cpu_2_gets_snp_en);
	at(3, sigint);
	guard("check", "--watch", "1", "--only", "snp-en", NULL);
	cr_status(CLEAN);
	cr_assert_eq(times(ended.out, "CRITICAL\n"), 2, "%s", ended.out);
	cr_assert_eq(times(ended.out, "OK\n"), 1, "%s", ended.out);
}

static const char present[] = "/sys/devices/system/cpu/present";

static void hide_cpus(void)
{
	host_refuse(present, -EIO);
}

static void show_cpus(void)
{
	host_refuse(present, 0);
}

Test(check_command, a_watch_goes_on_after_a_look_that_failed)
{
	in_a_window();
	at(0.5, hide_cpus);
	at(1.5, show_cpus);
	at(3, sigterm);
	guard("check", "--watch", "1", "--only", "online", NULL);
	cr_status(CLEAN);
	cr_assert_eq(times(ended.out, "OK\n"), 2, "%s", ended.out);
	cr_assert_eq(times(ended.out, "UNKNOWN\n"), 1, "%s", ended.out);
	cr_out("UNKNOWN         online");
}

/* On a terminal a round takes the place of the one before. */
Test(check_command, a_watch_draws_the_screen_anew)
{
	static char seen[4096];
	char path[64];
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	cr_assert_geq(terminal, 0);
	cr_assert(!grantpt(terminal) && !unlockpt(terminal));
	snprintf(path, sizeof(path), "/%s", ptsname(terminal));
	guard_stdout = path;
	in_a_window();
	at(1.5, sigterm);
	guard("check", "--watch", "1", "--only", "snp-en", NULL);
	guard_stdout = NULL;
	cr_status(CLEAN);
	/* It comes in pieces; the end is an error, as nobody has the other side open. */
	while ((n = read(terminal, seen + len, sizeof(seen) - 1 - len)) > 0)
		len += n;
	close(terminal);
	cr_assert_eq(strncmp(seen, "\033[H\033[J", 6), 0, "%s", seen);
	cr_assert_eq(times(seen, "\033[H\033[J"), 2, "%s", seen);
	cr_assert_eq(times(seen, "OK\r\n"), 2, "%s", seen);
	cr_assert_eq(times(seen, "\n\r\n"), 0, "%s", seen);
}

Test(check_command, without_root_what_needs_it_is_unknown)
{
	host.euid = 1000;
	guard("check", "--format", "json", NULL);
	cr_out("UNKNOWN");
	cr_status(UNVERIFIED);
	/* No BPF program is loaded for it. */
	cr_assert_eq(host_logged("mount"), 0);
}

Test(check_command, a_host_without_snp)
{
	host_write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n");
	guard("check", NULL);
	cr_status(CLEAN);
	guard("check", "--require-snp", NULL);
	cr_status(CRITICAL);
}

Test(check_command, cpus_that_can_not_be_looked_at)
{
	host_remove("/sys/devices/system/cpu/online");
	host_remove("/sys/devices/system/cpu/present");
	guard("check", "--format", "json", NULL);
	cr_out("UNKNOWN");
	cr_status(UNVERIFIED);
}

static void flap(void)
{
	host_set_online(3, !host_is_online(3));
}

Test(check_command, two_looks_must_agree)
{
	for (int i = 0; i < 10; i++)
		at(0.05 + i * 0.1, flap);
	guard("check", "--format", "json", NULL);
	cr_out("UNKNOWN");
	cr_status(UNVERIFIED);
	cr_assert_geq(took(), 0.5);
}

Test(check_command, since_a_snapshot)
{
	in_a_window();
	guard("snapshot", "--output", "/run/before", NULL);
	cr_status(CLEAN);
	host_set_online(3, false);
	guard("check", "--since", "/run/before", "--format", "json", NULL);
	cr_out("cpu-offlined");
	guard("check", "--since", "/run/none", NULL);
	cr_status(UNVERIFIED);
	cr_err("/run/none: No such file");
}

Test(check_command, a_firmware_that_does_not_answer)
{
	in_a_window();
	host_refuse("ioctl", -EIO);
	guard("check", "--format", "json", NULL);
	cr_out("Input/output error");
}

Test(check_command, a_kernel_that_refuses_bpf)
{
	in_a_window();
	bpf_refuse("open", -EPERM);
	guard("check", "--format", "json", NULL);
	cr_out("UNKNOWN");
}

Test(check_command, a_guard_that_is_pinned)
{
	at(1, kernel_begin_snp);
	guard("run", "--pin", "--for", "5", "--format", "json", NULL);
	cr_status(CLEAN);
	finds("gate", "PASS");
	kernel.gate_is_deaf = true;
	finds("gate", "WARN");
}

Test(check_command, usage)
{
	guard_alone("check", "--format", "xml", NULL);
	cr_status(USAGE);
	cr_err("nagios");
	guard_alone("check", "--explain", "snp-em", NULL);
	cr_status(USAGE);
	cr_err("--explain: no check is called `snp-em`; did you mean `snp-en`?");
	guard_alone("check", "--only", "online,snp-em", NULL);
	cr_status(USAGE);
	cr_err("--only: no check is called `snp-em`; did you mean `snp-en`?");
	guard_alone("check", "--explain", "snp-en,online", NULL);
	cr_status(USAGE);
	guard_alone("check", "--watch", "0", NULL);
	cr_status(USAGE);
	cr_err("--watch takes seconds, from 0.01 on, not `0`");
	guard_alone("check", "--watch", "1s", NULL);
	cr_status(USAGE);
	guard_alone("check", "--watch", "1", "--format", "json", NULL);
	cr_status(USAGE);
	cr_err("--watch prints text alone");
	guard_alone("check", "--exit-map", "other", NULL);
	cr_status(USAGE);
	guard_alone("check", "now", NULL);
	cr_status(USAGE);
	cr_err("now");
}
