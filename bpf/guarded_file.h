/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which file is guarded: one through which user space could change the set of online CPUs. A file
 * is known by its file system and by names. The inode's number and the device differ between mounts
 * and network namespaces, the names do not.
 */
#ifndef BPF_GUARDED_FILE_H
#define BPF_GUARDED_FILE_H

#include "record.h"

#define SYSFS_MAGIC   0x62656572 /* include/uapi/linux/magic.h */
#define TRACEFS_MAGIC 0x74726163
#define S_IFMT	      0170000
#define S_IFCHR	      0020000
#define SNAPSHOT_DEV  (10 << 20 | 231) /* MKDEV(MISC_MAJOR, SNAPSHOT_MINOR) */

/* Set before the programs are loaded. */
const volatile bool has_mmiotrace; /* the tracer that takes CPUs offline */

/* The start of a dentry's name. Each name below has fewer than 15 characters. */
struct name {
	__u64 word[2];
};

static __always_inline struct name name_of(struct dentry *d)
{
	struct name n = {};

	bpf_probe_read_kernel_str(&n, sizeof(n), d->d_name.name);
	return n;
}

/* Compares words: clang 14 turns a __builtin_memcmp() into a call, which BPF lacks. */
static __always_inline bool is(struct name n, const char literal[sizeof(struct name)])
{
	struct name want;

	__builtin_memcpy(&want, literal, sizeof(want));
	return n.word[0] == want.word[0] && n.word[1] == want.word[1];
}
#define IS(n, literal)		   is(n, (const char[sizeof(struct name)]){ literal })
#define IS_CALLED(dentry, literal) IS(name_of(dentry), literal)

static __always_inline bool is_root(struct dentry *d)
{
	return d == d->d_parent;
}

/* True for cpu0, cpu17, ...: beside them nothing has such a name. */
static __always_inline bool is_cpu_dir(struct dentry *d, __u32 *cpu)
{
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), d->d_name.name);
	if (name[0] != 'c' || name[1] != 'p' || name[2] != 'u' || name[3] < '0' || name[3] > '9')
		return false;
	*cpu = name[3] - '0';
	for (int i = 4; i < 8 && name[i]; i++)
		*cpu = *cpu * 10 + (name[i] - '0');
	return true;
}

/* True for the directory /devices/system/cpu of a sysfs, wherever that is mounted. */
static __always_inline bool is_cpu_root(struct dentry *d)
{
	struct dentry *system = d->d_parent, *devices = system->d_parent;

	return IS_CALLED(d, "cpu") && IS_CALLED(system, "system") &&
	       IS_CALLED(devices, "devices") && is_root(devices->d_parent);
}

/* True for the directory hotplug of a CPU. */
static __always_inline bool is_hotplug_dir(struct dentry *d, __u32 *cpu)
{
	return IS_CALLED(d, "hotplug") && is_cpu_dir(d->d_parent, cpu) &&
	       is_cpu_root(d->d_parent->d_parent);
}

/* True for /module/nitro_enclaves/parameters. */
static __always_inline bool is_nitro_parameters(struct dentry *d)
{
	struct dentry *nitro = d->d_parent, *module = nitro->d_parent;

	return IS_CALLED(d, "parameters") && IS_CALLED(nitro, "nitro_enclaves") &&
	       IS_CALLED(module, "module") && is_root(module->d_parent);
}

/* True for LNXCPU:03 or ACPI0007:03, the names of ACPI's processors. */
static __always_inline bool is_acpi_processor(struct dentry *d)
{
	struct name n = name_of(d);
	struct name lnx = { { n.word[0] & ~0ull >> 8 } },
		    acpi = { { n.word[0], n.word[1] & 0xff } };

	return IS(lnx, "LNXCPU:") || IS(acpi, "ACPI0007:");
}

enum gated {
	NOT_GATED,
#define X(sym, text, path) GATED_##sym,
	SNP_GATED(X)
#undef X
};

static __always_inline enum gated gated_power(struct name n)
{
	return IS(n, "state")	    ? GATED_POWER_STATE
	       : IS(n, "disk")	    ? GATED_POWER_DISK
	       : IS(n, "resume")    ? GATED_POWER_RESUME
	       : IS(n, "autosleep") ? GATED_POWER_AUTOSLEEP
				    : NOT_GATED;
}

