/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An event: one observed fact, as a BPF program hands it to user space and as a recording keeps it.
 */
#ifndef EVENT_H
#define EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* SYSCFG, MSR C001_0010h: bit 24 enables the RMP checks on a core (APM vol. 2, 15.36.2). */
#define SNP_MSR_SYSCFG	  0xc0010010
#define SNP_SYSCFG_SNP_EN (1ull << 24)

/* RMPOPT_BASE: bit 0 enables RMPOPT on a core (the kernel series "Add RMPOPT support"). */
#define SNP_MSR_RMPOPT	  0xc0010139
#define SNP_RMPOPT_ENABLE (1ull << 0)

/* Raised by one whenever the meaning of struct snp_event or of an event kind changes. */
#define SNP_EVENT_VERSION 2

/*
 * X(symbol, name, subject, what happened; the members that say more)
 *
 * BPF programs write the kinds before START, and GATE if snp_prepare() waited for the write hooks.
 * User space writes START and all that follow, into the same stream, so that a recording holds all
 * that led to a verdict.
 */
#define SNP_EVENTS(X)                                                                              \
	X(PREPARE_ENTER, "prepare-enter", "", "a task entered snp_prepare()")                      \
	X(PREPARE_EXIT, "prepare-exit", "", "snp_prepare() returned; result")                      \
	X(SNP_ENABLE, "snp-enable", "cpu", "snp_enable() set SNP_EN on a CPU")                     \
	X(X86_SHUTDOWN, "x86-shutdown", "", "a task entered snp_shutdown()")                       \
	X(SHUTDOWN_LOCKED, "snp-shutdown", "", "__sev_snp_shutdown_locked() returned; result")     \
	X(COMMAND, "command", "command", "a firmware command ended; flags, result, status")        \
	X(HP_DISABLE, "hotplug-disable", "", "cpu_hotplug_disable() ran; owner, count, caller")    \
	X(HP_ENABLE, "hotplug-enable", "", "cpu_hotplug_enable() ran; owner, count, caller")       \
	X(CPU_UP_BEGIN, "cpu-up-begin", "cpu", "a task asked to bring a CPU online")               \
	X(CPU_DOWN_BEGIN, "cpu-down-begin", "cpu", "a task asked to take a CPU offline")           \
	X(CPU_UP, "cpu-up", "cpu", "a CPU came online")                                            \
	X(CPU_DOWN, "cpu-down", "cpu", "a CPU went offline")                                       \
	X(CPUHP_FAIL, "cpuhp-fail", "cpu", "a hotplug transition failed; result, state")           \
	X(MODULE_LOAD, "module-load", "", "the kernel loaded a module of the SNP stack")           \
	X(MODULE_FREE, "module-free", "", "the kernel unloaded a module of the SNP stack")         \
	X(KEXEC, "kexec", "", "the kernel stops, for a kexec or a reboot")                         \
	X(DENIED, "denied", "cpu", "the gate refused access to a guarded file; name")              \
	X(START, "start", "", "the guard started; name is the kernel's release")                   \
	X(ADOPT, "adopt", "", "the guard resumed from an earlier guard's ledger; value")           \
	X(GATE, "gate", "", "the gate changed, or was changed from outside; name")                 \
	X(UNCOVERED, "uncovered", "fact", "a blind spot: this kernel has no source for a fact")    \
	X(BEFORE_CPU, "before-cpu", "cpu", "a CPU as a snapshot has it")                           \
	X(BEFORE, "before", "", "a snapshot is complete; count, name is its boot id")              \
	X(CPU_STATE, "cpu-state", "cpu", "a sweep found a CPU changed: present, online, SYSCFG")   \
	X(TRUTH, "truth", "", "a sweep ended; count, firmware state")                              \
	X(LOST, "lost", "", "events were lost; value is their number")                             \
	X(END, "end", "", "the guard ended")                                                       \
	X(FAULT, "fault", "part", "a part of the guard fails, or works again; result, lost items") \
	X(GUESTS, "guests", "", "a critical breach puts running guests at risk; count")            \
	X(RMPOPT, "rmpopt", "cpu", "a sweep found RMPOPT_BASE of a CPU changed; value, result")

enum snp_event_kind {
#define X(sym, name, subject, what) SNP_EV_##sym,
	SNP_EVENTS(X)
#undef X
		SNP_EV_KINDS
};

/*
 * The parts of a guard that may fail while the guard goes on: X(symbol, name, whether it is an
 * output, what a failure of it may hide; "" for nothing). A name is never changed or used again.
 */
