// SPDX-License-Identifier: GPL-2.0-only
#include "sensors.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kprobe_event.h"
#include "snp_guard.skel.h"

struct sensors {
	struct hooks *hooks;
	struct snp_guard_bpf *skel;
	struct bpf_program *programs[HOOKS_MAX]; /* NULL where a hook has none */
	struct ring_buffer *ring;
	struct bpf_link *links[HOOKS_MAX];
	bool events[HOOKS_MAX];		/* created in tracefs by us */
	char verifier[HOOKS_MAX][1024]; /* what the kernel said of a program that it refused */
	bool has_latch;
	bool symbols_old;

	int (*consume)(void *ctx, const struct snp_event *e);
	void *consume_ctx;
};

static char complaint[512];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN)
		vsnprintf(complaint, sizeof(complaint), format, args);
	complaint[strcspn(complaint, "\n")] = 0;
	return 0;
}

const char *sensors_complaint(void)
{
	return complaint;
}

/* ---- loading ---- */

static void set_range(struct text_range *r, const struct kallsym *s)
{
	r->start = s && s->end ? s->start : 0;
	r->end = s ? s->end : 0;
}

static const struct kallsym *symbol(const struct sensors *s, const char *name)
{
	return kernel_symbol(&s->hooks->kernel, name, NULL);
}

static __u64 address(const struct kallsym *s)
{
	return s ? s->start : 0;
}

static void configure(struct sensors *s)
{
	struct snp_guard_bpf__rodata *ro = s->skel->rodata;

	ro->audit = s->hooks->options.audit;
	ro->prepare_is_void = kernel_returns_void(&s->hooks->kernel, "snp_prepare");
	ro->count_addr = address(symbol(s, "cpu_hotplug_disabled"));
	set_range((void *)&ro->hotplug_text[0], symbol(s, "cpu_hotplug_disable"));
	set_range((void *)&ro->hotplug_text[1], symbol(s, "cpu_hotplug_enable"));
	set_range((void *)&ro->snp_text[0], symbol(s, "snp_prepare"));
	set_range((void *)&ro->snp_text[1], symbol(s, "snp_shutdown"));
	set_range((void *)&ro->snp_text[2], symbol(s, "snp_rmptable_init"));
	set_range(&s->skel->bss->ccp_text, kernel_module_text(&s->hooks->kernel, "ccp"));
}

/* Room for two events of each CPU at once, as snp_prepare() writes one of each. */
static unsigned int buffer_kib(const struct hooks *h)
{
	const unsigned int record = sizeof(struct snp_event) + 8; /* BPF_RINGBUF_HDR_SZ */
	unsigned int kib = 256;
	struct cpulist possible;

	if (h->options.buffer_kib)
		return h->options.buffer_kib;
	if (platform_cpus(&h->kernel.platform, "possible", &possible))
		return kib;
	while (kib * 1024 < 2 * record * cpulist_count(&possible))
		kib *= 2;
	cpulist_free(&possible);
	return kib;
}

/* Returns 0, a negative errno, or -EAGAIN after a program was refused for which there is less. */
static int load(struct sensors *s)
{
	struct hooks *h = s->hooks;
	int err;

	s->skel = snp_guard_bpf__open();
	if (!s->skel)
		return -errno;
	for (size_t i = 0; i < hook_count; i++) {
		if (!hook_table[i].program)
			continue;
		s->programs[i] =
			bpf_object__find_program_by_name(s->skel->obj, hook_table[i].program);
		bpf_program__set_autoload(s->programs[i], h->used[i] && !h->options.truth_only);
		s->verifier[i][0] = 0;
		bpf_program__set_log_buf(s->programs[i], s->verifier[i], sizeof(s->verifier[i]));
	}
	bpf_map__set_max_entries(s->skel->maps.events, buffer_kib(h) * 1024);
	configure(s);
	err = snp_guard_bpf__load(s->skel);
	if (!err)
		return 0;
	/* The kernel writes of the one program that it refused. */
	for (size_t i = 0; i < hook_count; i++) {
		if (!h->used[i] || !s->verifier[i][0] || hook_table[i].kind == HOOK_LSM)
			continue;
		hooks_refuse(h, i);
		return -EAGAIN;
	}
	return err;
}

