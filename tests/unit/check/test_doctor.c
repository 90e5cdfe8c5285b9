// SPDX-License-Identifier: GPL-2.0-only
/* What keeps a host from SNP, or its guests from running: each cause, and a near host without it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "events.h"
#include "ids.h"

#define SMEE	(1ull << 23)
#define CPUS	2
#define GIB	(1ull << 30)
#define LEAF	0x8000001f
#define SNP_BIT (1u << 4)

static struct fixture fixture;
static struct platform host;
static struct snapshot_cpu cpus[CPUS];
static struct snapshot now;
static struct check_facts facts;
static struct registers registers;
static struct check_report report;

static void set_register(enum register_group group, uint64_t value)
{
	registers.of[group][0] = (struct register_state){ .known = true, .value = value };
}

/* A host with 1 GiB of RAM that has SNP, and where nobody has initialised it. */
static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev_snp\n");
	fixture_write(&fixture, "/proc/cmdline", "quiet\n");
	fixture_write(&fixture, "/proc/iomem",
		      "00001000-0fffffff : System RAM\n"
		      "  01000000-01ffffff : Kernel code\n"
		      "10000000-107fffff : Reserved\n10800000-3fffffff : System RAM\n");
	fixture_write(&fixture, "/sys/class/iommu/ivhd0/amd-iommu/features",
		      "a5f2f3ffffffffff:1ee5\n");
	registers = (struct registers){ 0 };
	set_register(REGISTER_RMP_BASE, 0x10000000);
	set_register(REGISTER_RMP_END, 0x107fffff);
	for (int i = 0; i < CPUS; i++)
		cpus[i] = (struct snapshot_cpu){ .present = true, .online = true, .syscfg = SMEE };
	now = (struct snapshot){ .cpus = cpus, .count = CPUS };
	facts = (struct check_facts){
		.platform = &host, .now = &now, .kernel_known = true, .registers = &registers
	};
}

static void finish(void)
{
	check_free(&report);
	fixture_end(&fixture);
}

TestSuite(check_doctor, .init = begin, .fini = finish);

static const struct check_result *result(const char *name)
{
	static const struct check_result none = { .status = CHECK_NOT_APPLICABLE };

	check_free(&report);
	cr_assert_eq(check_judge(&report, &facts), 0);
	each_has_an_id_of_its_own(&report);
	for (int i = 0; i < report.count; i++)
		if (!strcmp(report.results[i].name, name))
			return &report.results[i];
	return &none;
}

/* remedy: part of it; NULL: there is nothing to do */
static void expect(const char *name, enum check_status status, const char *evidence,
		   const char *remedy)
{
	const struct check_result *r = result(name);

	cr_expect_eq(r->status, status, "%s is %s: %s", name, check_status_name(r->status),
		     r->evidence);
	cr_expect(strstr(r->evidence, evidence), "%s says `%s`, not `%s`", name, r->evidence,
		  evidence);
	if (remedy)
		cr_expect(r->remedy && strstr(r->remedy, remedy), "%s: `%s`", name, r->remedy);
	else
		cr_expect_null(r->remedy, "%s: `%s`", name, r->remedy);
}

static void load_kvm(const char *snp)
{
	fixture_write(&fixture, "/sys/module/kvm_amd/initstate", "live\n");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", snp);
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_es", "Y\n");
}

static void set_snp_en(void)
{
	for (int i = 0; i < CPUS; i++)
		cpus[i].syscfg |= SNP_SYSCFG_SNP_EN;
}

/* ---- no sev_snp ---- */

static void without_the_flag(void)
{
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n");
	facts.require_snp = true;
}

Test(check_doctor, a_processor_without_snp)
{
	const __u32 has[4] = { SNP_BIT }, lacks[4] = { ~SNP_BIT };

	without_the_flag();
	fixture_cpuid(&fixture, LEAF, has);
	expect("snp", CHECK_FAIL, "the CPU's flags", "dmesg");
	cr_expect_str_eq(result("snp")->evidence, "no sev_snp among the CPU's flags");
	fixture_cpuid(&fixture, LEAF, lacks);
	expect("snp", CHECK_FAIL, "has no SEV-SNP (CPUID Fn8000_001F", "EPYC 7003");
	facts.require_snp = false;
	expect("snp", CHECK_NOT_APPLICABLE, "has no SEV-SNP", "EPYC 7003");
}

