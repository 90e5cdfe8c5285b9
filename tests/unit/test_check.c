// SPDX-License-Identifier: GPL-2.0-only
/* Hosts of four CPUs, sound and unsound, and what the one-shot check says of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "../../src/check.h"
#include "events.h"

#define CPUS	4
#define OTHERS	0x2880000ull /* SYSCFG beside SNP_EN */
#define SNP_SET (OTHERS | SNP_SYSCFG_SNP_EN)

static struct fixture fixture;
static struct platform host;
static struct snapshot_cpu cpus[CPUS];
static struct snapshot now;
static struct check_facts facts;
static struct check_report report;

static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev_snp\n");
	fixture_write(&fixture, "/proc/sys/kernel/osrelease", "7.3.0\n");
	fixture_write(&fixture, "/sys/module/ccp/initstate", "live\n");
	for (int i = 0; i < CPUS; i++)
		cpus[i] =
			(struct snapshot_cpu){ .present = true, .online = true, .syscfg = SNP_SET };
	now = (struct snapshot){ .cpus = cpus, .count = CPUS, .hotplug_count = 0 };
	facts = (struct check_facts){ .platform = &host,
				      .now = &now,
				      .start_flags = SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE,
				      .kernel_known = true,
				      .initialised = 1 };
}

static void finish(void)
{
	check_free(&report);
	fixture_end(&fixture);
}

TestSuite(check, .init = begin, .fini = finish);

/* The worst result of that name, judged anew. */
static const struct check_result *result(const char *name)
{
	static const struct check_result none = { .status = CHECK_NOT_APPLICABLE };
	const struct check_result *worst = &none;

	check_free(&report);
	cr_assert_eq(check_judge(&report, &facts), 0);
	for (int i = 0; i < report.count; i++)
		if (!strcmp(report.results[i].name, name) &&
		    (worst == &none || report.results[i].status > worst->status))
			worst = &report.results[i];
	return worst;
}

static void expect(const char *name, enum check_status status, const char *evidence)
{
	const struct check_result *r = result(name);

	cr_expect_eq(r->status, status, "%s is %s: %s", name, check_status_name(r->status),
		     r->evidence);
	cr_expect(strstr(r->evidence, evidence), "%s says `%s`, not `%s`", name, r->evidence,
		  evidence);
}

static void clear_all(void)
{
	for (int i = 0; i < CPUS; i++)
		cpus[i].syscfg = OTHERS;
	facts.initialised = 0;
}

Test(check, a_sound_host_while_snp_is_initialised)
{
	expect("snp-en", CHECK_PASS, "set on CPUs 0-3, all that are online");
	expect("online", CHECK_PASS, "all that are present");
	expect("syscfg", CHECK_PASS, "every online CPU");
	expect("firmware", CHECK_PASS, "SNP is initialised");
	expect("hotplug-count", CHECK_PASS, "no-latch");
	expect("kvm-amd", CHECK_NOT_APPLICABLE, "not loaded");
}

Test(check, a_sound_host_without_a_window)
{
	clear_all();
	expect("snp-en", CHECK_PASS, "no window is open");
	expect("firmware", CHECK_PASS, "not initialised");
	expect("hotplug-count", CHECK_PASS, "no window is open");
}

Test(check, a_cpu_without_snp_en_fails_while_guests_can_run)
{
	cpus[3].syscfg = OTHERS;
	expect("snp-en", CHECK_FAIL, "CPU 3 is online without SNP_EN");
	cr_expect_eq(check_worst(&report), CHECK_FAIL);
}

static void let(const char *severity)
{
	char why[256];

	cr_assert_geq(severity_parse(&facts.severities, severity, why, sizeof(why)), 0, "%s", why);
}

Test(check, a_breach_counts_as_it_is_told_to)
{
	cpus[3].syscfg = OTHERS;
	let("cpu-without-snp-en=warning");
	expect("snp-en", CHECK_WARN, "cpu-without-snp-en: CPU 3");
	let("cpu-without-snp-en=off");
	expect("snp-en", CHECK_PASS, "cpu-without-snp-en is left out");
	cpus[2].err = -EIO;
	expect("snp-en", CHECK_UNKNOWN, "CPUs 2 can't be read");
	expect("sight", CHECK_UNKNOWN, "blind");
	let("blind=warning");
	expect("sight", CHECK_WARN, "blind");
}

