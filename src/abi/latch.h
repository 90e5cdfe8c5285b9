/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs keep from call to call, the latch in it, and what the user side may ask of
 * them.
 */
#ifndef LATCH_H
#define LATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/*
 * The latch: one word that the gate reads. The lower half says why it is shut, the
 * upper counts changes, so that the user side can clear it by compare-and-swap
 * without undoing what a BPF program set meanwhile.
 */
#define SNP_LATCH_PREPARE (1ull << 0) /* snp_prepare() is in flight */
#define SNP_LATCH_WINDOW  (1ull << 1) /* SNP_EN is set somewhere */
#define SNP_LATCH_REARM                                                                            \
	(1ull << 2) /* no window; the programs that see each write are not back yet */
#define SNP_LATCH_SHUT	 (SNP_LATCH_PREPARE | SNP_LATCH_WINDOW | SNP_LATCH_REARM)
#define SNP_LATCH_CHANGE (1ull << 32)

/* Without a sign of life of the guard for so long, SNP_LATCH_REARM refuses nothing. */
#define SNP_BEAT_NS 3000000000ull

/*
 * What the gate refuses inside a window: X(symbol, name in a record (%u: the CPU), where it is).
 * All of these change the set of online CPUs, or the kernel does at their asking.
 */
#define SNP_GATED(X)                                                                               \
	X(CPU_ONLINE, "cpu%u/online", "/sys/devices/system/cpu/cpu*/online")                       \
	X(CPU_TARGET, "cpu%u/hotplug/target", "/sys/devices/system/cpu/cpu*/hotplug/target")       \
	X(SMT_CONTROL, "cpu/smt/control", "/sys/devices/system/cpu/smt/control")                   \
	X(POWER_STATE, "power/state", "/sys/power/state")                                          \
	X(POWER_DISK, "power/disk", "/sys/power/disk")                                             \
	X(POWER_RESUME, "power/resume", "/sys/power/resume")                                       \
	X(POWER_AUTOSLEEP, "power/autosleep", "/sys/power/autosleep")                              \
	X(SNAPSHOT, "dev/snapshot", "/dev/snapshot")                                               \
	X(TRACER, "tracing/current_tracer", "/sys/kernel/tracing/current_tracer")                  \
	X(NE_CPUS, "nitro_enclaves/ne_cpus", "/sys/module/nitro_enclaves/parameters/ne_cpus")      \
	X(EJECT, "acpi-processor/eject", "/sys/bus/acpi/devices/LNXCPU:*/eject")

/* Code from start up to end, not included; 0 and 0 where it isn't known. */
struct text_range {
	__u64 start;
	__u64 end;
};

/*
 * What the BPF programs keep from call to call. Only they write it: the map is frozen, and the user
 * side reads copies, and asks for changes by struct snp_steer.
 */
struct snp_state {
	__u64 latch;	   /* stays the first, for versions to come */
	__u64 shutdown_ns; /* since when a full shutdown is in flight; 0: none is */
	__u64 moves;	   /* records but those of refusals; counted after seq, and copied before */
	__u64 seq;	   /* last sequence number given; behind shutdown_ns: see command_exit */
	__u64 lost;	   /* records for which the ring buffer had no room */
	__u64 denied;	   /* refused, or in audit mode let through */
	__u64 denied_quiet; /* ... of which no record was written, the buffer being half full */
	__u64 exposed;	    /* opened for writing with no guard running, past SNP_LATCH_REARM */
	__u64 beat_ns;	    /* last sign of life of the guard, CLOCK_BOOTTIME */
	__u64 audit;	    /* the gate records and lets through */
	__u64 writes;	    /* the programs that see each write are attached */
	__u64 unlisted;	    /* files opened for writing for which the list had no room */
	__u64 trier; /* thread whose opens for writing are trials: listed, and not recorded */
	struct text_range ccp_text;
};

/* What the user side asks of the BPF side, by a call of the program steer. */
enum snp_steer_verb {
	SNP_STEER_LATCH,   /* window bit to value, if the latch is still before */
	SNP_STEER_BEAT,	   /* a sign of life at time value */
	SNP_STEER_AUDIT,   /* audit to value */
	SNP_STEER_ARM,	   /* the programs that see each write are attached */
	SNP_STEER_DISARM,  /* they are to go, if a window is open: result 0 */
	SNP_STEER_TRY,	   /* thread value tries the gate; 0: none */
	SNP_STEER_WRITERS, /* result: how many guarded files are open for writing */
};

struct snp_steer {
	__u64 verb; /* enum snp_steer_verb */
	__u64 value, before;
	__s64 result; /* 0, or a negative errno; -EAGAIN: what was asked for does not fit any more
		       */
};

/* The kernel's own state, for the asking. */
struct snp_truth {
	/* in: struct psp_device *psp_master, in ccp, or 0; and where it leads */
	__u64 psp_master_addr;
	__u32 sev_data_offset, snp_initialized_offset;
	/* out */
	__s32 count;	   /* cpu_hotplug_disabled, or SNP_COUNT_UNKNOWN */
	__s32 initialised; /* 0, 1, or -1: not known */
};

/* How much code is looked through for a call; snp_shutdown() has some 100 bytes. */
#define SNP_TEXT_SIZE 1024

/* Some of it, for the asking: by words, as 6.12 lets no helper write where the answer stands. */
#define SNP_TEXT_WORDS 16
struct snp_text {
	__u64 addr; /* in */
	__u64 words[SNP_TEXT_WORDS];
};

#endif
