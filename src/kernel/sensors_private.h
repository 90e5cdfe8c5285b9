/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sensors*.c files share and no other file uses. */
#ifndef SENSORS_PRIVATE_H
#define SENSORS_PRIVATE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel/pins.h"
#include "kernel/sensors.h"
#include "snp_guard.skel.h"

struct sensors {
	struct hooks *hooks;
	struct snp_guard_bpf *skel;
	struct bpf_program *programs[HOOKS_MAX]; /* NULL where a hook has none */
	struct ring_buffer *ring;
	int links[HOOKS_MAX];		 /* descriptors; -1: not attached */
	int adopted_programs[HOOKS_MAX]; /* descriptors, of links that another guard made; -1 */
	__u64 misses[HOOKS_MAX];	 /* calls that the kernel left out, when last counted */
	__u64 missed;			 /* ... in all, as sensors_missed() returns them */
	__u64 kept_missed;		 /* ... as snp_state has them */
	bool events[HOOKS_MAX];		 /* kprobe events that these sensors created in tracefs */
	int group;			 /* of these events, see kprobe_event.h */
	__u64 ccp_inode;		 /* of the ccp that they were compared with */
	bool pinned, adopted;
	char verifier[HOOKS_MAX]
		     [1024];	      /* the verifier's log of a program that the kernel refused */
	char verifier_of_calls[1024]; /* ... of the syscall programs */
	bool has_hold;		      /* the kernel has a hotplug disable for SNP */

	int (*consume)(void *ctx, const struct snp_event *e);
	void *consume_ctx;
};

/* sensors_base.c. Formats what sensors_complaint() returns. */
void __attribute__((format(printf, 1, 2))) sensors_set_complaint(const char *format, ...);
/*
 * The kernel refuses the hook with err, as the complaint says: chooses another rung, and says so.
 * Returns -EAGAIN, or another negative errno if the gate has no other.
 */
int sensors_give_way(struct sensors *s, size_t i, int err);
/* Nothing is loaded or attached yet. NULL without memory. */
struct sensors *sensors_new(struct hooks *h, int group);
/* i: of the hook in hook_table, here and below */
bool sensors_has_program(const struct sensors *s, size_t i);
bool sensors_is_write_hook(const struct sensors *s, size_t i);
/* A map's name as bpffs takes it. */
void sensors_pin_name(char name[PIN_PATH_MAX / 2], const char *of);
/*
 * Runs a syscall program, which reads its question from arg and writes the answer there. Returns
 * what the program returned, or a negative errno.
 */
int sensors_call(const struct bpf_program *program, void *arg, __u32 size);
/* Lets the program steer change the state. Returns its answer or a negative errno. */
int sensors_steer(const struct sensors *s, enum snp_steer_verb verb, __u64 value, __u64 before);

/* sensors_load.c. Return 0, a negative errno, or -EAGAIN after hooks_refuse() chose another rung.
 */
int sensors_load(struct sensors *s);
const struct kallsym *sensors_symbol(const struct sensors *s, const char *name);

/* sensors_attach.c */
int sensors_attach_one(struct sensors *s, size_t i);
/* Returns 0, a negative errno, or -EAGAIN after hooks_refuse() chose another rung. */
int sensors_attach_all(struct sensors *s);
void sensors_detach_one(struct sensors *s, size_t i);

/* sensors.c. Returns as sensors_load() does. */
int sensors_load_and_attach(struct sensors *s);

/* sensors_missed.c. Opens the programs of the links, which another guard made. */
void sensors_adopt_programs(struct sensors *s);
/* A descriptor of the hook's program, whichever guard has loaded it; negative: there is none. */
int sensors_program_fd(const struct sensors *s, size_t i);
/* The link of one of them is gone. */
void sensors_drop_program(struct sensors *s, size_t i);
/* Leaves out what the guard before has reported; once the maps are there. */
void sensors_adopt_missed(struct sensors *s);
/* Tells the next guard what is reported. without_writes: the write hooks are about to go. */
void sensors_keep_missed(struct sensors *s, bool without_writes);

/* hold_detect.c: whether the kernel disables CPU hotplug for SNP. */
bool sensors_find_hold(const struct sensors *s);

#endif