Test(check_doctor, smee_is_off)
{
	without_the_flag();
	expect("snp", CHECK_FAIL, "flags", "dmesg");
	cpus[0].syscfg = 0;
	expect("snp", CHECK_FAIL, "SMEE, bit 23 of SYSCFG, is clear", "\"SMEE\" to Enabled");
	cpus[0].err = -EIO;
	expect("snp", CHECK_FAIL, "flags", "dmesg");
}

Test(check_doctor, the_bios_reserved_no_memory_for_the_rmp)
{
	without_the_flag();
	set_register(REGISTER_RMP_BASE, 0);
	set_register(REGISTER_RMP_END, 0x1fff);
	expect("snp", CHECK_FAIL, "reserved no memory for the RMP", "(RMP Table) Coverage");
	registers.of[REGISTER_RMP_BASE][0].known = false;
	expect("snp", CHECK_FAIL, "flags", "dmesg");
}

Test(check_doctor, a_virtual_machine)
{
	without_the_flag();
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor\n");
	expect("snp", CHECK_FAIL, "a virtual machine", "the host");
}

Test(check_doctor, smee_went_away)
{
	expect("syscfg", CHECK_PASS, "on every online CPU", NULL);
	cpus[0].syscfg = cpus[1].syscfg = 0;
	expect("syscfg", CHECK_WARN, "SMEE, bit 23, is clear", "\"SMEE\" to Enabled");
}

/* ---- the RMP and memory ---- */

/* 8 MiB: (8 MiB - 16 KiB) / 16 pages of 4 KiB */
#define COVERED 0x7fc00000ull

static void ram_up_to(unsigned long long end)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "00001000-0fffffff : System RAM\n10800000-%08llx : System RAM\n", end - 1);
	fixture_write(&fixture, "/proc/iomem", text);
}

Test(check_doctor, an_rmp_that_covers_all_ram)
{
	expect("rmp-coverage", CHECK_PASS, "RAM ends at 0x40000000, the RMP covers", NULL);
	cr_expect_not(strstr(result("rmp-coverage")->evidence, "2 MiB"));
	ram_up_to(COVERED);
	expect("rmp-coverage", CHECK_PASS, "covers memory up to 0x7fc00000", NULL);
	ram_up_to(COVERED + 4096);
	expect("rmp-coverage", CHECK_WARN, "RAM ends at 0x7fc01000",
	       "\"Amount of Memory to Cover\"");
	facts.require_snp = true;
	expect("rmp-coverage", CHECK_FAIL, "covers memory up to 0x7fc00000", "Coverage");
}

Test(check_doctor, an_rmp_must_cover_itself)
{
	set_register(REGISTER_RMP_BASE, 2 * GIB);
	set_register(REGISTER_RMP_END, 2 * GIB + 0x7fffff);
	expect("rmp-coverage", CHECK_WARN, "RAM ends at 0x80800000", "Coverage");
}

Test(check_doctor, memory_that_was_added_counts)
{
	fixture_write(&fixture, "/proc/iomem",
		      "00001000-3fffffff : System RAM\n"
		      "100000000-13fffffff : dax0.0\n  100000000-13fffffff : System RAM (kmem)\n");
	expect("rmp-coverage", CHECK_WARN, "RAM ends at 0x140000000", "Coverage");
	fixture_write(&fixture, "/proc/iomem",
		      "00001000-3fffffff : System RAM\n100000000-13fffffff : PCI Bus 0000:00\n");
	expect("rmp-coverage", CHECK_PASS, "RAM ends at 0x40000000", NULL);
}

Test(check_doctor, ends_of_the_rmp_inside_a_large_page)
{
	set_register(REGISTER_RMP_END, 0x108fffff);
	expect("rmp-coverage", CHECK_PASS, "not at multiples of 2 MiB", NULL);
}

