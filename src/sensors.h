/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs while they are loaded: records, counters, the kernel's own state, the latch. */
#ifndef SENSORS_H
#define SENSORS_H

#include "hooks.h"

struct sensors;

/* What the BPF side counted, read while it runs. */
struct sensors_counters {
	__u64 seq;	    /* last sequence number given */
	__u64 shutdown_ns;  /* since when a full shutdown is in flight; 0: none is */
	__u64 missed;	    /* calls of programs that the kernel left out (recursion) */
	__u64 denied;	    /* writes refused, or in audit mode let through */
	__u64 denied_quiet; /* ... without a record */
};

/*
 * Loads and attaches what h chose, which must outlive the sensors. What the kernel refuses is told
 * to h, which takes the next rung of the ladder; a gate that is refused is an error. Returns 0 or
 * a negative errno: -EBUSY if another guard is attached.
 */
int sensors_open(struct sensors **sensors, struct hooks *h);

/* Detaches and frees all; s may be NULL. */
void sensors_close(struct sensors *s);

/* What libbpf or the kernel said last, for an error message; "" if nothing. */
const char *sensors_complaint(void);

/* SNP_F_HAS_PREPARE and so on, for the START event. */
__u32 sensors_start_flags(const struct sensors *s);

/* Calls fn for each record that waits in the ring buffer. Returns 0, or what fn returned. */
int sensors_consume(struct sensors *s, int (*fn)(void *ctx, const struct snp_event *e), void *ctx);
/* A descriptor that polls readable when records wait. */
int sensors_fd(struct sensors *s);
struct sensors_counters sensors_counters(const struct sensors *s);

/*
 * The kernel's count of hotplug disables, or SNP_COUNT_UNKNOWN; and where initialised is not
 * NULL, whether the driver holds SNP for initialised: 1, 0, or -1 if that can't be read. Returns
 * 0 or a negative errno.
 */
int sensors_truth(struct sensors *s, int *count, int *initialised);

/* The latch's word as it is now. */
__u64 sensors_latch(const struct sensors *s);
/*
 * Sets the latch to shut or open, unless it changed since before was read: then returns false,
 * and a new sweep must look again.
 */
bool sensors_set_latch(struct sensors *s, __u64 before, bool shut);

#endif
