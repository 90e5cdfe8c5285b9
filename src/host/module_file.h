/* SPDX-License-Identifier: GPL-2.0-only */
/* A module's file below /lib/modules, compressed or not: its functions and its BTF. */
#ifndef MODULE_FILE_H
#define MODULE_FILE_H

#include <bpf/btf.h>
#include <stdbool.h>

#include "host/kallsyms.h"

/*
 * Finds a module in a list (modules.dep, modules.builtin) of a directory such as
 * /lib/modules/RELEASE. Returns 0 with the path of its file, or a negative errno: -ENOENT if it is
 * not listed.
 */
int module_file_find(const char *dir, const char *list, const char *name, char *path, size_t size);

/*
 * Opens a module's file for reading, by way of xz, zstd or gzip where it is compressed. Returns a
 * descriptor or a negative errno: -ENOPKG if that program is missing.
 */
int module_file_open(const char *path);

/*
 * Counts the functions and variables of those names in an opened module's symbol table, and keeps
 * their variants; there are no addresses before it is loaded. Returns 0 or a negative errno.
 */
int module_file_symbols(int fd, struct kallsym *symbols, int n);

/* The module's BTF, on top of the kernel's; NULL if it has none. Free it with btf__free(). */
struct btf *module_file_btf(int fd, struct btf *base);

#endif
