/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts about the host, read below a root directory, so that a test can stand up any host. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cpulist.h"

struct platform {
	const char *root; /* "" for the running host */
};

#define PLATFORM_BOOT_ID_LEN 37 /* a UUID and its NUL */
#define PLATFORM_RELEASE_LEN 65 /* as in struct utsname */

enum platform_module { MODULE_ABSENT, MODULE_AVAILABLE, MODULE_LOADED, MODULE_BUILTIN };

/*
 * Reads a file of /proc or /sys to buf, at most size - 1 bytes, and ends it with a NUL.
 * Returns its length or a negative errno.
 */
int platform_read(const struct platform *p, const char *path, char *buf, size_t size);

/* Writes text to a file that is there. Returns 0 or a negative errno. */
int platform_write(const struct platform *p, const char *path, const char *text);

/*
 * which: "online", "present" or "possible". Returns 0 or a negative errno: -EOVERFLOW if the kernel
 * has cut the list; for "online" each CPU is asked then.
 */
int platform_cpus(const struct platform *p, const char *which, struct cpulist *set);

/* Opens a file for reading. Returns a descriptor or a negative errno. */
int platform_open(const struct platform *p, const char *path);

/* The registers of one online CPU (needs CAP_SYS_RAWIO): a descriptor or a negative errno. */
int platform_msr_open(const struct platform *p, unsigned int cpu);
/* Returns 0 or a negative errno: -EIO for a register that the CPU doesn't have. */
int platform_msr_read(int fd, uint32_t msr, uint64_t *value);

/*
 * Reads SYSCFG of one online CPU through the msr driver (/dev/cpu/N/msr, which needs
 * CAP_SYS_RAWIO). Returns 0 or a negative errno.
 */
int platform_syscfg(const struct platform *p, unsigned int cpu, uint64_t *value);

/* The text is "" where it can't be read. */
void platform_boot_id(const struct platform *p, char id[PLATFORM_BOOT_ID_LEN]);
void platform_release(const struct platform *p, char release[PLATFORM_RELEASE_LEN]);

/* Returns 1 if the kernel runs that security module, 0 if not, or a negative errno. */
int platform_has_lsm(const struct platform *p, const char *name);

/* Returns 1 if the first CPU's flags have the word, 0 if not, or a negative errno. */
int platform_has_cpu_flag(const struct platform *p, const char *flag);

/* True if the kernel refuses BPF reads of its memory (lockdown=confidentiality). */
bool platform_is_confidential(const struct platform *p);

bool platform_exists(const struct platform *p, const char *path);

/* Returns 1 if this process has the capability (a number of linux/capability.h), 0 if not, or a
 * negative errno. */
int platform_has_capability(const struct platform *p, int capability);

/*
 * Returns 1 if this process is in the host's own namespace of that kind ("user", "pid"), 0 if in
 * a container's, or a negative errno.
 */
int platform_in_host_namespace(const struct platform *p, const char *kind);

/* Where a module stands: loaded, built in, on disk for this kernel, or nowhere. */
enum platform_module platform_module(const struct platform *p, const char *name);

#endif
