/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and the user side share: the kinds of event, the
 * record that carries one fact, the latch that the gate reads, and the name of
 * each breach. Each list stands here once; code, reports and documents follow.
 */
#ifndef SNP_GUARD_H
#define SNP_GUARD_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* SYSCFG, MSR C001_0010h: bit 24 enables the RMP checks on a core (APM vol. 2, 15.36.2). */
#define SNP_MSR_SYSCFG	  0xc0010010
#define SNP_SYSCFG_SNP_EN (1ull << 24)

/* Raised by one whenever the meaning of struct snp_event or of an event kind changes. */
#define SNP_EVENT_VERSION 2

/*
 * Event kinds: X(symbol, name, subject, what it says)
 *
 * The first group comes from the BPF programs; the second, from EV_START on, from
 * the user side, which puts its own observations into the same stream, so that a
 * recorded stream holds all that a verdict was reached from.
 */
#define SNP_EVENTS(X)                                                                              \
	X(PREPARE_ENTER, "prepare-enter", "", "snp_prepare() was entered")                         \
	X(PREPARE_EXIT, "prepare-exit", "", "snp_prepare() returned; result")                      \
	X(SNP_ENABLE, "snp-enable", "cpu", "SNP_EN was set on a CPU (snp_enable)")                 \
	X(X86_SHUTDOWN, "x86-shutdown", "", "snp_shutdown() was entered")                          \
	X(SHUTDOWN_LOCKED, "snp-shutdown", "", "__sev_snp_shutdown_locked() returned; result")     \
	X(COMMAND, "command", "command", "a firmware command ended; flags, result, status")        \
	X(HP_DISABLE, "hotplug-disable", "", "cpu_hotplug_disable(); owner, count, caller")        \
	X(HP_ENABLE, "hotplug-enable", "", "cpu_hotplug_enable(); owner, count, caller")           \
	X(CPU_UP_BEGIN, "cpu-up-begin", "cpu", "a task asked for a CPU to be brought up")          \
	X(CPU_DOWN_BEGIN, "cpu-down-begin", "cpu", "a task asked for a CPU to be taken down")      \
	X(CPU_UP, "cpu-up", "cpu", "a CPU entered the set of online CPUs")                         \
	X(CPU_DOWN, "cpu-down", "cpu", "a CPU left the set of online CPUs")                        \
	X(CPUHP_FAIL, "cpuhp-fail", "cpu", "a hotplug transition failed; result, state")           \
	X(MODULE_LOAD, "module-load", "", "a module of the SNP stack arrives")                     \
	X(MODULE_FREE, "module-free", "", "a module of the SNP stack is gone")                     \
	X(KEXEC, "kexec", "", "the kernel leaves for another one, or reboots")                     \
	X(DENIED, "denied", "cpu", "the gate refused a write; name, result")                       \
	X(START, "start", "", "the guard starts; name is the kernel's release")                    \
	X(ADOPT, "adopt", "", "a guard takes up what an earlier one left pinned; value")           \
	X(GATE, "gate", "", "the gate is armed, steady or degraded; name says what")               \
	X(UNCOVERED, "uncovered", "fact", "a fact has no source on this kernel")                   \
	X(BEFORE_CPU, "before-cpu", "cpu", "a CPU as a snapshot has it")                           \
	X(BEFORE, "before", "", "a snapshot is complete; count, name is its boot id")              \
	X(CPU_STATE, "cpu-state", "cpu", "present, online and SYSCFG of a CPU, where changed")     \
	X(TRUTH, "truth", "", "a sweep over all CPUs is complete; count, firmware state")          \
	X(LOST, "lost", "", "records were lost; value is their number")                            \
	X(END, "end", "", "the guard ends")

enum snp_event_kind {
#define X(sym, name, subject, what) SNP_EV_##sym,
	SNP_EVENTS(X)
#undef X
		SNP_EV_KINDS
};

/* The subject of an event that has none. */
#define SNP_NO_SUBJECT 0xffffffffu
/* The kernel's cpu_hotplug_disabled was not readable. */
#define SNP_COUNT_UNKNOWN (-1)
/* More disables than that no kernel has outstanding. */
#define SNP_COUNT_MAX (1 << 20)

