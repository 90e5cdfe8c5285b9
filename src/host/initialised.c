// SPDX-License-Identifier: GPL-2.0-only
#include "host/initialised.h"

#include <stdlib.h>

#include "abi/event.h"

/*
 * From 6.17 on kvm_amd sets its parameter to N unless the firmware says that SNP is initialised
 * (arch/x86/kvm/svm/sev.c:is_sev_snp_initialized()). An earlier one leaves it at Y when SNP_INIT
 * has failed.
 */
static bool kvm_asks_firmware(const struct platform *p)
{
	char release[PLATFORM_RELEASE_LEN], *dot;
	unsigned long major;

	platform_release(p, release);
	major = strtoul(release, &dot, 10);
	return major > 6 || (major == 6 && *dot == '.' && strtoul(dot + 1, NULL, 10) >= 17);
}

enum initialised initialised_by_others(const struct platform *p, const struct snapshot *now)
{
	char text[8];

	/* A built-in ccp has this directory, too: for its parameters. */
	if (!platform_exists(p, "/sys/module/ccp"))
		return INITIALISED_NO;
	if (platform_read(p, "/sys/module/kvm_amd/parameters/sev_snp", text, sizeof(text)) > 0 &&
	    text[0] == 'Y' && kvm_asks_firmware(p) && snapshot_has_snp_en(now))
		return INITIALISED_BY_KVM;
	return INITIALISED_UNKNOWN;
}
