// SPDX-License-Identifier: GPL-2.0-only
#include "psp/device.h"

#include <string.h>

/* Registers in BAR 2 of this device (kernel drivers/crypto/ccp/sp-pci.c). */
enum {
	REG_INTSTS = 0x10694,
	REG_CMDRESP = 0x10980,
	REG_BUFFER_LOW = 0x109e0,
	REG_BUFFER_HIGH = 0x109e4,
	REG_FEATURE = 0x109fc,
};

#define FEATURE_SEV	      0x1u
#define INTSTS_COMMAND	      0x2u /* kernel drivers/crypto/ccp/sev-dev.h: SEV_CMD_COMPLETE */
#define CMDRESP_RESPONSE      (1u << 31)
#define CMDRESP_INTERRUPT     0x1u /* in a request: interrupt on completion */
#define CMDRESP_COMMAND_SHIFT 16
#define CMDRESP_COMMAND_MASK  0x7ffu

/* Offsets in the configuration space. */
enum {
	PCI_VENDOR = 0x00,
	PCI_DEVICE = 0x02,
	PCI_STATUS = 0x06,
	PCI_CLASS = 0x0a,
	PCI_BARS = 0x10,
	PCI_BAR2 = 0x18,
	PCI_CARDBUS = 0x28,
	PCI_ROM = 0x30,
	PCI_CAPABILITIES = 0x34,
	MSI_CAPABILITY = 0x40,
};

static uint32_t get(const uint8_t *from, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, from + offset, sizeof(value));
	return value;
}

static void set(uint8_t *to, uint32_t offset, uint32_t value)
{
	memcpy(to + offset, &value, sizeof(value));
}

static void set16(uint8_t *to, uint32_t offset, uint16_t value)
{
	memcpy(to + offset, &value, sizeof(value));
}

static void power_on(struct device *device)
{
	memset(device->config, 0, sizeof(device->config));
	memset(device->bar2, 0, sizeof(device->bar2));
	/* ccp knows 1022:14ca as the secure processor of family 19h. */
	set16(device->config, PCI_VENDOR, 0x1022);
	set16(device->config, PCI_DEVICE, 0x14ca);
	set16(device->config, PCI_STATUS, 0x0010); /* has capabilities */
	set16(device->config, PCI_CLASS, 0x1080);  /* encryption controller */
	device->config[PCI_CAPABILITIES] = MSI_CAPABILITY;
	device->config[MSI_CAPABILITY] = 0x05;
	set16(device->config, MSI_CAPABILITY + 2, 0x0080); /* 64-bit address, one vector */
	set(device->bar2, REG_FEATURE, FEATURE_SEV);
}

static void on_read(void *context, enum vfio_region region, uint64_t offset, void *to, size_t len)
{
	const struct device *device = context;

	memcpy(to, (region == VFIO_CONFIG ? device->config : device->bar2) + offset, len);
}

/* The device has BAR 2 alone; the other BARs stay 0. */
static void write_config(struct device *device, uint64_t offset, const void *from, size_t len)
{
	static const uint8_t zeros[DEVICE_CONFIG_SIZE];
	uint32_t bar2;

	memcpy(device->config + offset, from, len);
	bar2 = get(device->config, PCI_BAR2) & ~(DEVICE_BAR2_SIZE - 1u);
	memcpy(device->config + PCI_BARS, zeros, PCI_CARDBUS - PCI_BARS);
	set(device->config, PCI_BAR2, bar2);
	set(device->config, PCI_ROM, 0);
}

static void run_command(struct device *device, uint32_t request)
{
	unsigned int command = request >> CMDRESP_COMMAND_SHIFT & CMDRESP_COMMAND_MASK;
	uint64_t pa = get(device->bar2, REG_BUFFER_LOW) |
		      (uint64_t)get(device->bar2, REG_BUFFER_HIGH) << 32;
	enum firmware_status status = firmware_run(device->firmware, command, pa);

	/* On an error the journal has still written the entry to its file. */
	(void)journal_add(device->journal, device->firmware, command, status);
	if (status == STATUS_HANG)
		return;
	set(device->bar2, REG_CMDRESP, CMDRESP_RESPONSE | (uint16_t)status);
	if (request & CMDRESP_INTERRUPT) {
		set(device->bar2, REG_INTSTS, get(device->bar2, REG_INTSTS) | INTSTS_COMMAND);
		vfio_user_interrupt(device->server);
	}
}

/* Only writes of one whole register have an effect, as the driver makes them. */
static void write_bar2(struct device *device, uint64_t offset, const void *from, size_t len)
{
	uint32_t value;

	if (len != sizeof(value) || offset % sizeof(value))
		return;
	memcpy(&value, from, sizeof(value));
	if (offset == REG_INTSTS) /* write 1 to clear */
		value = get(device->bar2, REG_INTSTS) & ~value;
	set(device->bar2, (uint32_t)offset, value);
	if (offset == REG_CMDRESP && !(value & CMDRESP_RESPONSE))
		run_command(device, value);
}

static void on_write(void *context, enum vfio_region region, uint64_t offset, const void *from,
		     size_t len)
{
	if (region == VFIO_CONFIG)
		write_config(context, offset, from, len);
	else
		write_bar2(context, offset, from, len);
}

/*
 * A platform reset: QEMU resets the device only together with the machine, and the device offers
 * the guest no reset of its own.
 */
static void on_reset(void *context)
{
	struct device *device = context;

	power_on(device);
	firmware_reset(device->firmware);
}

int device_open(struct device *device, struct firmware *firmware, struct journal *journal,
		const char *path)
{
	const struct vfio_device vfio = {
		.region_size = {
			[VFIO_BAR2] = DEVICE_BAR2_SIZE,
			[VFIO_CONFIG] = DEVICE_CONFIG_SIZE,
		},
		.read = on_read,
		.write = on_write,
		.reset = on_reset,
		.context = device,
	};

	device->firmware = firmware;
	device->journal = journal;
	power_on(device);
	return vfio_user_open(&device->server, path, &vfio);
}
