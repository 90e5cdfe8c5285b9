/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts about the host, read below a root directory, so that a test can build any host. */
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
 * Reads a file of /proc or /sys into buf, at most size - 1 bytes, and terminates it with a NUL.
 * Returns the number of bytes or a negative errno.
 */
int platform_read(const struct platform *p, const char *path, char *buf, size_t size);

/* Writes text to an existing file. Returns 0 or a negative errno. */
int platform_write(const struct platform *p, const char *path, const char *text);

/*
 * Reads the set of CPUs that are "online", "present" or "possible", which the caller frees by
 * cpulist_free(). Returns 0 or a negative errno: -EOVERFLOW if the kernel truncated the list; a
 * truncated "online" is completed from the files of each CPU.
 */
int platform_cpus(const struct platform *p, const char *which, struct cpulist *set);

/* Opens a file for reading. Returns a descriptor or a negative errno. */
int platform_open(const struct platform *p, const char *path);

/*
 * Opens an online CPU's MSRs, by the msr driver (/dev/cpu/N/msr, which needs CAP_SYS_RAWIO).
 * Returns a descriptor or a negative errno.
 */
int platform_msr_open(const struct platform *p, unsigned int cpu);
/* Reads one MSR. Returns 0 or a negative errno: -EIO if the CPU does not have it. */
int platform_msr_read(int fd, uint32_t msr, uint64_t *value);

/*
 * Returns 1 if virtualisation is enabled on an online CPU, and there is no page to which VMRUN
 * could save the host's state; 0 if not, or a negative errno.
 */
int platform_lacks_hsave(const struct platform *p, unsigned int cpu);

/* "" if the file can't be read. */
void platform_boot_id(const struct platform *p, char id[PLATFORM_BOOT_ID_LEN]);
void platform_release(const struct platform *p, char release[PLATFORM_RELEASE_LEN]);

/* Returns 1 if the kernel runs the security module, 0 if not, or a negative errno. */
int platform_has_lsm(const struct platform *p, const char *name);

/* Returns 1 if the first CPU in /proc/cpuinfo has the flag, 0 if not, or a negative errno. */
int platform_has_cpu_flag(const struct platform *p, const char *flag);

/* True if the kernel refuses BPF reads of its memory (lockdown=confidentiality). */
bool platform_is_confidential(const struct platform *p);

/* True if a panic of another kernel started this one (is_kdump_kernel(), linux/crash_dump.h). */
bool platform_is_crash_kernel(const struct platform *p);

/* True if the file exists. */
bool platform_exists(const struct platform *p, const char *path);
/* The number of the file's inode; 0 if the file does not exist. */
uint64_t platform_inode(const struct platform *p, const char *path);

/*
 * Returns 1 if the effective set of this process has the capability (CAP_*, linux/capability.h), 0
 * if not, or a negative errno.
 */
int platform_has_capability(const struct platform *p, int capability);

/*
 * Returns 1 if this process is in the host's namespace of this kind ("user", "pid"), 0 if it is in
 * a container's, or a negative errno.
 */
int platform_in_host_namespace(const struct platform *p, const char *kind);

/* Whether a module is loaded, built in, or on disk for this kernel. */
enum platform_module platform_module(const struct platform *p, const char *name);

#endif
