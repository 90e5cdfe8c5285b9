// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab's secure processor as QEMU reaches it. The input is what a client sends, in pieces: a
 * byte with the length in units of 16 bytes and the number of descriptors, and the data. Each
 * request that wants a reply must get one, and the server must close each descriptor.
 */
#include <errno.h>

#include "peer.h"
#include "psp/device.h"

enum { HEADER = 16 };

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

static struct {
	uint8_t request[1 << 17];
	size_t have;	   /* bytes in request that are no complete message yet */
	size_t reply_left; /* bytes of the current reply that are still to be sent */
	unsigned int replies, wanted;
} client;

/* Counts the messages that want a reply. */
static void expect(const uint8_t *data, size_t len)
{
	struct header h;

	fuzz_check(client.have + len <= sizeof(client.request), "the server reads too much");
	memcpy(client.request + client.have, data, len);
	client.have += len;
	while (client.have >= HEADER) {
		memcpy(&h, client.request, HEADER);
		if (h.size < HEADER || h.size > client.have)
			return;
		client.wanted += (h.flags & 0xf) != 1 && !(h.flags & 1 << 4);
		client.have -= h.size;
		memmove(client.request, client.request + h.size, client.have);
	}
}

static void pass_fds(struct msghdr *msg, unsigned int count)
{
	struct cmsghdr *cmsg = msg->msg_control;
	size_t room = (msg->msg_controllen - CMSG_LEN(0)) / sizeof(int);
	int fd;

	if (count > room)
		count = room;
	if (count > PEER_FDS - peer.fd_count)
		count = PEER_FDS - peer.fd_count;
	msg->msg_controllen = 0;
	if (!count)
		return;
	msg->msg_controllen = CMSG_SPACE(count * sizeof(int));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (unsigned int i = 0; i < count; i++) {
		fd = peer_fd();
		memcpy(CMSG_DATA(cmsg) + i * sizeof(fd), &fd, sizeof(fd));
	}
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	uint8_t piece = take_byte(&peer.input);
	size_t len = (piece % 32 + 1) * 16;

	(void)fd;
	(void)flags;
	len = peer_take(msg->msg_iov->iov_base, len, msg->msg_iov->iov_len);
	/* A socket passes descriptors only with data. */
	pass_fds(msg, len ? piece / 32 : 0);
	expect(msg->msg_iov->iov_base, len);
	return (ssize_t)len;
}

/* Accepts a part at a time, as a socket may. */
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
	struct header h;
	size_t taken = len > 40000 ? 40000 : len;

	(void)fd;
	(void)flags;
	if (!client.reply_left) {
		fuzz_check(len >= HEADER, "%zu bytes", len);
		memcpy(&h, data, HEADER);
		fuzz_check(h.size == len && (h.flags & 0xf) == 1, "%u of %zu bytes, flags %#x",
			   h.size, len, h.flags);
		client.reply_left = len;
		client.replies++;
	}
	fuzz_check(len == client.reply_left, "%zu bytes of %zu", len, client.reply_left);
	client.reply_left -= taken;
	return (ssize_t)taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device device;
	const struct firmware_options options = { .full = size & 1, .dfflush_required = size & 2 };
	int err;

	memset(&client, 0, sizeof(client));
	peer_start(data, size, &options);
	fuzz_check(!device_open(&device, &peer.firmware, &peer.journal, ""), "can't open");
	do
		err = vfio_user_handle(device.server);
	while (!err);
	fuzz_check(err == -ECONNRESET || err == -EPROTO, "%d", err);
	fuzz_check(!client.reply_left, "half a reply");
	/* A message that breaks the protocol is the last one, and gets no reply. */
	fuzz_check(client.replies <= client.wanted, "%u replies to %u requests", client.replies,
		   client.wanted);
	fuzz_check(err != -ECONNRESET || client.replies == client.wanted,
		   "%u replies to %u requests", client.replies, client.wanted);
	vfio_user_close(device.server);
	peer_end();
	return 0;
}
