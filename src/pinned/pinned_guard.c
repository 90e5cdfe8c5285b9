// SPDX-License-Identifier: GPL-2.0-only
#include "pinned/pinned_guard.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/pins.h"
#include "kernel/sensors.h"
#include "pinned/guard_lock.h"

#define LEDGER_NAME "ledger"

/* Of this build, with its kprobe events in a group. */
static struct ledger_build pinned_guard_build(int group)
{
	struct ledger_build b = { .object_crc = sensors_object_crc(), .group = group };

	snprintf(b.version, sizeof(b.version), "%s", SNP_GUARD_VERSION);
	return b;
}

static int map_ledger(struct pinned_guard *g, int protection)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(g->map, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || !(info.map_flags & BPF_F_MMAPABLE))
		return -EBADMSG;
	g->size = info.value_size;
	g->memory = mmap(NULL, g->size, protection, MAP_SHARED, g->map, 0);
	if (g->memory == MAP_FAILED) {
		g->memory = NULL;
		return -errno;
	}
	return 0;
}

static void find_pinned(struct pinned_guard *g, int protection)
{
	struct ledger_build found, ours;
	char path[PIN_PATH_MAX];
	int err;

	g->found = PINNED_NONE;
	if (!pins_exist())
		return;
	g->found = PINNED_UNKNOWN;
	pin_path(path, PINS_DIR, PIN_MAP, LEDGER_NAME);
	err = pin_get(path);
	if (err >= 0) {
		g->map = err;
		err = map_ledger(g, protection);
	}
	if (err && err != -ENOENT && err != -EBADMSG) {
		g->found = PINNED_UNREADABLE;
		g->err = err;
	}
	if (err)
		return;
	if (ledger_open(&g->ledger, g->memory, g->size, g->version)) {
		/* With a version it is a guard's, in a layout that this build does not know. */
		g->found = g->version[0] ? PINNED_OTHER_BUILD : PINNED_UNKNOWN;
		return;
	}
	found = ledger_build(&g->ledger);
	g->group = found.group % 2;
	ours = pinned_guard_build(found.group);
	g->found = memcmp(&found, &ours, sizeof(found)) ? PINNED_OTHER_BUILD : PINNED_SAME_BUILD;
}

static void unmap_ledger(struct pinned_guard *g)
{
	if (g->memory)
		munmap(g->memory, g->size);
	g->memory = NULL;
	g->ledger = (struct ledger){ 0 };
	if (g->map >= 0)
		close(g->map);
	g->map = -1;
}

int pinned_guard_open(struct pinned_guard *g, int *holder)
{
	int err;

	*g = (struct pinned_guard){ .map = -1 };
	g->lock = guard_lock(holder);
	if (g->lock < 0)
		return g->lock;
	err = pins_recover();
	find_pinned(g, PROT_READ | PROT_WRITE);
	return err;
}

void pinned_guard_look(struct pinned_guard *g)
{
	*g = (struct pinned_guard){ .lock = -1, .map = -1 };
	find_pinned(g, PROT_READ);
}

void pinned_guard_close(struct pinned_guard *g)
{
	unmap_ledger(g);
	if (g->lock >= 0)
		close(g->lock);
	g->lock = -1;
}

int pinned_guard_begin(struct pinned_guard *g, size_t state_room, int group)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	struct ledger_build build = pinned_guard_build(group);
	size_t size = ledger_size(state_room);
	int err;

	unmap_ledger(g);
	g->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "snp_ledger", sizeof(__u32), size, 1, &opts);
	if (g->map < 0)
		return -errno;
	err = map_ledger(g, PROT_READ | PROT_WRITE);
	if (!err)
		ledger_format(&g->ledger, g->memory, g->size, &build);
	return err;
}

int pinned_guard_pin(const struct pinned_guard *g)
{
	char path[PIN_PATH_MAX];

	pin_path(path, PINS_NEW, PIN_MAP, LEDGER_NAME);
	return bpf_obj_pin(g->map, path) ? -errno : 0;
}

int pinned_guard_repin(const struct pinned_guard *g)
{
	return pin_again(g->map, PIN_MAP, LEDGER_NAME);
}
