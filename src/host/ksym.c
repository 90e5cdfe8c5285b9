// SPDX-License-Identifier: GPL-2.0-only
#include "host/ksym.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "symbols.skel.h"

_Static_assert(sizeof(((struct symbols_bpf__rodata *)0)->asked) == BEGINNINGS * sizeof(bool),
	       "both sides have one table of beginnings");

/* Returns a file descriptor or a negative errno. */
static int open_iterator(struct symbols_bpf *skel)
{
	struct bpf_link *link;
	int fd, err = symbols_bpf__load(skel);

	if (err)
		return err;
	link = bpf_program__attach_iter(skel->progs.print_asked_symbols, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	fd = fd < 0 ? -errno : fd;
	/* The open iterator keeps the program. */
	bpf_link__destroy(link);
	return fd;
}

FILE *ksym_open(const struct kallsym *symbols, int n)
{
	/* A kernel that has no such iterator is no fault. */
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	struct symbols_bpf *skel = symbols_bpf__open();
	FILE *f = NULL;
	int fd, err = skel ? 0 : -errno;

	if (err)
		goto out;
	kallsyms_learn_beginnings(skel->rodata->asked, symbols, n);
	fd = open_iterator(skel);
	err = fd < 0 ? fd : 0;
	if (err)
		goto out;
	f = fdopen(fd, "r");
	if (f)
		goto out;
	err = -errno;
	close(fd);
out:
	symbols_bpf__destroy(skel);
	libbpf_set_print(before);
	if (err)
		errno = -err;
	return f;
}
