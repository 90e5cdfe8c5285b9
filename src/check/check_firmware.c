// SPDX-License-Identifier: GPL-2.0-only
/* The firmware, and what its driver and KVM believe of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_parts.h"

/* drivers/crypto/ccp/sev-dev.c: SNP_MIN_API_MAJOR and SNP_MIN_API_MINOR */
enum { SNP_API_MAJOR = 1, SNP_API_MINOR = 51 };

bool check_may_ask_firmware(const struct check_facts *f)
{
	/* KVM's answer is as old as its load: if SNP has ended since, to ask may initialise SNP. */
	if (!f->now || f->initialised != INITIALISED_YES)
		return false;
	for (unsigned int i = 0; i < f->now->count; i++)
		if (f->now->cpus[i].online && !check_has_snp_en(&f->now->cpus[i]))
			return false;
	return true;
}

void check_firmware(struct check_look *l)
{
	enum initialised initialised = l->facts->initialised;

	if (!check_is_loaded(l, "ccp"))
		check_add(l, CHECK_ID_FIRMWARE, CHECK_NOT_APPLICABLE, NULL, "ccp is not loaded");
	else if (initialised == INITIALISED_UNKNOWN)
		check_add(l, CHECK_ID_FIRMWARE, CHECK_UNKNOWN, check_kernel_remedy(l->facts),
			  "can't read whether the driver has initialised SNP");
	else if (initialised == INITIALISED_BY_KVM)
		check_add(l, CHECK_ID_FIRMWARE, CHECK_PASS, NULL,
			  "KVM has found SNP initialised; the driver's own flag can't be read");
	else
		check_add(l, CHECK_ID_FIRMWARE, CHECK_PASS, NULL,
			  "the driver has %sinitialised SNP", initialised ? "" : "not ");
}

void check_firmware_version(struct check_look *l)
{
	const struct psp_status *s = l->facts->firmware;
	bool old;

	if (!s)
		return;
	old = s->api_major < SNP_API_MAJOR ||
	      (s->api_major == SNP_API_MAJOR && s->api_minor < SNP_API_MINOR);
	check_add(l, CHECK_ID_FIRMWARE_VERSION, old ? CHECK_WARN : CHECK_PASS,
		  old ? "update the SEV firmware: a BIOS update, or amd_sev_fam*.sbin of "
			"linux-firmware"
		      : NULL,
		  "%u.%u, build %u, with %u guests%s", s->api_major, s->api_minor, s->build,
		  s->guests, old ? "; the kernel asks for 1.51 at least" : "");
}

/* An attestation report names the reported TCB; the owner of a guest may ask for the current one.
 */
void check_firmware_tcb(struct check_look *l)
{
	const struct psp_status *s = l->facts->firmware;

	if (s && s->reported_tcb != s->current_tcb)
		check_add(l, CHECK_ID_FIRMWARE_TCB, CHECK_WARN,
			  "`snphost commit` commits the firmware, `snphost config reset` reports "
			  "its TCB",
			  "attestation reports name TCB %#llx, the firmware has %#llx",
			  (unsigned long long)s->reported_tcb, (unsigned long long)s->current_tcb);
	else if (s)
		check_add(l, CHECK_ID_FIRMWARE_TCB, CHECK_PASS, NULL,
			  "attestation reports name the firmware's own, %#llx",
			  (unsigned long long)s->current_tcb);
}

/* A state or flag of a later firmware is neither good nor bad. */
static const char update[] = "see whether a later snp-guard knows it";

static void firmware_state(struct check_look *l, const struct psp_status *s)
{
	if (s->state > PSP_STATE_INIT)
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_UNKNOWN, update,
			  "%u, a state that this snp-guard does not know", s->state);
	else if (s->state == PSP_STATE_UNINIT)
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_WARN,
			  "unload kvm_amd and ccp, and load them again",
			  "UNINIT, but the driver believes that SNP is initialised");
	else if (!(s->flags & PSP_FLAG_RMP_INIT))
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_WARN,
			  "reset the host before SNP is used",
			  "INIT, but the firmware has not initialised the RMP");
	else if (!(s->flags & PSP_FLAG_ALIAS_CHECKED))
		check_add(
			l, CHECK_ID_FIRMWARE_STATE, CHECK_WARN,
			"update the BIOS to one that checks memory for aliases",
			"INIT, and memory was not checked for aliases: a manipulated DIMM would go "
			"unnoticed");
	else
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_PASS, NULL,
			  "INIT, the RMP is initialised, memory was checked for aliases%s",
			  s->flags & PSP_FLAG_TIO ? ", SEV-TIO is on" : "");
}

