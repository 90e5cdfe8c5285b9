/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the running kernel what can be attached, and attaches it. */
#ifndef HOOKS_H
#define HOOKS_H

#include <stdbool.h>

#include "platform.h"
#include "snp_guard.h"

/* What the guard wants to know: X(symbol, name, what falls away without a source) */
#define HOOK_FACTS(X)                                                                              \
	X(PREPARE, "prepare", "snp_prepare() is not followed: failures and bailouts go unseen")    \
	X(SNP_EN, "snp-en", "the order in which CPUs get SNP_EN")                                  \
	X(COMMANDS, "commands", "SNP_INIT and SNP_SHUTDOWN, and whether they succeeded")           \
	X(SHUTDOWN, "shutdown", "the driver's own result of an SNP shutdown")                      \
	X(X86_SHUTDOWN, "x86-shutdown", "that the kernel took a full shutdown in")                 \
	X(DISABLE, "disable", "cpu_hotplug_disable(): stacked and late disables")                  \
	X(ENABLE, "enable", "cpu_hotplug_enable(): early and unbalanced enables")                  \
	X(OWNER, "owner", "whose a disable or enable is: none is taken for SNP's")                 \
	X(COUNT, "count", "the kernel's own count of disables: foreign enables")                   \
	X(CPUS, "cpus", "CPUs that come and go between two sweeps")                                \
	X(ASKED, "asked", "which task asked for a CPU to come or go")                              \
	X(MODULES, "modules", "loading and unloading of ccp; whose a disable is after that")       \
	X(KEXEC, "kexec", "that the kernel leaves: CPUs that stop then look offlined")             \
	X(GATE, "gate", "nothing is refused")                                                      \
	X(FIRMWARE, "firmware", "whether SNP was initialised before the guard started")

enum hook_fact {
#define X(sym, name, without) FACT_##sym,
	HOOK_FACTS(X)
#undef X
		FACT_COUNT_OF
};

struct hook_state {
	char source[80]; /* where the fact comes from; "" if from nowhere */
	char note[80];	 /* what else was looked for, or why it isn't there */
};

struct hooks_options {
	bool audit;		 /* the gate records and lets through */
	bool truth_only;	 /* attach nothing: hooks_truth() alone is wanted */
	unsigned int buffer_kib; /* of the ring buffer; 0: the default */
};

struct hooks;

/* What the BPF side counted, read while it runs. */
struct hooks_counters {
	__u64 seq;	    /* last sequence number given */
	__u64 shutdown_ns;  /* since when a full shutdown is in flight; 0: none is */
	__u64 missed;	    /* calls of programs that the kernel left out (recursion) */
	__u64 denied;	    /* writes refused, or in audit mode let through */
	__u64 denied_quiet; /* ... without a record */
};

/*
 * Looks at the kernel's BTF, symbols and security modules, and decides what to attach; loads
 * nothing. Returns 0 or a negative errno: -ENOENT without BTF, -EPERM where the kernel hides its
 * symbols' addresses.
 */
int hooks_probe(struct hooks **hooks, const struct platform *p, const struct hooks_options *opts);

/* Loads and attaches what hooks_probe() found. Returns 0 or a negative errno. */
int hooks_attach(struct hooks *h);

/* Detaches and frees all; h may be NULL. */
void hooks_free(struct hooks *h);

const char *hook_fact_name(enum hook_fact fact);
const char *hook_fact_without(enum hook_fact fact);
const struct hook_state *hooks_state(const struct hooks *h, enum hook_fact fact);
/* SNP_F_HAS_PREPARE and so on, for the START event. */
__u32 hooks_start_flags(const struct hooks *h);
/* What libbpf or the kernel said last, for an error message; "" if nothing. */
const char *hooks_complaint(void);

/* Calls fn for each record that waits in the ring buffer. Returns 0, or what fn returned. */
int hooks_consume(struct hooks *h, int (*fn)(void *ctx, const struct snp_event *e), void *ctx);
/* A descriptor that polls readable when records wait. */
int hooks_fd(struct hooks *h);
struct hooks_counters hooks_counters(const struct hooks *h);

/*
 * The kernel's count of hotplug disables, or SNP_COUNT_UNKNOWN; and where initialised is not
 * NULL, whether the driver holds SNP for initialised: 1, 0, or -1 if that can't be read.
 */
int hooks_truth(struct hooks *h, int *count, int *initialised);

/* The latch's word as it is now. */
__u64 hooks_latch(const struct hooks *h);
/*
 * Sets the latch to shut or open, unless it changed since before was read: then returns false,
 * and a new sweep must look again.
 */
bool hooks_set_latch(struct hooks *h, __u64 before, bool shut);

#endif
