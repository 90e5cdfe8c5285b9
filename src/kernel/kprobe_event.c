// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/kprobe_event.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const groups[KPROBE_GROUPS] = { "snp_guard", "snp_guard_2" };

static int open_tracefs(const char *path, int flags)
{
	static const char *const roots[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char full[160];
	int fd = -1, err = 0;

	for (int i = 0; i < 2 && fd < 0; i++) {
		snprintf(full, sizeof(full), "%s/%s", roots[i], path);
		fd = open(full, flags | O_CLOEXEC);
		/* The error of the tracefs that exists, not the other place's ENOENT. */
		if (fd < 0 && (!err || errno != ENOENT))
			err = -errno;
	}
	return fd < 0 ? err : fd;
}

/* taken: set if the file could be opened, so that the result is the command's. */
static int write_command_once(const char *line, bool *taken)
{
	int fd = open_tracefs("kprobe_events", O_WRONLY | O_APPEND);
	ssize_t n;
	int err;

	*taken = fd >= 0;
	if (fd < 0)
		return fd;
	n = write(fd, line, strlen(line));
	err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* What may pass, such as a want of memory: not an event in use, unknown, or there already. */
static bool may_pass(int err)
{
	return err && err != -EBUSY && err != -ENOENT && err != -EEXIST;
}

/*
 * A second try, since after a passing failure a fact would have a lesser source for the whole run,
 * or an event would be left behind.
 */
static int write_command(const char *line)
{
	bool taken;
	int err = write_command_once(line, &taken);

	return !taken || may_pass(err) ? write_command_once(line, &taken) : err;
}

static int event_id(int group, const char *name, __u64 *id)
{
	char path[128], text[24] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "events/%s/%s/id", groups[group], name);
	fd = open_tracefs(path, O_RDONLY);
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	*id = strtoull(text, NULL, 10);
	return 0;
}

int kprobe_event_open(int group, const char *name, const char *module,
		      const struct kallsym *function, bool at_return)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	char line[200 + KALLSYM_SUFFIX_LEN];
	__u64 id;
	int fd, err;

	snprintf(line, sizeof(line), "%c:%s/%s %s%s%s%s\n", at_return ? 'r' : 'p', groups[group],
		 name, module ? module : "", module ? ":" : "", function->name, function->suffix);
	err = write_command(line);
	if (err)
		return err;
	err = event_id(group, name, &id);
	if (err)
		goto fail;
	attr.config = id;
	/* CPU 0 never goes offline on x86; the program runs wherever the probe is hit. */
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0)
		return fd;
	err = -errno;
fail:
	kprobe_event_remove(group, name);
	return err;
}

void kprobe_event_remove(int group, const char *name)
{
	char line[100];

	snprintf(line, sizeof(line), "-:%s/%s\n", groups[group], name);
	write_command(line);
}

static FILE *open_events(void)
{
	int fd = open_tracefs("kprobe_events", O_RDONLY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f && fd >= 0)
		close(fd);
	return f;
}

bool kprobe_event_is_at(int group, const char *name, const char *module,
			const struct kallsym *function)
{
	FILE *f = open_events();
	char line[256 + KALLSYM_SUFFIX_LEN], event[160], at[200 + KALLSYM_SUFFIX_LEN];
	const char *rest;
	bool is_at = !f;

	snprintf(event, sizeof(event), "%s/%s ", groups[group], name);
	snprintf(at, sizeof(at), "%s:%s%s\n", module, function->name, function->suffix);
	/* "p:GROUP/NAME MODULE:FUNCTION" */
	while (!is_at && fgets(line, sizeof(line), f)) {
		rest = strchr(line, ':');
		is_at = rest && !strncmp(rest + 1, event, strlen(event)) &&
			!strcmp(rest + 1 + strlen(event), at);
	}
	if (f)
		fclose(f);
	return is_at;
}

int kprobe_event_remove_stale(int group)
{
	FILE *f = open_events();
	char line[256 + KALLSYM_SUFFIX_LEN], in[40], name[100], command[160];
	int err = 0;

	if (!f)
		return 0;
	while (!err && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*[pr0-9]:%39[^/]/%99[a-z_]", in, name) != 2 ||
		    strcmp(in, groups[group]))
			continue;
		snprintf(command, sizeof(command), "-:%s/%s\n", in, name);
		/* The kernel refuses to remove an event that a program is attached to. */
		if (write_command(command) == -EBUSY)
			err = -EBUSY;
	}
	fclose(f);
	return err;
}
