/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server's side of vfio-user (QEMU's docs/interop/vfio-user.rst), as far as QEMU's
 * vfio-user-pci needs it for a device without DMA of its own: one client, one MSI vector.
 */
#ifndef LAB_VFIO_USER_H
#define LAB_VFIO_USER_H

#include <stddef.h>
#include <stdint.h>

/* Regions of a vfio PCI device that are used here (linux/vfio.h, VFIO_PCI_*_REGION_INDEX). */
enum vfio_region { VFIO_BAR2 = 2, VFIO_CONFIG = 7, VFIO_REGIONS = 9 };

/* The largest transfer that is agreed on, bytes. */
enum { VFIO_TRANSFER_MAX = 65536 };

/*
 * The device. read and write get ranges inside the region's size only; reset is called for each
 * DEVICE_RESET.
 */
struct vfio_device {
	uint64_t region_size[VFIO_REGIONS];
	void (*read)(void *context, enum vfio_region region, uint64_t offset, void *to, size_t len);
	void (*write)(void *context, enum vfio_region region, uint64_t offset, const void *from,
		      size_t len);
	void (*reset)(void *context);
	void *context;
};

struct vfio_user;

/* Listens at path, which is removed first. Gives *out; negative errno. */
int vfio_user_open(struct vfio_user **out, const char *path, const struct vfio_device *device);

/* The descriptor to wait on for input: the listening one, then the client's. */
int vfio_user_fd(const struct vfio_user *server);

/*
 * Takes what has come and answers what is complete. 0; -ECONNRESET when the client is gone;
 * -EPROTO when it broke the protocol.
 */
int vfio_user_handle(struct vfio_user *server);

/* Triggers the MSI vector, if the client has set one up. */
void vfio_user_interrupt(struct vfio_user *server);

void vfio_user_close(struct vfio_user *server);

#endif
