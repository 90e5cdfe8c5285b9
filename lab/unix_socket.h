/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_UNIX_SOCKET_H
#define LAB_UNIX_SOCKET_H

/* A listening stream socket at path, whose old one is removed. Descriptor or negative errno. */
int unix_listen(const char *path);

/* A stream socket connected to path. Descriptor or negative errno. */
int unix_connect(const char *path);

#endif
