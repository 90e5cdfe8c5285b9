// SPDX-License-Identifier: GPL-2.0-only
/* KVM: whether it runs SNP guests, and for how many it has ASIDs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_parts.h"
#include "host/asids.h"
#include "host/cpuid.h"
#include "util/words.h"

/* Why the host can't run SNP guests, as far as the command line and the CPUs tell. */
static struct check_cause why_no_snp(const struct check_look *l)
{
	struct check_cause cause = check_iommu_cause(l->command_line);

	if (cause.text)
		return cause;
	if (words_has(l->command_line, " \n", "nosmt"))
		return (struct check_cause){
			.text = "nosmt leaves CPUs offline, and SNP_INIT fails",
			.remedy = "boot without nosmt",
		};
	if (words_has(l->command_line, " \n", "amd_iommu=pgtbl_v2"))
		return (struct check_cause){
			.text = "with amd_iommu=pgtbl_v2 some kernels leave SNP off",
			.remedy = "boot without amd_iommu=pgtbl_v2",
		};
	if (cpulist_count(&l->tally.absent))
		return (struct check_cause){
			.text = "CPUs are offline, and SNP_INIT fails",
			.remedy = "bring all CPUs online, then load ccp and kvm_amd "
				  "anew"
		};
	if (!platform_exists(l->facts->platform, "/sys/firmware/efi"))
		return (struct check_cause){
			.text = "the host was not booted by UEFI, and SNP_INIT fails",
			.remedy = "switch the BIOS from legacy boot (CSM) to UEFI; dmesg | grep -i "
				  "-e SEV-SNP -e ccp says what failed"
		};
	return (struct check_cause){
		.remedy = "dmesg | grep -i -e SEV-SNP -e ccp says why; load kvm_amd "
			  "after ccp"
	};
}

/*
 * kvm_amd's sev_snp is Y unless somebody says otherwise, and N where KVM then finds that the host
 * can't run SNP guests (arch/x86/kvm/svm/sev.c:sev_hardware_setup()).
 */
static void kvm_without_snp(struct check_look *l)
{
	bool required = l->facts->require_snp;
	struct check_cause cause;

	if (check_asks_for_no_snp(l->command_line)) {
		check_add(l, CHECK_ID_KVM_AMD, required ? CHECK_FAIL : CHECK_PASS,
			  required ? "boot without kvm_amd.sev_snp=0" : NULL,
			  "its parameter sev_snp is N: kvm_amd.sev_snp=0 asks for no SNP");
		return;
	}
	cause = why_no_snp(l);
	check_add(l, CHECK_ID_KVM_AMD, required ? CHECK_FAIL : CHECK_WARN, cause.remedy,
		  "its parameter sev_snp is N, so no SNP guest can run%s%s", cause.text ? "; " : "",
		  cause.text ? cause.text : "");
	check_quote_kernel(l, KERNEL_LOG_NO_SNP);
}

/* sev_snp says whether KVM would run SNP guests; sev and sev_es whether it would run any other. */
void check_kvm(struct check_look *l)
{
	char snp = check_parameter(l, "kvm_amd", "sev_snp"),
	     es = check_parameter(l, "kvm_amd", "sev_es"),
	     sev = check_parameter(l, "kvm_amd", "sev");

	if (!check_is_loaded(l, "kvm_amd"))
		check_add(l, CHECK_ID_KVM_AMD,
			  l->facts->require_snp ? CHECK_FAIL : CHECK_NOT_APPLICABLE,
			  "modprobe kvm_amd", "kvm_amd is not loaded, so no SNP guest can run");
	else if (!snp)
		check_add(l, CHECK_ID_KVM_AMD, CHECK_UNKNOWN, "use Linux 6.11 or later",
			  "kvm_amd has no parameter sev_snp");
	else if (snp == 'Y' && l->facts->initialised == INITIALISED_NO)
		check_add(l, CHECK_ID_KVM_AMD, l->facts->require_snp ? CHECK_FAIL : CHECK_WARN,
			  "unload kvm_amd and load it again",
			  "its parameter sev_snp is Y, but the driver has not initialised SNP");
	else if (snp != 'Y')
		kvm_without_snp(l);
	else
		check_add(l, CHECK_ID_KVM_AMD, CHECK_PASS, NULL,
			  "its parameter sev_snp is %c, sev_es %c, sev %c", snp, es ? es : '?',
			  sev ? sev : '?');
}

/* ---- ASIDs ---- */

/* SNP guests have the ASIDs below the first for SEV alone, with those of SEV-ES. */
static const char asid_remedy[] =
	"in the BIOS raise \"SEV-ES ASID Space Limit\", and \"SEV-ES ASID Space Limit Control\" to "
	"Manual";

