/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vfio-user server (QEMU docs/interop/vfio-user.rst) with what QEMU's vfio-user-pci needs for a
 * device without DMA: one client, one MSI vector.
 */
#ifndef LAB_VFIO_USER_H
#define LAB_VFIO_USER_H

#include <stddef.h>
#include <stdint.h>

/* The regions in use of a vfio PCI device (linux/vfio.h, VFIO_PCI_*_REGION_INDEX). */
enum vfio_region { VFIO_BAR2 = 2, VFIO_CONFIG = 7, VFIO_REGIONS = 9 };

/* The largest transfer to or from a region, bytes. */
enum { VFIO_TRANSFER_MAX = 65536 };

/*
 * The device. region_size is in bytes; 0: no such region. The server calls read and write only with
 * ranges inside the region, and reset for each DEVICE_RESET.
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

/*
 * Listens at path, replacing a socket that is there. 0, and *out is the caller's, to end with
 * vfio_user_close(); or a negative errno. *device is copied; its context stays the caller's.
 */
int vfio_user_open(struct vfio_user **out, const char *path, const struct vfio_device *device);

/* The descriptor to poll for input: the listening socket, later the client's. Stays the server's.
 */
int vfio_user_fd(const struct vfio_user *server);

/*
 * Accepts the client, or receives from it and handles complete messages. 0; -ECONNRESET: the client
 * closed the connection; -EPROTO: the client broke the protocol; or another negative errno.
 */
int vfio_user_handle(struct vfio_user *server);

/* Triggers the MSI vector, if the client has set it up. */
void vfio_user_interrupt(struct vfio_user *server);

/* Closes all descriptors and frees the server; NULL is allowed. */
void vfio_user_close(struct vfio_user *server);

#endif