void check_firmware_state(struct check_look *l)
{
	const struct check_facts *f = l->facts;

	if (!check_is_loaded(l, "ccp"))
		return;
	if (f->firmware)
		firmware_state(l, f->firmware);
	else if (f->firmware_err)
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_UNKNOWN,
			  "run as root, where /dev/sev exists", "SNP_PLATFORM_STATUS failed: %s",
			  strerror(-f->firmware_err));
	else if (f->initialised == INITIALISED_YES)
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_UNKNOWN, "see the check snp-en",
			  "not asked: on a CPU without SNP_EN the command would crash the kernel");
	else if (f->initialised != INITIALISED_NO)
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_UNKNOWN, check_kernel_remedy(f),
			  "not asked: on some kernels the command would initialise SNP");
	else
		check_add(l, CHECK_ID_FIRMWARE_STATE, CHECK_NOT_APPLICABLE, NULL,
			  "not asked, because SNP is not initialised");
}

void check_firmware_flags(struct check_look *l)
{
	const struct psp_status *s = l->facts->firmware;

	if (s && s->flags & ~PSP_FLAGS_KNOWN)
		check_add(l, CHECK_ID_FIRMWARE_FLAGS, CHECK_UNKNOWN, update,
			  "this snp-guard does not know bits %#x of the platform status",
			  s->flags & ~PSP_FLAGS_KNOWN);
}

static int read_hex(const struct check_look *l, const char *path, unsigned long long *value)
{
	char text[32], *end;
	int n = platform_read(l->facts->platform, path, text, sizeof(text));

	if (n < 0)
		return n;
	*value = strtoull(text, &end, 16);
	return end == text ? -EBADMSG : 0;
}

/*
 * Mitigations that the firmware has and nobody has had it verify. The driver asks the firmware for
 * each reading, and while SNP is initialised it gives the firmware a page first, by RMPUPDATE
 * (drivers/crypto/ccp/sev-dev.c:snp_verify_mitigation).
 */
void check_mitigations(struct check_look *l)
{
	static const char first[] = "/sys/firmware/sev/vulnerabilities/supported_mitigations";
	static const char second[] = "/sys/firmware/sev/vulnerabilities/verified_mitigations";
	const struct check_facts *f = l->facts;
	unsigned long long supported, verified;
	int err;

	/* An older kernel, or firmware that has none. */
	if (!platform_exists(f->platform, first))
		return;
	if (f->initialised != INITIALISED_NO && !check_may_ask_firmware(f)) {
		check_add(l, CHECK_ID_MITIGATIONS, CHECK_UNKNOWN, "see the check snp-en",
			  "not asked: on a CPU without SNP_EN the command would crash the kernel");
		return;
	}
	err = read_hex(l, first, &supported);
	if (!err)
		err = read_hex(l, second, &verified);
	if (err)
		check_add(l, CHECK_ID_MITIGATIONS, CHECK_UNKNOWN, check_access_remedy(err),
			  "/sys/firmware/sev/vulnerabilities can't be read: %s", strerror(-err));
	else if (supported & ~verified)
		check_add(l, CHECK_ID_MITIGATIONS, CHECK_WARN,
			  "have the firmware verify them, or update BIOS and microcode",
			  "the firmware supports %#llx and has not verified %#llx of them",
			  supported, supported & ~verified);
	else
		check_add(l, CHECK_ID_MITIGATIONS, CHECK_PASS, NULL,
			  "all that the firmware supports, %#llx, are verified", supported);
}

/*
 * With psp_init_on_probe=0 legacy SEV waits for the first guest or ioctl that needs it
 * (drivers/crypto/ccp/sev-dev.c). No parameter of ccp is wrong in itself.
 */
