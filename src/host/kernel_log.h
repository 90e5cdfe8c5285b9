/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel itself has said since boot, of the little that a check asks for. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "host/platform.h"

enum kernel_log_about {
	KERNEL_LOG_NO_SNP, /* why SNP, or the firmware, did not come up */
	KERNEL_LOG_DEATH,  /* an oops */
};

/*
 * Copies the last message about that from /dev/kmsg, cut to size bytes with its NUL; a text that a
 * process wrote into the log is no message of the kernel's. Returns 1, or 0 if there is none, or a
 * negative errno: -EPERM or -EACCES if this process may not read the log.
 */
int kernel_log_last(const struct platform *p, enum kernel_log_about about, char *text, size_t size);

#endif
