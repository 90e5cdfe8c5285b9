// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of BPF programs that the kernel left out, as the same program was running on that CPU. The
 * kernel counts them for each program since the program was loaded, by whichever guard.
 */
#include "kernel/sensors_private.h"

#include <unistd.h>

int sensors_program_fd(const struct sensors *s, size_t i)
{
	if (s->adopted_programs[i] >= 0)
		return s->adopted_programs[i];
	return s->programs[i] ? bpf_program__fd(s->programs[i]) : -1;
}

static __u64 misses_of(const struct sensors *s, size_t i)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = sensors_program_fd(s, i);

	/* What can't be read is no news. */
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return s->misses[i];
	return info.recursion_misses;
}

static bool has_twin(size_t i)
{
	return i + 1 < hook_count && hook_table[i + 1].flags & HOOK_TWIN;
}

static __u64 count_new(struct sensors *s, size_t i)
{
	__u64 misses = misses_of(s, i), before = s->misses[i];

	s->misses[i] = misses;
	return misses - before;
}

static __u64 smaller(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* In audit mode a second twin does nothing. */
__u64 sensors_missed(struct sensors *s)
{
	bool audit = sensors_state(s).audit;

	for (size_t i = 0; i < hook_count; i += 1 + has_twin(i)) {
		__u64 first = count_new(s, i), second = has_twin(i) ? count_new(s, i + 1) : first;

		s->missed += audit ? first : smaller(first, second);
	}
	return s->missed;
}

void sensors_adopt_programs(struct sensors *s)
{
	for (size_t i = 0; i < hook_count; i++) {
		struct bpf_link_info info = { 0 };
		__u32 size = sizeof(info);

		if (s->links[i] >= 0 && !bpf_obj_get_info_by_fd(s->links[i], &info, &size))
			s->adopted_programs[i] = bpf_prog_get_fd_by_id(info.prog_id);
	}
}

/* From now on the hook's program is the one that these sensors loaded. */
void sensors_drop_program(struct sensors *s, size_t i)
{
	if (s->adopted_programs[i] < 0)
		return;
	close(s->adopted_programs[i]);
	s->adopted_programs[i] = -1;
	s->misses[i] = 0;
}

void sensors_adopt_missed(struct sensors *s)
{
	__u64 missed = sensors_missed(s);

	s->kept_missed = sensors_state(s).missed;
	/* Fewer are left where a pin was removed, and the program with it. */
	s->missed = missed > s->kept_missed ? missed - s->kept_missed : 0;
}

/* Of the programs that are attached: any other one goes with this process. */
void sensors_keep_missed(struct sensors *s, bool without_writes)
{
	__u64 misses = 0;

	for (size_t i = 0; i < hook_count; i += 1 + has_twin(i)) {
		__u64 second = has_twin(i) ? s->misses[i + 1] : s->misses[i];

		if (s->links[i] >= 0 && !(without_writes && sensors_is_write_hook(s, i)))
			misses += smaller(s->misses[i], second);
	}
	if (misses != s->kept_missed && !sensors_steer(s, SNP_STEER_MISSED, misses, 0))
		s->kept_missed = misses;
}

void sensors_missed_reported(struct sensors *s)
{
	sensors_keep_missed(s, false);
}
