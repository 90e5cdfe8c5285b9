// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "host/kernel_log.h"

static struct fixture fixture;
static struct platform host;
static char text[160];

static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
}

static void finish(void)
{
	fixture_end(&fixture);
}

TestSuite(kernel_log, .init = begin, .fini = finish);

static int last(enum kernel_log_about about, const char *log)
{
	*text = 0;
	fixture_write(&fixture, "/dev/kmsg", log);
	return kernel_log_last(&host, about, text, sizeof(text));
}

Test(kernel_log, the_last_failure_is_taken)
{
	cr_expect_eq(
		last(KERNEL_LOG_NO_SNP,
		     "6,1,5,-;SEV-SNP: RMP table physical range [0x1 - 0x2]\n"
		     "4,2,6,-,caller=T1;ccp 0000:01:00.5: SEV: failed to get status. Error: 0x0\n"
		     " SUBSYSTEM=pci\n DEVICE=+pci:0000:01:00.5\n"
		     "3,3,7,-;ccp 0000:01:00.5: SEV-SNP: SNP_INIT_EX failed rc -5, error 0x3\n"
		     "6,4,8,-;kvm_amd: SEV-SNP disabled (ASIDs 1 - 99)\n"),
		1);
	cr_expect_str_eq(text, "ccp 0000:01:00.5: SEV-SNP: SNP_INIT_EX failed rc -5, error 0x3");
}

Test(kernel_log, each_part_of_the_kernel_that_ends_snp)
{
	cr_expect_eq(last(KERNEL_LOG_NO_SNP,
			  "4,1,5,-;AMD-Vi: SNP: IOMMU disabled, SNP cannot be supported.\n"),
		     1);
	cr_expect_eq(last(KERNEL_LOG_NO_SNP,
			  "3,1,5,-;SEV-SNP: SNP init failed: not all CPUs online. (0-2)\n"),
		     1);
	cr_expect_eq(last(KERNEL_LOG_NO_SNP, "3,1,5,-;SEV-SNP: Memory for the RMP table has not "
					     "been reserved by BIOS\n"),
		     1);
	cr_expect_eq(last(KERNEL_LOG_NO_SNP,
			  "3,1,5,-;SEV-SNP: Memory reserved for the RMP table does not cover full "
			  "system RAM (expected 0x2 got 0x1)\n"),
		     1);
	cr_expect_eq(
		last(KERNEL_LOG_NO_SNP,
		     "3,1,5,-;ccp 0000:01:00.5: psp: unable to access the device: you might be "
		     "running a broken BIOS.\n"
		     "3,2,6,-;ccp 0000:01:00.5: psp initialization failed\n"),
		1);
	cr_expect(strstr(text, "broken BIOS"), "%s", text);
}

Test(kernel_log, what_is_no_failure_of_snp)
{
	cr_expect_eq(last(KERNEL_LOG_NO_SNP,
			  "4,1,5,-;ccp 0000:01:00.5: firmware: failed to load amd/sev.fw (-2)\n"
			  "6,2,6,-;ccp 0000:01:00.5: could not enable MSI-X (-22), trying MSI\n"
			  "6,3,7,-;ccp 0000:01:00.5: SEV-SNP API:1.55 build:21\n"
			  "3,4,8,-;usb 1-1: SEV-SNP: it failed\n"
			  "6,5,9,-;AMD-Vi: IOMMU SNP support enabled.\n"),
		     0);
	cr_expect_eq(last(KERNEL_LOG_NO_SNP, ""), 0);
}

/* 14 is facility 1 (user), level 6. */
Test(kernel_log, what_a_process_wrote_is_not_the_kernel_s)
{
	cr_expect_eq(last(KERNEL_LOG_NO_SNP, "14,1,5,-;SEV-SNP: it failed, says a joker\n"), 0);
	cr_expect_eq(last(KERNEL_LOG_NO_SNP, "6,1,5,-;SEV-SNP: it failed\n"), 1);
}

Test(kernel_log, how_the_kernel_died)
{
	const char *log = "0,1,5,-;kernel BUG at arch/x86/kvm/x86.c:702!\n"
			  "4,2,5,-;Oops: invalid opcode: 0000 [#1] SMP NOPTI\n";

	cr_expect_eq(last(KERNEL_LOG_DEATH, log), 1);
	cr_expect_str_eq(text, "kernel BUG at arch/x86/kvm/x86.c:702!");
	cr_expect_eq(last(KERNEL_LOG_NO_SNP, log), 0);
	cr_expect_eq(last(KERNEL_LOG_DEATH, "1,1,5,-;BUG: unable to handle page fault\n"), 1);
	cr_expect_eq(last(KERNEL_LOG_DEATH, "4,1,5,-;this is no BUG: at all\n"), 0);
}

Test(kernel_log, a_long_message_is_cut)
{
	char log[400] = "3,1,5,-;SEV-SNP: failed ";

	memset(log + strlen(log), 'x', 300);
	cr_expect_eq(last(KERNEL_LOG_NO_SNP, log), 1);
	cr_expect_eq(strlen(text), sizeof(text) - 1);
}

Test(kernel_log, what_is_no_record)
{
	cr_expect_eq(last(KERNEL_LOG_NO_SNP,
			  "SEV-SNP: failed\n;SEV-SNP: failed\n6;SEV-SNP: failed\n"
			  "6,1,2,-\n x;SEV-SNP: failed\n"),
		     0);
	fixture_remove(&fixture, "/dev/kmsg");
	cr_expect_eq(kernel_log_last(&host, KERNEL_LOG_NO_SNP, text, sizeof(text)), -ENOENT);
}
