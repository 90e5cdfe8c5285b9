// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/sensors_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kprobe_event.h"

/* The link keeps the perf event, so the event's descriptor is closed. */
static int attach_kprobe(struct sensors *s, size_t i)
{
	const struct hook *hook = &hook_table[i];
	const struct kernel *k = &s->hooks->kernel;
	bool in_module = hook->flags & HOOK_IN_CCP && k->ccp != MODULE_BUILTIN;
	const struct kallsym *symbol =
		kernel_symbol(k, hook->target, hook->flags & HOOK_IN_CCP ? "ccp" : NULL);
	int fd;

	fd = kprobe_event_open(s->group, hook->program, in_module ? "ccp" : NULL, symbol,
			       hook->flags & HOOK_AT_RETURN);
	if (fd < 0)
		return fd;
	s->events[i] = true;
	s->links[i] = bpf_link_create(sensors_program_fd(s, i), fd, BPF_PERF_EVENT, NULL);
	close(fd);
	return s->links[i] < 0 ? -errno : 0;
}

int sensors_attach_one(struct sensors *s, size_t i)
{
	struct bpf_program *program = s->programs[i];

	if (hook_table[i].kind == HOOK_KPROBE)
		return attach_kprobe(s, i);
	s->links[i] = bpf_link_create(bpf_program__fd(program), 0,
				      bpf_program__expected_attach_type(program), NULL);
	return s->links[i] < 0 ? -errno : 0;
}

int sensors_attach_all(struct sensors *s)
{
	const struct hooks_options *o = &s->hooks->options;
	int err;

	for (size_t i = 0; i < hook_count; i++) {
		if (!sensors_has_program(s, i) || s->links[i] >= 0)
			continue;
		if (o->stopped && o->stopped(o->stopped_ctx))
			return -EINTR;
		err = sensors_attach_one(s, i);
		if (!err)
			continue;
		sensors_set_complaint("%s can't be attached (%s)", hook_table[i].program,
				      strerror(-err));
		return sensors_give_way(s, i, err);
	}
	return 0;
}

static int move(struct sensors *s, size_t i)
{
	char path[PIN_PATH_MAX];
	int err;

	if (s->pinned) {
		pin_path(path, PINS_DIR, PIN_LINK, hook_table[i].program);
		unlink(path);
	}
	/* The program stays: it may be one that an earlier guard has loaded. */
	close(s->links[i]);
	s->links[i] = -1;
	kprobe_event_remove(s->group, hook_table[i].program);
	s->events[i] = false;
	err = sensors_attach_one(s, i);
	if (!err && s->pinned)
		err = pin_again(s->links[i], PIN_LINK, hook_table[i].program);
	return err < 0 ? err : 0;
}

static int follow(struct sensors *s, size_t i)
{
	const struct hook *hook = &hook_table[i];
	const struct kernel *k = &s->hooks->kernel;
	int err = -ENOENT;

	if (kernel_function(k, hook->target, true, false) == FUNCTION_FOUND) {
		if (kprobe_event_is_at(s->group, hook->program, "ccp",
				       kernel_symbol(k, hook->target, "ccp")))
			return 0;
		err = move(s, i);
	}
	if (err)
		hooks_refuse(s->hooks, i, err);
	return err ? err : 1;
}

int sensors_follow_ccp(struct sensors *s, const char **name)
{
	struct kernel *k = &s->hooks->kernel;
	int result = kernel_ccp_changed(k) ? kernel_refresh(k) : 0, n;

	*name = "build, unread";
	/* Where ccp went meanwhile, its symbols may have been read after they were gone. */
	if (result || kernel_ccp_changed(k) || k->ccp != MODULE_LOADED ||
	    k->ccp_inode == s->ccp_inode)
		return result;
	s->ccp_inode = k->ccp_inode;
	for (size_t i = 0; i < hook_count; i++) {
		if (hook_table[i].kind != HOOK_KPROBE || !(hook_table[i].flags & HOOK_IN_CCP) ||
		    s->links[i] < 0)
			continue;
		n = follow(s, i);
		/* The first that was moved, or that is lost. */
		if (n && (!result || (n < 0 && result > 0))) {
			result = n;
			*name = hook_table[i].target;
		}
	}
	return result;
}

void sensors_detach_one(struct sensors *s, size_t i)
{
	if (s->links[i] >= 0)
		close(s->links[i]);
	s->links[i] = -1;
	sensors_drop_program(s, i);
	if (s->events[i] && !s->pinned)
		kprobe_event_remove(s->group, hook_table[i].program);
	s->events[i] = false;
}
