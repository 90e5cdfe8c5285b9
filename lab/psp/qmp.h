/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_QMP_H
#define LAB_QMP_H

#include <stddef.h>

/*
 * Hot-plugs a CPU through QEMU's QMP socket at path. cpu is the kernel's number: CPUs are numbered
 * by socket, die, module, core and thread. Blocks, for up to 10 s per answer. 0 or a negative
 * errno; on failure error, of error_size bytes, holds QEMU's reason or the system's.
 */
int qmp_cpu_add(const char *path, unsigned int cpu, char *error, size_t error_size);

#endif
