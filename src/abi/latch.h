/* SPDX-License-Identifier: GPL-2.0-only */
/* The latch and the rest of the BPF programs' state, and what user space may ask of it. */
#ifndef LATCH_H
#define LATCH_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/*
 * The latch: the word that makes the gate refuse. The low half has the reasons, and the gate
 * refuses while any is set. The high half counts changes: user space clears the latch by
 * compare-and-swap, so it can't undo what a BPF program set meanwhile.
 */
#define SNP_LATCH_PREPARE (1ull << 0) /* snp_prepare() is in flight */
#define SNP_LATCH_WINDOW  (1ull << 1) /* SNP_EN is set on some CPU */
#define SNP_LATCH_SHUT	  (SNP_LATCH_PREPARE | SNP_LATCH_WINDOW)
#define SNP_LATCH_CHANGE  (1ull << 32)

/* How long snp_prepare() waits for the write hooks, if somebody may write to a guarded file. */
#define SNP_WAIT_NS 3000000000ull

/* How many threads can try the gate at once, and for how long each. */
#define SNP_TRIERS   16
#define SNP_TRIAL_NS 10000000000ull

/*
 * The guarded files, through which user space can make the kernel change the set of online CPUs:
 * X(symbol, name in an event (%u: the CPU), path)
 */
#define SNP_GATED(X)                                                                               \
	X(CPU_ONLINE, "cpu%u/online", "/sys/devices/system/cpu/cpu*/online")                       \
	X(CPU_TARGET, "cpu%u/hotplug/target", "/sys/devices/system/cpu/cpu*/hotplug/target")       \
	X(CPU_FAIL, "cpu%u/hotplug/fail", "/sys/devices/system/cpu/cpu*/hotplug/fail")             \
	X(SMT_CONTROL, "cpu/smt/control", "/sys/devices/system/cpu/smt/control")                   \
	X(POWER_STATE, "power/state", "/sys/power/state")                                          \
	X(POWER_DISK, "power/disk", "/sys/power/disk")                                             \
	X(POWER_RESUME, "power/resume", "/sys/power/resume")                                       \
	X(POWER_AUTOSLEEP, "power/autosleep", "/sys/power/autosleep")                              \
	X(SNAPSHOT, "dev/snapshot", "/dev/snapshot")                                               \
	X(TRACER, "tracing/current_tracer", "/sys/kernel/tracing/current_tracer")                  \
	X(NE_CPUS, "nitro_enclaves/ne_cpus", "/sys/module/nitro_enclaves/parameters/ne_cpus")      \
	X(EJECT, "acpi-processor/eject", "/sys/bus/acpi/devices/LNXCPU:*/eject")

/* Kernel code from start up to, and not including, end; both 0 where that is unknown. */
struct text_range {
	__u64 start;
	__u64 end;
};

/*
 * The BPF programs' state. Only they write it: the map is frozen. User space reads copies, and asks
 * for changes by struct snp_steer.
 */
struct snp_state {
	__u64 latch;	   /* stays first, for older and newer guards that share the pinned map */
	__u64 shutdown_ns; /* when the full shutdown in flight began; 0: none is */
	__u64 moves;	   /* events other than DENIED; raised after seq, and copied before it */
	__u64 seq;    /* the last sequence number given; behind shutdown_ns: see command_exit */
	__u64 lost;   /* events for which the ring buffer had no room */
	__u64 denied; /* accesses refused, or let through in audit mode */
	__u64 denied_quiet;  /* ... of which no event was written, as the buffer was half full */
	__u64 audit;	     /* 1: audit mode, the gate reports and lets through */
	__u64 writes;	     /* 1: the write hooks are attached */
	__u64 wait_until_ns; /* snp_prepare() waits for the write hooks until then */
	__u64 noted;	     /* opens of guarded files for writing, refused ones as well */
	__u64 unlisted;	     /* files that may be open for writing, and could not be listed */
	/* Threads whose opens only try the gate: listed, and not recorded; see bpf/gate.h. */
	__u64 triers[SNP_TRIERS];
	/* Calls of the attached programs that the kernel left out, as far as a guard reported them.
	 */
	__u64 missed;
	struct text_range ccp_text;
};

/* What user space asks of the BPF side, by running the program steer. */
enum snp_steer_verb {
	SNP_STEER_LATCH,   /* set SNP_LATCH_WINDOW to value, if the latch still equals before */
	SNP_STEER_AUDIT,   /* set audit to value */
	SNP_STEER_ARM,	   /* the write hooks are attached */
	SNP_STEER_DISARM,  /* may the write hooks go? 0: yes, the latch still equals before */
	SNP_STEER_TRY,	   /* the calling thread tries the gate; value 0: no more */
	SNP_STEER_WRITERS, /* how many guarded files are open for writing? */
	SNP_STEER_MISSED,  /* set missed to value */
	SNP_STEER_FORGET,  /* make room in the list of files, which is then to be made again */
};

struct snp_steer {
	__u64 verb; /* enum snp_steer_verb */
	__u64 value, before;
	__s64 result; /* 0, an answer, or a negative errno; -EAGAIN: the state has changed */
};

/* What the program read_truth reads of the kernel's own state. */
struct snp_truth {
	/* in: the address of psp_master, a struct psp_device * in ccp, or 0; offsets from it on */
	__u64 psp_master_addr;
	__u32 sev_data_offset, snp_initialized_offset;
	/* out */
	__s32 count;	   /* cpu_hotplug_disabled, or SNP_COUNT_UNKNOWN */
	__s32 initialised; /* snp_initialized: 1, 0, or -1 where it can't be read */
};

/* How many bytes of code are searched for a call; snp_shutdown() has some 100. */
#define SNP_TEXT_SIZE 1024

/*
 * Kernel code, copied by the program read_text. In words, as 6.12 lets no helper write into the
 * program's own argument.
 */
#define SNP_TEXT_WORDS 16
struct snp_text {
	__u64 addr; /* in */
	__u64 words[SNP_TEXT_WORDS];
};

#endif
