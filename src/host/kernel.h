/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel has to attach to: its BTF, its symbols, and those of ccp. The running kernel, or
 * one that is only there as files.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <bpf/btf.h>
#include <stdbool.h>

#include "host/kallsyms.h"
#include "host/platform.h"

/* Files of a kernel that isn't running; all NULL for the running one. */
struct kernel_files {
	const char *btf;      /* /sys/kernel/btf/vmlinux of it, or a vmlinux */
	const char *kallsyms; /* /proc/kallsyms of it, or its System.map */
	const char *modules;  /* its /lib/modules/RELEASE; NULL: nothing is known of ccp */
};

/* How a function can be found: X(symbol, what is said of it where it can't be attached to) */
#define FUNCTION_STATES(X)                                                                         \
	X(FOUND, "")                                                                               \
	X(ABSENT, "not in vmlinux")                                                                \
	X(INLINED, "inlined, or not in this driver")                                               \
	X(VARIANT, "the compiler made another function of it")                                     \
	X(TWICE, "several functions have that name")                                               \
	X(BOOT, "its code is freed after boot")                                                    \
	X(UNTRACED, "not among ftrace's functions")                                                \
	X(NO_BTF, "not in the BTF")                                                                \
	X(UNKNOWN, "ccp is not there to look at")                                                  \
	X(NOT_LOADED, "ccp is not loaded")                                                         \
	X(UNFOLLOWED, "the commands are not followed")                                             \
	X(NO_LSM, "no bpf in /sys/kernel/security/lsm")                                            \
	X(HIDDEN, "not readable on this kernel")                                                   \
	X(AVOIDED, "left out, as asked")                                                           \
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
	struct btf *btf;
	struct btf *ccp_btf; /* NULL where it isn't known; ccp's own, or the kernel's if built in */
	struct kallsym *symbols; /* what was asked for, in that order */
	int symbol_count;
	char *traced; /* text of available_filter_functions; NULL: not asked */
};

/*
 * Opens the running kernel (files NULL, or all its members) below the platform's root, or the one
 * of the files, and looks up symbols there. Those of the module ccp are looked up in its file as
 * long as it is not loaded, and have no address then. Returns 0 or a negative errno: -ENOENT
 * without BTF, -EPERM where the kernel hides its symbols' addresses, -EBADMSG for a file that is no
 * such thing.
 */
int kernel_open(struct kernel *k, const struct platform *p, const struct kernel_files *files,
		const struct kallsym *symbols, int n);
void kernel_close(struct kernel *k);

/* Looks the symbols up again: ccp came or went. Returns 0 or a negative errno. */
int kernel_refresh(struct kernel *k);

/*
 * Reads which functions ftrace can attach to (available_filter_functions of tracefs: some MB), for
 * kernel_function() to ask. Returns 0 or a negative errno.
 */
int kernel_read_traced(struct kernel *k);

/* The symbol, or NULL if it was not among those asked for. module: NULL for the kernel. */
const struct kallsym *kernel_symbol(const struct kernel *k, const char *name, const char *module);

/* Where the text of a loaded module lies, if that was asked for; or NULL. */
const struct kallsym *kernel_module_text(const struct kernel *k, const char *module);

/*
 * Whether a function can be attached to as it is: one function of that very name, whose calls all
 * go to it. in_ccp: of the driver, module or built in. by_btf: its type must be in the BTF, as
 * fentry needs it.
 */
enum function_state kernel_function(const struct kernel *k, const char *name, bool in_ccp,
				    bool by_btf);

bool kernel_returns_void(const struct kernel *k, const char *function);
bool kernel_has_tracepoint(const struct kernel *k, const char *name);

/* The offset in bytes of a member of a struct of ccp, or -ENOENT. */
int kernel_ccp_member(const struct kernel *k, const char *type, const char *member);

#endif