void check_ccp_parameters(struct check_look *l)
{
	char probe = check_parameter(l, "ccp", "psp_init_on_probe");
	char tio = check_parameter(l, "ccp", "tio");

	if (!check_is_loaded(l, "ccp"))
		check_add(l, CHECK_ID_CCP_PARAMETERS, CHECK_NOT_APPLICABLE, NULL,
			  "ccp is not loaded");
	else
		check_add(l, CHECK_ID_CCP_PARAMETERS, CHECK_PASS, NULL,
			  "psp_init_on_probe is %c, tio is %c (?: this kernel has no such one)",
			  probe ? probe : '?', tio ? tio : '?');
}

/* The driver makes it only if it found an SEV firmware that answers. */
void check_dev_sev(struct check_look *l)
{
	if (!check_is_loaded(l, "ccp"))
		return;
	if (platform_exists(l->facts->platform, "/dev/sev")) {
		check_add(l, CHECK_ID_DEV_SEV, CHECK_PASS, NULL, "/dev/sev is there");
		return;
	}
	check_add(l, CHECK_ID_DEV_SEV, l->facts->require_snp ? CHECK_FAIL : CHECK_WARN,
		  "dmesg | grep ccp says why; switch the PSP and SEV on in the BIOS",
		  "ccp is there, and /dev/sev is not: the driver got no SEV firmware to answer");
	check_quote_kernel(l, KERNEL_LOG_NO_SNP);
}

/*
 * The kernel lets panic notifiers run before a crash kernel starts, as one of ccp's ends SNP
 * (arch/x86/virt/svm/sev.c:snp_rmptable_init()); somebody may have taken that back.
 */
void check_kdump(struct check_look *l)
{
	char loaded[8], notifiers = check_parameter(l, "kernel", "crash_kexec_post_notifiers");
	int n = platform_read(l->facts->platform, "/sys/kernel/kexec_crash_loaded", loaded,
			      sizeof(loaded));

	if (n <= 0 || loaded[0] != '1')
		check_add(l, CHECK_ID_KDUMP, CHECK_NOT_APPLICABLE, NULL,
			  "no crash kernel is loaded");
	else if (!notifiers)
		check_add(l, CHECK_ID_KDUMP, CHECK_UNKNOWN, "run it where /sys is the host's",
			  "a crash kernel is loaded, and crash_kexec_post_notifiers can't be read");
	else if (notifiers != 'Y' && cpulist_count(&l->tally.with))
		check_add(
			l, CHECK_ID_KDUMP, CHECK_WARN,
			"echo Y >/sys/module/kernel/parameters/crash_kexec_post_notifiers",
			"a crash kernel is loaded, and crash_kexec_post_notifiers is %c: SNP would "
			"not end before it starts, and it would fail",
			notifiers);
	else
		check_add(l, CHECK_ID_KDUMP, CHECK_PASS, NULL,
			  "a crash kernel is loaded; crash_kexec_post_notifiers is %c", notifiers);
}

/* Documentation/admin-guide/tainted-kernels.rst */
#define TAINT_MACHINE_CHECK (1ul << 4)
#define TAINT_DIED	    (1ul << 7)
#define TAINT_WARNED	    (1ul << 9)

void check_taint(struct check_look *l)
{
	unsigned long taint;
	char text[32];
	int n = platform_read(l->facts->platform, "/proc/sys/kernel/tainted", text, sizeof(text));

	if (n < 0) {
		check_add(l, CHECK_ID_TAINT, CHECK_UNKNOWN, check_access_remedy(n),
			  "/proc/sys/kernel/tainted can't be read: %s", strerror(-n));
		return;
	}
	taint = strtoul(text, NULL, 10);
	if (taint & TAINT_DIED) {
		check_add(
			l, CHECK_ID_TAINT, CHECK_WARN, "reboot, and report what dmesg has of it",
			"%lu: the kernel has died once since boot; a lock of KVM's or ccp's may be "
			"held for good",
			taint);
		check_quote_kernel(l, KERNEL_LOG_DEATH);
	} else if (taint & TAINT_MACHINE_CHECK) {
		check_add(l, CHECK_ID_TAINT, CHECK_WARN, "look for machine checks in dmesg",
			  "%lu: the processor reported a machine check since boot", taint);
	} else {
		check_add(l, CHECK_ID_TAINT, CHECK_PASS, NULL,
			  "%lu: no oops and no machine check since boot%s", taint,
			  taint & TAINT_WARNED ? "; a warning, see dmesg | grep WARNING" : "");
	}
}
