// SPDX-License-Identifier: GPL-2.0-only
/*
 * snp-ivrs OUT: writes the ACPI table IVRS of an IOMMU that supports SNP.
 *
 * QEMU's IOMMU does not have SNP, but the kernel prefers the features in the IVRS (the EFR image)
 * to those in the IOMMU's register. This table equals QEMU's, except that it has the SNP bit and a
 * higher OEM revision. Because of the revision the kernel uses it instead of QEMU's, if an
 * uncompressed cpio archive before the initramfs holds it as kernel/firmware/acpi/IVRS.aml.
 *
 * It is right for a q35 machine with one IOMMU, at this place:
 *	-device AMDVI-PCI,id=iommu,addr=1e.0 -device amd-iommu,pci-id=iommu
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"

#define PACKED __attribute__((packed))

/* AMD I/O Virtualization (document 48882) chapter 5: the table, its blocks, device entries. */
struct PACKED acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
};

struct PACKED ivhd_header {
	uint8_t type;
	uint8_t flags;
	uint16_t length;
	uint16_t device;     /* PCI bus, device, function */
	uint16_t capability; /* offset of the IOMMU's PCI capability */
	uint64_t base;	     /* of its registers */
	uint16_t segment;
	uint16_t info;
};

struct PACKED ivhd_all {
	uint8_t type;
	uint8_t reserved[2];
	uint8_t flags;
};

struct PACKED ivhd_special {
	uint8_t type;
	uint16_t reserved;
	uint8_t flags;
	uint8_t handle;
	uint16_t device;
	uint8_t variety;
};

struct PACKED ivhd_devices {
	struct ivhd_all all;
	struct ivhd_special ioapic;
};

struct PACKED ivhd_10h {
	struct ivhd_header header;
	uint32_t features;
	struct ivhd_devices devices;
};

struct PACKED ivhd_11h {
	struct ivhd_header header;
	uint32_t attributes;
	uint64_t efr;
	uint64_t efr2;
	struct ivhd_devices devices;
};

struct PACKED ivrs {
	struct acpi_header acpi;
	uint32_t info;
	uint64_t reserved;
	struct ivhd_10h ivhd_10h;
	struct ivhd_11h ivhd_11h;
};

static_assert(sizeof(struct acpi_header) == 36, "ACPI layout");
static_assert(sizeof(struct ivhd_10h) == 0x24, "ACPI layout");
static_assert(sizeof(struct ivhd_11h) == 0x34, "ACPI layout");
static_assert(sizeof(struct ivrs) == 0x88, "ACPI layout");

enum {
	IOMMU_DEVICE = 0x1e << 3, /* 00:1e.0 */
	IOMMU_CAPABILITY = 0x40,
	IOAPIC_DEVICE = 0x14 << 3, /* 00:14.0, where the kernel expects the IO-APIC */

	IVINFO_EFR = 1 << 0, /* the type 11h block's EFR image is valid */
	IVINFO_ADDRESS_BITS = 40 << 8,

	IVHD_HT_TUNNEL = 1 << 0,
	IVHD_IOTLB = 1 << 4,
	IVHD_PREFETCH = 1 << 6, /* type 10h only */
	IVHD_PPR = 1 << 7,	/* type 10h only */

	IVHD_FEATURE_GUEST_TRANSLATION = 1 << 2,
	IVHD_FEATURE_GUEST_APIC = 1 << 6,

	ENTRY_ALL = 0x01,
	ENTRY_SPECIAL = 0x48,
	VARIETY_IOAPIC = 1,
};

#define EFR_PREFETCH	      (1ull << 0)
#define EFR_PPR		      (1ull << 1)
#define EFR_GUEST_TRANSLATION (1ull << 4)
#define EFR_INVALIDATE_ALL    (1ull << 6)
#define EFR_GUEST_APIC	      (1ull << 7)
#define EFR_HARDWARE_ERROR    (1ull << 8)
#define EFR_HATS_6_LEVELS     (2ull << 10)
#define EFR_GATS_6_LEVELS     (2ull << 12)
#define EFR_SNP		      (1ull << 63)
#define EFR2_SEV_TIO	      (1ull << 1) /* kernel amd_iommu_types.h:FEATURE_SEVSNPIO_SUP */

