/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_UNIX_SOCKET_H
#define LAB_UNIX_SOCKET_H

/*
 * Opens a listening stream socket at path, replacing a socket that is there. The descriptor, the
 * caller's; or a negative errno.
 */
int unix_listen(const char *path);

/* Opens a stream socket connected to path. The descriptor, the caller's; or a negative errno. */
int unix_connect(const char *path);

#endif
