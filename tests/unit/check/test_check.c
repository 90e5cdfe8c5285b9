// SPDX-License-Identifier: GPL-2.0-only
/* Hosts of four CPUs, sound and unsound, and what the one-shot check says of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "check/check.h"
#include "events.h"
#include "ids.h"

#define CPUS	4
#define OTHERS	0x2880000ull /* SYSCFG beside SNP_EN */
#define SNP_SET (OTHERS | SNP_SYSCFG_SNP_EN)

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

static void set_other(enum register_group group, unsigned int i, unsigned int cpu, uint64_t value)
{
	registers.of[group][i].differs = true;
	registers.of[group][i].other = cpu;
	registers.of[group][i].other_value = value;
}

static void begin(void)
{
	fixture_begin(&fixture);
	host.root = fixture.root;
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sev_snp\n");
	fixture_write(&fixture, "/proc/sys/kernel/osrelease", "7.3.0\n");
	fixture_write(&fixture, "/sys/module/ccp/initstate", "live\n");
	fixture_write(&fixture, "/proc/iomem",
		      "00001000-0fffffff : System RAM\n10800000-3fffffff : System RAM\n");
	for (int i = 0; i < CPUS; i++)
		cpus[i] =
			(struct snapshot_cpu){ .present = true, .online = true, .syscfg = SNP_SET };
	registers = (struct registers){ 0 };
	set_register(REGISTER_RMP_BASE, 0x10000000);
	set_register(REGISTER_RMP_END, 0x107fffff);
	now = (struct snapshot){ .cpus = cpus, .count = CPUS, .hotplug_count = 0 };
	facts = (struct check_facts){ .platform = &host,
				      .now = &now,
				      .start_flags = SNP_F_HAS_PREPARE | SNP_F_HAS_ENABLE,
				      .kernel_known = true,
				      .initialised = 1,
				      .registers = &registers };
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
	each_has_an_id_of_its_own(&report);
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

static const char *remedy_of(const char *name)
{
	const char *remedy = result(name)->remedy;

	return remedy ? remedy : "";
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
	expect("firmware", CHECK_PASS, "the driver has initialised SNP");
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
	expect("snp-en", CHECK_PASS, "cpu-without-snp-en: severity off");
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
	expect("sight", CHECK_UNKNOWN, "can't read SYSCFG of CPU 2");
	cpus[2].err = 0;
	facts.initialised = -1;
	expect("firmware", CHECK_UNKNOWN, "can't read whether");
	now.hotplug_count = SNP_COUNT_UNKNOWN;
	expect("hotplug-count", CHECK_UNKNOWN, "can't be read");
	facts.now = NULL;
	expect("online", CHECK_UNKNOWN, "kept changing");
}

Test(check, the_kernels_latch)
{
	facts.start_flags |= SNP_F_HAS_HOLD;
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
	fixture_write(&fixture, "/sys/module/kvm_amd/initstate", "live\n");
	expect("kvm-amd", CHECK_UNKNOWN, "no parameter sev_snp");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "Y\n");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_es", "N\n");
	expect("kvm-amd", CHECK_PASS, "is Y, sev_es N, sev ?");
	facts.initialised = 0;
	expect("kvm-amd", CHECK_WARN, "has not initialised SNP");
	facts.require_snp = true;
	expect("kvm-amd", CHECK_FAIL, "has not initialised SNP");
}

static void set_rmpopt(unsigned int first, unsigned int last, uint64_t value)
{
	now.rmpopt = true;
	for (unsigned int i = 0; i < CPUS; i++)
		cpus[i].has_rmpopt = true;
	for (unsigned int i = first; i <= last; i++)
		cpus[i].rmpopt = value;
}

Test(check, rmpopt)
{
	expect("rmpopt", CHECK_NOT_APPLICABLE, "the processor has no RMPOPT");
	set_rmpopt(0, 3, 0);
	expect("rmpopt", CHECK_PASS, "enabled on no online CPU");
	set_rmpopt(0, 3, 0x40000001);
	expect("rmpopt", CHECK_PASS, "RMPOPT_BASE is 0x40000001 on every online CPU");
	set_rmpopt(2, 3, 0);
	expect("rmpopt", CHECK_WARN, "rmpopt-uneven: while SNP is initialised, RMPOPT is enabled");
	cr_expect(strstr(remedy_of("rmpopt"), "load kvm_amd and ccp anew"));
	cpus[1].rmpopt_err = -EIO;
	set_rmpopt(2, 3, 0x40000001);
	expect("rmpopt", CHECK_UNKNOWN, "RMPOPT_BASE (MSR 0xc0010139) of CPU 1 can't be read");
}

