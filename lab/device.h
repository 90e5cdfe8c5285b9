/* SPDX-License-Identifier: GPL-2.0-only */
/* The secure processor as a PCI function: its mailbox in BAR 2, one MSI vector. */
#ifndef LAB_DEVICE_H
#define LAB_DEVICE_H

#include <stdint.h>

#include "firmware.h"
#include "journal.h"
#include "vfio_user.h"

enum { DEVICE_CONFIG_SIZE = 256, DEVICE_BAR2_SIZE = 0x100000 };

struct device {
	struct firmware *firmware;
	struct journal *journal;
	struct vfio_user *server;
	uint8_t config[DEVICE_CONFIG_SIZE];
	uint8_t bar2[DEVICE_BAR2_SIZE];
};

/*
 * Powers the device on and serves it over vfio-user at path; device->server is then what to wait
 * on, and vfio_user_close() ends it. firmware and journal stay the caller's. Negative errno.
 */
int device_open(struct device *device, struct firmware *firmware, struct journal *journal,
		const char *path);

#endif
