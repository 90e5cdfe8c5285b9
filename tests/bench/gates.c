// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaches programs of gates.bpf.c, and keeps them until it is ended.
 *
 *	gates READY PROGRAM...	creates the file READY once they are attached
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "gates.skel.h"

static int select_programs(struct bpf_object *object, char **names)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) bpf_program__set_autoload(program, false);
	for (; *names; names++) {
		program = bpf_object__find_program_by_name(object, *names);
		if (!program) {
			fprintf(stderr, "gates: no program %s\n", *names);
			return -ENOENT;
		}
		bpf_program__set_autoload(program, true);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct gates_bpf *skel;
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: gates READY PROGRAM...\n");
		return 2;
	}
	skel = gates_bpf__open();
	if (!skel || select_programs(skel->obj, argv + 2) || gates_bpf__load(skel) ||
	    gates_bpf__attach(skel)) {
		fprintf(stderr, "gates: can't attach: %s\n", strerror(errno));
		return 1;
	}
	fd = open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		fprintf(stderr, "gates: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	close(fd);
	for (;;)
		pause();
}
