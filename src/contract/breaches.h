/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of breaches: name, severity, meaning and remedy of each. docs/contract.md says when
 * each is reported.
 */
#ifndef BREACHES_H
#define BREACHES_H

enum snp_severity { SNP_NOTICE, SNP_WARNING, SNP_CRITICAL };

/*
 * X(symbol, name, severity, what it means for the guests, what to do about it)
 *
 * An operator can change a severity (severity.h). Ledgers and recordings keep a counter for each
 * breach in this order, so a new one comes last.
 */
#define SNP_BREACHES(X)                                                                            \
	X(CPU_ONLINED, "cpu-onlined", CRITICAL,                                                    \
	  "a CPU came online inside a window; it may skip the RMP checks and write into guest "    \
	  "memory",                                                                                \
	  "stop the SNP guests and reboot; in audit mode, switch to enforcing")                    \
	X(CPU_WITHOUT_SNP_EN, "cpu-without-snp-en", CRITICAL,                                      \
	  "an online CPU lacks SNP_EN while SNP guests may run: it skips the RMP checks and "      \
	  "can corrupt guest memory",                                                              \
	  "stop the SNP guests and reboot the host")                                               \
	X(UNSAFE_BAILOUT, "unsafe-bailout", CRITICAL,                                              \
	  "snp_prepare() saw SNP_EN on its own CPU and skipped the others, of which some lack "    \
	  "it",                                                                                    \
	  "reboot (not kexec) before starting SNP guests")                                         \
	X(SNP_EN_LOST, "snp-en-lost", CRITICAL,                                                    \
	  "SNP_EN went away without a full shutdown, or stayed after one: firmware or hardware "   \
	  "is at fault",                                                                           \
	  "stop the SNP guests, reboot, and report it with the firmware's version")                \
	X(EARLY_ENABLE, "early-enable", CRITICAL,                                                  \
	  "SNP allowed CPU hotplug again while SNP_EN is set",                                     \
	  "mail the recording (`run --record`) to linux-coco@lists.linux.dev")                     \
	X(UNBALANCED_ENABLE, "unbalanced-enable", CRITICAL,                                        \
	  "SNP enabled CPU hotplug more often than it disabled it, and so undid another hold",     \
	  "mail the recording (`run --record`) to linux-coco@lists.linux.dev")                     \
	X(FOREIGN_ENABLE, "foreign-enable", CRITICAL,                                              \
	  "other code undid SNP's hold, so the kernel allows CPU hotplug inside a window",         \
	  "find the code that called cpu_hotplug_enable(); its hotplug-enable event names it")     \
	X(CPU_OFFLINED, "cpu-offlined", WARNING,                                                   \
	  "a CPU went offline inside a window; the firmware still counts on it, and it can't "     \
	  "come back safely",                                                                      \
	  "leave it offline until the host is reset; in audit mode, switch to enforcing")          \
	X(STACKED_DISABLE, "stacked-disable", WARNING,                                             \
	  "SNP disabled CPU hotplug twice; one enable won't undo that, and hotplug stays off "     \
	  "after the shutdown",                                                                    \
	  "mail the recording (`run --record`) to linux-coco@lists.linux.dev")                     \
	X(LEAKED_DISABLE, "leaked-disable", WARNING,                                               \
	  "the window is closed, and CPU hotplug is still disabled for SNP",                       \
	  "reboot to get CPU hotplug back; mail the recording (`run --record`) to "                \
	  "linux-coco@lists.linux.dev")                                                            \
	X(LATE_DISABLE, "late-disable", WARNING,                                                   \
	  "CPU hotplug was disabled only after SNP_EN was set; in between the set of CPUs "        \
	  "could change",                                                                          \
	  "run `snp-guard check` to verify SNP_EN; use a kernel that disables CPU hotplug first")  \
	X(PARTIAL_PREPARE, "partial-prepare", WARNING,                                             \
	  "SNP was prepared while present CPUs were offline; they lack SNP_EN and may come "       \
	  "online later",                                                                          \
	  "bring all CPUs online before SNP is initialised, or remove them at boot")               \
	X(KEXEC_UNLATCHED, "kexec-unlatched", WARNING,                                             \
	  "this kernel inherited an open window but did not disable CPU hotplug",                  \
	  "reboot instead of kexec, or end SNP by a full shutdown before a kexec")                 \
	X(NO_LATCH, "no-latch", NOTICE,                                                            \
	  "this kernel leaves CPU hotplug enabled for SNP, as every distribution kernel does "     \
	  "today; only the gate prevents changes",                                                 \
	  "keep the gate enforcing (audit mode prevents nothing), or use a kernel that "           \
	  "disables CPU hotplug for SNP")                                                          \
	X(BENIGN_FAILED_INIT, "benign-failed-init", NOTICE,                                        \
	  "SNP_INIT failed with SNP_EN set: nothing is enforced, and no SNP guest can exist",      \
	  "look up the firmware's status; CPU hotplug may be on or off, both are right")           \
	X(ORPHANED_INIT, "orphaned-init", WARNING,                                                 \
	  "the firmware is initialised and the driver believes that it is not: no shutdown or "    \
	  "panic path will end SNP",                                                               \
	  "reset the host before using SNP or relying on a crash kernel")                          \
	X(BLIND, "blind", WARNING, "events may have been missed: findings may be incomplete",      \
	  "by its cause, which the finding names; `snp-guard explain blind` lists the causes")     \
	X(INIT_UNDER_GUESTS, "init-under-guests", WARNING,                                         \
	  "VM_HSAVE_PA was cleared, as SNP_INIT wants it, while KVM had virtualisation enabled: "  \
	  "every VMRUN fails",                                                                     \
	  "stop all guests, then load kvm_amd anew; load ccp without psp_init_on_probe=0")         \
	X(RMPOPT_UNEVEN, "rmpopt-uneven", WARNING,                                                 \
	  "RMPOPT is not the same on all CPUs, or a shutdown left it wrong: a CPU without it "     \
	  "can't execute the instruction, and one with it may skip RMP checks by an old table",    \
	  "stop the SNP guests, then load kvm_amd and ccp anew; if it stays, reset the host")

enum snp_breach {
#define X(sym, name, severity, meaning, remedy) SNP_BREACH_##sym,
	SNP_BREACHES(X)
#undef X
		SNP_BREACH_COUNT
};

#endif
