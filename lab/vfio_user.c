// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_user.h"

#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix_socket.h"

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

/* Room for the largest message: a transfer with its headers. */
enum { MESSAGE_MAX = sizeof(struct header) + sizeof(struct region_access) + VFIO_TRANSFER_MAX };
enum { FDS_MAX = 8 };

struct vfio_user {
	struct vfio_device device;
	int listener;
	int client;	  /* -1: not there yet */
	int irq;	  /* eventfd of the MSI vector, or -1 */
	int fds[FDS_MAX]; /* came with the message that is being received */
	unsigned int fd_count;
	size_t have; /* bytes of in */
	uint8_t in[MESSAGE_MAX];
	uint8_t out[MESSAGE_MAX];
};

static void drop_fds(struct vfio_user *server)
{
	while (server->fd_count)
		close(server->fds[--server->fd_count]);
}

static int send_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Sends a reply whose payload of len bytes lies in server->out after the header's room. */
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
	return send_all(server->client, server->out, header.size);
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
	return send_all(server->client, (const uint8_t *)&header, sizeof(header));
}

/* A reply is never longer than what the request has room for. */
static int reply_info(struct vfio_user *server, const struct header *to, size_t room,
		      const void *info, size_t len)
{
	return reply_with(server, to, info, len < room ? len : room);
}

/* The minor version is the client's own; the capabilities are the sizes it has to keep to. */
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

/* An eventfd for the MSI vector, or none: then the vector is off. */
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

/* Guest memory is mapped from its file, not from what the client announces. */
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

static int dispatch(struct vfio_user *server, const struct header *header, const uint8_t *body,
		    size_t len)
{
	if ((header->flags & TYPE_MASK) == TYPE_REPLY)
		return 0; /* nothing is asked of the client */
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].command == header->command)
			return commands[i].run(server, header, body, len);
	}
	return reply_error(server, header, EINVAL);
}

/* Answers one message, if it has come whole. Returns its size, 0 if not, negative errno. */
static int take_message(struct vfio_user *server)
{
	struct header header;
	int err;

	if (server->have < sizeof(header))
		return 0;
	memcpy(&header, server->in, sizeof(header));
	if (header.size < sizeof(header) || header.size > MESSAGE_MAX)
		return -EPROTO;
	if (server->have < header.size)
		return 0;
	err = dispatch(server, &header, server->in + sizeof(header), header.size - sizeof(header));
	drop_fds(server);
	return err ? err : (int)header.size;
}

static int take_messages(struct vfio_user *server)
{
	int size;

	while ((size = take_message(server)) > 0) {
		server->have -= (size_t)size;
		memmove(server->in, server->in + size, server->have);
	}
	return size;
}

static void keep_fds(struct vfio_user *server, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		const unsigned char *data = CMSG_DATA(c);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
			if (server->fd_count < FDS_MAX)
				server->fds[server->fd_count++] = fd;
			else
				close(fd);
		}
	}
}

static int receive(struct vfio_user *server)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = {
		.iov_base = server->in + server->have,
		.iov_len = sizeof(server->in) - server->have,
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n = recvmsg(server->client, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return -ECONNRESET;
	keep_fds(server, &msg);
	server->have += (size_t)n;
	return 0;
}

int vfio_user_handle(struct vfio_user *server)
{
	int err;

	if (server->client < 0) {
		server->client = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
		return server->client < 0 ? -errno : 0;
	}
	err = receive(server);
	return err ? err : take_messages(server);
}

int vfio_user_fd(const struct vfio_user *server)
{
	return server->client >= 0 ? server->client : server->listener;
}

void vfio_user_interrupt(struct vfio_user *server)
{
	const uint64_t one = 1;

	/* An eventfd that is full has its interrupt pending already. */
	if (server->irq >= 0 && write(server->irq, &one, sizeof(one)) < 0)
		return;
}

int vfio_user_open(struct vfio_user **out, const char *path, const struct vfio_device *device)
{
	struct vfio_user *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->device = *device;
	server->client = -1;
	server->irq = -1;
	server->listener = unix_listen(path);
	if (server->listener < 0) {
		int err = server->listener;

		free(server);
		return err;
	}
	*out = server;
	return 0;
}

void vfio_user_close(struct vfio_user *server)
{
	if (!server)
		return;
	drop_fds(server);
	if (server->irq >= 0)
		close(server->irq);
	if (server->client >= 0)
		close(server->client);
	close(server->listener);
	free(server);
}