#define SNP_PARTS(X)                                                                               \
	X(STDOUT, "stdout", true, "")                                                              \
	X(STDERR, "stderr", true, "")                                                              \
	X(JOURNAL, "journal", true, "")                                                            \
	X(RECORDING, "recording", true, "")                                                        \
	X(FLIGHT, "flight-recorder", true, "")                                                     \
	X(TEXTFILE, "textfile", true, "")                                                          \
	X(HTTP, "http", true, "")                                                                  \
	X(READY, "ready-file", true, "")                                                           \
	X(SERVICE, "service-manager", true, "")                                                    \
	X(LEDGER, "ledger", false, "")                                                             \
	X(SWEEP, "sweep", false, "CPUs that lose SNP_EN, and CPUs that no hook saw")               \
	X(GATE, "gate", false, "changes of the gate from outside")                                 \
	X(EVENTS, "events", false, "events of this time")                                          \
	X(LOCK, "lock", false, "")

enum snp_part {
#define X(sym, name, is_output, hides) SNP_PART_##sym,
	SNP_PARTS(X)
#undef X
		SNP_PART_COUNT
};

/*
 * Why events may be missing or SNP_EN unverified, which is the breach `blind`: X(symbol, what is
 * or was missing, what to do about it; "" where nothing is to be done). GATE and LOST keep a number
 * in their status, so a new one comes last.
 */
#define SNP_BLIND_CAUSES(X)                                                                        \
	X(UNKNOWN, "what an older recording does not say",                                         \
	  "run `snp-guard hooks` and `snp-guard check`")                                           \
	X(LOST, "events for which the ring buffer had no room",                                    \
	  "start the guard with a larger `--buffer`")                                              \
	X(SKIPPED, "calls for which the kernel skipped the guard's programs",                      \
	  "run `snp-guard check`, which says what is true now")                                    \
	X(NO_SOURCE, "a fact for which this kernel has no source",                                 \
	  "run `snp-guard hooks`: it names the sources that are missing, and why")                 \
	X(REFUSED, "a fact whose source the kernel refused",                                       \
	  "allow the guard bpf() and perf_event_open(): CAP_BPF and CAP_PERFMON, and a seccomp "   \
	  "filter that lets both pass")                                                            \
	X(RECORDING, "events that a recording lacks", "")                                          \
	X(HOOKS_OFF, "events while kprobes or ftrace were switched off",                           \
	  "sysctl -w kernel.ftrace_enabled=1; echo 1 >/sys/kernel/debug/kprobes/enabled")          \
	X(LATCH, "refusals while another process had changed the latch",                           \
	  "find the process that runs the guard's BPF programs: only CAP_SYS_ADMIN or CAP_BPF "    \
	  "can; then run `snp-guard check`")                                                       \
	X(PASSES, "refusals while the gate is attached and refuses nothing",                       \
	  "restart the guard; `snp-guard status` shows whether the gate is attached")              \
	X(PINS, "events while pins were gone or changed, as no guard ran",                         \
	  "find what changes files in /sys/fs/bpf/snp-guard, and keep it from there")              \
	X(WRITE_HOOKS, "writes before the write hooks were attached",                              \
	  "initialise SNP while no process has a guarded file open for writing, and let the "      \
	  "guard have CPU time")                                                                   \
	X(NO_MSR, "SYSCFG of a CPU without /dev/cpu/N/msr",                                        \
	  "modprobe msr, and see that udev runs")                                                  \
	X(MSR_DENIED, "SYSCFG of a CPU that the guard may not read",                               \
	  "let the guard run as root with CAP_SYS_RAWIO and see /dev/cpu/*/msr")                   \
	X(MSR_FAILS, "SYSCFG of a CPU that fails to read it",                                      \
	  "try `rdmsr -p N 0xc0010010` on that CPU: its firmware, or a hypervisor below, fails")   \
	X(FIRMWARE, "whether SNP is initialised in an open window",                                \
	  "load kvm_amd (Linux 6.17 and later), or use a kernel with ccp's BTF "                   \
	  "(CONFIG_DEBUG_INFO_BTF_MODULES=y)")                                                     \
	X(UNSTABLE, "a complete sweep, as something kept changing",                                \
	  "stop what keeps moving CPUs or loading modules; the events name the task")              \
	X(NO_SWEEP, "a complete sweep in the whole run",                                           \
	  "let the guard run for more than a second, and see what it complained of")               \
	X(FAULT, "what a failing part of the guard looks at",                                      \
	  "see that the host has memory and descriptors left; the guard tries again")              \
	X(OTHER_CCP, "firmware commands of a ccp with other names than the one before",            \
	  "start the guard again: `snp-guard hooks` says what it can see of this ccp")             \
	X(RMPOPT, "RMPOPT_BASE of a CPU that fails to read it",                                    \
	  "try `rdmsr -p N 0xc0010139` on that CPU: its firmware, or a hypervisor below, fails")

