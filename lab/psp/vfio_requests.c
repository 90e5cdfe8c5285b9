// SPDX-License-Identifier: GPL-2.0-only
/* vfio-user's requests, and the replies to them. */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "psp/vfio_protocol.h"

static int send_all(struct vfio_user *server, const void *data, size_t len)
{
	const uint8_t *next = data;

	while (len) {
		ssize_t n = send(server->client, next, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		next += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Sends a reply; its payload of len bytes is in server->out, after room for the header. */
static int reply(struct vfio_user *server, const struct header *to, size_t len)
{
	struct header header = {
		.id = to->id,
		.command = to->command,
		.size = (uint32_t)(sizeof(header) + len),
		.flags = TYPE_REPLY,
	};

	if (to->flags & NO_REPLY)
		return 0;
	memcpy(server->out, &header, sizeof(header));
	return send_all(server, server->out, header.size);
}

static int reply_with(struct vfio_user *server, const struct header *to, const void *payload,
		      size_t len)
{
	if (len)
		memcpy(server->out + sizeof(struct header), payload, len);
	return reply(server, to, len);
}

static int reply_error(struct vfio_user *server, const struct header *to, uint32_t error)
{
	struct header header = {
		.id = to->id,
		.command = to->command,
		.size = sizeof(header),
		.flags = TYPE_REPLY | ERROR,
		.error = error,
	};

	if (to->flags & NO_REPLY)
		return 0;
	return send_all(server, &header, sizeof(header));
}

/* A reply is cut to the size of the request, which states how much room the client has. */
static int reply_info(struct vfio_user *server, const struct header *to, size_t room,
		      const void *info, size_t len)
{
	return reply_with(server, to, info, len < room ? len : room);
}

/* Replies with the client's own minor version, and with the sizes that the client must keep to. */
static int on_version(struct vfio_user *server, const struct header *header, const uint8_t *body,
		      size_t len)
{
	uint8_t *to = server->out + sizeof(*header);
	struct json_object *root, *capabilities;
	const char *text;
	uint16_t major;
	int err;

	if (len < 4)
		return -EPROTO;
	memcpy(&major, body, sizeof(major));
	if (major != VERSION_MAJOR)
		return reply_error(server, header, EINVAL);
	root = json_object_new_object();
	capabilities = json_object_new_object();
	json_object_object_add(capabilities, "max_msg_fds", json_object_new_int(FDS_MAX));
	json_object_object_add(capabilities, "max_data_xfer_size",
			       json_object_new_int(VFIO_TRANSFER_MAX));
	json_object_object_add(root, "capabilities", capabilities);
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
	memcpy(to, body, 4);
	memcpy(to + 4, text, strlen(text) + 1);
	err = reply(server, header, 4 + strlen(text) + 1);
	json_object_put(root);
	return err;
}

static int on_get_info(struct vfio_user *server, const struct header *header, const uint8_t *body,
		       size_t len)
{
	const struct device_info info = {
		.argsz = sizeof(info),
		.flags = DEVICE_RESETTABLE | DEVICE_PCI,
		.regions = VFIO_REGIONS,
		.irqs = IRQ_KINDS,
	};

	(void)body;
	return reply_info(server, header, len, &info, sizeof(info));
}

static int on_get_region_info(struct vfio_user *server, const struct header *header,
			      const uint8_t *body, size_t len)
{
	struct region_info info = { .argsz = sizeof(info) };
	uint32_t index;

	if (len < offsetof(struct region_info, capabilities))
		return -EPROTO;
	memcpy(&index, body + offsetof(struct region_info, index), sizeof(index));
	if (index >= VFIO_REGIONS)
		return reply_error(server, header, EINVAL);
	info.index = index;
	info.size = server->device.region_size[index];
	info.flags = info.size ? REGION_RW : 0;
	return reply_info(server, header, len, &info, sizeof(info));
}

static int on_get_irq_info(struct vfio_user *server, const struct header *header,
			   const uint8_t *body, size_t len)
{
	struct irq_info info = { .argsz = sizeof(info), .flags = IRQ_EVENTFD };

	if (len < offsetof(struct irq_info, count))
		return -EPROTO;
	memcpy(&info.index, body + offsetof(struct irq_info, index), sizeof(info.index));
	if (info.index == IRQ_MSI) {
		info.flags |= IRQ_NORESIZE;
		info.count = 1;
	}
	return reply_info(server, header, len, &info, sizeof(info));
}

/* Sets the eventfd of the MSI vector; a request without one turns the vector off. */
static int on_set_irqs(struct vfio_user *server, const struct header *header, const uint8_t *body,
		       size_t len)
{
	struct irq_set set;

	if (len < sizeof(set))
		return -EPROTO;
	memcpy(&set, body, sizeof(set));
	if (set.index == IRQ_MSI && (server->fd_count || !set.count)) {
		if (server->irq >= 0)
			close(server->irq);
		server->irq = server->fd_count ? server->fds[--server->fd_count] : -1;
	}
	return reply(server, header, 0);
}

static bool in_region(const struct vfio_user *server, const struct region_access *access)
{
	uint64_t size;

	if (access->region >= VFIO_REGIONS || access->count > VFIO_TRANSFER_MAX)
		return false;
	size = server->device.region_size[access->region];
	return access->offset <= size && access->count <= size - access->offset;
}

static int on_region_read(struct vfio_user *server, const struct header *header,
			  const uint8_t *body, size_t len)
{
	uint8_t *to = server->out + sizeof(*header);
	struct region_access access;

	if (len < sizeof(access))
		return -EPROTO;
	memcpy(&access, body, sizeof(access));
	if (!in_region(server, &access))
		return reply_error(server, header, EINVAL);
	memcpy(to, &access, sizeof(access));
	server->device.read(server->device.context, access.region, access.offset,
			    to + sizeof(access), access.count);
	return reply(server, header, sizeof(access) + access.count);
}

static int on_region_write(struct vfio_user *server, const struct header *header,
			   const uint8_t *body, size_t len)
{
	struct region_access access;

	if (len < sizeof(access))
		return -EPROTO;
	memcpy(&access, body, sizeof(access));
	if (!in_region(server, &access) || access.count > len - sizeof(access))
		return reply_error(server, header, EINVAL);
	server->device.write(server->device.context, access.region, access.offset,
			     body + sizeof(access), access.count);
	return reply_with(server, header, &access, sizeof(access));
}

static int on_reset(struct vfio_user *server, const struct header *header, const uint8_t *body,
		    size_t len)
{
	(void)body;
	(void)len;
	server->device.reset(server->device.context);
	return reply(server, header, 0);
}

/* Nothing to do: psp.c maps guest memory from its file. */
static int on_dma_map(struct vfio_user *server, const struct header *header, const uint8_t *body,
		      size_t len)
{
	(void)body;
	(void)len;
	return reply(server, header, 0);
}

static int on_dma_unmap(struct vfio_user *server, const struct header *header, const uint8_t *body,
			size_t len)
{
	return reply_with(server, header, body, len);
}

static const struct {
	uint16_t command;
	int (*run)(struct vfio_user *server, const struct header *header, const uint8_t *body,
		   size_t len);
} commands[] = {
	{ CMD_VERSION, on_version },
	{ CMD_DMA_MAP, on_dma_map },
	{ CMD_DMA_UNMAP, on_dma_unmap },
	{ CMD_GET_INFO, on_get_info },
	{ CMD_GET_REGION_INFO, on_get_region_info },
	{ CMD_GET_IRQ_INFO, on_get_irq_info },
	{ CMD_SET_IRQS, on_set_irqs },
	{ CMD_REGION_READ, on_region_read },
	{ CMD_REGION_WRITE, on_region_write },
	{ CMD_RESET, on_reset },
};

int vfio_user_request(struct vfio_user *server, const struct header *header, const uint8_t *body,
		      size_t len)
{
	if ((header->flags & TYPE_MASK) == TYPE_REPLY)
		return 0; /* the server sends no requests, so it expects no replies */
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].command == header->command)
			return commands[i].run(server, header, body, len);
	}
	return reply_error(server, header, EINVAL);
}