Test(check_doctor, memory_that_can_not_be_seen)
{
	fixture_write(&fixture, "/proc/iomem", "00000000-00000000 : System RAM\n");
	expect("rmp-coverage", CHECK_UNKNOWN, "Permission denied", "run as root");
	fixture_write(&fixture, "/proc/iomem", "00000000-00000fff : Reserved\n");
	expect("rmp-coverage", CHECK_UNKNOWN, "No data", "kernel's log");
	fixture_remove(&fixture, "/proc/iomem");
	expect("rmp-coverage", CHECK_UNKNOWN, "No such file", "mount");
}

Test(check_doctor, an_rmp_in_segments)
{
	set_register(REGISTER_RMP_CFG, 36 << 8 | 1);
	set_register(REGISTER_RMP_END, 0);
	expect("rmp-coverage", CHECK_UNKNOWN, "for 0x1000000000 bytes each", "initialise SNP");
	set_snp_en();
	expect("rmp-coverage", CHECK_PASS, "only if they cover all RAM", NULL);
	set_register(REGISTER_RMP_CFG, 20 << 8 | 1);
	expect("rmp-coverage", CHECK_WARN, "covers memory up to 0x20000000", "Coverage");
}

Test(check_doctor, rmp_registers_that_can_not_be_read)
{
	registers.of[REGISTER_RMP_BASE][0] = (struct register_state){ .err = -EIO };
	expect("rmp-coverage", CHECK_NOT_APPLICABLE, "", NULL);
	expect("rmp", CHECK_UNKNOWN, "can't be read", "the CPU refuses");
	facts.some_only = true;
	expect("rmp-coverage", CHECK_UNKNOWN, "can't be read", "the CPU refuses");
}

/* ---- the IOMMU ---- */

Test(check_doctor, an_iommu_with_snp)
{
	expect("iommu", CHECK_PASS, "1 in /sys/class/iommu, with SNPSup", NULL);
	fixture_write(&fixture, "/sys/class/iommu/ivhd1/amd-iommu/features",
		      "25f2f3ffffffffff:1ee5\n");
	expect("iommu", CHECK_WARN, "SNPSup, bit 63, is clear", "\"SEV-SNP Support\" to Enabled");
	fixture_write(&fixture, "/sys/class/iommu/ivhd2/amd-iommu/features",
		      "a5f2f3ffffffffff:1ee5\n");
	expect("iommu", CHECK_WARN, "SNPSup, bit 63, is clear", "\"SEV-SNP Support\" to Enabled");
	facts.initialised = INITIALISED_YES;
	expect("iommu", CHECK_PASS, "SNP is initialised", NULL);
	facts.initialised = INITIALISED_NO;
	fixture_write(&fixture, "/sys/class/iommu/ivhd1/amd-iommu/features",
		      "1ee5:a5f2f3ffffffffff\n");
	expect("iommu", CHECK_PASS, "3 in /sys/class/iommu", NULL);
}

Test(check_doctor, no_iommu)
{
	fixture_remove(&fixture, "/sys/class/iommu/ivhd0/amd-iommu/features");
	expect("iommu", CHECK_WARN, "no IOMMU of AMD's", "\"IOMMU\" to Enabled");
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: sev_snp hypervisor\n");
	expect("iommu", CHECK_NOT_APPLICABLE, "a virtual machine", NULL);
	fixture_write(&fixture, "/sys/class/iommu/ivhd0/amd-iommu/features/not-a-file", "");
	expect("iommu", CHECK_UNKNOWN, "can't be read: Is a directory", "kernel's log");
}

Test(check_doctor, the_iommu_on_the_command_line)
{
	static const struct {
		const char *line;
		const char *named; /* NULL: nothing */
	} lines[] = {
		{ "iommu=pt", "iommu=pt leaves" },
		{ "quiet iommu=soft,pt ro", "iommu=pt leaves" },
		{ "iommu.passthrough=1", "iommu.passthrough=1 leaves" },
		{ "amd_iommu=fullflush,off", "amd_iommu=off leaves" },
		{ "iommu=off iommu=nopt", "iommu=off leaves" },
		{ "iommu=pt iommu=nopt", NULL },
		{ "iommu.passthrough=1 iommu.passthrough=0", NULL },
		{ "iommu=nopt iommu=pt", "iommu=pt leaves" },
		{ "iommu=ptx amd_iommu=official xiommu=pt iommu= iommu", NULL },
		{ "intel_iommu=off", NULL },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "%s\n", lines[i].line);
		fixture_write(&fixture, "/proc/cmdline", text);
		if (lines[i].named)
			expect("iommu", CHECK_WARN, lines[i].named, "boot without");
		else
			expect("iommu", CHECK_PASS, "no passthrough", NULL);
	}
}

