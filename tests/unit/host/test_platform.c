// SPDX-License-Identifier: GPL-2.0-only
/* Hosts that a directory stands for. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/platform.h"
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

TestSuite(platform, .init = begin, .fini = finish);

Test(platform, files_are_read_as_far_as_the_buffer_goes)
{
	char buf[8];

	fixture_write(&fixture, "/proc/text", "0123456789");
	cr_expect_eq(platform_read(&host, "/proc/text", buf, sizeof(buf)), 7);
	cr_expect_str_eq(buf, "0123456");
	fixture_write(&fixture, "/proc/text", "");
	cr_expect_eq(platform_read(&host, "/proc/text", buf, sizeof(buf)), 0);
	cr_expect_str_eq(buf, "");
	cr_expect_eq(platform_read(&host, "/proc/none", buf, sizeof(buf)), -ENOENT);
	cr_expect_eq(platform_read(&host, "/proc", buf, sizeof(buf)), -EISDIR);
}

Test(platform, a_root_too_long_is_an_error)
{
	char root[5000], buf[8];
	struct platform deep = { .root = root };

	memset(root, '/', sizeof(root));
	root[sizeof(root) - 1] = 0;
	cr_expect_eq(platform_read(&deep, "/proc", buf, sizeof(buf)), -ENAMETOOLONG);
	cr_expect_not(platform_exists(&deep, "/proc"));
}

Test(platform, hsave_is_lacked_where_svme_is_set)
{
	const __u32 efer = 0xc0000080, hsave_pa = 0xc0010117;

	cr_expect_eq(platform_lacks_hsave(&host, 0), -ENOENT);
	fixture_msr(&fixture, 0, hsave_pa, 0);
	fixture_msr(&fixture, 0, efer, 0xd01);
	cr_expect_eq(platform_lacks_hsave(&host, 0), 0, "KVM is not there");
	fixture_msr(&fixture, 0, efer, 0x1d01);
	cr_expect_eq(platform_lacks_hsave(&host, 0), 1);
	fixture_msr(&fixture, 0, hsave_pa, 0x1000);
	cr_expect_eq(platform_lacks_hsave(&host, 0), 0);
	/* EFER is there, VM_HSAVE_PA can't be read. */
	fixture_msr(&fixture, 1, efer, 0x1d01);
	cr_expect_eq(platform_lacks_hsave(&host, 1), -EIO);
}

Test(platform, lists_of_cpus_may_have_holes)
{
	struct cpulist set;

	fixture_write(&fixture, "/sys/devices/system/cpu/online", "0,2-3\n");
	fixture_write(&fixture, "/sys/devices/system/cpu/present", "0-3\n");
	cr_assert_eq(platform_cpus(&host, "online", &set), 0);
	cr_expect_eq(cpulist_count(&set), 3);
	cr_expect_not(cpulist_has(&set, 1));
	cpulist_free(&set);
	cr_assert_eq(platform_cpus(&host, "present", &set), 0);
	cr_expect_eq(cpulist_count(&set), 4);
	cpulist_free(&set);
	cr_expect_eq(platform_cpus(&host, "possible", &set), -ENOENT);
	cr_expect_eq(cpulist_count(&set), 0);
	fixture_write(&fixture, "/sys/devices/system/cpu/online", "0-\n");
	cr_expect_eq(platform_cpus(&host, "online", &set), -EINVAL);
}

static int read_syscfg(unsigned int cpu, uint64_t *value)
{
	int fd = platform_msr_open(&host, cpu);
	int err = fd < 0 ? fd : platform_msr_read(fd, SNP_MSR_SYSCFG, value);

	if (fd >= 0)
		close(fd);
	return err;
}

Test(platform, syscfg_is_read_at_its_address)
{
	uint64_t value = 0;

	fixture_syscfg(&fixture, 0, 0x1000000 | 1ull << 23);
	fixture_syscfg(&fixture, 17, 0xfedcba9876543210);
	cr_assert_eq(read_syscfg(0, &value), 0);
	cr_expect_eq(value, 0x1800000);
	cr_assert_eq(read_syscfg(17, &value), 0);
	cr_expect_eq(value, 0xfedcba9876543210);
	cr_expect_eq(read_syscfg(1, &value), -ENOENT);
}

Test(platform, a_short_read_of_syscfg_is_an_error)
{
	uint64_t value;

	fixture_write(&fixture, "/dev/cpu/0/msr", "short");
	cr_expect_eq(read_syscfg(0, &value), -EIO);
}

Test(platform, boot_id_and_release_are_words)
{
	char id[PLATFORM_BOOT_ID_LEN], release[PLATFORM_RELEASE_LEN];

	fixture_write(&fixture, "/proc/sys/kernel/random/boot_id",
		      "01234567-89ab-cdef-0123-456789abcdef\n");
	fixture_write(&fixture, "/proc/sys/kernel/osrelease", "7.3.0-1-amd64\n");
	platform_boot_id(&host, id);
	platform_release(&host, release);
	cr_expect_str_eq(id, "01234567-89ab-cdef-0123-456789abcdef");
	cr_expect_str_eq(release, "7.3.0-1-amd64");
}

Test(platform, boot_id_and_release_that_can_not_be_read_are_empty)
{
	char id[PLATFORM_BOOT_ID_LEN] = "x", release[PLATFORM_RELEASE_LEN] = "x";

	platform_boot_id(&host, id);
	platform_release(&host, release);
	cr_expect_str_eq(id, "");
	cr_expect_str_eq(release, "");
}

