/* SPDX-License-Identifier: GPL-2.0-only */
/* The gate: refuses access to guarded files while the latch is shut. */
#ifndef BPF_GATE_H
#define BPF_GATE_H

#include "guarded_file.h"
#include "latch.h"
#include "writers.h"

#define MAY_WRITE 0x2 /* include/linux/fs.h */

/*
 * state.triers: in the low half a thread whose opens only try the gate, in the high half until
 * when, by trial_clock(). A thread that is killed meanwhile leaves its entry, and its number to
 * others.
 */
static __always_inline __u32 trial_clock(void)
{
	return bpf_ktime_get_boot_ns() >> 20;
}

static __always_inline bool is_over(__u64 trier, __u32 now)
{
	return (__s32)((__u32)(trier >> 32) - now) <= 0;
}

/*
 * The verifier checks a function that is not static once, for any arguments, and not at each call
 * on each path. Those checks are most of what loading the gate costs.
 */
int is_trial(void);
int refuse(__u32 what, __u32 cpu, __u32 flags);

__noinline int is_trial(void)
{
	__u32 tid = bpf_get_current_pid_tgid(), now = trial_clock();

	for (int i = 0; i < SNP_TRIERS; i++)
		if ((__u32)state.triers[i] == tid && !is_over(state.triers[i], now))
			return true;
	return false;
}

/* Returns 0, or -EBUSY if as many threads as there is room for try the gate just now. */
static __always_inline __s32 begin_trial(void)
{
	__u32 tid = bpf_get_current_pid_tgid(), now = trial_clock();
	__u64 mine = tid | (__u64)(now + (__u32)(SNP_TRIAL_NS >> 20)) << 32, old;

	for (int i = 0; i < SNP_TRIERS; i++) {
		old = *(volatile __u64 *)&state.triers[i];
		if (((__u32)old == tid || is_over(old, now)) &&
		    __sync_val_compare_and_swap(&state.triers[i], old, mine) == old)
			return 0;
	}
	return -EBUSY;
}

static __always_inline void end_trial(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	for (int i = 0; i < SNP_TRIERS; i++)
		if ((__u32)state.triers[i] == tid)
			__sync_lock_test_and_set(&state.triers[i], 0);
}

/*
 * Lists the file before the caller reads the latch, so that an open that comes at the same time as
 * the window is either refused or counted as a writer. The addition is a full barrier between the
 * two (APM vol. 2, 7.4: a locked instruction).
 */
static __always_inline void take_note(struct file *file)
{
	list_inode(file->f_inode);
	if (is_trial() && file->f_inode->i_sb->s_magic == SYSFS_MAGIC)
		list_other_instances(file->f_inode);
	__sync_fetch_and_add(&state.noted, 1);
}

__noinline int refuse(__u32 what, __u32 cpu, __u32 flags)
{
	int verdict = state.audit ? 0 : -EPERM;
	struct snp_event *e;

	/* The brake's file is the guard's own, who writes it as it tries the gate. */
	if (is_trial())
		return what == GATED_CPU_FAIL ? 0 : verdict;
	__sync_fetch_and_add(&state.denied, 1);
	/* A loop of writes must not take the room of other records. */
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) * 2 >
	    bpf_ringbuf_query(&events, BPF_RB_RING_SIZE)) {
		__sync_fetch_and_add(&state.denied_quiet, 1);
		return verdict;
	}
	e = event_begin(SNP_EV_DENIED);
	if (!e)
		return verdict;
	e->subject = cpu;
	e->flags = flags | (verdict ? 0 : SNP_F_AUDIT);
	e->result = -EPERM;
	name_gated(e, what, cpu);
	bpf_ringbuf_submit(e, 0);
	return verdict;
}

static __always_inline int gate(struct file *file, __u32 flags)
{
	__u32 cpu = SNP_NO_SUBJECT;
	enum gated what = gated(file, &cpu);

	if (what == NOT_GATED)
		return 0;
	if (flags & SNP_F_OPEN)
		take_note(file);
	return is_shut() && refuse(what, cpu, flags) ? -EPERM : 0;
}

/* noinline: an open of any other file then saves no registers. */
static __noinline int gate_opening(struct file *file)
{
	return gate(file, SNP_F_OPEN);
}

/* In audit mode the first twin lets the access pass, and the second would record it again. */
static __always_inline bool is_twin_idle(void)
{
	return state.audit;
}

/* /dev/snapshot takes ioctls, most of them also on a descriptor opened for reading. */
static __always_inline int gate_snapshot(struct file *file, int ret)
{
	if (ret || !is_shut() || !is_snapshot(file->f_inode))
		return ret;
	return refuse(GATED_SNAPSHOT, SNP_NO_SUBJECT, SNP_F_IOCTL) ? -EPERM : 0;
}

#endif
