/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of a module below /lib/modules, compressed or not: its symbols and BTF. */
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
 * Opens a module's file for reading, decompressed by xz, zstd or gzip if need be. Returns a
 * descriptor, which the caller closes, or a negative errno: -ENOPKG if that program is missing.
 */
int module_file_open(const char *path);

/*
 * Counts the symbols' functions and variables in the module's symbol table, with their forms; a
 * module has no addresses before it is loaded. Returns 0 or a negative errno.
 */
int module_file_symbols(int fd, struct kallsym *symbols, int n);

/* The module's BTF, split from base; NULL if there is none. The caller calls btf__free(). */
struct btf *module_file_btf(int fd, struct btf *base);

#endif
