/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ladder: for each fact that the guard follows, the sources that a kernel may offer, the best
 * one first. Chooses; attaches nothing.
 */
#ifndef HOOKS_H
#define HOOKS_H

#include <stdbool.h>
#include <stddef.h>

#include "host/kernel.h"

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
	X(FIRMWARE, "firmware", "whether SNP was initialised before the guard started")            \
	X(CPUHP_FAIL, "cpuhp-fail", "hotplug transitions that failed")

enum hook_fact {
#define X(sym, name, without) FACT_##sym,
	HOOK_FACTS(X)
#undef X
		FACT_COUNT_OF
};

/* Kinds of sources: X(symbol, name); first those that --avoid takes. */
#define HOOK_KINDS_AVOIDABLE(X)                                                                    \
	X(FENTRY, "fentry")                                                                        \
	X(KPROBE, "kprobe")                                                                        \
	X(TRACEPOINT, "tracepoint")                                                                \
	X(LSM, "lsm")
#define HOOK_KINDS(X)                                                                              \
	HOOK_KINDS_AVOIDABLE(X)                                                                    \
	X(MEMORY, "memory")                                                                        \
	X(STACK, "call stacks")                                                                    \
	X(COMMANDS, "among the commands")                                                          \
	X(SWEEP, "sweeps of")

enum hook_kind {
#define X(sym, name) HOOK_##sym,
	HOOK_KINDS(X)
#undef X
		HOOK_KIND_COUNT
};

enum hook_flag {
	HOOK_IN_CCP = 1 << 0,	 /* the target is the driver's */
	HOOK_AT_RETURN = 1 << 1, /* kprobe: at the function's return */
	HOOK_IF_INT = 1 << 2,	 /* only where the function returns a value */
	HOOK_IF_VOID = 1 << 3,	 /* only where it returns none */
	HOOK_WRITES = 1 << 4,	 /* sees each write: attached only as long as there is need */
};

/* A rung of the ladder is all hooks of one fact and one kind. */
struct hook {
	enum hook_fact fact;
	enum hook_kind kind;
	const char *target;
	const char *program; /* in bpf/snp_guard.bpf.c; NULL: no program is needed */
	unsigned int flags;
	const char *less; /* what this source does not tell; NULL: it tells all of the fact */
};

#define HOOKS_MAX 48
extern const struct hook hook_table[];
extern const size_t hook_count;

#define RUNGS_MAX 4

struct hook_state {
	bool covered;
	enum hook_kind kind; /* of the source in use */
	char source[80];     /* where the fact comes from; "" if from nowhere */
	const char *less;    /* what that source does not tell, or NULL */
	struct hook_missing {
		char source[80]; /* what was looked for before */
		char why[96];
	} missing[RUNGS_MAX];
	int missing_count;
};

struct hooks_options {
	bool audit;		 /* the gate records and lets through */
	bool truth_only;	 /* attach nothing: sensors_truth() alone is wanted */
	bool ask_ftrace;	 /* look into available_filter_functions, too */
	unsigned int avoid;	 /* kinds of hooks to do without, 1 << HOOK_... */
	unsigned int buffer_kib; /* of the ring buffer; 0: the default */
};

struct hooks {
	struct kernel kernel;
	struct hooks_options options;
	bool refused[HOOKS_MAX], used[HOOKS_MAX];
	struct hook_state states[FACT_COUNT_OF];
};

/*
 * Looks at a kernel (files NULL: the one that runs) and chooses for each fact the first source
 * that it offers. Returns 0 or a negative errno, as kernel_open() does.
 */
int hooks_open(struct hooks *h, const struct platform *p, const struct kernel_files *files,
	       const struct hooks_options *options);
void hooks_close(struct hooks *h);

/* The kernel took the hook's program and not its attachment, or not the program: chooses again. */
void hooks_refuse(struct hooks *h, size_t hook);

bool hooks_uses(const struct hooks *h, const char *program);

const char *hook_fact_name(enum hook_fact fact);
const char *hook_fact_without(enum hook_fact fact);
const char *hook_kind_name(enum hook_kind kind);
/* The kind of that name which has programs and so can be avoided, or -EINVAL. */
int hook_kind_by_name(const char *name);

#endif
