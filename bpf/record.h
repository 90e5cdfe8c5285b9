/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One record for each observed fact: struct snp_state, the ring buffer, and the functions that
 * number and write a record.
 */
#ifndef BPF_RECORD_H
#define BPF_RECORD_H

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* Set before the programs are loaded; 0 where the kernel does not show the address. */
const volatile __u64 count_addr; /* int cpu_hotplug_disabled */

struct snp_state state;

/* The hotplug count, or SNP_COUNT_UNKNOWN. */
static __always_inline __s32 hotplug_count(void)
{
	__s32 count;

	if (!count_addr || bpf_probe_read_kernel(&count, sizeof(count), (void *)count_addr))
		return SNP_COUNT_UNKNOWN;
	return count;
}

/*
 * Returns a record to fill in and submit, or NULL if the ring buffer is full. The number is taken
 * first, so that a record that finds no room leaves a gap, which user space counts as lost.
 */
static __always_inline struct snp_event *event_begin(__u32 kind)
{
	__u64 number = __sync_fetch_and_add(&state.seq, 1) + 1;
	struct snp_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	__u64 id = bpf_get_current_pid_tgid();

	if (kind != SNP_EV_DENIED)
		__sync_fetch_and_add(&state.moves, 1);
	if (!e) {
		__sync_fetch_and_add(&state.lost, 1);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->seq = number;
	e->time_ns = bpf_ktime_get_boot_ns();
	e->kind = kind;
	e->subject = SNP_NO_SUBJECT;
	e->count = SNP_COUNT_UNKNOWN;
	e->cpu = bpf_get_smp_processor_id();
	e->tgid = id >> 32;
	e->tid = (__u32)id;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	return e;
}

/* Writes a record that needs no more than these fields. Returns 0, as a program does. */
static __always_inline int record(__u32 kind, __u32 subject, __u32 flags, __s32 result)
{
	struct snp_event *e = event_begin(kind);

	if (e) {
		e->subject = subject;
		e->flags = flags;
		e->result = result;
		bpf_ringbuf_submit(e, 0);
	}
	return 0;
}

#endif