/* ---- attaching ---- */

static int attach_kprobe(struct sensors *s, size_t i)
{
	const struct hook *hook = &hook_table[i];
	bool in_module = hook->flags & HOOK_IN_CCP && s->hooks->kernel.ccp != MODULE_BUILTIN;
	int fd, err;

	fd = kprobe_event_open(hook->program, in_module ? "ccp" : NULL, hook->target,
			       hook->flags & HOOK_AT_RETURN);
	if (fd < 0)
		return fd;
	s->events[i] = true;
	s->links[i] = bpf_program__attach_perf_event(s->programs[i], fd);
	err = libbpf_get_error(s->links[i]);
	if (err) {
		s->links[i] = NULL;
		close(fd);
	}
	return err;
}

static int attach_one(struct sensors *s, size_t i)
{
	int err;

	if (hook_table[i].kind == HOOK_KPROBE)
		return attach_kprobe(s, i);
	s->links[i] = bpf_program__attach(s->programs[i]);
	err = libbpf_get_error(s->links[i]);
	if (err)
		s->links[i] = NULL;
	return err;
}

static int attach_all(struct sensors *s)
{
	int err;

	for (size_t i = 0; i < hook_count; i++) {
		if (!s->hooks->used[i] || !hook_table[i].program)
			continue;
		err = attach_one(s, i);
		if (!err)
			continue;
		if (hook_table[i].kind == HOOK_LSM && !s->hooks->options.audit) {
			snprintf(complaint, sizeof(complaint), "the gate's program %s",
				 hook_table[i].program);
			return err;
		}
		hooks_refuse(s->hooks, i);
		return -EAGAIN;
	}
	return 0;
}

static bool is_near_branch(const unsigned char *text, __u64 i)
{
	return text[i] == 0xe8 || text[i] == 0xe9 ||
	       (i && text[i - 1] == 0x0f && (text[i] & 0xf0) == 0x80);
}

/*
 * Every form of SNP's hotplug disable so far is undone in snp_shutdown(): a kernel has it if that
 * goes to cpu_hotplug_enable(): by a near call (E8h) or, where that is the last thing it does, by a
 * near jump (E9h; 0Fh 8xh if conditional), all 32 bits relative to what follows them.
 */
static bool calls(const struct sensors *s, const struct kallsym *function, __u64 callee)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct snp_guard_bpf__bss *bss = s->skel->bss;
	__s32 distance;
	__u64 size;

	if (!function || !function->start || !function->end || !callee)
		return false;
	bss->text_addr = function->start;
	if (bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.read_text), &opts) || opts.retval)
		return false;
	size = function->end - function->start;
	if (size > SNP_TEXT_SIZE)
		size = SNP_TEXT_SIZE;
	for (__u64 i = 0; i + 5 <= size; i++) {
		if (!is_near_branch(bss->text, i))
			continue;
		memcpy(&distance, &bss->text[i + 1], sizeof(distance));
		if (function->start + i + 5 + distance == callee)
			return true;
	}
	return false;
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct sensors *s = ctx;

	return size < sizeof(struct snp_event) ? 0 : s->consume(s->consume_ctx, data);
}

static void unload(struct sensors *s)
{
	for (size_t i = 0; i < hook_count; i++) {
		bpf_link__destroy(s->links[i]);
		s->links[i] = NULL;
		if (s->events[i])
			kprobe_event_remove(hook_table[i].program);
		s->events[i] = false;
	}
	ring_buffer__free(s->ring);
	s->ring = NULL;
	snp_guard_bpf__destroy(s->skel);
	s->skel = NULL;
}

static int load_and_attach(struct sensors *s)
{
	int err = load(s);

	if (err)
		return err;
	s->has_latch =
		calls(s, symbol(s, "snp_shutdown"), address(symbol(s, "cpu_hotplug_enable")));
	s->ring = ring_buffer__new(bpf_map__fd(s->skel->maps.events), on_record, s, NULL);
	if (!s->ring)
		return -errno;
	return s->hooks->options.truth_only ? 0 : attach_all(s);
}

