// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/sensors.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "kernel/kprobe_event.h"
#include "host/own_events.h"
#include "kernel/pins.h"
#include "snp_guard.skel.h"

_Static_assert(sizeof(struct snp_guard_bpf__bss) == sizeof(struct snp_state),
	       "the BPF side keeps nothing but its state");

/* .bss, as libbpf calls it after the object, and bpffs takes no dots. */
#define STATE_PIN "snp_guar_bss"

struct sensors {
	struct hooks *hooks;
	struct snp_guard_bpf *skel;
	struct bpf_program *programs[HOOKS_MAX]; /* NULL where a hook has none */
	struct ring_buffer *ring;
	int links[HOOKS_MAX];	/* -1 where none is attached */
	bool events[HOOKS_MAX]; /* created in tracefs by us */
	int group;		/* of these events */
	bool pinned, adopted;
	char verifier[HOOKS_MAX][1024]; /* what the kernel said of a program that it refused */
	char verifier_of_calls[1024];	/* ... of those that the user side calls */
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

__u32 sensors_object_crc(void)
{
	size_t size;
	const void *object = snp_guard_bpf__elf_bytes(&size);

	return crc32(0, object, size);
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
	struct snp_state *state = &s->skel->bss->state;

	ro->prepare_is_void = kernel_returns_void(&s->hooks->kernel, "snp_prepare");
	ro->has_mmiotrace = address(symbol(s, "enable_mmiotrace"));
	ro->count_addr = address(symbol(s, "cpu_hotplug_disabled"));
	ro->hibernate_addr = address(symbol(s, "hibernate_atomic"));
	set_range((void *)&ro->hotplug_text[0], symbol(s, "cpu_hotplug_disable"));
	set_range((void *)&ro->hotplug_text[1], symbol(s, "cpu_hotplug_enable"));
	set_range((void *)&ro->snp_text[0], symbol(s, "snp_prepare"));
	set_range((void *)&ro->snp_text[1], symbol(s, "snp_shutdown"));
	set_range((void *)&ro->snp_text[2], symbol(s, "snp_rmptable_init"));
	state->audit = s->hooks->options.audit;
	state->beat_ns = boottime_ns();
	state->writes = 1; /* they are attached with the others */
	set_range(&state->ccp_text, kernel_module_text(&s->hooks->kernel, "ccp"));
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

/* Guarded files that may be listed: two of each CPU, and others, in some instances of sysfs. */
static unsigned int listed_files(const struct hooks *h)
{
	struct cpulist possible;
	unsigned int n = 256;

	if (platform_cpus(&h->kernel.platform, "possible", &possible))
		return n;
	n += 4 * cpulist_count(&possible);
	cpulist_free(&possible);
	return n;
}

/* bpffs takes no dots in a name. */
static void pin_name(char name[PIN_PATH_MAX / 2], const char *of)
{
	snprintf(name, PIN_PATH_MAX / 2, "%s", of);
	for (char *dot = name; (dot = strchr(dot, '.'));)
		*dot = '_';
}

static int reuse_maps(struct sensors *s)
{
	char name[PIN_PATH_MAX / 2], path[PIN_PATH_MAX];
	struct bpf_map *map;
	int fd, err;

	bpf_object__for_each_map(map, s->skel->obj)
	{
		pin_name(name, bpf_map__name(map));
		pin_path(path, PINS_DIR, PIN_MAP, name);
		fd = bpf_obj_get(path);
		if (fd < 0)
			return -errno;
		err = bpf_map__reuse_fd(map, fd);
		close(fd);
		if (err)
			return err;
	}
	return 0;
}

/* What is attached already is not needed a second time, unless it comes and goes. */
static bool is_wanted(const struct sensors *s, size_t i)
{
	return s->hooks->used[i] && !s->hooks->options.truth_only &&
	       (s->links[i] < 0 || hook_table[i].flags & HOOK_WRITES);
}

/*
 * Only BPF programs change what the maps hold; the ring buffer's reader must. The state is no
 * memory that a process could map, then.
 */
static int freeze_maps(struct sensors *s)
{
	const struct bpf_map *const maps[] = { s->skel->maps.bss, s->skel->maps.commands,
					       s->skel->maps.inside, s->skel->maps.files };

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (bpf_map_freeze(bpf_map__fd(maps[i])))
			return -errno;
	return 0;
}

/* What the verifier said last of it, its statistics aside. */
static void complain_of_program(const char *name, char *log)
{
	char *end = strstr(log, "\nprocessed ");
	const char *last;

	if (end)
		*end = 0;
	last = strrchr(log, '\n');
	snprintf(complaint, sizeof(complaint), "%s: %s", name, last ? last + 1 : log);
}

/* Returns 0, a negative errno, or -EAGAIN after a program was refused for which there is less. */
static int load(struct sensors *s)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = s->verifier_of_calls,
		    .kernel_log_size = sizeof(s->verifier_of_calls));
	struct hooks *h = s->hooks;
	int err;

