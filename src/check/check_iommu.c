// SPDX-License-Identifier: GPL-2.0-only
/* The IOMMU, without which the kernel leaves SNP off (drivers/iommu/amd/init.c:iommu_snp_enable()).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_parts.h"

/* The IOMMU's extended features, bit 63: SNPSup (AMD document 48882, MMIO 0030h). */
#define SNPSUP (1ull << 63)

struct setting {
	const char *word;
	bool off;	  /* false: the last of these settings counts */
	bool passthrough; /* if not off */
	struct check_cause cause;
};

/* arch/x86/kernel/pci-dma.c:iommu_setup(), drivers/iommu/iommu.c, drivers/iommu/amd/init.c */
static const struct setting settings[] = {
	{ "iommu=off", true, false, { "iommu=off leaves SNP off", "boot without iommu=off" } },
	{ "amd_iommu=off",
	  true,
	  false,
	  { "amd_iommu=off leaves SNP off", "boot without amd_iommu=off" } },
	{ "iommu=pt", false, true, { "iommu=pt leaves SNP off", "boot without iommu=pt" } },
	{ "iommu.passthrough=1",
	  false,
	  true,
	  { "iommu.passthrough=1 leaves SNP off", "boot without iommu.passthrough=1" } },
	{ "iommu=nopt", false, false, { NULL, NULL } },
	{ "iommu.passthrough=0", false, false, { NULL, NULL } },
};

/* NAME=VALUE,VALUE: true if word has the setting's name and is or has its value. */
static bool has_setting(const char *word, size_t len, const char *setting)
{
	size_t name = strchr(setting, '=') + 1 - setting, value = strlen(setting + name);

	if (len < name || strncmp(word, setting, name))
		return false;
	for (const char *at = word + name, *end = word + len; at < end; at++) {
		size_t n = strcspn(at, ", \n");

		if (n == value && !strncmp(at, setting + name, n))
			return true;
		at += n;
	}
	return false;
}

struct check_cause check_iommu_cause(const char *command_line)
{
	struct check_cause passthrough = { 0 };
	size_t len;

	for (const char *at = command_line; *(at += strspn(at, " \n")); at += len) {
		len = strcspn(at, " \n");
		for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
			if (!has_setting(at, len, settings[i].word))
				continue;
			if (settings[i].off)
				return settings[i].cause;
			passthrough = settings[i].cause;
		}
	}
	return passthrough;
}

/*
 * Reads the features of all IOMMUs. Returns how many there are, or a negative errno. efr: what they
 * have in common. From 6.7 on the file has what iommu_snp_enable() asks as its first number, and
 * before as its second; the other number has no bit 63.
 */
static int read_features(const struct platform *p, unsigned long long *efr)
{
	char path[64], text[64], *second;
	int n;

	*efr = ~0ull;
	for (int i = 0;; i++) {
		unsigned long long features;

		snprintf(path, sizeof(path), "/sys/class/iommu/ivhd%d/amd-iommu/features", i);
		n = platform_read(p, path, text, sizeof(text));
		if (n < 0)
			return n == -ENOENT ? i : n;
		features = strtoull(text, &second, 16);
		if (*second == ':')
			features |= strtoull(second + 1, NULL, 16) & SNPSUP;
		*efr &= features;
	}
}

static void iommus(struct check_look *l, int count, unsigned long long efr)
{
	if (count < 0)
		check_add(l, CHECK_ID_IOMMU, CHECK_UNKNOWN, check_access_remedy(count),
			  "the features of the IOMMUs in /sys/class/iommu can't be read: %s",
			  strerror(-count));
	else if (!count && platform_has_cpu_flag(l->facts->platform, "hypervisor") > 0)
		check_add(l, CHECK_ID_IOMMU, CHECK_NOT_APPLICABLE, NULL,
			  "a virtual machine without an IOMMU");
	else if (!count)
		check_add(l, CHECK_ID_IOMMU, check_without_snp(l),
			  "in the BIOS set \"IOMMU\" to Enabled; dmesg | grep AMD-Vi",
			  "no IOMMU of AMD's in /sys/class/iommu: the kernel leaves SNP off");
	else if (!(efr & SNPSUP))
		check_add(l, CHECK_ID_IOMMU, check_without_snp(l),
			  "in the BIOS set \"SEV-SNP Support\" to Enabled; Auto may mean off",
			  "SNPSup, bit 63, is clear in the IOMMUs' extended features, %#llx: the "
			  "kernel leaves SNP off",
			  efr);
	else
		check_add(l, CHECK_ID_IOMMU, CHECK_PASS, NULL,
			  "%d in /sys/class/iommu, with SNPSup, and no passthrough on the command "
			  "line",
			  count);
}

void check_iommu(struct check_look *l)
{
	struct check_cause cause;
	unsigned long long efr;
	int count;

	/* Whatever is said of the IOMMU, the kernel has found one that does. */
	if (l->facts->initialised > INITIALISED_NO) {
		check_add(
			l, CHECK_ID_IOMMU, CHECK_PASS, NULL,
			"SNP is initialised, which the kernel does with the IOMMU's support only");
		return;
	}
	cause = check_iommu_cause(l->command_line);
	count = read_features(l->facts->platform, &efr);
	if (cause.text)
		check_add(l, CHECK_ID_IOMMU, check_without_snp(l), cause.remedy, "%s", cause.text);
	else
		iommus(l, count, efr);
}
