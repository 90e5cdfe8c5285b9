// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/sensors_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kprobe_event.h"

/* The name that libbpf gives to .bss, after the object's name, as sensors_pin_name() has it. */
#define STATE_PIN "snp_guar_bss"

/* Chooses the rungs that are attached, not those that this start would attach or avoid. */
static void choose_pinned(struct sensors *s)
{
	struct hooks *h = s->hooks;

	hooks_avoid_nothing(h);
	for (size_t i = 0; i < hook_count; i++)
		for (size_t j = 0; s->links[i] >= 0 && !h->used[i] && j < hook_count; j++)
			if (sensors_has_program(s, j) && s->links[j] < 0 &&
			    hook_table[j].fact == hook_table[i].fact)
				hooks_refuse(h, j, -ENOENT);
}

static int take_links(struct sensors **out, struct hooks *h, int group)
{
	struct sensors *s = sensors_new(h, group);
	char path[PIN_PATH_MAX];
	int fd;

	*out = s;
	if (!s)
		return -ENOMEM;
	s->adopted = s->pinned = true;
	for (size_t i = 0; i < hook_count; i++) {
		if (!hook_table[i].program)
			continue;
		pin_path(path, PINS_DIR, PIN_LINK, hook_table[i].program);
		fd = pin_get(path);
		if (fd < 0 && fd != -ENOENT)
			return fd;
		s->links[i] = fd < 0 ? -1 : fd;
	}
	choose_pinned(s);
	return 0;
}

/* The write hooks are rightly detached at times. */
static bool is_missing(const struct sensors *s, size_t i)
{
	return sensors_has_program(s, i) && s->links[i] < 0 && !(hook_table[i].flags & HOOK_WRITES);
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
	int err = take_links(out, h, 0);

	if (err)
		return err;
	*missing = count_missing(*out, first_missing);
	h->options.truth_only = true;
	return sensors_load_and_attach(*out);
}

int sensors_adopt(struct sensors **out, struct hooks *h, int group, int *missing,
		  const char **first_missing)
{
	int err = take_links(out, h, group);
	struct sensors *s = *out;
	const char *pinned;

	if (err)
		return err;
	sensors_adopt_programs(s);
	*missing = count_missing(s, first_missing);
	/* The event of a lost kprobe still exists, and no program uses it. */
	for (size_t i = 0; i < hook_count; i++)
		if (is_missing(s, i) && hook_table[i].kind == HOOK_KPROBE)
			kprobe_event_remove(group, hook_table[i].program);
	err = sensors_load_and_attach(s);
	if (err)
		return err;
	sensors_adopt_missed(s);
	/* The write hooks were attached with what was missing. */
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
		sensors_pin_name(name, bpf_map__name(map));
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
		sensors_pin_name(of_map, bpf_map__name(map));
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

__u64 sensors_pinned_latch(void)
{
	struct bpf_map_info info = { 0 };
	char path[PIN_PATH_MAX];
	__u32 size = sizeof(info), zero = 0;
	/* What can't be read may be a snp_prepare() in flight. */
	__u64 latch = SNP_LATCH_PREPARE, *value = NULL;
	int fd;

	pin_path(path, PINS_DIR, PIN_MAP, STATE_PIN);
	fd = pin_get(path);
	if (fd < 0)
		return fd == -ENOENT ? 0 : latch;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size))
		value = calloc(1, info.value_size + sizeof(latch));
	if (value && !bpf_map_lookup_elem(fd, &zero, value))
		latch = value[0];
	free(value);
	close(fd);
	return latch;
}
