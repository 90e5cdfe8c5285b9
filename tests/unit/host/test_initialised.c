// SPDX-License-Identifier: GPL-2.0-only
/* Whether SNP is initialised, where the driver's own flag can't be read. */
#include <criterion/criterion.h>

#include "abi/event.h"
#include "host/initialised.h"
#include "fixture.h"

static struct fixture fixture;
static struct platform host;
static struct snapshot_cpu cpus[2];
static const struct snapshot now = { .cpus = cpus, .count = 2 };

/* kvm_amd is loaded and would run SNP guests; both CPUs have SNP_EN. */
static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
	fixture_write(&fixture, "/proc/sys/kernel/osrelease", "6.17.13+deb13-amd64\n");
	fixture_write(&fixture, "/sys/module/ccp/initstate", "live\n");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "Y\n");
	for (int i = 0; i < 2; i++)
		cpus[i] = (struct snapshot_cpu){ .present = true,
						 .online = true,
						 .syscfg = SNP_SYSCFG_SNP_EN };
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(initialised, .init = begin, .fini = finish);

#define cr_found(expected) cr_expect_eq(initialised_by_others(&host, &now), expected)

Test(initialised, kvm_says_so)
{
	cr_found(INITIALISED_BY_KVM);
	cpus[0].syscfg = 0;
	cr_found(INITIALISED_BY_KVM);
}

Test(initialised, kvm_without_snp_proves_nothing)
{
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "N\n");
	cr_found(INITIALISED_UNKNOWN);
	fixture_remove(&fixture, "/sys/module/kvm_amd/parameters/sev_snp");
	cr_found(INITIALISED_UNKNOWN);
}

Test(initialised, what_kvm_said_is_over_where_no_cpu_has_snp_en)
{
	cpus[0].syscfg = 0;
	cpus[1].err = -5;
	cr_found(INITIALISED_UNKNOWN);
	cpus[1] = (struct snapshot_cpu){ .present = true, .syscfg = SNP_SYSCFG_SNP_EN };
	cr_found(INITIALISED_UNKNOWN);
}

Test(initialised, kvm_asks_the_firmware_from_6_17_on)
{
	static const struct {
		const char *release;
		enum initialised found;
	} releases[] = {
		{ "6.12.118+deb13-amd64\n", INITIALISED_UNKNOWN },
		{ "6.16.12\n", INITIALISED_UNKNOWN },
		{ "5.17.0\n", INITIALISED_UNKNOWN },
		{ "7.0.1\n", INITIALISED_BY_KVM },
		{ "unheard-of\n", INITIALISED_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		fixture_write(&fixture, "/proc/sys/kernel/osrelease", releases[i].release);
		cr_expect_eq(initialised_by_others(&host, &now), releases[i].found, "%s",
			     releases[i].release);
	}
}

Test(initialised, without_ccp_there_is_no_snp_guest)
{
	fixture_remove(&fixture, "/sys/module/ccp/initstate");
	/* Built in, it has no initstate. */
	cr_found(INITIALISED_BY_KVM);
	fixture_remove(&fixture, "/sys/module/ccp");
	cr_found(INITIALISED_NO);
}
