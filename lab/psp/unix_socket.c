// SPDX-License-Identifier: GPL-2.0-only
#include "psp/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_socket(const char *path, struct sockaddr_un *address)
{
	int fd;

	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	strcpy(address->sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int unix_listen(const char *path)
{
	struct sockaddr_un address;
	char early[sizeof(address.sun_path)];
	int fd, err;

	if (snprintf(early, sizeof(early), "%s.new", path) >= (int)sizeof(early))
		return -ENAMETOOLONG;
	fd = open_socket(early, &address);
	if (fd < 0)
		return fd;
	/* Renamed last: whoever waits for the path to appear can then connect. */
	if ((unlink(early) && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8) ||
	    rename(early, path)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int unix_connect(const char *path)
{
	struct sockaddr_un address;
	int fd = open_socket(path, &address);

	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}