int sensors_open(struct sensors **out, struct hooks *h)
{
	struct sensors *s = calloc(1, sizeof(*s));
	int err;

	*out = s;
	if (!s)
		return -ENOMEM;
	s->hooks = h;
	complaint[0] = 0;
	libbpf_set_print(keep_complaint);
	err = h->options.truth_only ? 0 : kprobe_event_remove_stale();
	if (err)
		return err;
	/* Each refusal takes a rung away, so there is an end. */
	while ((err = load_and_attach(s)) == -EAGAIN)
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

__u32 sensors_start_flags(const struct sensors *s)
{
	const struct hooks *h = s->hooks;

	return (h->states[FACT_PREPARE].kind != HOOK_SWEEP ? SNP_F_HAS_PREPARE : 0) |
	       (h->states[FACT_SNP_EN].kind != HOOK_SWEEP ? SNP_F_HAS_ENABLE : 0) |
	       (s->has_latch ? SNP_F_HAS_LATCH : 0) |
	       (h->states[FACT_GATE].covered && !h->options.audit ? SNP_F_GATE : 0);
}

/* ---- while it runs ---- */

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

/* Calls left out since the program was already running on that CPU. */
static __u64 recursion_misses(const struct sensors *s)
{
	__u64 misses = 0;

	for (size_t i = 0; i < hook_count; i++) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);
		int fd = s->programs[i] ? bpf_program__fd(s->programs[i]) : -1;

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
			misses += info.recursion_misses;
	}
	return misses;
}

struct sensors_counters sensors_counters(const struct sensors *s)
{
	const struct snp_guard_bpf__bss *bss = s->skel->bss;

	return (struct sensors_counters){
		/* In this order: see command_exit. */
		.shutdown_ns = __atomic_load_n(&bss->shutdown_ns, __ATOMIC_ACQUIRE),
		.seq = __atomic_load_n(&bss->seq, __ATOMIC_ACQUIRE),
		.missed = recursion_misses(s),
		.denied = __atomic_load_n(&bss->denied, __ATOMIC_RELAXED),
		.denied_quiet = __atomic_load_n(&bss->denied_quiet, __ATOMIC_RELAXED),
	};
}

/* Where ccp keeps whether SNP is initialised: psp_master->sev_data->snp_initialized. */
static int find_firmware_state(struct sensors *s)
{
	struct snp_guard_bpf__bss *bss = s->skel->bss;
	struct kernel *k = &s->hooks->kernel;
	int sev_data, initialised, err = 0;
	const struct kallsym *master;

	/* ccp may have come or gone since. */
	if (s->symbols_old)
		err = kernel_refresh(k);
	s->symbols_old = true;
	if (err)
		return err;
	master = kernel_symbol(k, "psp_master", "ccp");
	sev_data = kernel_ccp_member(k, "psp_device", "sev_data");
	initialised = kernel_ccp_member(k, "sev_device", "snp_initialized");
	if (!address(master) || sev_data < 0 || initialised < 0)
		return -ENOENT;
	bss->psp_master_addr = master->start;
	bss->sev_data_offset = sev_data;
	bss->snp_initialized_offset = initialised;
	return 0;
}

int sensors_truth(struct sensors *s, int *count, int *initialised)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct snp_guard_bpf__bss *bss = s->skel->bss;
	int err;

	bss->psp_master_addr = 0;
	if (initialised)
		find_firmware_state(s);
	err = bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.read_truth), &opts);
	*count = err ? SNP_COUNT_UNKNOWN : bss->truth_count;
	if (initialised)
		*initialised = err ? -1 : bss->truth_initialised;
	return err;
}

__u64 sensors_latch(const struct sensors *s)
{
	return __atomic_load_n(&s->skel->bss->latch, __ATOMIC_ACQUIRE);
}

bool sensors_set_latch(struct sensors *s, __u64 before, bool shut)
{
	__u64 after = (before & ~SNP_LATCH_WINDOW) | (shut ? SNP_LATCH_WINDOW : 0);

	if (after == before)
		return true;
	return __atomic_compare_exchange_n(&s->skel->bss->latch, &before, after + SNP_LATCH_CHANGE,
					   false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
