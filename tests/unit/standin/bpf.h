/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libbpf for a kernel that is a script: a map or a link is a file of the host, a pin is one more
 * name of it, and a program is attached as long as its link is open or pinned. Opening the BPF
 * object, and reading BTF, stay libbpf's own.
 */
#ifndef STANDIN_BPF_H
#define STANDIN_BPF_H

#include <stdbool.h>

#include "abi/event.h"
#include "abi/latch.h"

struct bpf_kernel {
	/* Of the programs that were attached last; NULL: none were. */
	struct snp_state *state;
	/* Records that the ring buffer holds; room: how many it can. */
	struct snp_event records[1024];
	unsigned int first, count, room;
	/* Answers a program that the guard calls, by its name: 0, or a negative errno. */
	int (*on_call)(const char *program, void *arg);
	unsigned long long missed; /* calls that the kernel left out of each of these programs: */
	const char *missed_by;	   /* names, separated by spaces; NULL: online_set */
};

extern struct bpf_kernel bpf_kernel;

/* No map, no link, nothing pinned. */
void bpf_begin(void);
void bpf_end(void);

/*
 * From now on a call fails with that negative errno; 0: no more. call is "open", "load NAME" (the
 * verifier refuses a program), "attach NAME", "pin NAME", "get NAME", "create NAME", "freeze",
 * "ring", or "call NAME"; NAME is that of a program or map.
 */
void bpf_refuse(const char *call, int err);

bool bpf_is_attached(const char *program);
/* Another process lets go of a program, or of a pin: as if its link had been detached by force. */
void bpf_detach(const char *program);

/* Puts a record where the guard will find it; false if there is no room. */
bool bpf_put(const struct snp_event *e);

#endif
