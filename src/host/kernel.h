/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions, symbols and types that a kernel and its ccp offer to hooks. The kernel is the
 * running one, or a set of files.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>

#include "host/kallsyms.h"
#include "host/platform.h"

/* The files of a kernel that does not run; all NULL for the running kernel. */
struct kernel_files {
	const char *btf;      /* its /sys/kernel/btf/vmlinux, or a vmlinux */
	const char *kallsyms; /* its /proc/kallsyms, or a System.map */
	const char *modules;  /* its /lib/modules/RELEASE; NULL: ccp is unknown */
};

/* Whether a function can have a hook: X(symbol, why it can't) */
#define FUNCTION_STATES(X)                                                                         \
	X(FOUND, "")                                                                               \
	X(ABSENT, "not in vmlinux")                                                                \
	X(INLINED, "inlined, or not in this ccp")                                                  \
	X(RENAMED, "compiler renamed it")                                                          \
	X(SPLIT, "compiler split it")                                                              \
	X(CLONED, "compiler changed its arguments")                                                \
	X(TWICE, "several functions have that name")                                               \
	X(BOOT, "its code is freed after boot")                                                    \
	X(UNTRACED, "ftrace can't attach to it")                                                   \
	X(NO_BTF, "not in the BTF")                                                                \
	X(UNKNOWN, "no ccp found")                                                                 \
	X(DAMAGED, "ccp's file can't be read")                                                     \
	X(NOT_LOADED, "ccp is not loaded")                                                         \
	X(UNFOLLOWED, "firmware commands have no hook")                                            \
	X(NO_LSM, "no bpf in /sys/kernel/security/lsm")                                            \
	X(HIDDEN, "this kernel hides it from BPF")                                                 \
	X(AVOIDED, "avoided by --avoid")                                                           \
	X(REFUSED, "the kernel refused it")

enum function_state {
#define X(sym, why) FUNCTION_##sym,
	FUNCTION_STATES(X)
#undef X
};

struct kernel {
	struct platform platform;
	struct kernel_files files;
	bool running;
	enum platform_module ccp;
	int ccp_err;	    /* negative errno of reading its file; it then counts as absent */
	uint64_t ccp_inode; /* of its directory in sysfs, as the symbols were read */
	char *types; /* a line for each function and typedef of the BTF that may be asked for */
	/* In ccp's struct psp_device and struct sev_device, in bytes; -ENOENT: unknown. */
	int sev_data_offset, snp_initialized_offset;
	struct kallsym *symbols; /* those that kernel_open() was asked for, in that order */
	int symbol_count;
	char *traced; /* the text of available_filter_functions; NULL: not read */
};

/*
 * Opens the running kernel below the platform's root (files is NULL, or all its members are), or
 * the kernel of the files, and looks up n symbols. While ccp is not loaded, its symbols come from
 * the module's file and have no addresses. The caller calls kernel_close() in either case. Returns
 * 0 or a negative errno: -ENOENT without BTF, -EPERM if the kernel hides its symbols' addresses,
 * -EBADMSG for a file of another format.
 */
int kernel_open(struct kernel *k, const struct platform *p, const struct kernel_files *files,
		const struct kallsym *symbols, int n);
void kernel_close(struct kernel *k);

/* True if ccp was loaded or unloaded since the symbols were read. */
bool kernel_ccp_changed(const struct kernel *k);
/* Looks up the symbols again. Returns 0 or a negative errno. */
int kernel_refresh(struct kernel *k);

/*
 * Reads the list of functions that ftrace can attach to (tracefs' available_filter_functions, some
 * megabytes), which kernel_function() then consults. Returns 0 or a negative errno.
 */
int kernel_read_traced(struct kernel *k);

/* A symbol that kernel_open() was asked for, else NULL. module: NULL for vmlinux. */
const struct kallsym *kernel_symbol(const struct kernel *k, const char *name, const char *module);

/* The text of a loaded module, if kernel_open() was asked for it, else NULL. */
const struct kallsym *kernel_module_text(const struct kernel *k, const char *module);

/*
 * Whether a hook on the function sees all its calls: there is one function of that name, and
 * neither a part of it nor a clone. in_ccp: the function is ccp's, module or built in. by_btf: the
 * BTF must have its type, as fentry needs it, and its symbol must have that very name: the kernel
 * looks up the name in the BTF, which has no suffix (kernel/bpf/verifier.c:
 * bpf_check_attach_target()), and from 6.11 on kallsyms_lookup_name() takes no symbol with a suffix
 * for it. A kprobe is created at kernel_symbol()'s name and suffix.
 */
enum function_state kernel_function(const struct kernel *k, const char *name, bool in_ccp,
				    bool by_btf);

/* True if the BTF has a function of that name: one that kernel_open() was asked for, or a bpf_lsm_
 * one.
 */
bool kernel_has_btf_function(const struct kernel *k, const char *name);
/* True if the BTF says that the function returns void. */
bool kernel_returns_void(const struct kernel *k, const char *function);
bool kernel_has_tracepoint(const struct kernel *k, const char *name);

#endif