Test(check_doctor, where_no_snp_is_asked_for_nothing_keeps_from_it)
{
	fixture_write(&fixture, "/proc/cmdline", "iommu=pt kvm_amd.sev_snp=0\n");
	expect("iommu", CHECK_NOT_APPLICABLE, "iommu=pt", "boot without");
	facts.require_snp = true;
	expect("iommu", CHECK_FAIL, "iommu=pt", "boot without");
}

Test(check_doctor, page_tables_that_some_kernels_refuse)
{
	load_kvm("N\n");
	fixture_write(&fixture, "/proc/cmdline", "amd_iommu=pgtbl_v2\n");
	expect("kvm-amd", CHECK_WARN, "with amd_iommu=pgtbl_v2 some kernels", "boot without");
	fixture_write(&fixture, "/proc/cmdline", "amd_iommu=pgtbl_v1\n");
	expect("kvm-amd", CHECK_WARN, "not booted by UEFI", "UEFI");
}

/* ---- ASIDs ---- */

static void count_asids(const char *capacity, const char *current)
{
	fixture_write(&fixture, "/sys/fs/cgroup/misc.capacity", capacity);
	fixture_write(&fixture, "/sys/fs/cgroup/misc.current", current);
}

static void first_sev_only_asid(__u32 asid)
{
	const __u32 regs[4] = { SNP_BIT, 0, 509, asid };

	fixture_cpuid(&fixture, LEAF, regs);
}

Test(check_doctor, no_asids_for_snp)
{
	expect("asids", CHECK_NOT_APPLICABLE, "no SNP guests now", NULL);
	first_sev_only_asid(100);
	expect("asids", CHECK_PASS, "99 for SNP and SEV-ES guests", NULL);
	first_sev_only_asid(1);
	expect("asids", CHECK_WARN, "none for SNP", "\"SEV-ES ASID Space Limit\"");
	facts.require_snp = true;
	expect("asids", CHECK_FAIL, "none for SNP", "\"SEV-ES ASID Space Limit\"");
}

Test(check_doctor, asids_that_are_left)
{
	load_kvm("Y\n");
	count_asids("sev 410\nsev_es 99\n", "sev 0\nsev_es 89\n");
	expect("asids", CHECK_PASS, "89 of 99 ASIDs for SNP and SEV-ES guests", NULL);
	count_asids("sev 410\nsev_es 99\n", "sev 0\nsev_es 90\n");
	expect("asids", CHECK_WARN, "90 of 99 ASIDs for SNP and SEV-ES guests are in use: few",
	       "end");
	count_asids("sev_es 15\n", "sev_es 15\n");
	expect("asids", CHECK_WARN, "15 of 15", "\"SEV-ES ASID Space Limit\"");
	expect("asids", CHECK_WARN, "another guest gets EBUSY", "end guests");
	load_kvm("N\n");
	expect("asids", CHECK_NOT_APPLICABLE, "no SNP guests now", NULL);
}

Test(check_doctor, asids_beside_an_older_hierarchy)
{
	load_kvm("Y\n");
	fixture_write(&fixture, "/sys/fs/cgroup/unified/misc.capacity", "sev_es 99\n");
	fixture_write(&fixture, "/sys/fs/cgroup/unified/misc.current", "sev_es 3\n");
	expect("asids", CHECK_PASS, "3 of 99", NULL);
}

