/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vfio-user protocol (QEMU docs/interop/vfio-user.rst), as far as the server uses it, and the
 * server's own state, which vfio_user.c and vfio_requests.c share.
 */
#ifndef LAB_VFIO_PROTOCOL_H
#define LAB_VFIO_PROTOCOL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "psp/vfio_user.h"

enum {
	CMD_VERSION = 1,
	CMD_DMA_MAP = 2,
	CMD_DMA_UNMAP = 3,
	CMD_GET_INFO = 4,
	CMD_GET_REGION_INFO = 5,
	CMD_GET_IRQ_INFO = 7,
	CMD_SET_IRQS = 8,
	CMD_REGION_READ = 9,
	CMD_REGION_WRITE = 10,
	CMD_RESET = 13,
};

enum { VERSION_MAJOR = 0 };

/* Header flags. */
enum {
	TYPE_MASK = 0xf,
	TYPE_REPLY = 1,
	NO_REPLY = 1 << 4,
	ERROR = 1 << 5,
};

/* linux/vfio.h: VFIO_DEVICE_FLAGS_*, VFIO_REGION_INFO_FLAG_*, VFIO_IRQ_INFO_*. */
enum {
	DEVICE_RESETTABLE = 1,
	DEVICE_PCI = 2,
	REGION_RW = 3,
	IRQ_EVENTFD = 1,
	IRQ_NORESIZE = 8,
	IRQ_KINDS = 5,
	IRQ_MSI = 1,
};

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t regions;
	uint32_t irqs;
	uint32_t capabilities;
};

struct region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t capabilities;
	uint64_t size;
	uint64_t offset;
};

struct irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

struct irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};

struct region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

static_assert(sizeof(struct header) == 16, "protocol layout");
static_assert(sizeof(struct device_info) == 20, "protocol layout");
static_assert(sizeof(struct region_info) == 32, "protocol layout");
static_assert(sizeof(struct region_access) == 16, "protocol layout");

/* Bytes of the largest message: a transfer with its headers. */
enum { MESSAGE_MAX = sizeof(struct header) + sizeof(struct region_access) + VFIO_TRANSFER_MAX };
enum { FDS_MAX = 8 };

struct vfio_user {
	struct vfio_device device;
	int listener;
	int client;	  /* -1: not connected yet */
	int irq;	  /* eventfd of the MSI vector, or -1 */
	int fds[FDS_MAX]; /* received with the current message */
	unsigned int fd_count;
	size_t have; /* bytes in "in" */
	uint8_t in[MESSAGE_MAX];
	uint8_t out[MESSAGE_MAX];
};

/*
 * Carries out one message and replies. body: what follows the header, of len bytes. 0; -EPROTO: the
 * body is too short; or the error of sending the reply.
 */
int vfio_user_request(struct vfio_user *server, const struct header *header, const uint8_t *body,
		      size_t len);

#endif
