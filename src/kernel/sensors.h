/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs while they are loaded: records, counters, the kernel's own state, the latch. */
#ifndef SENSORS_H
#define SENSORS_H

#include "abi/event.h"
#include "abi/latch.h"
#include "kernel/hooks.h"

struct sensors;

/*
 * Loads and attaches what h chose, which must outlive the sensors. What the kernel refuses is told
 * to h, which takes the next rung of the ladder; a gate that is refused is an error. group is the
 * one for its kprobe events (kprobe_event.h). Returns 0 or a negative errno: -EBUSY if another
 * guard uses these.
 */
int sensors_open(struct sensors **sensors, struct hooks *h, int group);

/*
 * Takes up what PINS_DIR has, of a guard of this very build, and attaches what is missing of it,
 * the programs that see each write aside: *missing is the number of those others, and first_missing
 * the name of one. Returns 0 or a negative errno.
 */
int sensors_adopt(struct sensors **sensors, struct hooks *h, int group, int *missing,
		  const char **first_missing);

/* Looks at what PINS_DIR has, and changes nothing. Otherwise as sensors_adopt(). */
int sensors_look(struct sensors **sensors, struct hooks *h, int *missing,
		 const char **first_missing);

/* Pins maps and links below PINS_NEW, which is there. Returns 0 or a negative errno. */
int sensors_pin(struct sensors *s);
/* From now on what is attached and dropped is pinned and unpinned in PINS_DIR. */
void sensors_set_pinned(struct sensors *s);

/*
 * Pins anew what is missing in PINS_DIR. Returns how many were missing, *name being one of them, or
 * a negative errno.
 */
int sensors_repin(struct sensors *s, const char **name);

/* Detaches what is not pinned, and frees all; s may be NULL. */
void sensors_close(struct sensors *s);

/* A checksum of the BPF programs of this build. */
__u32 sensors_object_crc(void);

/* What libbpf or the kernel said last, for an error message; "" if nothing. */
const char *sensors_complaint(void);

/* SNP_F_HAS_PREPARE and so on, for the START event. */
__u32 sensors_start_flags(const struct sensors *s);

/* Calls fn for each record that waits in the ring buffer. Returns 0, or what fn returned. */
int sensors_consume(struct sensors *s, int (*fn)(void *ctx, const struct snp_event *e), void *ctx);
/* A descriptor that polls readable when records wait. */
int sensors_fd(struct sensors *s);
/* A copy of what the BPF side keeps; all zero where it can't be read. */
struct snp_state sensors_state(const struct sensors *s);
/* Calls of programs that the kernel left out (recursion). */
__u64 sensors_missed(const struct sensors *s);

/*
 * The kernel's count of hotplug disables, or SNP_COUNT_UNKNOWN; and where initialised is not
 * NULL, whether the driver holds SNP for initialised: 1, 0, or -1 if that can't be read. Returns
 * 0 or a negative errno.
 */
int sensors_truth(struct sensors *s, int *count, int *initialised);

/*
 * Sets the latch to shut or open, unless it changed since before was read: then returns false,
 * and a new sweep must look again. So it must where the programs that see each write had to be
 * attached first.
 */
bool sensors_set_latch(struct sensors *s, __u64 before, bool shut);

/* The latch of the guard that is pinned, of whichever version; 0 if there is none. */
__u64 sensors_pinned_latch(void);

/* Tells the BPF side that the guard is alive. */
void sensors_beat(struct sensors *s);
/* With audit the gate records and lets through. Returns 0 or a negative errno. */
int sensors_set_audit(struct sensors *s, bool audit);

/* True if the programs that see each write are attached. */
bool sensors_are_armed(const struct sensors *s);
/* Attaches them. Returns 0 or a negative errno. */
int sensors_arm(struct sensors *s);
/* Drops them, unless no window is open in the kernel: -EAGAIN. Returns 0 or a negative errno. */
int sensors_disarm(struct sensors *s);
/* How many guarded files are open for writing, of those that were listed; or a negative errno. */
int sensors_writers(struct sensors *s);
/* From now on, opens for writing by the calling thread are trials: listed, and not recorded. */
int sensors_begin_trials(struct sensors *s);
void sensors_end_trials(struct sensors *s);

#endif
