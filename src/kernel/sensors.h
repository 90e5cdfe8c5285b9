/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF programs while they are loaded: their records and counters, the kernel's own state, and
 * the latch. The write hooks are the gate's programs at each read(2), write(2) and ioctl(2).
 */
#ifndef SENSORS_H
#define SENSORS_H

#include "abi/event.h"
#include "abi/latch.h"
#include "host/initialised.h"
#include "kernel/hooks.h"

struct sensors;

/*
 * Loads and attaches what h chose; h must outlive the sensors. If the kernel refuses a program, h
 * takes the next rung of the ladder (hooks_refuse()); if it refuses one of the gate's, that is an
 * error unless h audits. group: of the kprobe events, 0 to KPROBE_GROUPS - 1. *out is set even
 * after an error, for sensors_complaint() and sensors_close(). Returns 0 or a negative errno:
 * -EBUSY if another guard uses the group, -EINTR if h->options.stopped() says so.
 */
int sensors_open(struct sensors **out, struct hooks *h, int group);

/*
 * Takes over the maps and links in PINS_DIR, which a guard of this very build pinned, and attaches
 * what is missing. *missing is set to the number of missing links, not counting the write hooks,
 * and *first_missing to the name of one of their programs. Otherwise as sensors_open().
 */
int sensors_adopt(struct sensors **out, struct hooks *h, int group, int *missing,
		  const char **first_missing);

/* Opens the maps and links in PINS_DIR and changes nothing. Otherwise as sensors_adopt(). */
int sensors_look(struct sensors **out, struct hooks *h, int *missing, const char **first_missing);

/* Pins all maps and links below PINS_NEW, which pins_begin() made. Returns 0 or a negative errno.
 */
int sensors_pin(struct sensors *s);
/* From now on links are pinned in PINS_DIR when attached, and unpinned when detached. */
void sensors_set_pinned(struct sensors *s);

/*
 * Pins again what is missing in PINS_DIR. Returns the number of missing pins, with *name set to one
 * of them, or a negative errno.
 */
int sensors_repin(struct sensors *s, const char **name);

/*
 * After ccp was loaded anew: moves the kprobes whose functions have other names now, as in another
 * build of the driver. Returns 0 if none had to be moved, 1 with *name set to the function of one
 * that was, or a negative errno with *name set to a function that has no kprobe any more.
 */
int sensors_follow_ccp(struct sensors *s, const char **name);

/* Detaches what is not pinned, and frees s, which may be NULL. */
void sensors_close(struct sensors *s);

/* A checksum of the BPF programs of this build. */
__u32 sensors_object_crc(void);

/* The last complaint of libbpf or of the verifier, for an error message; "" if there is none. */
const char *sensors_complaint(void);

/* What the gate's programs are attached by. */
enum snp_gate_hook sensors_gate_hook(const struct sensors *s);
/* The flags of the START event: SNP_F_HAS_PREPARE, SNP_F_GATE, ... */
__u32 sensors_start_flags(const struct sensors *s);

/* Calls fn for each record in the ring buffer. Returns 0, or the negative errno that fn returned.
 */
int sensors_consume(struct sensors *s, int (*fn)(void *ctx, const struct snp_event *e), void *ctx);
/* A descriptor that polls readable when records wait. */
int sensors_fd(struct sensors *s);
/* A copy of the BPF programs' state; all zero if it can't be read. */
struct snp_state sensors_state(const struct sensors *s);
/*
 * The number of calls of the programs that the kernel left out because of recursion, since these
 * sensors were opened; of adopted programs also those before that no guard reported.
 */
__u64 sensors_missed(struct sensors *s);
/* All that sensors_missed() returned is reported: no guard that adopts the programs counts it. */
void sensors_missed_reported(struct sensors *s);

/*
 * Reads the hotplug count, SNP_COUNT_UNKNOWN if that fails; and unless initialised is NULL, ccp's
 * own flag, INITIALISED_UNKNOWN if that fails. Returns 0 or a negative errno.
 */
int sensors_truth(struct sensors *s, int *count, enum initialised *initialised);

/* Shuts or opens the latch. Returns false if the latch changed since `before` was read. */
bool sensors_set_latch(struct sensors *s, __u64 before, bool shut);

/*
 * The latch of a pinned guard of any version; 0 if no guard is pinned, SNP_LATCH_PREPARE if it
 * can't be read.
 */
__u64 sensors_pinned_latch(void);

/* In audit mode the gate records and refuses nothing. Returns 0 or a negative errno. */
int sensors_set_audit(struct sensors *s, bool audit);

/* True if the write hooks are attached. */
bool sensors_are_armed(const struct sensors *s);
/* Attaches the write hooks. Returns 0 or a negative errno. */
int sensors_arm(struct sensors *s);
/*
 * Detaches the write hooks. before: the latch as it was before the writers were counted. Returns 0
 * or a negative errno: -EAGAIN if the latch has changed since.
 */
int sensors_disarm(struct sensors *s, __u64 before);
/*
 * The number of listed guarded files that are open for writing, or a negative errno: -ENOSPC if a
 * file may be that could not be listed.
 */
int sensors_writers(struct sensors *s);
/* Makes room in the list of guarded files, all of which are then to be listed again. */
int sensors_forget(struct sensors *s);
/*
 * Until sensors_end_trials(), or SNP_TRIAL_NS, the calling thread's opens for writing are listed,
 * not recorded. Returns 0 or a negative errno: -EBUSY if too many threads do so just now.
 */
int sensors_begin_trials(struct sensors *s);
void sensors_end_trials(struct sensors *s);

#endif