Test(check, rmpopt_while_snp_is_not_initialised)
{
	clear_all();
	set_rmpopt(0, 3, 1);
	expect("rmpopt", CHECK_WARN, "enabled on CPUs 0-3, and no CPU has SNP_EN");
	set_rmpopt(3, 3, 0);
	expect("rmpopt", CHECK_WARN, "is 0x1 on CPU 0 and 0 on CPU 3");
	/* As a legacy shutdown leaves it. */
	for (int i = 0; i < CPUS; i++)
		cpus[i].syscfg = SNP_SET;
	set_rmpopt(3, 3, 1);
	expect("rmpopt", CHECK_PASS, "on every online CPU");
}

Test(check, kvm_without_a_host_save_area)
{
	fixture_write(&fixture, "/sys/module/kvm_amd/initstate", "live\n");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "Y\n");
	expect("kvm-amd", CHECK_PASS, "sev_snp is Y");
	cpus[1].no_hsave = cpus[2].no_hsave = true;
	expect("kvm-amd", CHECK_WARN, "init-under-guests: VM_HSAVE_PA is 0 on CPUs 1-2");
	cr_expect(strstr(remedy_of("kvm-amd"), "load kvm_amd anew"));
}

Test(check, kvm_amd_that_runs_no_snp_guests)
{
	fixture_write(&fixture, "/sys/module/kvm_amd/initstate", "live\n");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "N\n");
	fixture_write(&fixture, "/proc/cmdline", "quiet kvm_amd.sev_snp=0\n");
	expect("kvm-amd", CHECK_PASS, "asks for no SNP");
	facts.require_snp = true;
	expect("kvm-amd", CHECK_FAIL, "asks for no SNP");
	fixture_write(&fixture, "/proc/cmdline", "quiet iommu=ptx\n");
	expect("kvm-amd", CHECK_FAIL, "no SNP guest can run");
	facts.require_snp = false;
	expect("kvm-amd", CHECK_WARN, "no SNP guest can run");
	fixture_write(&fixture, "/proc/cmdline", "iommu=pt quiet\n");
	expect("kvm-amd", CHECK_WARN, "iommu=pt leaves SNP off");
	fixture_write(&fixture, "/proc/cmdline", "quiet\n");
	expect("kvm-amd", CHECK_WARN, "not booted by UEFI");
	fixture_write(&fixture, "/sys/firmware/efi/systab", "");
	expect("kvm-amd", CHECK_WARN, "no SNP guest can run");
	cr_expect(strstr(remedy_of("kvm-amd"), "dmesg"));
	fixture_write(&fixture, "/dev/kmsg",
		      "3,7,9,-;ccp 0000:01:00.5: SEV-SNP: SNP_INIT_EX failed rc -5, error 0x3\n");
	expect("kvm-amd", CHECK_WARN,
	       "the kernel's log: \"ccp 0000:01:00.5: SEV-SNP: SNP_INIT_EX failed");
	now.cpus[3].online = false;
	fixture_write(&fixture, "/proc/cmdline", "quiet\n");
	expect("kvm-amd", CHECK_WARN, "CPUs are offline");
}

Test(check, kvm_amd_that_is_not_there)
{
	expect("kvm-amd", CHECK_NOT_APPLICABLE, "not loaded");
	facts.require_snp = true;
	expect("kvm-amd", CHECK_FAIL, "not loaded");
}

Test(check, kvm_amd_that_is_built_in)
{
	fixture_write(&fixture, "/lib/modules/7.3.0/modules.builtin",
		      "kernel/arch/x86/kvm/kvm-amd.ko\n");
	fixture_write(&fixture, "/sys/module/kvm_amd/parameters/sev_snp", "Y\n");
	expect("kvm-amd", CHECK_PASS, "is Y");
}