	s->skel = snp_guard_bpf__open_opts(&opts);
	if (!s->skel)
		return -errno;
	for (size_t i = 0; i < hook_count; i++) {
		if (!hook_table[i].program)
			continue;
		s->programs[i] =
			bpf_object__find_program_by_name(s->skel->obj, hook_table[i].program);
		bpf_program__set_autoload(s->programs[i], is_wanted(s, i));
		s->verifier[i][0] = 0;
		bpf_program__set_log_buf(s->programs[i], s->verifier[i], sizeof(s->verifier[i]));
	}
	bpf_map__set_max_entries(s->skel->maps.events, buffer_kib(h) * 1024);
	bpf_map__set_max_entries(s->skel->maps.files, listed_files(h));
	bpf_map__set_map_flags(s->skel->maps.bss, 0);
	configure(s);
	err = s->adopted ? reuse_maps(s) : 0;
	if (!err)
		err = snp_guard_bpf__load(s->skel);
	if (!err)
		return s->adopted ? 0 : freeze_maps(s);
	/* The kernel writes of the one program that it refused. */
	for (size_t i = 0; i < hook_count; i++) {
		if (!h->used[i] || !s->verifier[i][0])
			continue;
		if (hook_table[i].kind == HOOK_LSM) {
			complain_of_program(hook_table[i].program, s->verifier[i]);
			return err;
		}
		hooks_refuse(h, i);
		return -EAGAIN;
	}
	if (s->verifier_of_calls[0])
		complain_of_program("a program that is called", s->verifier_of_calls);
	return err;
}

/* ---- attaching ---- */

/* The link holds the perf event, whose own descriptor is needed no more. */
static int attach_kprobe(struct sensors *s, size_t i)
{
	const struct hook *hook = &hook_table[i];
	bool in_module = hook->flags & HOOK_IN_CCP && s->hooks->kernel.ccp != MODULE_BUILTIN;
	int fd;

	fd = kprobe_event_open(s->group, hook->program, in_module ? "ccp" : NULL, hook->target,
			       hook->flags & HOOK_AT_RETURN);
	if (fd < 0)
		return fd;
	s->events[i] = true;
	s->links[i] = bpf_link_create(bpf_program__fd(s->programs[i]), fd, BPF_PERF_EVENT, NULL);
	close(fd);
	return s->links[i] < 0 ? -errno : 0;
}

static int attach_one(struct sensors *s, size_t i)
{
	struct bpf_program *program = s->programs[i];

	if (hook_table[i].kind == HOOK_KPROBE)
		return attach_kprobe(s, i);
	s->links[i] = bpf_link_create(bpf_program__fd(program), 0,
				      bpf_program__expected_attach_type(program), NULL);
	return s->links[i] < 0 ? -errno : 0;
}

static bool has_program(const struct sensors *s, size_t i)
{
	return s->hooks->used[i] && hook_table[i].program;
}

static int attach_all(struct sensors *s)
{
	int err;

	for (size_t i = 0; i < hook_count; i++) {
		if (!has_program(s, i) || s->links[i] >= 0)
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

/* Runs a program that the user side calls, which finds and leaves its answer in arg. */
static int call(const struct bpf_program *program, void *arg, __u32 size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = arg, .ctx_size_in = size);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts))
		return -errno;
	return (int)opts.retval;
}

