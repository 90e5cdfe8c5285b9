/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_QMP_H
#define LAB_QMP_H

#include <stddef.h>

/*
 * Hot-plugs the vCPU of that number (counted through sockets, dies, cores, threads, as the kernel
 * counts them) with QEMU, whose QMP socket is at path. Blocks, for up to ten seconds per answer.
 * On failure error holds QEMU's words, or the system's. 0 or a negative errno.
 */
int qmp_cpu_add(const char *path, unsigned int cpu, char *error, size_t error_size);

#endif