Test(check_doctor, asids_without_the_misc_controller)
{
	struct psp_status status = { .state = PSP_STATE_INIT, .guests = 7 };

	load_kvm("Y\n");
	expect("asids", CHECK_UNKNOWN, "can't be told", "CONFIG_CGROUP_MISC, or modprobe cpuid");
	first_sev_only_asid(100);
	expect("asids", CHECK_UNKNOWN, "can't be told", "CONFIG_CGROUP_MISC");
	facts.firmware = &status;
	expect("asids", CHECK_PASS, "7 of 99 ASIDs", NULL);
	status.guests = 99;
	expect("asids", CHECK_WARN, "99 of 99 ASIDs", "end guests");
}

Test(check_doctor, asids_with_ciphertext_hiding)
{
	struct psp_status status = { .state = PSP_STATE_INIT, .guests = 3 };

	load_kvm("Y\n");
	count_asids("sev_es 99\n", "sev_es 60\n");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/ciphertext_hiding_asids", "4\n");
	expect("asids", CHECK_UNKNOWN, "can't be told", "firmware-state");
	expect("sev-es", CHECK_PASS, "ciphertext hiding: ASIDs 1 to 4 are SNP's", NULL);
	facts.firmware = &status;
	expect("asids", CHECK_PASS, "3 of 4 ASIDs for SNP guests", NULL);
	status.guests = 4;
	expect("asids", CHECK_WARN, "4 of 4 ASIDs for SNP guests", "end guests");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/ciphertext_hiding_asids", "0\n");
	expect("asids", CHECK_PASS, "60 of 99", NULL);
}

/* ---- parameters, kdump, taint ---- */

Test(check_doctor, sev_es_beside_snp)
{
	expect("sev-es", CHECK_NOT_APPLICABLE, "side by side", NULL);
	load_kvm("Y\n");
	expect("sev-es", CHECK_PASS, "CVE-2025-48514", NULL);
	cr_expect_not(strstr(result("sev-es")->evidence, "ciphertext"));
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_es", "N\n");
	expect("sev-es", CHECK_NOT_APPLICABLE, "side by side", NULL);
}

Test(check_doctor, parameters_of_ccp)
{
	expect("ccp-parameters", CHECK_NOT_APPLICABLE, "not loaded", NULL);
	fixture_write(&fixture, "/sys/module/ccp/initstate", "live\n");
	fixture_write(&fixture, "/sys/module/ccp/parameters/psp_init_on_probe", "N\n");
	expect("ccp-parameters", CHECK_PASS, "psp_init_on_probe is N, tio is ?", NULL);
	fixture_write(&fixture, "/sys/module/ccp/parameters/tio", "Y\n");
	expect("ccp-parameters", CHECK_PASS, "tio is Y", NULL);
}

Test(check_doctor, a_crash_kernel)
{
	static const char notifiers[] = "/sys/module/kernel/parameters/crash_kexec_post_notifiers";

	expect("kdump", CHECK_NOT_APPLICABLE, "no crash kernel", NULL);
	fixture_write(&fixture, "/sys/kernel/kexec_crash_loaded", "0\n");
	expect("kdump", CHECK_NOT_APPLICABLE, "no crash kernel", NULL);
	fixture_write(&fixture, "/sys/kernel/kexec_crash_loaded", "1\n");
	expect("kdump", CHECK_UNKNOWN, "can't be read", "/sys");
	fixture_write(&fixture, notifiers, "N\n");
	expect("kdump", CHECK_PASS, "crash_kexec_post_notifiers is N", NULL);
	set_snp_en();
	expect("kdump", CHECK_WARN, "SNP would not end", "echo Y");
	fixture_write(&fixture, notifiers, "Y\n");
	expect("kdump", CHECK_PASS, "crash_kexec_post_notifiers is Y", NULL);
}

Test(check_doctor, a_kernel_that_has_warned)
{
	fixture_write(&fixture, "/proc/sys/kernel/tainted", "512\n");
	expect("taint", CHECK_PASS, "a warning, see dmesg", NULL);
	fixture_write(&fixture, "/proc/sys/kernel/tainted", "4096\n");
	expect("taint", CHECK_PASS, "no machine check since boot", NULL);
	cr_expect_not(strstr(result("taint")->evidence, "warning"));
}
