// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab's secure processor as QEMU reaches it: the input is what a client sends, in pieces of
 * one length byte and so many times 16 bytes. The linker puts the functions below in the place
 * of the socket's (--wrap). Each request that wants a reply gets one, and no descriptor stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lab/device.h"
#include "fuzz.h"

enum { GUEST_MEMORY = 1 << 16, FDS = 64, HEADER = 16 };

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

static struct {
	struct cursor input;
	uint8_t request[1 << 17], answered[HEADER];
	size_t have;	   /* of what was received, and not taken for a message yet */
	size_t reply_left; /* of the reply that is being sent */
	unsigned int replies, wanted;
	int fds[FDS];
	unsigned int fd_count;
} client;

int __wrap_unix_listen(const char *path);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

static int any_fd(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	fuzz_check(fd >= 0, "no descriptor");
	return fd;
}

int __wrap_unix_listen(const char *path)
{
	(void)path;
	return any_fd();
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	(void)fd;
	(void)address;
	(void)len;
	(void)flags;
	return any_fd();
}

/* Notes which replies the messages so far ask for, as the protocol has it. */
static void expect(const uint8_t *data, size_t len)
{
	struct header h;

	fuzz_check(client.have + len <= sizeof(client.request), "more than was asked for");
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
	if (count > FDS - client.fd_count)
		count = FDS - client.fd_count;
	msg->msg_controllen = 0;
	if (!count)
		return;
	msg->msg_controllen = CMSG_SPACE(count * sizeof(int));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (unsigned int i = 0; i < count; i++) {
		fd = any_fd();
		client.fds[client.fd_count++] = fd;
		memcpy(CMSG_DATA(cmsg) + i * sizeof(fd), &fd, sizeof(fd));
	}
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	uint8_t piece = take_byte(&client.input);
	size_t len = (piece % 32 + 1) * 16;

	(void)fd;
	(void)flags;
	if (len > client.input.left)
		len = client.input.left;
	if (len > msg->msg_iov->iov_len)
		len = msg->msg_iov->iov_len;
	/* Descriptors come with data alone. */
	pass_fds(msg, len ? piece / 32 : 0);
	memcpy(msg->msg_iov->iov_base, client.input.at, len);
	expect(client.input.at, len);
	client.input.at += len;
	client.input.left -= len;
	return (ssize_t)len;
}

/* Takes a part of what is sent at a time, as a socket may. */
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

/* ---- the guest's memory ---- */

static uint8_t memory[GUEST_MEMORY];

static int memory_read(void *context, uint64_t pa, void *to, size_t len)
{
	(void)context;
	if (pa > GUEST_MEMORY || len > GUEST_MEMORY - pa)
		return -EFAULT;
	memcpy(to, memory + pa, len);
	return 0;
}

static int memory_write(void *context, uint64_t pa, const void *from, size_t len)
{
	(void)context;
	if (pa > GUEST_MEMORY || len > GUEST_MEMORY - pa)
		return -EFAULT;
	memcpy(memory + pa, from, len);
	return 0;
}

/* Commands find their buffers full of the input's own bytes. */
static void fill_memory(const uint8_t *data, size_t size)
{
	memset(memory, 0, sizeof(memory));
	for (size_t at = 0; size && at + size <= 4096; at += size)
		memcpy(memory + at, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device device;
	static struct machine machine;
	static struct firmware firmware;
	static FILE *out;
	const struct firmware_options options = { .full = size & 1, .dfflush_required = size & 2 };
	const struct rmp_memory guest = { memory_read, memory_write, NULL };
	struct journal journal;
	int err;

	if (!out)
		out = fopen("/dev/null", "we");
	memset(&client, 0, sizeof(client));
	client.input = (struct cursor){ data, size };
	machine = (struct machine){ .rmp_base = MACHINE_RMP_BASE, .rmp_end = MACHINE_RMP_END };
	machine.cpus[0].flags = machine.cpus[1].flags = MACHINE_CPU_PRESENT;
	fill_memory(data, size);
	firmware_start(&firmware, &options, &machine, &guest);
	journal_start(&journal, out);
	fuzz_check(!device_open(&device, &firmware, &journal, ""), "can't open");
	do
		err = vfio_user_handle(device.server);
	while (!err);
	fuzz_check(err == -ECONNRESET || err == -EPROTO, "%d", err);
	fuzz_check(!client.reply_left, "half a reply");
	/* The message that breaks the protocol is the last one, and gets none. */
	fuzz_check(client.replies <= client.wanted, "%u replies to %u requests", client.replies,
		   client.wanted);
	fuzz_check(err != -ECONNRESET || client.replies == client.wanted,
		   "%u replies to %u requests", client.replies, client.wanted);
	vfio_user_close(device.server);
	journal_end(&journal);
	for (unsigned int i = 0; i < client.fd_count; i++)
		fuzz_check(fcntl(client.fds[i], F_GETFD) < 0, "descriptor %u stays", i);
	return 0;
}