enum snp_blind_cause {
#define X(sym, what, remedy) SNP_BLIND_##sym,
	SNP_BLIND_CAUSES(X)
#undef X
		SNP_BLIND_CAUSE_COUNT
};

/* The subject of an event that has none. */
#define SNP_NO_SUBJECT 0xffffffffu
/* The kernel's cpu_hotplug_disabled was not readable. */
#define SNP_COUNT_UNKNOWN (-1)
/* No kernel has more holds than this. */
#define SNP_COUNT_MAX (1 << 20)

/* Flags, by event kind. */
enum {
	SNP_F_VOID = 1 << 0,	 /* PREPARE_EXIT: this kernel's snp_prepare() returns void (7.1) */
	SNP_F_OWNED = 1 << 0,	 /* HP_*: SNP code is in the call stack */
	SNP_F_NO_STACK = 1 << 1, /* HP_*: the call stack could not be read */
	SNP_F_FROZEN = 1 << 0,	 /* CPU_*_BEGIN: suspend or hibernation asks */
	SNP_F_AUDIT = 1 << 0,	 /* DENIED: let through in audit mode */
	SNP_F_OPEN = 1 << 1,	 /* DENIED: open(2) */
	SNP_F_IOCTL = 1 << 2,	 /* DENIED: ioctl(2); with neither flag: a write */
	SNP_F_PRESENT = 1 << 0,	 /* CPU_STATE, BEFORE_CPU */
	SNP_F_ONLINE = 1 << 1,	 /* CPU_STATE, BEFORE_CPU */
	SNP_F_NO_HSAVE = 1 << 2, /* CPU_STATE: EFER.SVME is set, and VM_HSAVE_PA is 0 */
	SNP_F_STEADY = 1 << 0, /* GATE: no guarded file is open for writing: write hooks are off */
	SNP_F_DEGRADED = 1 << 1,    /* GATE: something outside the guard changed what name says */
	SNP_F_RESTORED = 1 << 2,    /* GATE: ... and the guard put it right */
	SNP_F_MISSED = 1 << 3,	    /* GATE: ... and events or writes may be missing meanwhile */
	SNP_F_HAS_PREPARE = 1 << 0, /* START: the kernel has snp_prepare() (7.1 on) */
	SNP_F_GATE = 1 << 1,	    /* START: the gate enforces; without: audit mode */
	SNP_F_HAS_ENABLE = 1 << 2,  /* START: snp_enable() is watched */
	SNP_F_HAS_HOLD = 1 << 3,    /* START: the kernel disables CPU hotplug for SNP */
	SNP_F_NO_COMMANDS = 1 << 4, /* START: firmware commands are not seen */
	SNP_F_SAME_BOOT = 1 << 0,   /* BEFORE: the running kernel took the snapshot */
	SNP_F_STABLE = 1 << 0,	    /* TRUTH: nothing changed during the sweep: it is complete */
	SNP_F_FW_KNOWN = 1 << 1,    /* TRUTH: the sweep asked whether SNP is initialised */
	SNP_F_FW_INIT = 1 << 2,	    /* TRUTH: ... and it is, by the driver's own flag */
	SNP_F_FW_BY_KVM = 1 << 3,   /* TRUTH: ... or rather by what KVM found as it was loaded */
	SNP_F_FAILING = 1 << 0,	    /* FAULT: without: the part works again */
};

/* What the gate refuses by: X(symbol, name, at the end of a sentence) */
#define SNP_GATE_HOOKS(X)                                                                          \
	X(UNKNOWN, "unknown", "")                                                                  \
	X(NONE, "none", "")                                                                        \
	X(LSM, "lsm", " by BPF LSM")                                                               \
	X(FMOD_RET, "fmod_ret", " by fmod_ret")

