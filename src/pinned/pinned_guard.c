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

#define LEDGER_NAME "ledger"

/* A checkpoint's bytes: of a CPU, of which the automaton may have twice as many; and of the rest.
 */
#define CPU_BYTES  (2 * 64)
#define REST_BYTES (64 * 1024)

struct ledger_build pinned_guard_build(int group)
{
	struct ledger_build b = { .object_crc = sensors_object_crc(), .group = group };

	snprintf(b.version, sizeof(b.version), "%s", SNP_GUARD_VERSION);
	return b;
}

static int map_memory(struct pinned_guard *l, int protection)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(l->map, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || !(info.map_flags & BPF_F_MMAPABLE))
		return -EBADMSG;
	l->size = info.value_size;
	l->memory = mmap(NULL, l->size, protection, MAP_SHARED, l->map, 0);
	if (l->memory == MAP_FAILED) {
		l->memory = NULL;
		return -errno;
	}
	return 0;
}

static void find(struct pinned_guard *l, int protection)
{
	struct ledger_build found, ours;
	char path[PIN_PATH_MAX];

	l->found = PINNED_NONE;
	if (!pins_exist())
		return;
	l->found = PINNED_UNKNOWN;
	pin_path(path, PINS_DIR, PIN_MAP, LEDGER_NAME);
	l->map = bpf_obj_get(path);
	if (l->map < 0 || map_memory(l, protection))
		return;
	if (ledger_open(&l->ledger, l->memory, l->size, l->version)) {
		/* A guard's, in a layout that this one does not know. */
		l->found = l->version[0] ? PINNED_OTHER_BUILD : PINNED_UNKNOWN;
		return;
	}
	found = ledger_build(&l->ledger);
	l->group = found.group % 2;
	ours = pinned_guard_build(found.group);
	l->found = memcmp(&found, &ours, sizeof(found)) ? PINNED_OTHER_BUILD : PINNED_SAME_BUILD;
}

static void unmap(struct pinned_guard *l)
{
	if (l->memory)
		munmap(l->memory, l->size);
	l->memory = NULL;
	l->ledger = (struct ledger){ 0 };
	if (l->map >= 0)
		close(l->map);
	l->map = -1;
}

int pinned_guard_open(struct pinned_guard *l, int *holder)
{
	int err;

	*l = (struct pinned_guard){ .map = -1 };
	l->lock = guard_lock(holder);
	if (l->lock < 0)
		return l->lock;
	err = pins_recover();
	find(l, PROT_READ | PROT_WRITE);
	return err;
}

void pinned_guard_look(struct pinned_guard *l)
{
	*l = (struct pinned_guard){ .lock = -1, .map = -1 };
	find(l, PROT_READ);
}

void pinned_guard_close(struct pinned_guard *l)
{
	unmap(l);
	if (l->lock >= 0)
		close(l->lock);
	l->lock = -1;
}

int pinned_guard_begin(struct pinned_guard *l, unsigned int cpus, int group)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	struct ledger_build build = pinned_guard_build(group);
	size_t size = ledger_size(REST_BYTES + (size_t)cpus * CPU_BYTES);
	int err;

	unmap(l);
	l->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "snp_ledger", sizeof(__u32), size, 1, &opts);
	if (l->map < 0)
		return -errno;
	err = map_memory(l, PROT_READ | PROT_WRITE);
	if (!err)
		ledger_format(&l->ledger, l->memory, l->size, &build);
	return err;
}

int pinned_guard_pin(const struct pinned_guard *l)
{
	char path[PIN_PATH_MAX];

	pin_path(path, PINS_NEW, PIN_MAP, LEDGER_NAME);
	return bpf_obj_pin(l->map, path) ? -errno : 0;
}

int pinned_guard_repin(const struct pinned_guard *l)
{
	return pin_again(l->map, PIN_MAP, LEDGER_NAME);
}