/* The features of QEMU's own table. */
#define EFR_QEMU                                                                                   \
	(EFR_PREFETCH | EFR_PPR | EFR_GUEST_TRANSLATION | EFR_INVALIDATE_ALL | EFR_GUEST_APIC |    \
	 EFR_HARDWARE_ERROR | EFR_HATS_6_LEVELS | EFR_GATS_6_LEVELS)

static_assert(EFR_QEMU == 0x29d3, "QEMU's own table");

#define IVHD_HEADER(ivhd_type, ivhd_flags, block)                                                  \
	{                                                                                          \
		.type = (ivhd_type), .flags = (ivhd_flags), .length = sizeof(block),               \
		.device = IOMMU_DEVICE, .capability = IOMMU_CAPABILITY,                            \
		.base = MACHINE_IOMMU_BASE,                                                        \
	}

#define IVHD_DEVICES                                                                               \
	{                                                                                          \
		.all = { .type = ENTRY_ALL },                                                      \
		.ioapic = {                                                                        \
			.type = ENTRY_SPECIAL,                                                     \
			.device = IOAPIC_DEVICE,                                                   \
			.variety = VARIETY_IOAPIC,                                                 \
		},                                                                                 \
	}

static const struct ivrs template = {
	.acpi = {
		.signature = { 'I', 'V', 'R', 'S' },
		.length = sizeof(struct ivrs),
		.revision = 1,
		.oem_id = { 'B', 'O', 'C', 'H', 'S', ' ' },
		.oem_table = { 'B', 'X', 'P', 'C', ' ', ' ', ' ', ' ' },
		.oem_revision = 2,	/* QEMU's has 1 */
		.creator = { 'B', 'X', 'P', 'C' },
		.creator_revision = 1,
	},
	.info = IVINFO_EFR | IVINFO_ADDRESS_BITS,
	.ivhd_10h = {
		.header = IVHD_HEADER(0x10, IVHD_HT_TUNNEL | IVHD_IOTLB | IVHD_PREFETCH | IVHD_PPR,
				      struct ivhd_10h),
		.features = IVHD_FEATURE_GUEST_TRANSLATION | IVHD_FEATURE_GUEST_APIC,
		.devices = IVHD_DEVICES,
	},
	.ivhd_11h = {
		.header = IVHD_HEADER(0x11, IVHD_HT_TUNNEL | IVHD_IOTLB, struct ivhd_11h),
		.efr = EFR_QEMU | EFR_SNP,
		.efr2 = EFR2_SEV_TIO,
		.devices = IVHD_DEVICES,
	},
};

/* The value that makes the sum of all bytes of an ACPI table 0. */
static uint8_t checksum(const void *table, size_t size)
{
	const uint8_t *bytes = table;
	uint8_t sum = 0;

	while (size--)
		sum += *bytes++;
	return -sum;
}

static int write_table(const char *path, const struct ivrs *table)
{
	FILE *file = fopen(path, "we");
	int err = 0;

	if (!file)
		return -errno;
	if (fwrite(table, sizeof(*table), 1, file) != 1)
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

int main(int argc, char **argv)
{
	struct ivrs table = template;
	int err;

	if (argc != 2 || argv[1][0] == '-') {
		fputs("usage: snp-ivrs OUT\n", stderr);
		return EXIT_FAILURE;
	}
	table.acpi.checksum = checksum(&table, sizeof(table));
	err = write_table(argv[1], &table);
	if (err) {
		fprintf(stderr, "snp-ivrs: %s: %s\n", argv[1], strerror(-err));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
