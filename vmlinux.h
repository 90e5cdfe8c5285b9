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
	unsigned long ip;
	unsigned long sp;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
};

struct path {
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	struct inode *f_inode;
	struct path f_path;
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

#pragma clang attribute pop

enum mod_mem_type {
	MOD_TEXT = 0,
};

/* include/linux/cpuhotplug.h: the numbers shift from release to release */
enum cpuhp_state {
	CPUHP_BRINGUP_CPU = 1,
	CPUHP_TEARDOWN_CPU = 2,
};

#endif