Test(check, a_cpu_without_snp_en_is_a_warning_after_a_legacy_shutdown)
{
	cpus[3].syscfg = OTHERS;
	facts.initialised = 0;
	expect("snp-en", CHECK_WARN, "set on CPUs 0-2 and clear on 3");
}

Test(check, what_can_not_be_read_is_unknown)
{
	cpus[2].err = -EIO;
	expect("snp-en", CHECK_UNKNOWN, "CPUs 2 can't be read");
	expect("sight", CHECK_UNKNOWN, "SYSCFG of CPU 2 can't be read");
	cpus[2].err = 0;
	facts.initialised = -1;
	expect("firmware", CHECK_UNKNOWN, "can't be read");
	now.hotplug_count = SNP_COUNT_UNKNOWN;
	expect("hotplug-count", CHECK_UNKNOWN, "can't be read");
	facts.now = NULL;
	expect("online", CHECK_UNKNOWN, "did not stay the same");
}

Test(check, the_kernels_latch)
{
	facts.start_flags |= SNP_F_HAS_LATCH;
	now.hotplug_count = 1;
	expect("hotplug-count", CHECK_PASS, "1 with SNP_EN set");
	facts.initialised = 0;
	now.hotplug_count = 0;
	expect("hotplug-count", CHECK_WARN, "kexec-unlatched");
}

Test(check, an_offline_cpu)
{
	cpus[1].online = false;
	expect("online", CHECK_WARN, "CPUs 1 are present and offline");
	clear_all();
	expect("online", CHECK_PASS, "CPUs 1 are offline");
}

Test(check, syscfg_that_differs)
{
	cpus[2].syscfg |= 1 << 18;
	expect("syscfg", CHECK_WARN, "CPU 2 has 0x38c0000, CPU 0 has 0x3880000");
}

Test(check, since_a_snapshot)
{
	struct snapshot_cpu before[CPUS];
	struct snapshot since = { .boot_id = "another", .cpus = before, .count = CPUS };

	memcpy(before, cpus, sizeof(before));
	facts.since = &since;
	expect("since", CHECK_PASS, "outlived a kexec");
	expect("online", CHECK_PASS, "");
	before[3].online = false;
	expect("online", CHECK_FAIL, "cpu-onlined: CPU 3 was offline at the snapshot");
	cpus[3].online = false;
	before[3].online = true;
	expect("online", CHECK_WARN, "cpu-offlined: CPU 3 was online at the snapshot");
}

Test(check, kvm_amd)
{
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "Y\n");
	expect("kvm-amd", CHECK_PASS, "is Y");
	facts.initialised = 0;
	expect("kvm-amd", CHECK_WARN, "has not initialised SNP");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "N\n");
	expect("kvm-amd", CHECK_PASS, "is N");
}

Test(check, more_results_than_there_was_room_for_at_first)
{
	static struct snapshot_cpu many[1000];

	for (int i = 0; i < 1000; i++)
		many[i] = (struct snapshot_cpu){ .present = true, .online = true, .err = -EIO };
	now = (struct snapshot){ .cpus = many, .count = 1000 };
	expect("sight", CHECK_UNKNOWN, "SYSCFG of CPU");
	cr_expect_geq(report.count, 1000, "each of them is told");
}

Test(check, a_host_without_snp_has_nothing_to_check)
{
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n");
	expect("snp", CHECK_NOT_APPLICABLE, "no sev_snp");
	cr_expect_eq(report.count, 1);
	cr_expect_eq(check_worst(&report), CHECK_NOT_APPLICABLE);
}

Test(check, what_is_missing_comes_with_its_remedy)
{
	fixture_write(&fixture, "/sys/kernel/debug/kprobes/enabled", "0\n");
	expect("kprobes", CHECK_WARN, "kprobes are switched off");
	cr_expect(strstr(result("kprobes")->remedy, "echo 1"));
	expect("btf", CHECK_UNKNOWN, "no BTF");
	fixture_write(&fixture, "/sys/kernel/btf/vmlinux", "");
	expect("btf", CHECK_PASS, "");
}
