/* SPDX-License-Identifier: GPL-2.0-only */
/* The symbols of the kernel that runs, without printing all of them: a BPF iterator. */
#ifndef KSYM_H
#define KSYM_H

#include <stdio.h>

#include "host/kallsyms.h"

/*
 * Opens a file that has at least those lines of /proc/kallsyms that kallsyms_find() needs for the n
 * symbols (kernel/kallsyms.c:ksym_iter_register(), from 6.0 on). Returns NULL with errno set if the
 * kernel or the caller's rights do not allow for it.
 */
FILE *ksym_open(const struct kallsym *symbols, int n);

#endif
