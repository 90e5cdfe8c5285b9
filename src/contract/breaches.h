/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one table of breaches: name, severity, meaning and remedy of each.
 */
#ifndef BREACHES_H
#define BREACHES_H

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