enum snp_gate_hook {
#define X(sym, name, words) SNP_GATE_BY_##sym,
	SNP_GATE_HOOKS(X)
#undef X
		SNP_GATE_HOOK_COUNT
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

/*
 * What the firmware answers (SNP firmware ABI, table of status codes;
 * include/uapi/linux/psp-sev.h): X(symbol, value, usual cause where it answers SNP_INIT so, or "")
 */
#define SNP_STATUSES(X)                                                                            \
	X(SUCCESS, 0x00, "")                                                                       \
	X(INVALID_PLATFORM_STATE, 0x01, "")                                                        \
	X(INVALID_GUEST_STATE, 0x02, "")                                                           \
	X(INVALID_CONFIG, 0x03,                                                                    \
	  "CPUs are offline or absent, MSRs differ between CPUs, or the host was not booted by "   \
	  "UEFI")                                                                                  \
	X(INVALID_LENGTH, 0x04, "")                                                                \
	X(ALREADY_OWNED, 0x05, "")                                                                 \
	X(INVALID_CERTIFICATE, 0x06, "")                                                           \
	X(POLICY_FAILURE, 0x07, "")                                                                \
	X(INACTIVE, 0x08, "")                                                                      \
	X(INVALID_ADDRESS, 0x09, "")                                                               \
	X(BAD_SIGNATURE, 0x0a, "")                                                                 \
	X(BAD_MEASUREMENT, 0x0b, "")                                                               \
	X(ASID_OWNED, 0x0c, "")                                                                    \
	X(INVALID_ASID, 0x0d, "")                                                                  \
	X(WBINVD_REQUIRED, 0x0e, "")                                                               \
	X(DFFLUSH_REQUIRED, 0x0f, "")                                                              \
	X(INVALID_GUEST, 0x10, "")                                                                 \
	X(INVALID_COMMAND, 0x11, "")                                                               \
	X(ACTIVE, 0x12, "")                                                                        \
	X(HWERROR_PLATFORM, 0x13, "SMEE or the IOMMU is off in the BIOS")                          \
	X(HWERROR_UNSAFE, 0x14, "")                                                                \
	X(UNSUPPORTED, 0x15, "")                                                                   \
	X(INVALID_PARAM, 0x16, "")                                                                 \
	X(RESOURCE_LIMIT, 0x17, "")                                                                \
	X(SECURE_DATA_INVALID, 0x18, "")                                                           \
	X(INVALID_PAGE_SIZE, 0x19, "")                                                             \
	X(INVALID_PAGE_STATE, 0x1a, "")                                                            \
	X(INVALID_MDATA_ENTRY, 0x1b, "")                                                           \
	X(INVALID_PAGE_OWNER, 0x1c, "")                                                            \
	X(AEAD_OFLOW, 0x1d, "")                                                                    \
	X(RMP_INIT_REQUIRED, 0x20, "")                                                             \
	X(BAD_SVN, 0x21, "")                                                                       \
	X(BAD_VERSION, 0x22, "")                                                                   \
	X(SHUTDOWN_REQUIRED, 0x23, "")                                                             \
	X(UPDATE_FAILED, 0x24, "")                                                                 \
	X(RESTORE_REQUIRED, 0x25, "")                                                              \
	X(RMP_INIT_FAILED, 0x26, "")                                                               \
	X(INVALID_KEY, 0x27, "")

enum snp_status {
#define X(sym, value, cause) SNP_STATUS_##sym = (value),
	SNP_STATUSES(X)
#undef X
};

/* In ns. No clock shows more, and the sum of two times does not overflow. */
#define SNP_TIME_MAX (1ll << 62)

#define SNP_COMM_LEN 16
#define SNP_NAME_LEN 40

/*
 * One event. Members have fixed width and no padding, so that the ring buffer and a recording hold
 * the same bytes.
 */
struct snp_event {
	__u64 seq;     /* order of the events that BPF programs wrote, from 1; 0: user space */
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u64 value;   /* CPU_STATE, BEFORE_CPU: SYSCFG; RMPOPT: RMPOPT_BASE; COMMAND: ns it took;
			* LOST: how many */
	__u32 kind;    /* enum snp_event_kind */
	__u32 flags;   /* SNP_F_* of this kind */
	__u32 subject; /* a CPU, a command or a fact; or SNP_NO_SUBJECT */
	__s32 result; /* what the function returned; a negative errno where it failed; UNCOVERED: of
		       * a source that the kernel refused, else 0 */
	/* COMMAND: the firmware's status; CPUHP_FAIL: the hotplug state; START, ADOPT: enum
	 * snp_gate_hook; GATE, LOST: enum snp_blind_cause */
	__u32 status;
	__s32 count; /* cpu_hotplug_disabled after the event, of GUESTS the guests, or
			SNP_COUNT_UNKNOWN */
	__u32 cpu;   /* the CPU that the BPF program ran on */
	__u32 tgid;  /* tgid, tid, comm: the task that was running */
	__u32 tid;
	__u32 reserved;
	char comm[SNP_COMM_LEN];
	char name[SNP_NAME_LEN]; /* the caller's symbol, a module, a guarded file */
};
_Static_assert(sizeof(struct snp_event) == 120, "a recording's record has 120 bytes");

#endif
