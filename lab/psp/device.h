/* SPDX-License-Identifier: GPL-2.0-only */
/* The secure processor as a PCI function: a mailbox in BAR 2 and one MSI vector. */
#ifndef LAB_DEVICE_H
#define LAB_DEVICE_H

#include <stdint.h>

#include "firmware/firmware.h"
#include "firmware/journal.h"
#include "psp/vfio_user.h"

/* Bytes. */
enum { DEVICE_CONFIG_SIZE = 256, DEVICE_BAR2_SIZE = 0x100000 };

struct device {
	struct firmware *firmware;
	struct journal *journal;
	struct vfio_user *server;
	uint8_t config[DEVICE_CONFIG_SIZE];
	uint8_t bar2[DEVICE_BAR2_SIZE];
};

/*
 * Powers the device on and serves it over vfio-user at path. 0, and device->server is to be polled,
 * handled, and closed with vfio_user_close(); or a negative errno. firmware and journal must
 * outlive the device and stay the caller's.
 */
int device_open(struct device *device, struct firmware *firmware, struct journal *journal,
		const char *path);

#endif
