// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/sensors_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int reuse_maps(struct sensors *s)
{
	char name[PIN_PATH_MAX / 2], path[PIN_PATH_MAX];
	struct bpf_map *map;
	int fd, err;

	bpf_object__for_each_map(map, s->skel->obj)
	{
		sensors_pin_name(name, bpf_map__name(map));
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

static void set_range(struct text_range *r, const struct kallsym *s)
{
	r->start = s && s->end ? s->start : 0;
	r->end = s ? s->end : 0;
}

const struct kallsym *sensors_symbol(const struct sensors *s, const char *name)
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
	ro->has_mmiotrace = address(sensors_symbol(s, "enable_mmiotrace"));
	ro->count_addr = address(sensors_symbol(s, "cpu_hotplug_disabled"));
	ro->hibernate_addr = address(sensors_symbol(s, "hibernate_atomic"));
	set_range((void *)&ro->hotplug_text[0], sensors_symbol(s, "cpu_hotplug_disable"));
	set_range((void *)&ro->hotplug_text[1], sensors_symbol(s, "cpu_hotplug_enable"));
	set_range((void *)&ro->snp_text[0], sensors_symbol(s, "snp_prepare"));
	set_range((void *)&ro->snp_text[1], sensors_symbol(s, "snp_shutdown"));
	set_range((void *)&ro->snp_text[2], sensors_symbol(s, "snp_rmptable_init"));
	state->audit = s->hooks->options.audit;
	state->writes = 1; /* the write hooks are attached with the others */
	set_range(&state->ccp_text, kernel_module_text(&s->hooks->kernel, "ccp"));
}

/* Room for two records of each CPU: snp_prepare() makes each CPU write one at once. */
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

/* Room for three guarded files of each CPU in two instances of sysfs, and for the others. */
static unsigned int listed_files(const struct hooks *h)
{
	struct cpulist possible;
	unsigned int n = 256;

	if (platform_cpus(&h->kernel.platform, "possible", &possible))
		return n;
	n += 6 * cpulist_count(&possible);
	cpulist_free(&possible);
	return n;
}

/* A pinned link needs no new program, unless it is a write hook, which comes and goes. */
static bool is_wanted(const struct sensors *s, size_t i)
{
	return s->hooks->used[i] && !s->hooks->options.truth_only &&
	       (s->links[i] < 0 || hook_table[i].flags & HOOK_WRITES);
}

/*
 * A frozen map is changed by BPF programs alone, and no process can map its memory. The ring buffer
 * stays as it is, since its reader writes to it.
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

/* The last line of the verifier's log before its statistics names the error. */
static void complain_of_program(const char *name, char *log)
{
	char *end = strstr(log, "\nprocessed ");
	const char *last;

	if (end)
		*end = 0;
	last = strrchr(log, '\n');
	sensors_set_complaint("the kernel's verifier refuses %s: %s", name, last ? last + 1 : log);
}

int sensors_load(struct sensors *s)
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
	/* The kernel writes a log for the refused program alone. */
	for (size_t i = 0; i < hook_count; i++) {
		if (!h->used[i] || !s->verifier[i][0])
			continue;
		complain_of_program(hook_table[i].program, s->verifier[i]);
		return sensors_give_way(s, i, err);
	}
	if (s->verifier_of_calls[0])
		complain_of_program("a syscall program", s->verifier_of_calls);
	return err;
}