static int read_code(const struct sensors *s, __u64 addr, unsigned char code[SNP_TEXT_SIZE])
{
	struct snp_text text;
	int err = 0;

	for (size_t i = 0; !err && i < SNP_TEXT_SIZE; i += sizeof(text.words)) {
		text.addr = addr + i;
		err = call(s->skel->progs.read_text, &text, sizeof(text));
		memcpy(code + i, text.words, sizeof(text.words));
	}
	return err;
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
	unsigned char code[SNP_TEXT_SIZE];
	__s32 distance;
	__u64 size;

	if (!function || !function->start || !function->end || !callee)
		return false;
	if (read_code(s, function->start, code))
		return false;
	size = function->end - function->start;
	if (size > SNP_TEXT_SIZE)
		size = SNP_TEXT_SIZE;
	for (__u64 i = 0; i + 5 <= size; i++) {
		if (!is_near_branch(code, i))
			continue;
		memcpy(&distance, &code[i + 1], sizeof(distance));
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

static void detach_one(struct sensors *s, size_t i)
{
	if (s->links[i] >= 0)
		close(s->links[i]);
	s->links[i] = -1;
	if (s->events[i] && !s->pinned)
		kprobe_event_remove(s->group, hook_table[i].program);
	s->events[i] = false;
}

static void unload(struct sensors *s)
{
	for (size_t i = 0; i < hook_count; i++)
		detach_one(s, i);
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

static struct sensors *sensors_new(struct hooks *h, int group)
{
	struct sensors *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	for (size_t i = 0; i < HOOKS_MAX; i++)
		s->links[i] = -1;
	s->hooks = h;
	s->group = group;
	complaint[0] = 0;
	libbpf_set_print(keep_complaint);
	return s;
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

/* ---- what outlives the guard ---- */

/* The rungs are those that were attached, whatever this start would choose. */
static void choose_pinned(struct sensors *s)
{
	struct hooks *h = s->hooks;

	for (size_t i = 0; i < hook_count; i++)
		for (size_t j = 0; s->links[i] >= 0 && !h->used[i] && j < hook_count; j++)
			if (has_program(s, j) && s->links[j] < 0 &&
			    hook_table[j].fact == hook_table[i].fact)
				hooks_refuse(h, j);
}

static struct sensors *take_links(struct hooks *h, int group)
{
	struct sensors *s = sensors_new(h, group);
	char path[PIN_PATH_MAX];

	if (!s)
		return NULL;
	s->adopted = s->pinned = true;
	for (size_t i = 0; i < hook_count; i++) {
		if (!hook_table[i].program)
			continue;
		pin_path(path, PINS_DIR, PIN_LINK, hook_table[i].program);
		s->links[i] = bpf_obj_get(path);
	}
	choose_pinned(s);
	return s;
}

/* The programs that see each write may rightly be gone. */
static bool is_missing(const struct sensors *s, size_t i)
{
	return has_program(s, i) && s->links[i] < 0 && !(hook_table[i].flags & HOOK_WRITES);
}

static int count_missing(const struct sensors *s, const char **first)
{
	int n = 0;

	for (size_t i = 0; i < hook_count; i++) {
		if (!is_missing(s, i))
			continue;
		if (!n++)
			*first = hook_table[i].program;
	}
	return n;
}

int sensors_look(struct sensors **out, struct hooks *h, int *missing, const char **first_missing)
{
	struct sensors *s = take_links(h, 0);

	*out = s;
	if (!s)
		return -ENOMEM;
	*missing = count_missing(s, first_missing);
	h->options.truth_only = true;
	return load_and_attach(s);
}

int sensors_adopt(struct sensors **out, struct hooks *h, int group, int *missing,
		  const char **first_missing)
{
	struct sensors *s = take_links(h, group);
	const char *pinned;
	int err;

	*out = s;
	if (!s)
		return -ENOMEM;
	*missing = count_missing(s, first_missing);
	/* Its event is there, and taken by nobody. */
	for (size_t i = 0; i < hook_count; i++)
		if (is_missing(s, i) && hook_table[i].kind == HOOK_KPROBE)
			kprobe_event_remove(group, hook_table[i].program);
	err = load_and_attach(s);
	if (err)
		return err;
	/* The programs that see each write were attached with what was missing. */
	err = sensors_repin(s, &pinned);
	return err < 0 ? err : sensors_arm(s);
}

static int pin(int fd, const char *dir, enum pin_kind kind, const char *name)
{
	char path[PIN_PATH_MAX];

	pin_path(path, dir, kind, name);
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

int sensors_pin(struct sensors *s)
{
	char name[PIN_PATH_MAX / 2];
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, s->skel->obj)
	{
		pin_name(name, bpf_map__name(map));
		if (!err)
			err = pin(bpf_map__fd(map), PINS_NEW, PIN_MAP, name);
	}
	for (size_t i = 0; !err && i < hook_count; i++)
		if (s->links[i] >= 0)
			err = pin(s->links[i], PINS_NEW, PIN_LINK, hook_table[i].program);
	return err;
}

void sensors_set_pinned(struct sensors *s)
{
	s->pinned = true;
}

int sensors_repin(struct sensors *s, const char **name)
{
	char of_map[PIN_PATH_MAX / 2];
	struct bpf_map *map;
	int n, count = 0;

	bpf_object__for_each_map(map, s->skel->obj)
	{
		pin_name(of_map, bpf_map__name(map));
		n = pin_again(bpf_map__fd(map), PIN_MAP, of_map);
		if (n < 0)
			return n;
		if (n)
			*name = bpf_map__name(map);
		count += n;
	}
	for (size_t i = 0; i < hook_count; i++) {
		if (s->links[i] < 0)
			continue;
		n = pin_again(s->links[i], PIN_LINK, hook_table[i].program);
		if (n < 0)
			return n;
		if (n)
			*name = hook_table[i].program;
		count += n;
	}
	return count;
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

__u64 sensors_missed(const struct sensors *s)
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

struct snp_state sensors_state(const struct sensors *s)
{
	struct snp_state state = { 0 };
	__u32 zero = 0;

	/* Copied from its start to its end: see command_exit. */
	bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.bss), &zero, &state);
	return state;
}

/* Where ccp keeps whether SNP is initialised: psp_master->sev_data->snp_initialized. */
static int find_firmware_state(struct sensors *s, struct snp_truth *t)
{
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
	t->psp_master_addr = master->start;
	t->sev_data_offset = sev_data;
	t->snp_initialized_offset = initialised;
	return 0;
}

int sensors_truth(struct sensors *s, int *count, int *initialised)
{
	struct snp_truth truth = { 0 };
	int err;

	if (initialised)
		find_firmware_state(s, &truth);
	err = call(s->skel->progs.read_truth, &truth, sizeof(truth));
	*count = err ? SNP_COUNT_UNKNOWN : truth.count;
	if (initialised)
		*initialised = err ? -1 : truth.initialised;
	return err;
}

static int steer(struct sensors *s, enum snp_steer_verb verb, __u64 value, __u64 before)
{
	struct snp_steer arg = { .verb = verb, .value = value, .before = before };
	int err = call(s->skel->progs.steer, &arg, sizeof(arg));

	return err ? err : arg.result;
}

__u64 sensors_pinned_latch(void)
{
	struct bpf_map_info info = { 0 };
	char path[PIN_PATH_MAX];
	__u32 size = sizeof(info), zero = 0;
	__u64 latch = 0, *value = NULL;
	int fd;

	pin_path(path, PINS_DIR, PIN_MAP, STATE_PIN);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size))
		value = calloc(1, info.value_size + sizeof(latch));
	if (value && !bpf_map_lookup_elem(fd, &zero, value))
		latch = value[0];
	free(value);
	close(fd);
	return latch;
}

bool sensors_set_latch(struct sensors *s, __u64 before, bool shut)
{
	__u64 wanted = shut ? SNP_LATCH_WINDOW : 0;

	if ((before & (SNP_LATCH_WINDOW | SNP_LATCH_REARM)) == wanted)
		return true;
	if (!shut && !sensors_are_armed(s)) {
		sensors_arm(s);
		return false;
	}
	return !steer(s, SNP_STEER_LATCH, shut, before);
}

void sensors_beat(struct sensors *s)
{
	steer(s, SNP_STEER_BEAT, boottime_ns(), 0);
}

int sensors_set_audit(struct sensors *s, bool audit)
{
	return steer(s, SNP_STEER_AUDIT, audit, 0);
}

/* ---- the programs that see each write ---- */

static bool sees_writes(const struct sensors *s, size_t i)
{
	return has_program(s, i) && hook_table[i].flags & HOOK_WRITES;
}

bool sensors_are_armed(const struct sensors *s)
{
	return sensors_state(s).writes;
}

int sensors_arm(struct sensors *s)
{
	int err;

	for (size_t i = 0; i < hook_count; i++) {
		if (!sees_writes(s, i) || s->links[i] >= 0)
			continue;
		err = attach_one(s, i);
		if (!err && s->pinned)
			err = pin_again(s->links[i], PIN_LINK, hook_table[i].program);
		if (err < 0)
			return err;
	}
	return steer(s, SNP_STEER_ARM, 0, 0);
}

int sensors_disarm(struct sensors *s)
{
	char path[PIN_PATH_MAX];
	int err = steer(s, SNP_STEER_DISARM, 0, 0);

	for (size_t i = 0; !err && i < hook_count; i++) {
		if (!sees_writes(s, i))
			continue;
		if (s->pinned) {
			pin_path(path, PINS_DIR, PIN_LINK, hook_table[i].program);
			unlink(path);
		}
		detach_one(s, i);
	}
	return err;
}

int sensors_writers(struct sensors *s)
{
	return steer(s, SNP_STEER_WRITERS, 0, 0);
}

int sensors_begin_trials(struct sensors *s)
{
	return steer(s, SNP_STEER_TRY, gettid(), 0);
}

void sensors_end_trials(struct sensors *s)
{
	steer(s, SNP_STEER_TRY, 0, 0);
}
