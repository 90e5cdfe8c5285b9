/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel types that the BPF programs read, kept by hand so that the build
 * needs no kernel's BTF. Only the named members matter: their offsets, and the
 * values of the enumerators, are relocated against the running kernel at load
 * (CO-RE), so neither order nor completeness is claimed here.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#include <linux/bpf.h>

typedef _Bool bool;
enum { false, true };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* arch/x86/include/asm/ptrace.h: arguments and result of a probed function */
struct pt_regs {
	unsigned long bp;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax; /* of a task in a system call: its number */
	unsigned long ip;
	unsigned long sp;
};

struct qstr {
	unsigned int len;
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct super_block {
	unsigned long s_magic;
};

typedef struct {
	int counter;
} atomic_t;

struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	struct super_block *i_sb;
	unsigned long i_ino;
	atomic_t i_writecount;
	void *i_private;
};

struct path {
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	struct inode *f_inode;
	struct path f_path;
};

struct list_head {
	struct list_head *next;
};

/* fs/kernfs/file.c and include/linux/kernfs.h: the files that are open, of one node of sysfs */
struct kernfs_open_node {
	struct list_head files;
};

struct kernfs_open_file {
	struct file *file;
	struct list_head list;
};

struct kernfs_elem_attr {
	struct kernfs_open_node *open;
};

struct kernfs_node {
	struct kernfs_elem_attr attr;
};

/* include/linux/module.h, from 6.4 on */
struct module_memory {
	void *base;
	unsigned int size;
};

struct module {
	char name[56];
	struct module_memory mem[7];
};

/* kernel/kallsyms.c, from 6.0 on: a symbol, as an iterator's program gets it */
struct kallsym_iter {
	unsigned long value;
	char type;
	char name[512];
	char module_name[56];
	int show_value;
};

struct seq_file;

/* include/linux/bpf.h, include/linux/bpf_iter.h */
struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__ksym {
	struct bpf_iter_meta *meta;
	struct kallsym_iter *ksym;
};

#pragma clang attribute pop

enum mod_mem_type {
	MOD_TEXT = 0,
};

/* include/linux/security.h */
enum lockdown_reason {
	LOCKDOWN_HIBERNATION = 1,
};

/* include/linux/cpuhotplug.h: the numbers shift from release to release */
enum cpuhp_state {
	CPUHP_BRINGUP_CPU = 1,
	CPUHP_TEARDOWN_CPU = 2,
};

#endif
