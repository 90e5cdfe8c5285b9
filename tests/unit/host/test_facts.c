// SPDX-License-Identifier: GPL-2.0-only
/* Facts that one file or device of a host has: the end of RAM, CPUID, ASIDs. */
#include <criterion/criterion.h>
#include <errno.h>

#include "host/asids.h"
#include "host/cpuid.h"
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
	fixture_cpuid(&fixture, CPUID_SEV + 6, regs);
	cr_expect_eq(cpuid_read(&host, CPUID_SEV + 6, &c), -ENODATA);
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
