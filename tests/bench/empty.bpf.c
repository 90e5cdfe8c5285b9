// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that an always-on gate by BPF LSM costs on the two hooks that the guard's gate
 * needs: it passes on what was said before it, and looks at one variable. Five instructions.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

const volatile int verdict;

SEC("lsm/file_open")
int BPF_PROG(empty_open, struct file *file, int ret)
{
	return ret ? ret : verdict;
}

SEC("lsm/file_permission")
int BPF_PROG(empty_permission, struct file *file, int mask, int ret)
{
	return ret ? ret : verdict;
}
