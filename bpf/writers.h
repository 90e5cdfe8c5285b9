/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has a guarded file open for writing: inodes are listed when they are opened, and their
 * writers counted when user space asks.
 */
#ifndef BPF_WRITERS_H
#define BPF_WRITERS_H

#include "latch.h"

#define FMODE_WRITE    0x2  /* include/linux/fs.h */
#define MAX_OPEN_FILES 4096 /* of one node of sysfs are searched for writers */

/*
 * By inode: guarded files that the gate let somebody open for writing, or that user space listed.
 * Only these can have writers, see writers_of().
 */
struct listed {
	__u64 sb;
	__u64 ino;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct listed);
} files SEC(".maps");

/* Set before the programs are loaded; 0 where the kernel does not show the address. */
const volatile __u64 hibernate_addr; /* atomic_t hibernate_atomic: 0 while /dev/snapshot is open */

/*
 * Changes an entry that exists in place: bpf_map_update_elem() would put another element in front
 * of it and free the old one for any key, which sends a walk over the map astray.
 */
static __always_inline void list_inode(struct inode *inode)
{
	struct listed entry = { .sb = (__u64)BPF_CORE_READ(inode, i_sb),
				.ino = BPF_CORE_READ(inode, i_ino) };
	__u64 key = (__u64)inode;
	struct listed *listed = bpf_map_lookup_elem(&files, &key);
	long err;

	if (listed) {
		*listed = entry;
		return;
	}
	/* Another CPU may list the same inode just now. */
	err = bpf_map_update_elem(&files, &key, &entry, BPF_NOEXIST);
	if (err && err != -EEXIST)
		__sync_fetch_and_add(&state.unlisted, 1);
}

struct open_files {
	struct list_head *head, *at;
	struct kernfs_node *node;
	bool all; /* the walk came to the list's end */
};

/* Lists one open file of a node of sysfs, whichever instance of sysfs it was opened in. */
static long list_open_file(__u32 i, struct open_files *walk)
{
	struct kernfs_open_file *of;
	struct inode *inode;
	struct file *file;

	if (walk->at == walk->head) {
		walk->all = true;
		return 1;
	}
	of = (void *)walk->at - bpf_core_field_offset(struct kernfs_open_file, list);
	file = BPF_CORE_READ(of, file);
	inode = BPF_CORE_READ(file, f_inode);
	/* The list may change during the walk: stop at an element that is not of this node. */
	if (BPF_CORE_READ(inode, i_private) != walk->node)
		return 1;
	if (BPF_CORE_READ(file, f_mode) & FMODE_WRITE)
		list_inode(inode);
	walk->at = BPF_CORE_READ(of, list.next);
	return 0;
}

/* Each network namespace has its own instance of sysfs, with its own inode for a node. */
static __always_inline void list_other_instances(struct inode *inode)
{
	struct kernfs_node *node = BPF_CORE_READ(inode, i_private);
	struct kernfs_open_node *open = BPF_CORE_READ(node, attr.open);
	struct open_files walk = { .node = node };

	if (!open)
		return;
	walk.head = (void *)open + bpf_core_field_offset(struct kernfs_open_node, files);
	walk.at = BPF_CORE_READ(open, files.next);
	bpf_loop(MAX_OPEN_FILES, list_open_file, &walk, 0);
	if (!walk.all)
		__sync_fetch_and_add(&state.unlisted, 1);
}

/*
 * The kernel raises i_writecount before it calls the LSM hook of an open, and lowers it when the
 * last reference to the file goes: a descriptor, one in flight in a socket, io_uring, a loop device
 * (fs/open.c:do_dentry_open, fs/file_table.c:__fput). A freed inode has no writers, and its memory
 * may have been used again: the superblock and the number tell.
 */
static __always_inline bool has_writer(__u64 key, const struct listed *entry)
{
	struct inode *inode = (struct inode *)key;

	return (__u64)BPF_CORE_READ(inode, i_sb) == entry->sb &&
	       BPF_CORE_READ(inode, i_ino) == entry->ino &&
	       BPF_CORE_READ(inode, i_writecount.counter) > 0;
}

static long count_writer(void *map, const __u64 *key, const struct listed *entry, __s32 *writers)
{
	*writers += has_writer(*key, entry);
	return 0;
}

static long forget_unwritten(void *map, const __u64 *key, const struct listed *entry, void *none)
{
	if (!has_writer(*key, entry))
		bpf_map_delete_elem(map, key);
	return 0;
}

/*
 * Makes room in the list. Files without a writer get none while a window is open; user space lists
 * all of them again before it counts, as one that found no room before may have a writer.
 */
static __always_inline void forget_files(void)
{
	__sync_lock_test_and_set(&state.unlisted, 0);
	bpf_for_each_map_elem(&files, forget_unwritten, NULL, 0);
}

/* Returns the number of guarded files open for writing, or -ENOSPC if one could not be listed. */
int count_writers(void);
__noinline int count_writers(void)
{
	__s32 writers = 0, free = 1;

	if (state.unlisted)
		return -ENOSPC;
	bpf_for_each_map_elem(&files, count_writer, &writers, 0);
	/* A character device has no i_writecount. /dev/snapshot has one user at a time. */
	if (hibernate_addr)
		bpf_probe_read_kernel(&free, sizeof(free), (void *)hibernate_addr);
	return writers + (free < 1);
}

/* ---- the wait for the write hooks ---- */

#define WAIT_TURNS  (1 << 23) /* bpf_loop() takes no more (kernel/bpf/bpf_iter.c) */
#define WAIT_ROUNDS 64

static bool are_writes_checked(void)
{
	return *(volatile __u64 *)&state.writes;
}

static long await_turn(__u32 i, void *none)
{
	return are_writes_checked() || bpf_ktime_get_boot_ns() >= state.wait_until_ns;
}

static long await_round(__u32 i, void *none)
{
	bpf_loop(WAIT_TURNS, await_turn, NULL, 0);
	return await_turn(i, NULL);
}

/*
 * Called with the latch shut, so that nobody can open a guarded file any more. If somebody has one
 * open, the guard, which the record of snp_prepare() has woken, attaches the write hooks; SNP_EN
 * waits for that, ns at most. No CPU is kept from running.
 */
int await_write_hooks(__u64 ns);
__noinline int await_write_hooks(__u64 ns)
{
	__u64 begin = bpf_ktime_get_boot_ns();
	struct snp_event *e;

	/* In a window the hooks were let go because nobody can write. */
	if (are_writes_checked() || state.latch & SNP_LATCH_WINDOW || !count_writers())
		return 0;
	/* Not on the stack, where it would be more than the verifier follows. */
	state.wait_until_ns = begin + ns;
	bpf_loop(WAIT_ROUNDS, await_round, NULL, 0);
	e = event_begin(SNP_EV_GATE);
	if (!e)
		return 0;
	e->value = e->time_ns - begin;
	if (are_writes_checked()) {
		BPF_SNPRINTF(e->name, sizeof(e->name), "snp_prepare() waited for write hooks");
	} else {
		e->flags = SNP_F_DEGRADED | SNP_F_MISSED;
		e->status = SNP_BLIND_WRITE_HOOKS;
		BPF_SNPRINTF(e->name, sizeof(e->name), "no write hooks in time");
	}
	bpf_ringbuf_submit(e, 0);
	return 0;
}

#endif
