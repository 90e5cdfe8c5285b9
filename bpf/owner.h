/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether SNP code or other code called cpu_hotplug_disable() or cpu_hotplug_enable(). */
#ifndef BPF_OWNER_H
#define BPF_OWNER_H

#include "record.h"

#define FRAMES	   32 /* of a call stack are searched for SNP code */
#define BPF_FRAMES 2  /* that fexit adds: the program's own and the trampoline's */

/* Threads inside snp_shutdown(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
} inside SEC(".maps");

/* Set before the programs are loaded; 0 where the kernel does not show the address. */
const volatile struct text_range hotplug_text[2]; /* cpu_hotplug_disable, cpu_hotplug_enable */
const volatile struct text_range snp_text[3];	  /* snp_prepare, snp_shutdown, snp_rmptable_init */

/*
 * A tail call at the end of snp_shutdown() is a jump and leaves no frame on the stack, so the
 * threads inside snp_shutdown() are kept in a map.
 */
static __always_inline void enter_snp(void)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u8 one = 1;

	bpf_map_update_elem(&inside, &tid, &one, BPF_ANY);
}

static __always_inline void leave_snp(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&inside, &tid);
}

static __always_inline bool is_in_snp(void)
{
	__u32 tid = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&inside, &tid);
}

static __always_inline bool in_text(__u64 ip, __u64 start, __u64 end)
{
	return ip >= start && ip < end;
}

static __always_inline bool in_snp_code(__u64 ip)
{
	return in_text(ip, state.ccp_text.start, state.ccp_text.end) ||
	       in_text(ip, snp_text[0].start, snp_text[0].end) ||
	       in_text(ip, snp_text[1].start, snp_text[1].end) ||
	       in_text(ip, snp_text[2].start, snp_text[2].end);
}

struct stack_walk {
	__u64 ips[FRAMES];
	__u64 caller;
	__u64 start, end; /* of the hooked function */
	bool owned;
};

static long look_at_frame(__u32 i, struct stack_walk *w)
{
	__u64 ip = i < FRAMES ? w->ips[i] : 0;

	if (!ip)
		return 1;
	/* How the function was patched decides whether its own frame is on the stack. */
	if (!w->caller && !in_text(ip, w->start, w->end))
		w->caller = ip;
	if (in_snp_code(ip))
		w->owned = true;
	return 0;
}

/*
 * Searches the whole call stack for SNP code: ccp may call through helpers of the kernel, and a
 * flag "inside snp_prepare()" would miss a disable that follows snp_prepare().
 */
static __always_inline int record_hotplug(void *ctx, __u32 kind, __u64 skip)
{
	bool enable = kind == SNP_EV_HP_ENABLE;
	struct snp_event *e = event_begin(kind);
	struct stack_walk w = { .start = hotplug_text[enable].start,
				.end = hotplug_text[enable].end };

	if (!e)
		return 0;
	e->count = hotplug_count();
	if (bpf_get_stack(ctx, w.ips, sizeof(w.ips), skip) <= 0)
		e->flags |= SNP_F_NO_STACK;
	bpf_loop(FRAMES, look_at_frame, &w, 0);
	if (w.owned || is_in_snp())
		e->flags |= SNP_F_OWNED;
	if (w.caller)
		BPF_SNPRINTF(e->name, sizeof(e->name), "%ps", w.caller);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

#endif