/* Flags, by event kind. */
enum {
	SNP_F_VOID = 1 << 0,	 /* PREPARE_EXIT: this kernel's snp_prepare() returns void (7.1) */
	SNP_F_OWNED = 1 << 0,	 /* HP_*: a frame of the call stack lies in SNP code */
	SNP_F_NO_STACK = 1 << 1, /* HP_*: the call stack could not be read */
	SNP_F_FROZEN = 1 << 0,	 /* CPU_*_BEGIN: by suspend or hibernation */
	SNP_F_AUDIT = 1 << 0,	 /* DENIED: let through, since the gate only audits */
	SNP_F_OPEN = 1 << 1,	 /* DENIED: at open(2); neither: at a write */
	SNP_F_IOCTL = 1 << 2,	 /* DENIED: at an ioctl(2) */
	SNP_F_PRESENT = 1 << 0,	 /* CPU_STATE, BEFORE_CPU */
	SNP_F_ONLINE = 1 << 1,	 /* CPU_STATE, BEFORE_CPU */
	SNP_F_STEADY = 1 << 0, /* GATE: no descriptor from before is left: only open(2) is gated */
	SNP_F_DEGRADED = 1 << 1,    /* GATE: something of the guard was not as it left it; name */
	SNP_F_RESTORED = 1 << 2,    /* GATE: ... and is put right */
	SNP_F_MISSED = 1 << 3,	    /* GATE: ... and events or writes may have passed meanwhile */
	SNP_F_HAS_PREPARE = 1 << 0, /* START: the kernel has snp_prepare() (7.1 on) */
	SNP_F_GATE = 1 << 1,	    /* START: the gate refuses, not only audits */
	SNP_F_HAS_ENABLE = 1 << 2,  /* START: snp_enable() is watched */
	SNP_F_HAS_LATCH = 1 << 3,   /* START: the kernel has SNP's hotplug disable */
	SNP_F_SAME_BOOT = 1 << 0,   /* BEFORE: of this very kernel */
	SNP_F_STABLE = 1 << 0,	    /* TRUTH: nothing moved during the sweep */
	SNP_F_FW_KNOWN = 1 << 1,    /* TRUTH: the driver's own flag was read */
	SNP_F_FW_INIT = 1 << 2,	    /* TRUTH: ... and it says that SNP is initialised */
};

/* Firmware commands that begin and end SNP (SNP firmware ABI, table of command identifiers). */
enum {
	SNP_CMD_INIT = 0x81,
	SNP_CMD_SHUTDOWN = 0x82,
	SNP_CMD_DF_FLUSH = 0x84,
	SNP_CMD_INIT_EX = 0x85,
	SNP_CMD_SHUTDOWN_EX = 0x86,
};
/* SNP_SHUTDOWN_EX, dword at 04h: bit 1 asks the firmware to clear SNP_EN on every core. */
#define SNP_SHUTDOWN_X86 (1u << 1)
/* Firmware status DFFLUSH_REQUIRED: the command is retried after SNP_DF_FLUSH. */
#define SNP_STATUS_DFFLUSH_REQUIRED 0x0f

/* No clock shows more, in ns, and two of them can be added. */
#define SNP_TIME_MAX (1ll << 62)

#define SNP_COMM_LEN 16
#define SNP_NAME_LEN 40

/* One fact. Fixed width, no padding: the same bytes in the ring buffer and in a recording. */
struct snp_event {
	__u64 seq;     /* order of the facts that BPF saw, from 1; 0: the user side's own */
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u64 value;   /* CPU_STATE, BEFORE_CPU: SYSCFG; COMMAND: its duration in ns; LOST: how many
			*/
	__u32 kind;    /* enum snp_event_kind */
	__u32 flags;   /* SNP_F_* of this kind */
	__u32 subject; /* CPU, command or fact that the event is about */
	__s32 result;  /* what the function returned; negative errno where it failed */
	__u32 status;  /* COMMAND: the firmware's status; CPUHP_FAIL: the hotplug state */
	__s32 count;   /* cpu_hotplug_disabled after the event, or SNP_COUNT_UNKNOWN */
	__u32 cpu;     /* where it was recorded */
	__u32 tgid;
	__u32 tid;
	__u32 reserved;
	char comm[SNP_COMM_LEN];
	char name[SNP_NAME_LEN]; /* the caller's symbol, a module, a file below /sys */
};
_Static_assert(sizeof(struct snp_event) == 120, "a recording's record has 120 bytes");

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

enum snp_severity { SNP_NOTICE, SNP_WARNING, SNP_CRITICAL };

