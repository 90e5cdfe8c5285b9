// SPDX-License-Identifier: GPL-2.0-only
/* The server's socket: accepts one client, and receives its messages with their descriptors. */
#include "psp/vfio_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "psp/unix_socket.h"
#include "psp/vfio_protocol.h"

static void drop_fds(struct vfio_user *server)
{
	while (server->fd_count)
		close(server->fds[--server->fd_count]);
}

/* Handles one message. Returns its size; 0: it is incomplete; or a negative errno. */
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
	err = vfio_user_request(server, &header, server->in + sizeof(header),
				header.size - sizeof(header));
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

	/* If the eventfd is full, an interrupt is pending already. */
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
