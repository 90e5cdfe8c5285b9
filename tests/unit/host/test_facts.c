// SPDX-License-Identifier: GPL-2.0-only
/* Facts that one file or device of a host has: the end of RAM, CPUID, ASIDs. */
#include <criterion/criterion.h>
#include <errno.h>

#include "host/asids.h"
#include "host/cpuid.h"
#include "host/snapshot.h"
#include "host/memory.h"
#include "events.h"

static struct fixture fixture;
static struct platform host;

static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(facts, .init = begin, .fini = finish);

Test(facts, ram_ends_with_its_highest_range)
{
	uint64_t end;

	fixture_write(&fixture, "/proc/iomem",
		      "100000000-13fffffff : System RAM\n00001000-3fffffff : System RAM\n"
		      "200000000-2ffffffff : Reserved\nSystem RAM\n-1 : System RAM\n");
	cr_assert_eq(memory_end(&host, &end), 0);
	cr_expect_eq(end, 0x140000000);
	fixture_write(&fixture, "/proc/iomem", "");
	cr_expect_eq(memory_end(&host, &end), -ENODATA);
	fixture_write(&fixture, "/proc/iomem", "0-10000000000000000 : System RAM\n");
	cr_expect_eq(memory_end(&host, &end), -ENODATA);
	fixture_remove(&fixture, "/proc/iomem");
	cr_expect_eq(memory_end(&host, &end), -ENOENT);
}

/* Of a leaf that it lacks the processor answers something else. */
Test(facts, cpuid_has_the_leaves_that_the_processor_has)
{
	const __u32 regs[4] = { 1, 2, 3, 4 };
	struct cpuid c;

	cr_expect_eq(cpuid_read(&host, CPUID_SEV, &c), -ENOENT);
	fixture_cpuid(&fixture, CPUID_SEV, regs);
	cr_assert_eq(cpuid_read(&host, CPUID_SEV, &c), 0);
	cr_expect(c.eax == 1 && c.ebx == 2 && c.ecx == 3 && c.edx == 4);
	fixture_cpuid(&fixture, CPUID_RMP + 1, regs);
	cr_expect_eq(cpuid_read(&host, CPUID_RMP + 1, &c), -ENODATA);
}

Test(facts, rmpopt_is_what_cpuid_says)
{
	const __u32 has[4] = { 0, 0, 0, CPUID_RMP_RMPOPT }, lacks[4] = { 30 };

	cr_expect_not(cpuid_has_rmpopt(&host));
	fixture_cpuid(&fixture, CPUID_RMP, has);
	cr_expect(cpuid_has_rmpopt(&host));
	fixture_cpuid(&fixture, CPUID_RMP, lacks);
	cr_expect_not(cpuid_has_rmpopt(&host));
}

Test(facts, rmpopt_base_is_read_where_it_is_there)
{
	const __u32 has[4] = { 0, 0, 0, CPUID_RMP_RMPOPT };
	struct snapshot s;

	fixture_write(&fixture, "/sys/devices/system/cpu/present", "0-1\n");
	fixture_write(&fixture, "/sys/devices/system/cpu/online", "0-1\n");
	fixture_msr(&fixture, 0, SNP_MSR_RMPOPT, 0x40000001);
	fixture_syscfg(&fixture, 1, SNP_SYSCFG_SNP_EN);
	cr_assert_eq(snapshot_take(&s, &host), 0);
	cr_expect_not(s.cpus[0].has_rmpopt);
	snapshot_free(&s);
	fixture_cpuid(&fixture, CPUID_RMP, has);
	cr_assert_eq(snapshot_take(&s, &host), 0);
	cr_expect(s.cpus[0].has_rmpopt && !s.cpus[0].rmpopt_err);
	cr_expect_eq(s.cpus[0].rmpopt, 0x40000001);
	cr_expect_eq(s.cpus[1].rmpopt_err, -EIO);
	cr_expect_eq(s.cpus[1].syscfg, SNP_SYSCFG_SNP_EN);
	snapshot_free(&s);
}

Test(facts, asids_by_their_exact_name)
{
	struct asids a;

	cr_expect_eq(asids_read(&host, &a), -ENOENT);
	fixture_write(&fixture, "/sys/fs/cgroup/misc.capacity",
		      "sev 410\nsev_es_other 1\nsev_es 99\n");
	cr_expect_eq(asids_read(&host, &a), -ENOENT);
	fixture_write(&fixture, "/sys/fs/cgroup/misc.current", "sev 7\n");
	cr_assert_eq(asids_read(&host, &a), 0);
	cr_expect_eq(a.sev_es, 99);
	cr_expect_eq(a.sev_es_used, 0);
}
