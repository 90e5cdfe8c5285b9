// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/sensors_private.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "kernel/kprobe_event.h"

_Static_assert(sizeof(struct snp_guard_bpf__bss) == sizeof(struct snp_state),
	       "the BPF side keeps nothing but its state");

__u32 sensors_object_crc(void)
{
	size_t size;
	const void *object = snp_guard_bpf__elf_bytes(&size);

	return crc32(0, object, size);
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct sensors *s = ctx;

	return size < sizeof(struct snp_event) ? 0 : s->consume(s->consume_ctx, data);
}

static void unload(struct sensors *s)
{
	for (size_t i = 0; i < hook_count; i++)
		sensors_detach_one(s, i);
	ring_buffer__free(s->ring);
	s->ring = NULL;
	snp_guard_bpf__destroy(s->skel);
	s->skel = NULL;
}

int sensors_load_and_attach(struct sensors *s)
{
	int err = sensors_load(s);

	if (err)
		return err;
	s->has_hold = sensors_find_hold(s);
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.events), on_record, s, NULL);
	if (!s->ring)
		return -errno;
	return s->hooks->options.truth_only ? 0 : sensors_attach_all(s);
}

int sensors_open(struct sensors **out, struct hooks *h, int group)
{
	struct sensors *s = sensors_new(h, group);
	int err;

	*out = s;
	if (!s)
		return -ENOMEM;
	err = h->options.truth_only ? 0 : kprobe_event_remove_stale(group);
	if (err)
		return err;
	/* Ends, since each refusal takes a rung away. */
	while ((err = sensors_load_and_attach(s)) == -EAGAIN)
		unload(s);
	return err;
}

void sensors_close(struct sensors *s)
{
	if (!s)
		return;
	unload(s);
	free(s);
}

enum snp_gate_hook sensors_gate_hook(const struct sensors *s)
{
	const struct hook_state *gate = &s->hooks->states[FACT_GATE];

	if (!gate->covered)
		return SNP_GATE_BY_NONE;
	return gate->kind == HOOK_LSM ? SNP_GATE_BY_LSM : SNP_GATE_BY_FMOD_RET;
}

__u32 sensors_start_flags(const struct sensors *s)
{
	const struct hooks *h = s->hooks;

	return (h->states[FACT_PREPARE].kind != HOOK_SWEEP ? SNP_F_HAS_PREPARE : 0) |
	       (h->states[FACT_SNP_EN].kind != HOOK_SWEEP ? SNP_F_HAS_ENABLE : 0) |
	       (s->has_hold ? SNP_F_HAS_HOLD : 0) |
	       (h->states[FACT_COMMANDS].covered ? 0 : SNP_F_NO_COMMANDS) |
	       (h->states[FACT_GATE].covered && !h->options.audit ? SNP_F_GATE : 0);
}

int sensors_consume(struct sensors *s, int (*fn)(void *ctx, const struct snp_event *e), void *ctx)
{
	int n;

	s->consume = fn;
	s->consume_ctx = ctx;
	n = ring_buffer__consume(s->ring);
	return n < 0 ? n : 0;
}

int sensors_fd(struct sensors *s)
{
	return ring_buffer__epoll_fd(s->ring);
}