Test(check, guests_that_a_critical_breach_puts_at_risk)
{
	static struct psp_status firmware = { .guests = 2 };

	cpus[3].syscfg = OTHERS;
	expect("snp-en", CHECK_FAIL, "; guests at risk: unknown");
	fixture_write(&fixture, "/sys/fs/cgroup/misc.capacity", "sev_es 99\n");
	fixture_write(&fixture, "/sys/fs/cgroup/misc.current", "sev_es 3\n");
	expect("snp-en", CHECK_FAIL, "; SNP and SEV-ES guests at risk: 3");
	facts.firmware = &firmware;
	expect("snp-en", CHECK_FAIL, "; SNP guests at risk: 2");
	let("cpu-without-snp-en=warning");
	expect("snp-en", CHECK_WARN, "cpu-without-snp-en: CPU 3");
	cr_expect_not(strstr(result("snp-en")->evidence, "at risk"));
}

Test(check, more_results_than_there_was_room_for_at_first)
{
	static struct snapshot_cpu many[1000];

	for (int i = 0; i < 1000; i++)
		many[i] = (struct snapshot_cpu){ .present = true, .online = true };
	registers = (struct registers){ 0 };
	set_register(REGISTER_RMP_BASE, 0x10000000);
	set_register(REGISTER_RMP_END, 0x107fffff);
	now = (struct snapshot){ .cpus = many, .count = 1000 };
	many[0].syscfg = SNP_SYSCFG_SNP_EN;
	expect("snp-en", CHECK_FAIL, "cpu-without-snp-en");
	cr_expect_geq(report.count, 999, "each of them is told");
}

Test(check, registers_that_can_not_be_read_are_told_once)
{
	for (unsigned int i = 0; i < now.count; i++)
		now.cpus[i].err = -ENOENT;
	expect("sight", CHECK_UNKNOWN, "SYSCFG of CPU 0");
	expect("snp-en", CHECK_UNKNOWN, "SYSCFG of CPUs 0-3 can't be read: No such file");
	for (int i = 0; i < report.count; i++)
		cr_expect(strcmp(report.results[i].name, "rmp") &&
			  strcmp(report.results[i].name, "syscfg") &&
			  strcmp(report.results[i].name, "msrs"));
	facts.some_only = true;
	expect("syscfg", CHECK_UNKNOWN, "no CPU's SYSCFG can be read");
}

Test(check, a_remedy_belongs_to_its_cause)
{
	now.cpus[2].err = -EIO;
	expect("sight", CHECK_UNKNOWN, "SYSCFG of CPU 2");
	cr_expect(strstr(remedy_of("sight"), "kernel's log: the CPU refuses"), "%s",
		  remedy_of("sight"));
	now.cpus[2].err = -EACCES;
	expect("snp-en", CHECK_UNKNOWN, "CPUs 2 can't be read");
	cr_expect(strstr(remedy_of("snp-en"), "run as root"), "%s", remedy_of("snp-en"));
}

Test(check, what_hides_the_kernel_is_told)
{
	clear_all();
	facts.kernel_known = false;
	facts.kernel_err = -EPERM;
	expect("hotplug-count", CHECK_UNKNOWN, "Operation not permitted");
	cr_expect(strstr(remedy_of("hotplug-count"), "kptr_restrict"));
	facts.kernel_err = -EACCES;
	expect("hotplug-count", CHECK_UNKNOWN, "can't be read");
	cr_expect_str_eq(remedy_of("hotplug-count"), "run as root");
}

Test(check, a_need_that_can_not_be_looked_at_is_unknown)
{
	fixture_write(&fixture, "/sys/kernel/tracing/kprobe_events", "");
	expect("tracefs", CHECK_PASS, "kprobe_events is there");
	fixture_write(&fixture, "/proc/sys/kernel/kptr_restrict", "2\n");
	expect("kptr-restrict", CHECK_UNKNOWN, "hides its symbols' addresses");
	fixture_remove(&fixture, "/proc/sys/kernel/kptr_restrict");
	expect("kptr-restrict", CHECK_UNKNOWN, "can't be told here");
}

