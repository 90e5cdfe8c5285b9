// SPDX-License-Identifier: GPL-2.0-only
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { GUEST_MEMORY = 1 << 16, FILLED = 4096 };

struct peer peer;

static uint8_t memory[GUEST_MEMORY];

int __wrap_unix_listen(const char *path);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);

/* ---- the socket ---- */

int peer_fd(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	fuzz_check(fd >= 0, "no descriptor");
	fuzz_check(peer.fd_count < PEER_FDS, "too many descriptors");
	return peer.fds[peer.fd_count++] = fd;
}

int __wrap_unix_listen(const char *path)
{
	(void)path;
	return peer_fd();
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	(void)fd;
	(void)address;
	(void)len;
	(void)flags;
	return peer.client = peer_fd();
}

size_t peer_take(void *to, size_t len, size_t room)
{
	if (len > room)
		len = room;
	if (len > peer.input.left)
		len = peer.input.left;
	memcpy(to, peer.input.at, len);
	peer.input.at += len;
	peer.input.left -= len;
	return len;
}

/* ---- the machine ---- */

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

void peer_start(const uint8_t *data, size_t size, const struct firmware_options *options)
{
	const struct rmp_memory guest = { memory_read, memory_write, NULL };
	struct machine_cpu *cpus = peer.machine.cpus;
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "we");
	memset(&peer, 0, sizeof(peer));
	peer.input = (struct cursor){ data, size };
	peer.machine.rmp_base = 0x30000000;
	peer.machine.rmp_end = 0x30ffffff;
	cpus[0].flags = cpus[1].flags = cpus[MACHINE_CPUS_MAX - 1].flags = MACHINE_CPU_PRESENT;
	memset(memory, 0, sizeof(memory));
	for (size_t at = 0; size && at + size <= FILLED; at += size)
		memcpy(memory + at, data, size);
	firmware_start(&peer.firmware, options, &peer.machine, &guest);
	journal_start(&peer.journal, out);
}

void peer_end(void)
{
	journal_end(&peer.journal);
	for (unsigned int i = 0; i < peer.fd_count; i++)
		fuzz_check(fcntl(peer.fds[i], F_GETFD) < 0, "descriptor %u is still open", i);
}