static void asids_left(struct check_look *l, unsigned long long all, unsigned long long used,
		       const char *of)
{
	bool few = used + all / 10 >= all;

	check_add(l, CHECK_ID_ASIDS, few ? CHECK_WARN : CHECK_PASS,
		  few ? "end guests that are not needed, or, for more than there are, reboot and "
			"raise \"SEV-ES ASID Space Limit\" in the BIOS"
		      : NULL,
		  "%llu of %llu ASIDs for %s are in use%s", used, all, of,
		  used >= all ? ": another guest gets EBUSY"
		  : few	      ? ": few are left"
			      : "");
}

/*
 * With ciphertext hiding SNP guests have the first of these ASIDs for themselves
 * (arch/x86/kvm/svm/sev.c:sev_hardware_setup()). 0: they share them.
 */
static unsigned long hidden_asids(const struct check_look *l)
{
	char text[16] = "";

	if (check_read_parameter(l, "kvm_amd", "ciphertext_hiding_asids", text, sizeof(text)) <= 0)
		return 0;
	return strtoul(text, NULL, 10);
}

static void asids_of_kvm(struct check_look *l, int cpuid_err, const struct cpuid *sev)
{
	const struct psp_status *firmware = l->facts->firmware;
	unsigned long hidden = hidden_asids(l);
	struct asids a;
	int err = asids_read(l->facts->platform, &a);

	if (hidden && firmware)
		asids_left(l, hidden, firmware->guests, "SNP guests");
	else if (!hidden && !err && a.sev_es)
		asids_left(l, a.sev_es, a.sev_es_used, "SNP and SEV-ES guests");
	else if (!hidden && !cpuid_err && firmware)
		asids_left(l, sev->edx - 1, firmware->guests,
			   "SNP and SEV-ES guests, as far as SNP guests");
	else
		check_add(l, CHECK_ID_ASIDS, CHECK_UNKNOWN,
			  hidden ? "see the check firmware-state"
				 : "mount cgroup2 at /sys/fs/cgroup, in a kernel with "
				   "CONFIG_CGROUP_MISC, or modprobe cpuid",
			  "how many ASIDs are left can't be told");
}

void check_asids(struct check_look *l)
{
	struct cpuid sev;
	int err = cpuid_read(l->facts->platform, CPUID_SEV, &sev);

	if (!err && sev.edx <= 1)
		check_add(l, CHECK_ID_ASIDS, check_without_snp(l), asid_remedy,
			  "none for SNP and SEV-ES guests: the first ASID for SEV alone is %u "
			  "(CPUID Fn8000_001F)",
			  sev.edx);
	else if (check_is_loaded(l, "kvm_amd") && check_parameter(l, "kvm_amd", "sev_snp") == 'Y')
		asids_of_kvm(l, err, &sev);
	else if (!err)
		check_add(l, CHECK_ID_ASIDS, CHECK_PASS, NULL,
			  "%u for SNP and SEV-ES guests (CPUID Fn8000_001F)", sev.edx - 1);
	else
		check_add(l, CHECK_ID_ASIDS, CHECK_NOT_APPLICABLE, NULL,
			  "KVM runs no SNP guests now");
}

/*
 * An SEV-ES guest can attack SNP guests (CVE-2025-48514, AMD-SB-3023). The firmware that mends it
 * refuses to launch SEV-ES guests while SNP is initialised. Neither its version nor a mitigation's
 * bit tells which firmware that is: it is a field of the TCB that differs between processors.
 */
void check_sev_es(struct check_look *l)
{
	unsigned long hidden = hidden_asids(l);
	char words[64] = "";

	if (!check_is_loaded(l, "kvm_amd") || check_parameter(l, "kvm_amd", "sev_snp") != 'Y' ||
	    check_parameter(l, "kvm_amd", "sev_es") != 'Y') {
		check_add(l, CHECK_ID_SEV_ES, CHECK_NOT_APPLICABLE, NULL,
			  "KVM does not run SEV-ES and SNP guests side by side");
		return;
	}
	if (hidden)
		snprintf(words, sizeof(words), "; ciphertext hiding: ASIDs 1 to %lu are SNP's",
			 hidden);
	check_add(l, CHECK_ID_SEV_ES, CHECK_PASS, NULL,
		  "KVM's sev_es and sev_snp are Y: run no SEV-ES guests here; later firmware "
		  "refuses them, on earlier one they can attack SNP guests (CVE-2025-48514)%s",
		  words);
}