static __always_inline enum gated gated_sysfs(struct dentry *d, __u32 *cpu)
{
	struct dentry *up = d->d_parent;
	struct name n = name_of(d);

	if (IS(n, "online"))
		return is_cpu_dir(up, cpu) && is_cpu_root(up->d_parent) ? GATED_CPU_ONLINE
									: NOT_GATED;
	if (IS(n, "target"))
		return is_hotplug_dir(up, cpu) ? GATED_CPU_TARGET : NOT_GATED;
	if (IS(n, "fail"))
		return is_hotplug_dir(up, cpu) ? GATED_CPU_FAIL : NOT_GATED;
	if (IS(n, "control"))
		return IS_CALLED(up, "smt") && is_cpu_root(up->d_parent) ? GATED_SMT_CONTROL
									 : NOT_GATED;
	if (IS(n, "eject"))
		return is_acpi_processor(up) ? GATED_EJECT : NOT_GATED;
	if (IS(n, "ne_cpus"))
		return is_nitro_parameters(up) ? GATED_NE_CPUS : NOT_GATED;
	return IS_CALLED(up, "power") && is_root(up->d_parent) ? gated_power(n) : NOT_GATED;
}

/* The file of a tracing instance is not in the root, and takes no mmiotrace. */
static __always_inline bool is_tracer(struct dentry *d)
{
	return has_mmiotrace && is_root(d->d_parent) && IS_CALLED(d, "current_tracer");
}

static __always_inline bool is_snapshot(struct inode *inode)
{
	return inode->i_rdev == SNAPSHOT_DEV && (inode->i_mode & S_IFMT) == S_IFCHR;
}

/*
 * Lengths of names as bits. They tell most files of sysfs and tracefs apart before any name is
 * read: the file's own, and then its directory's.
 */
#define LENGTH(name)	  (1u << (sizeof(name) - 1))
#define LENGTHS(from, to) ((2u << (to)) - (1u << (from)))

static __always_inline bool has_length(struct dentry *d, __u32 lengths)
{
	__u32 len = d->d_name.len;

	return len < 32 && lengths >> len & 1;
}

static __always_inline bool may_be_gated(struct dentry *d)
{
	switch (d->d_name.len) {
	case sizeof("disk") - 1: /* fail */
		return has_length(d->d_parent, LENGTH("power") | LENGTH("hotplug"));
	case sizeof("state") - 1: /* eject, of LNXCPU:03 and ACPI0007:03 */
		return has_length(d->d_parent, LENGTH("power") | LENGTHS(9, 31));
	case sizeof("online") - 1: /* target, resume; cpu0 to cpu65535 */
		return has_length(d->d_parent, LENGTHS(4, 8));
	case sizeof("control") - 1: /* ne_cpus */
		return has_length(d->d_parent, LENGTH("smt") | LENGTH("parameters"));
	case sizeof("autosleep") - 1:
		return has_length(d->d_parent, LENGTH("power"));
	case sizeof("current_tracer") - 1:
		return true;
	}
	return false;
}

/* Most files are told apart by one or two words of their inodes. */
static __always_inline enum gated gated(struct file *file, __u32 *cpu)
{
	struct inode *inode = file->f_inode;

	switch (inode->i_sb->s_magic) {
	case SYSFS_MAGIC:
		return gated_sysfs(file->f_path.dentry, cpu);
	case TRACEFS_MAGIC:
		return is_tracer(file->f_path.dentry) ? GATED_TRACER : NOT_GATED;
	}
	return is_snapshot(inode) ? GATED_SNAPSHOT : NOT_GATED;
}

static __always_inline void name_gated(struct snp_event *e, enum gated what, __u32 cpu)
{
	switch (what) {
#define X(sym, text, path)                                                                         \
	case GATED_##sym:                                                                          \
		BPF_SNPRINTF(e->name, sizeof(e->name), text, cpu);                                 \
		break;
		SNP_GATED(X)
#undef X
	case NOT_GATED:
		break;
	}
}

#endif
