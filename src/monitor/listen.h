/* SPDX-License-Identifier: GPL-2.0-only */
/* /metrics and /healthz over HTTP, by a thread of their own. */
#ifndef LISTEN_H
#define LISTEN_H

#include <stddef.h>

#include "abi/event.h"

struct listener;

#define LISTEN_HOST_LEN 256

/*
 * Splits HOST:PORT, [HOST]:PORT or :PORT, which is 127.0.0.1's. host and port have LISTEN_HOST_LEN
 * bytes each. Returns 0, or -EINVAL.
 */
int listen_parse(const char *address, char *host, char *port);

/*
 * address: as above, or unix:PATH. stale_ns: how old what is published may be for /healthz to be
 * content. Returns 0 or a negative errno.
 */
int listener_open(struct listener **l, const char *address, __u64 stale_ns);
/* l may be NULL. */
void listener_close(struct listener *l);

/* The text for /metrics from now on; it is copied. Returns 0 or -ENOMEM. */
int listener_publish(struct listener *l, const char *text, size_t len);

#endif
