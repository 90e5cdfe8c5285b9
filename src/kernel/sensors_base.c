// SPDX-License-Identifier: GPL-2.0-only
/* What all of the sensors' other files build on. */
#include "kernel/sensors_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"

static char complaint[512];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN)
		vsnprintf(complaint, sizeof(complaint), format, args);
	complaint[strcspn(complaint, "\n")] = 0;
	return 0;
}

void sensors_set_complaint(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
}

const char *sensors_complaint(void)
{
	return complaint;
}

struct sensors *sensors_new(struct hooks *h, int group)
{
	struct sensors *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	for (size_t i = 0; i < HOOKS_MAX; i++)
		s->links[i] = s->adopted_programs[i] = -1;
	s->hooks = h;
	s->group = group;
	complaint[0] = 0;
	libbpf_set_print(keep_complaint);
	return s;
}

int sensors_give_way(struct sensors *s, size_t i, int err)
{
	hooks_refuse(s->hooks, i, err);
	/* -EBUSY would say that another guard is running. */
	if (hooks_lack_gate(s->hooks))
		return err == -EBUSY ? -EOPNOTSUPP : err;
	complain("%s: trying the next source of %s", complaint, hook_fact_name(hook_table[i].fact));
	return -EAGAIN;
}

bool sensors_has_program(const struct sensors *s, size_t i)
{
	return s->hooks->used[i] && hook_table[i].program;
}

bool sensors_is_write_hook(const struct sensors *s, size_t i)
{
	return sensors_has_program(s, i) && hook_table[i].flags & HOOK_WRITES;
}

/* bpffs takes no dots in a name (kernel/bpf/inode.c:bpf_lookup). */
void sensors_pin_name(char name[PIN_PATH_MAX / 2], const char *of)
{
	snprintf(name, PIN_PATH_MAX / 2, "%s", of);
	for (char *dot = name; (dot = strchr(dot, '.'));)
		*dot = '_';
}

int sensors_call(const struct bpf_program *program, void *arg, __u32 size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = arg, .ctx_size_in = size);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts))
		return -errno;
	return (int)opts.retval;
}

int sensors_steer(const struct sensors *s, enum snp_steer_verb verb, __u64 value, __u64 before)
{
	struct snp_steer arg = { .verb = verb, .value = value, .before = before };
	int err = sensors_call(s->skel->progs.steer, &arg, sizeof(arg));

	return err ? err : arg.result;
}

struct snp_state sensors_state(const struct sensors *s)
{
	struct snp_state state = { 0 };
	__u32 zero = 0;

	/* The kernel copies from start to end, which command_exit() relies on. */
	bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.bss), &zero, &state);
	return state;
}
