// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PINS_OLD PINS_DIR "-old"

static const char *const kinds[] = { [PIN_MAP] = "maps", [PIN_LINK] = "links" };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

void pin_path(char path[PIN_PATH_MAX], const char *dir, enum pin_kind kind, const char *name)
{
	snprintf(path, PIN_PATH_MAX, "%s/%s/%s", dir, kinds[kind], name);
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

bool pins_exist(void)
{
	return exists(PINS_DIR);
}

/* ---- directories ---- */

static int empty_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (d = readdir(dir)))
		if (d->d_name[0] != '.' && unlinkat(dirfd(dir), d->d_name, 0))
			err = -errno;
	closedir(dir);
	return err;
}

/* Removes a guard's files alone; a directory with other files in it stays. */
static int remove_tree(const char *dir)
{
	char path[PIN_PATH_MAX];
	int err;

	for (size_t i = 0; i < KINDS; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, kinds[i]);
		err = empty_dir(path);
		if (err)
			return err;
		if (rmdir(path) && errno != ENOENT)
			return -errno;
	}
	return rmdir(dir) && errno != ENOENT ? -errno : 0;
}

int pins_recover(void)
{
	int err = 0;

	/* A guard was killed between the renames of pins_publish(): the old pins still work. */
	if (exists(PINS_OLD) && !exists(PINS_DIR) && rename(PINS_OLD, PINS_DIR))
		return -errno;
	if (exists(PINS_OLD))
		err = remove_tree(PINS_OLD);
	if (!err && exists(PINS_NEW))
		err = remove_tree(PINS_NEW);
	return err;
}

int pins_begin(void)
{
	char path[PIN_PATH_MAX];

	if (mkdir(PINS_NEW, 0700))
		return -errno;
	for (size_t i = 0; i < KINDS; i++) {
		snprintf(path, sizeof(path), "%s/%s", PINS_NEW, kinds[i]);
		if (mkdir(path, 0700))
			return -errno;
	}
	return 0;
}

int pins_publish(void)
{
	if (exists(PINS_DIR) && rename(PINS_DIR, PINS_OLD))
		return -errno;
	if (rename(PINS_NEW, PINS_DIR))
		return -errno;
	/* Where that fails, the next guard's pins_recover() tries again. */
	if (exists(PINS_OLD))
		remove_tree(PINS_OLD);
	return 0;
}

int pins_remove(void)
{
	return remove_tree(PINS_DIR);
}

/* ---- one pin ---- */

static __u32 map_id(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

static __u32 link_id(int fd)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

static __u32 id_of(enum pin_kind kind, int fd)
{
	return kind == PIN_MAP ? map_id(fd) : link_id(fd);
}

int pin_get(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0)
		return fd;
	/* -EINVAL: a file of another file system, kernel/bpf/inode.c:bpf_any_get(). */
	return errno == EINVAL || errno == ENOTDIR ? -ENOENT : -errno;
}

/* Returns 1, 0, or a negative errno. */
static int holds(enum pin_kind kind, const char *path, int fd)
{
	int pinned = pin_get(path);
	bool same;

	if (pinned < 0)
		return pinned == -ENOENT ? 0 : pinned;
	same = id_of(kind, pinned) == id_of(kind, fd);
	close(pinned);
	return same;
}

int pin_again(int fd, enum pin_kind kind, const char *name)
{
	char path[PIN_PATH_MAX];
	int n;

	pin_path(path, PINS_DIR, kind, name);
	n = holds(kind, path, fd);
	if (n)
		return n < 0 ? n : 0;
	unlink(path);
	if (bpf_obj_pin(fd, path))
		return -errno;
	return 1;
}
