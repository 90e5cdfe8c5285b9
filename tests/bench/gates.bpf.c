// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guard's gate is compared with, on the two hooks that it needs.
 *
 * empty_...: the least that a program there costs: it passes on what was said before it, and
 * looks at one variable. Five instructions.
 * naive_...: a gate that is always on, and shut: it looks at the latch, at whether the file is
 * written, and at its file system, and compares no name.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define FMODE_WRITE 0x2 /* include/linux/fs.h */
#define MAY_WRITE   0x2
#define SYSFS_MAGIC 0x62656572

const volatile int verdict;
volatile __u64 latch = 1;

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

static __always_inline int decide(struct file *file)
{
	return file->f_inode->i_sb->s_magic == SYSFS_MAGIC ? verdict : 0;
}

SEC("lsm/file_open")
int BPF_PROG(naive_open, struct file *file, int ret)
{
	if (ret || !latch || !(file->f_mode & FMODE_WRITE))
		return ret;
	return decide(file);
}

SEC("lsm/file_permission")
int BPF_PROG(naive_permission, struct file *file, int mask, int ret)
{
	if (ret || !latch || !(mask & MAY_WRITE))
		return ret;
	return decide(file);
}
