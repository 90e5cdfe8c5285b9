// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaches the two empty programs, says how long each is, and keeps them until it is ended.
 *
 *	empty READY	creates the file READY once they are attached
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "empty.skel.h"

int main(int argc, char **argv)
{
	struct empty_bpf *skel;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: empty READY\n");
		return 2;
	}
	skel = empty_bpf__open_and_load();
	if (!skel || empty_bpf__attach(skel)) {
		fprintf(stderr, "empty: can't attach: %s\n", strerror(errno));
		return 1;
	}
	fd = open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		fprintf(stderr, "empty: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	close(fd);
	for (;;)
		pause();
}
