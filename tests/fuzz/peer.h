/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers of the lab's two sockets share: the client's end of the socket, whose functions
 * the linker puts in the place of the system's (--wrap), and a machine for the server.
 */
#ifndef TESTS_PEER_H
#define TESTS_PEER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "firmware/firmware.h"
#include "firmware/journal.h"
#include "fuzz.h"

enum { PEER_FDS = 64 };

extern struct peer {
	struct cursor input; /* what the client sends */
	int client;	     /* the server's descriptor for the client */
	int fds[PEER_FDS];   /* all descriptors that the server got */
	unsigned int fd_count;

	struct machine machine;
	struct firmware firmware;
	struct journal journal;
} peer;

/* Powers a machine on whose client sends the input; the guest's memory is full of it too. */
void peer_start(const uint8_t *data, size_t size, const struct firmware_options *options);

/* A new descriptor for the server; peer_end() checks that the server has closed it. */
int peer_fd(void);

/* Moves up to len bytes of the input to a buffer with room bytes; returns how many. */
size_t peer_take(void *to, size_t len, size_t room);

/* Called once the server is closed. */
void peer_end(void);

/* In the place of functions that a target's server calls; a target defines the ones it needs. */
ssize_t __wrap_recv(int fd, void *to, size_t room, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

#endif