Test(platform, security_modules_are_whole_words)
{
	fixture_write(&fixture, "/sys/kernel/security/lsm", "lockdown,capability,bpf");
	cr_expect_eq(platform_has_lsm(&host, "bpf"), 1);
	cr_expect_eq(platform_has_lsm(&host, "lockdown"), 1);
	cr_expect_eq(platform_has_lsm(&host, "lock"), 0);
	fixture_write(&fixture, "/sys/kernel/security/lsm", "lockdown,bpfx,xbpf\n");
	cr_expect_eq(platform_has_lsm(&host, "bpf"), 0);
	fixture_write(&fixture, "/sys/kernel/security/lsm", "bpf\n");
	cr_expect_eq(platform_has_lsm(&host, "bpf"), 1);
	fixture_remove(&fixture, "/sys/kernel/security/lsm");
	cr_expect_eq(platform_has_lsm(&host, "bpf"), -ENOENT);
}

Test(platform, cpu_flags_are_whole_words)
{
	fixture_write(&fixture, "/proc/cpuinfo",
		      "processor\t: 0\nmodel name\t: sev_none\nflags\t\t: fpu sev_snpx sev_es\n"
		      "bugs\t\t: sev_snp\n\nprocessor\t: 1\nflags\t\t: sev_snp\n");
	cr_expect_eq(platform_has_cpu_flag(&host, "sev_es"), 1);
	cr_expect_eq(platform_has_cpu_flag(&host, "fpu"), 1);
	cr_expect_eq(platform_has_cpu_flag(&host, "sev_snp"), 0, "the first CPU's flags count");
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev_snp");
	cr_expect_eq(platform_has_cpu_flag(&host, "sev_snp"), 1, "the last line has no newline");
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nFeatures\t: sev_snp\n");
	cr_expect_eq(platform_has_cpu_flag(&host, "sev_snp"), -ENODATA);
	fixture_remove(&fixture, "/proc/cpuinfo");
	cr_expect_eq(platform_has_cpu_flag(&host, "sev_snp"), -ENOENT);
}

Test(platform, lockdown_that_hides_memory)
{
	cr_expect_not(platform_is_confidential(&host));
	fixture_write(&fixture, "/sys/kernel/security/lockdown",
		      "[none] integrity confidentiality\n");
	cr_expect_not(platform_is_confidential(&host));
	fixture_write(&fixture, "/sys/kernel/security/lockdown",
		      "none [integrity] confidentiality\n");
	cr_expect_not(platform_is_confidential(&host));
	fixture_write(&fixture, "/sys/kernel/security/lockdown",
		      "none integrity [confidentiality]\n");
	cr_expect(platform_is_confidential(&host));
}

Test(platform, a_crash_kernel_knows_where_the_crash_is_described)
{
	cr_expect_not(platform_is_crash_kernel(&host));
	fixture_write(&fixture, "/proc/cmdline", "quiet crashkernel=256M noelfcorehdr=1\n");
	cr_expect_not(platform_is_crash_kernel(&host));
	fixture_write(&fixture, "/proc/cmdline", "elfcorehdr=0x2f000000 quiet\n");
	cr_expect(platform_is_crash_kernel(&host));
	fixture_write(&fixture, "/proc/cmdline", "quiet elfcorehdr=0x2f000000\n");
	cr_expect(platform_is_crash_kernel(&host));
}

Test(platform, a_module_is_found_where_it_stands)
{
	fixture_write(&fixture, "/proc/sys/kernel/osrelease", "7.3.0\n");
	cr_expect_eq(platform_module(&host, "ccp"), MODULE_ABSENT);
	/* What another module needs, and what begins or ends alike, is not it. */
	fixture_write(&fixture, "/lib/modules/7.3.0/modules.dep",
		      "kernel/arch/x86/kvm/kvm-amd.ko.xz: kernel/drivers/crypto/ccp/ccp.ko.xz\n"
		      "kernel/drivers/crypto/ccp/ccp-crypto.ko.xz:\nkernel/xccp.ko:\n"
		      "kernel/ccp/other.ko:\n");
	cr_expect_eq(platform_module(&host, "ccp"), MODULE_ABSENT);
	fixture_write(&fixture, "/lib/modules/7.3.0/modules.dep",
		      "kernel/x.ko:\nkernel/drivers/crypto/ccp/ccp.ko.xz:\n");
	cr_expect_eq(platform_module(&host, "ccp"), MODULE_AVAILABLE);
	fixture_write(&fixture, "/lib/modules/7.3.0/modules.dep", "ccp.ko:\n");
	cr_expect_eq(platform_module(&host, "ccp"), MODULE_AVAILABLE);
	fixture_write(&fixture, "/lib/modules/7.3.0/modules.builtin",
		      "kernel/drivers/crypto/ccp/ccp.ko\n");
	cr_expect_eq(platform_module(&host, "ccp"), MODULE_BUILTIN);
	fixture_write(&fixture, "/sys/module/ccp/initstate", "live\n");
	cr_expect_eq(platform_module(&host, "ccp"), MODULE_LOADED);
}

Test(platform, another_kernels_modules_do_not_count)
{
	fixture_write(&fixture, "/proc/sys/kernel/osrelease", "7.3.0\n");
	fixture_write(&fixture, "/lib/modules/7.2.0/modules.dep", "kernel/ccp.ko:\n");
	cr_expect_eq(platform_module(&host, "ccp"), MODULE_ABSENT);
}
