/* SPDX-License-Identifier: GPL-2.0-only */
/* The latch: shut by the programs that see a window open, read by the gate. */
#ifndef BPF_LATCH_H
#define BPF_LATCH_H

#include "record.h"

static __always_inline void latch_shut(__u64 why)
{
	__sync_fetch_and_or(&state.latch, why);
	__sync_fetch_and_add(&state.latch, SNP_LATCH_CHANGE);
}

static __always_inline void latch_release(__u64 why)
{
	__sync_fetch_and_and(&state.latch, ~why);
	__sync_fetch_and_add(&state.latch, SNP_LATCH_CHANGE);
}

static __always_inline bool is_shut(void)
{
	return *(volatile __u64 *)&state.latch & SNP_LATCH_SHUT;
}

/*
 * Sets or clears the window's bit, unless a program changed the latch since user space read it.
 * Returns 0 or -EAGAIN.
 */
static __always_inline __s32 steer_latch(const struct snp_steer *s)
{
	__u64 after = (s->before & ~SNP_LATCH_WINDOW) | (s->value ? SNP_LATCH_WINDOW : 0);

	if (__sync_val_compare_and_swap(&state.latch, s->before, after + SNP_LATCH_CHANGE) !=
	    s->before)
		return -EAGAIN;
	return 0;
}

/* The write hooks are attached. */
static __always_inline void arm(void)
{
	__sync_lock_test_and_set(&state.writes, 1);
}

/*
 * The write hooks are about to be detached. Stores state.writes and then reads the latch, while
 * snp_prepare()'s program does the reverse, see await_write_hooks(): whichever comes second sees
 * what the first one did. before: the latch before the writers were counted. Returns 0, or -EAGAIN
 * if the latch has changed since: the hooks stay.
 */
static __always_inline __s32 disarm(__u64 before)
{
	__sync_lock_test_and_set(&state.writes, 0);
	if (*(volatile __u64 *)&state.latch == before)
		return 0;
	arm();
	return -EAGAIN;
}

#endif