Test(check, a_host_without_snp_has_nothing_to_check)
{
	fixture_write(&fixture, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n");
	expect("snp", CHECK_NOT_APPLICABLE, "no sev_snp");
	cr_expect_eq(report.count, 1);
	cr_expect_eq(check_worst(&report), CHECK_NOT_APPLICABLE);
	facts.require_snp = true;
	expect("snp", CHECK_FAIL, "no sev_snp");
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

/* ---- registers and firmware ---- */

Test(check, the_rmp_is_one_table_for_all)
{
	expect("rmp", CHECK_PASS, "0x10000000 to 0x107fffff");
	set_other(REGISTER_RMP_END, 0, 2, 0x10ffffff);
	expect("rmp", CHECK_FAIL, "is 0x107fffff on CPU 0 and 0x10ffffff on CPU 2");
	clear_all();
	expect("rmp", CHECK_WARN, "RMP_END (MSR 0xc0010133)");
}

Test(check, an_rmp_that_can_not_be)
{
	set_register(REGISTER_RMP_END, 0);
	expect("rmp", CHECK_WARN, "RMP_END 0: the BIOS reserved no memory");
	set_register(REGISTER_RMP_CFG, 0x2401);
	expect("rmp", CHECK_PASS, "in segments");
	set_register(REGISTER_RMP_CFG, 0);
	set_register(REGISTER_RMP_END, 0x107fffff);
	set_register(REGISTER_RMP_BASE, 0x10000001);
	expect("rmp", CHECK_WARN, "can't delimit a table");
	set_register(REGISTER_RMP_BASE, 0);
	expect("rmp", CHECK_WARN, "RMP_BASE is 0");
	cr_expect(strstr(remedy_of("rmp"), "\"SNP Memory (RMP Table) Coverage\""));
	expect("rmp-coverage", CHECK_NOT_APPLICABLE, "there is no RMP");
}

Test(check, a_processor_without_rmp_cfg)
{
	registers.of[REGISTER_RMP_CFG][0] = (struct register_state){ .err = -EIO };
	expect("rmp", CHECK_PASS, "0x10000000");
	registers.of[REGISTER_RMP_BASE][0].err = -EACCES;
	registers.of[REGISTER_RMP_BASE][0].err_cpu = 3;
	expect("rmp", CHECK_UNKNOWN, "of CPU 3 can't be read");
}

Test(check, registers_that_the_firmware_compares)
{
	set_other(REGISTER_MTRR_VARIABLE, 15, 1, 0x800);
	expect("msrs", CHECK_NOT_APPLICABLE, "SNP is initialised");
	clear_all();
	expect("msrs", CHECK_WARN, "variable MTRRs (MSR 0x20f) is 0 on CPU 0 and 0x800 on CPU 1");
	registers = (struct registers){ 0 };
	expect("msrs", CHECK_PASS, "the same on every online CPU");
	set_other(REGISTER_TSEG, 1, 3, 0x6403);
	expect("msrs", CHECK_WARN, "TSEG (MSR 0xc0010113) is 0 on CPU 0 and 0x6403 on CPU 3");
	registers = (struct registers){ 0 };
	registers.of[REGISTER_TOP_MEM2][0].err = -EIO;
	expect("msrs", CHECK_UNKNOWN, "TOP_MEM2 (MSR 0xc001001d) of CPU 0 can't be read");
}

Test(check, two_groups_of_registers_that_differ_are_two_results)
{
	clear_all();
	set_other(REGISTER_MTRR_VARIABLE, 15, 1, 0x800);
	set_other(REGISTER_TSEG, 1, 3, 0x6403);
	expect("msrs", CHECK_WARN, "TSEG");
}

Test(check, registers_are_read_from_every_cpu)
{
	fixture_msr(&fixture, 0, 0xc0010136, 0);
	fixture_msr(&fixture, 1, 0xc0010136, 0);
	fixture_msr(&fixture, 0, 0xc001001d, 0x80000000);
	fixture_msr(&fixture, 1, 0xc001001d, 0x90000000);
	cpus[2].online = cpus[3].online = false;
	registers_read(&registers, &host, &now);
	cr_expect(registers.of[REGISTER_TOP_MEM2][0].differs);
	cr_expect_eq(registers.of[REGISTER_TOP_MEM2][0].other, 1);
	cr_expect_eq(registers.of[REGISTER_TOP_MEM2][0].other_value, 0x90000000);
	cr_expect(registers.of[REGISTER_MTRR_DEFAULT][0].known);
	cr_expect_not(registers.of[REGISTER_MTRR_DEFAULT][0].differs);
	cpus[3].online = true;
	registers_read(&registers, &host, &now);
	cr_expect_eq(registers.of[REGISTER_MTRR_DEFAULT][0].err, -ENOENT);
	cr_expect_eq(registers.of[REGISTER_MTRR_DEFAULT][0].err_cpu, 3);
}

Test(check, what_the_firmware_says)
{
	struct psp_status status = { .api_major = 1,
				     .api_minor = 55,
				     .build = 21,
				     .state = PSP_STATE_INIT,
				     .flags = PSP_FLAG_RMP_INIT | PSP_FLAG_ALIAS_CHECKED };

	facts.firmware = &status;
	expect("firmware-version", CHECK_PASS, "1.55, build 21, with 0 guests");
	expect("firmware-state", CHECK_PASS, "INIT, the RMP is initialised");
	cr_expect_eq(result("firmware-flags")->status, CHECK_NOT_APPLICABLE);
	status.flags = PSP_FLAG_RMP_INIT;
	expect("firmware-state", CHECK_WARN, "not checked for aliases");
	status.flags = 0;
	expect("firmware-state", CHECK_WARN, "has not initialised the RMP");
	status.state = PSP_STATE_UNINIT;
	expect("firmware-state", CHECK_WARN, "UNINIT");
}

Test(check, what_a_later_firmware_says_is_unknown)
{
	struct psp_status status = { .state = 2,
				     .flags = PSP_FLAG_RMP_INIT | PSP_FLAG_ALIAS_CHECKED };

	facts.firmware = &status;
	expect("firmware-state", CHECK_UNKNOWN, "2, a state that this snp-guard does not know");
	status.state = PSP_STATE_INIT;
	status.flags |= 0x88;
	expect("firmware-state", CHECK_PASS, "INIT");
	expect("firmware-flags", CHECK_UNKNOWN, "bits 0x80");
}

Test(check, what_the_firmware_says_of_itself_is_judged)
{
	struct psp_status status = { .state = PSP_STATE_INIT,
				     .flags = PSP_FLAG_RMP_INIT | PSP_FLAG_ALIAS_CHECKED |
					      PSP_FLAG_TIO,
				     .api_major = 1,
				     .api_minor = 51,
				     .current_tcb = 5,
				     .reported_tcb = 5 };

	facts.firmware = &status;
	expect("firmware-version", CHECK_PASS, "1.51");
	expect("firmware-tcb", CHECK_PASS, "the firmware's own, 0x5");
	expect("firmware-state", CHECK_PASS, "SEV-TIO is on");
	status.api_minor = 50;
	status.reported_tcb = 4;
	expect("firmware-version", CHECK_WARN, "asks for 1.51");
	expect("firmware-tcb", CHECK_WARN, "name TCB 0x4, the firmware has 0x5");
}

Test(check, mitigations)
{
	static const char dir[] = "/sys/firmware/sev/vulnerabilities";
	char supported[64], verified[64];

	snprintf(supported, sizeof(supported), "%s/supported_mitigations", dir);
	snprintf(verified, sizeof(verified), "%s/verified_mitigations", dir);
	expect("mitigations", CHECK_NOT_APPLICABLE, "");
	fixture_write(&fixture, supported, "0x3\n");
	expect("mitigations", CHECK_UNKNOWN, "can't be read");
	fixture_write(&fixture, verified, "0x1\n");
	expect("mitigations", CHECK_WARN, "not verified 0x2");
	fixture_write(&fixture, verified, "0x3\n");
	expect("mitigations", CHECK_PASS, "0x3");
}

Test(check, mitigations_are_not_asked_for_where_that_may_crash_the_kernel)
{
	fixture_write(&fixture, "/sys/firmware/sev/vulnerabilities/supported_mitigations", "0x3\n");
	fixture_write(&fixture, "/sys/firmware/sev/vulnerabilities/verified_mitigations", "0x3\n");
	cpus[3].syscfg = 0;
	expect("mitigations", CHECK_UNKNOWN, "not asked: on a CPU without SNP_EN");
	facts.initialised = INITIALISED_UNKNOWN;
	expect("mitigations", CHECK_UNKNOWN, "not asked");
	facts.initialised = INITIALISED_NO;
	expect("mitigations", CHECK_PASS, "0x3");
}

Test(check, a_driver_without_its_device)
{
	expect("dev-sev", CHECK_WARN, "/dev/sev is not");
	fixture_write(&fixture, "/dev/kmsg",
		      "3,7,9,-;ccp 0000:01:00.5: SEV: failed to get status. Error: 0x0\n");
	expect("dev-sev", CHECK_WARN,
	       "to answer; the kernel's log: \"ccp 0000:01:00.5: SEV: failed to");
	fixture_write(&fixture, "/dev/sev", "");
	expect("dev-sev", CHECK_PASS, "/dev/sev");
}

Test(check, a_kernel_that_has_died)
{
	fixture_write(&fixture, "/proc/sys/kernel/tainted", "4608\n");
	expect("taint", CHECK_PASS, "4608");
	fixture_write(&fixture, "/proc/sys/kernel/tainted", "128\n");
	expect("taint", CHECK_WARN, "died once");
	fixture_write(&fixture, "/dev/kmsg", "0,7,9,-;kernel BUG at arch/x86/kvm/x86.c:702!\n");
	expect("taint", CHECK_WARN, "the kernel's log: \"kernel BUG at arch/x86/kvm/x86.c:702!\"");
	fixture_write(&fixture, "/proc/sys/kernel/tainted", "16\n");
	expect("taint", CHECK_WARN, "machine check");
}

Test(check, a_firmware_that_is_not_asked)
{
	facts.firmware_err = -EACCES;
	expect("firmware-state", CHECK_UNKNOWN, "Permission denied");
	facts.firmware_err = 0;
	expect("firmware-state", CHECK_UNKNOWN, "would crash the kernel");
	facts.initialised = 0;
	expect("firmware-state", CHECK_NOT_APPLICABLE, "SNP is not initialised");
	facts.initialised = -1;
	expect("firmware-state", CHECK_UNKNOWN, "would initialise SNP");
}

Test(check, when_the_firmware_may_be_asked)
{
	cr_expect(check_may_ask_firmware(&facts));
	cpus[3].online = false;
	cpus[3].syscfg = 0;
	cr_expect(check_may_ask_firmware(&facts), "it runs on no offline CPU");
	cpus[3].online = true;
	cr_expect_not(check_may_ask_firmware(&facts), "RMPUPDATE might run on CPU 3");
	cpus[3].syscfg = SNP_SET;
	cpus[3].err = -EIO;
	cr_expect_not(check_may_ask_firmware(&facts), "CPU 3 is not known to have it");
	cpus[3].err = 0;
	facts.initialised = 0;
	cr_expect_not(check_may_ask_firmware(&facts), "it might initialise SNP");
	facts.initialised = -1;
	cr_expect_not(check_may_ask_firmware(&facts));
	facts.initialised = 1;
	facts.now = NULL;
	cr_expect_not(check_may_ask_firmware(&facts));
}

static struct guard_facts guard;

static void guarded(enum guard_state state)
{
	guard = (struct guard_facts){ .state = state };
	facts.guard = &guard;
}

Test(check, the_gate_as_it_was_read_back)
{
	facts.guard_err = -EPERM;
	expect("gate", CHECK_UNKNOWN, "pinned state: Operation not permitted");
	guarded(GUARD_DETACHED);
	expect("gate", CHECK_NOT_APPLICABLE, "detached: no guard runs");
	guard.holder = 17;
	guard.unpinned = true;
	guard.told_err = -ENODATA;
	expect("gate", CHECK_UNKNOWN,
	       "guard 17 runs without --pin; can't read what it tells: No data");
	guarded(GUARD_ENFORCING);
	guard.unpinned = true;
	expect("gate", CHECK_PASS, "enforcing, as long as the guard runs");
	guarded(GUARD_ENFORCING);
	expect("gate", CHECK_PASS, "enforcing");
	guarded(GUARD_AUDITING);
	expect("gate", CHECK_PASS, "auditing: nothing is refused");
	guarded(GUARD_DEGRADED);
	strcpy(guard.missing, "1 program is not pinned: gate_open");
	expect("gate", CHECK_WARN, "degraded: 1 program is not pinned: gate_open");
}

Test(check, what_a_guard_has_on_record)
{
	guarded(GUARD_ENFORCING);
	expect("recorded", CHECK_NOT_APPLICABLE, "no guard has left a record");
	guard.has_history = true;
	expect("recorded", CHECK_PASS, "has no finding");
	guard.breaches[SNP_BREACH_NO_LATCH] = 2;
	expect("recorded", CHECK_PASS, "no-latch: named 2 times since");
	guard.breaches[SNP_BREACH_BLIND] = 1;
	expect("recorded", CHECK_UNKNOWN, "blind: named 1 time since");
	guard.breaches[SNP_BREACH_CPU_ONLINED] = 1;
	expect("recorded", CHECK_FAIL, "cpu-onlined: named 1 time since");
	let("cpu-onlined=off");
	let("blind=off");
	expect("recorded", CHECK_PASS, "no-latch: named 2 times since");
	let("no-latch=off");
	expect("recorded", CHECK_PASS, "has no finding");
}