/* Breaches: X(symbol, name, severity, what it means for the guests, remedy) */
#define SNP_BREACHES(X)                                                                            \
	X(CPU_ONLINED, "cpu-onlined", CRITICAL,                                                    \
	  "a CPU that comes online inside an SNP window may write past the RMP checks into "       \
	  "guest memory",                                                                          \
	  "stop the SNP guests and reboot; let the gate refuse onlining (run without --audit)")    \
	X(CPU_WITHOUT_SNP_EN, "cpu-without-snp-en", CRITICAL,                                      \
	  "writes from this CPU skip the RMP checks and can corrupt guest memory",                 \
	  "stop the SNP guests and reboot the host")                                               \
	X(UNSAFE_BAILOUT, "unsafe-bailout", CRITICAL,                                              \
	  "snp_prepare() found SNP_EN set where it ran and did not look at the other CPUs",        \
	  "reboot (not kexec) before SNP guests are started")                                      \
	X(SNP_EN_LOST, "snp-en-lost", CRITICAL,                                                    \
	  "SNP_EN is write-1-only to software: firmware or hardware did not do what it says",      \
	  "stop the SNP guests, reboot, and report it with the firmware's version")                \
	X(EARLY_ENABLE, "early-enable", CRITICAL,                                                  \
	  "CPU hotplug is allowed again while the RMP checks are active",                          \
	  "report it to linux-coco@lists.linux.dev with this trace")                               \
	X(UNBALANCED_ENABLE, "unbalanced-enable", CRITICAL,                                        \
	  "SNP enabled CPU hotplug more often than it disabled it: another's disable is undone",   \
	  "report it to linux-coco@lists.linux.dev with this trace")                               \
	X(FOREIGN_ENABLE, "foreign-enable", CRITICAL,                                              \
	  "another owner undid SNP's disable: CPU hotplug is allowed inside a window",             \
	  "find the caller named in the record of cpu_hotplug_enable()")                           \
	X(CPU_OFFLINED, "cpu-offlined", WARNING,                                                   \
	  "the firmware counts on the CPUs it saw at SNP_INIT; this one can't safely come back",   \
	  "leave it offline until a reset; let the gate refuse it (run without --audit)")          \
	X(STACKED_DISABLE, "stacked-disable", WARNING,                                             \
	  "hotplug will stay disabled after the shutdown: one enable won't undo two disables",     \
	  "report it to linux-coco@lists.linux.dev with this trace")                               \
	X(LEAKED_DISABLE, "leaked-disable", WARNING,                                               \
	  "the window is closed, and CPU hotplug is still disabled on SNP's behalf",               \
	  "reboot to get CPU hotplug back; report it with this trace")                             \
	X(LATE_DISABLE, "late-disable", WARNING,                                                   \
	  "between SNP_EN and the disable the set of CPUs could change",                           \
	  "check the CPUs named for SNP_EN; use a kernel that disables first")                     \
	X(PARTIAL_PREPARE, "partial-prepare", WARNING,                                             \
	  "present CPUs that were offline lack SNP_EN and may come online later",                  \
	  "bring all CPUs online before SNP is initialised, or remove them at boot")               \
	X(KEXEC_UNLATCHED, "kexec-unlatched", WARNING,                                             \
	  "this kernel inherited an open window and did not disable CPU hotplug",                  \
	  "reboot instead of kexec, or shut SNP down in full before it")                           \
	X(NO_LATCH, "no-latch", NOTICE,                                                            \
	  "this kernel never disables CPU hotplug for SNP: only the guard's gate stands in the "   \
	  "way",                                                                                   \
	  "keep the guard running, or use a kernel that disables CPU hotplug for SNP")             \
	X(BENIGN_FAILED_INIT, "benign-failed-init", NOTICE,                                        \
	  "SNP_INIT failed with SNP_EN set: nothing is enforced, no SNP guest can exist",          \
	  "look at the firmware's status; hotplug may be on or off, both are right")               \
	X(ORPHANED_INIT, "orphaned-init", WARNING,                                                 \
	  "the firmware is initialised and the driver believes it is not: no shutdown or panic "   \
	  "path will end it",                                                                      \
	  "reset the host before SNP is used, or a crash kernel is relied on")                     \
	X(BLIND, "blind", WARNING,                                                                 \
	  "an event may have been missed: what is named here can't be claimed",                    \
	  "see `snp-guard hooks`; start the guard before SNP, with a larger buffer")

enum snp_breach {
#define X(sym, name, severity, meaning, remedy) SNP_BREACH_##sym,
	SNP_BREACHES(X)
#undef X
		SNP_BREACH_COUNT
};

#endif
