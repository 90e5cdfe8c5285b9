/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One fact: the kinds of event, and the record that carries one from a BPF program to the user
 * side, into a recording and out of it.
 */
#ifndef EVENT_H
#define EVENT_H

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

#endif
