// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes every place at a kernel function's entry that the kernel gives to BPF programs
 * (BPF_MAX_TRAMP_LINKS, include/linux/bpf.h: 38), so that nobody else's fentry fits there.
 * usage: occupy FUNCTION...; ends at SIGTERM. Says "occupied" once it is done.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int attach(const char *function)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int fd, id = libbpf_find_vmlinux_btf_id(function, BPF_TRACE_FENTRY);

	if (id < 0)
		return id;
	opts.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, 2, &opts);
	if (fd < 0)
		return fd;
	return bpf_raw_tracepoint_open(NULL, fd);
}

int main(int argc, char **argv)
{
	int n, err;

	for (int i = 1; i < argc; i++) {
		for (n = 0; (err = attach(argv[i])) >= 0; n++)
			;
		if (err != -E2BIG) {
			fprintf(stderr, "%s: after %d programs: %s\n", argv[i], n, strerror(-err));
			return 1;
		}
	}
	puts("occupied");
	fflush(stdout);
	pause();
	return 0;
}
