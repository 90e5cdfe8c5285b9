/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An imaginary host with two CPUs. An action changes it, and leads to the records that the guard
 * would write of it.
 */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include <stdbool.h>

#include "contract/window.h"
#include "model.h"

/* X(symbol, name) */
#define HOST_ACTIONS(X)                                                                            \
	X(PREPARE_ENTER, "prepare-enter")                                                          \
	X(PREPARE_OK, "prepare-exit:ok")                                                           \
	X(PREPARE_FAIL, "prepare-exit:-95")                                                        \
	X(ENABLE_0, "snp-enable:0")                                                                \
	X(ENABLE_1, "snp-enable:1")                                                                \
	X(INIT_OK, "init:ok")                                                                      \
	X(INIT_FAIL, "init:fail")                                                                  \
	X(INIT_RETRY, "init:0xF")                                                                  \
	X(FLUSH_OK, "flush:ok")                                                                    \
	X(FLUSH_FAIL, "flush:fail")                                                                \
	X(LEGACY_OK, "legacy-shutdown:ok")                                                         \
	X(OLD_OK, "old-shutdown:ok")                                                               \
	X(FULL_OK, "full-shutdown:ok")                                                             \
	X(FULL_FAIL, "full-shutdown:fail")                                                         \
	X(FULL_KEEPS, "full-shutdown:keeps-CPU-1")                                                 \
	X(X86_SHUTDOWN, "x86-shutdown")                                                            \
	X(OWNED_DISABLE, "owned-disable")                                                          \
	X(OWNED_ENABLE, "owned-enable")                                                            \
	X(FOREIGN_DISABLE, "foreign-disable")                                                      \
	X(FOREIGN_ENABLE, "foreign-enable")                                                        \
	X(UP_0, "up:0")                                                                            \
	X(UP_1, "up:1")                                                                            \
	X(DOWN_0, "down:0")                                                                        \
	X(DOWN_1, "down:1")                                                                        \
	X(UNSEEN_UP_1, "unseen-up:1")                                                              \
	X(UNSEEN_DOWN_1, "unseen-down:1")                                                          \
	X(SET_0, "unseen-set:0")                                                                   \
	X(CLEAR_0, "unseen-clear:0")                                                               \
	X(SET_1, "unseen-set:1")                                                                   \
	X(CLEAR_1, "unseen-clear:1")                                                               \
	X(HSAVE_CLEARED_0, "hsave-cleared:0")                                                      \
	X(HSAVE_CLEARED_1, "hsave-cleared:1")                                                      \
	X(HSAVE_SET_0, "hsave-set:0")                                                              \
	X(HSAVE_SET_1, "hsave-set:1")                                                              \
	X(RMPOPT_ON_0, "rmpopt-on:0")                                                              \
	X(RMPOPT_ON_1, "rmpopt-on:1")                                                              \
	X(RMPOPT_OFF_0, "rmpopt-off:0")                                                            \
	X(RMPOPT_OFF_1, "rmpopt-off:1")                                                            \
	X(RMPOPT_FAILS_0, "rmpopt-fails:0")                                                        \
	X(UNREADABLE_1, "unreadable:1")                                                            \
	X(READABLE_1, "readable:1")                                                                \
	X(COUNT_HIDDEN, "count-hidden")                                                            \
	X(SWEEP, "sweep")                                                                          \
	X(SWEEP_UNSTABLE, "sweep:unstable")                                                        \
	X(SWEEP_OF_ALL, "sweep:tells-all")                                                         \
	X(WAIT, "wait:settle")                                                                     \
	X(WAIT_HALF, "wait:settle/2")                                                              \
	X(WAIT_LONG, "wait:unverified/2")                                                          \
	X(OTHER, "module-load")                                                                    \
	X(LOST, "lost")                                                                            \
	X(UNCOVERED, "uncovered")                                                                  \
	X(DENIED, "denied")                                                                        \
	X(KEXEC, "kexec")                                                                          \
	X(END, "end")                                                                              \
	X(BEFORE_ABSENT, "before:absent")                                                          \
	X(BEFORE_OFFLINE, "before:offline")                                                        \
	X(BEFORE_UNREADABLE, "before:unreadable")                                                  \
	X(BEFORE_CLEAR, "before:clear")                                                            \
	X(BEFORE_SET, "before:set")                                                                \
	X(BEFORE_SAME_BOOT, "before:in-same-boot")                                                 \
	X(BEFORE_OTHER_BOOT, "before:in-other-boot")

enum host_action {
#define X(sym, name) HOST_##sym,
	HOST_ACTIONS(X)
#undef X
		HOST_ACTION_COUNT
};

/* From here on: what a snapshot has of one CPU after the other, and when it was taken. */
#define HOST_SNAPSHOT	   HOST_BEFORE_ABSENT
#define HOST_SNAPSHOT_DONE HOST_BEFORE_SAME_BOOT

enum { HOST_RECORDS = 2 * MODEL_CPUS + 1 }; /* that one action leads to, at most */

struct host_cpu {
	bool online, snp_en, unreadable, no_hsave, rmpopt, rmpopt_fails;
};

struct host {
	struct host_cpu cpus[MODEL_CPUS];
	int count; /* cpu_hotplug_disabled */
	bool count_hidden;
	bool watches_enable;	  /* the kernel has an snp_enable() to watch */
	bool says_firmware;	  /* the driver's own flag can be read */
	bool hides_commands;	  /* no one sees the firmware's commands */
	bool init_done, firmware; /* SNP_INIT succeeded; the flush too, as the flag says */
	bool asked;		  /* the next sweep need not read the flag */
	unsigned int before;	  /* CPUs that the snapshot told of */
	bool has_rmpopt;	  /* ... as its CPUs do once one of them has enabled it */
	bool begun;		  /* whether there is a snapshot is decided: it comes first */
	bool ended;
	__u64 now_ns;
};

const char *host_action_name(enum host_action action);
/* False for what can't be, as a CPU that comes up while it is online. */
bool host_can(const struct host *host, enum host_action action);
/*
 * Which CPUs a sweep would tell of, as a bit mask: those that differ from what the guard knows.
 * From the bit MODEL_CPUS on: of which RMPOPT_BASE. 0 for an action that is no sweep.
 */
unsigned int host_tells(const struct host *host, enum host_action action, const struct window *w);
/* Does it; returns how many records it wrote. */
unsigned int host_act(struct host *host, enum host_action action, unsigned int tells,
		      struct snp_event records[HOST_RECORDS]);

#endif
