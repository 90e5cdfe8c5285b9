/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Serves /metrics and /healthz over HTTP, in a thread of its own. Clients that are silent or read
 * slowly are disconnected for others that come.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "abi/event.h"

struct listener;

/*
 * Reads IPV4:PORT, [IPV6]:PORT or :PORT, which stands for 127.0.0.1:PORT. A host's name is none of
 * them: to look it up may take longer than a guard that starts can wait. Returns 0, or -EINVAL for
 * anything else.
 */
int listen_parse(const char *address, struct sockaddr_storage *to);

#define LISTEN_UNIX "unix:"
/* True for what listener_open() takes, if the host has it. */
bool listen_is_address(const char *address);

/*
 * Opens the socket, which may need privileges. address: as for listen_parse(), or LISTEN_UNIX and a
 * path. [::] takes IPv4, too, and without IPv6 IPv4 alone. Returns 0 or a negative errno.
 */
int listener_open(struct listener **to, const char *address);
/* True if there is what the thread needs, so that listener_start() does not fail for want of it. */
bool listener_can_start(void);
/*
 * Starts the thread that answers, once for each listener. The thread has the privileges of its
 * caller for good. Returns 0 or a negative errno.
 */
int listener_start(struct listener *l);
/* Ends the thread, and frees l, which may be NULL. */
void listener_close(struct listener *l);

/*
 * Copies the text, for /metrics from now on. stale_ns: /healthz answers 503 once the text is older
 * than this. Returns 0 or -ENOMEM.
 */
int listener_publish(struct listener *l, const char *text, size_t len, __u64 stale_ns);

#endif
