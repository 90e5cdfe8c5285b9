/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ladder: for each fact that the guard follows, the sources that a kernel may offer, best
 * first. This file chooses a source and attaches nothing.
 */
#ifndef HOOKS_H
#define HOOKS_H

#include <stdbool.h>
#include <stddef.h>

#include "host/kernel.h"

/* The facts that the guard follows: X(symbol, name, effect of having no source) */
#define HOOK_FACTS(X)                                                                              \
	X(PREPARE, "prepare", "failures and bailouts of snp_prepare() are not seen")               \
	X(SNP_EN, "snp-en", "the order in which CPUs get SNP_EN is unknown")                       \
	X(COMMANDS, "commands", "results of SNP_INIT and SNP_SHUTDOWN are not seen")               \
	X(SHUTDOWN, "shutdown", "the driver's result of an SNP shutdown is not seen")              \
	X(X86_SHUTDOWN, "x86-shutdown", "the kernel's part of a full shutdown is not seen")        \
	X(DISABLE, "disable", "stacked and late disables are not seen")                            \
	X(ENABLE, "enable", "early and unbalanced enables are not seen")                           \
	X(OWNER, "owner", "no disable or enable is taken for SNP's")                               \
	X(COUNT, "count", "foreign enables are not seen")                                          \
	X(CPUS, "cpus", "CPUs that come and go between two sweeps are not seen")                   \
	X(ASKED, "asked", "the task that asked for a CPU change is unknown")                       \
	X(MODULES, "modules", "a reload of ccp is not seen; disables after it have no owner")      \
	X(KEXEC, "kexec", "kexec is not seen: CPUs that it stops look offlined")                   \
	X(GATE, "gate", "the gate can't refuse anything")                                          \
	X(FIRMWARE, "firmware", "whether SNP is initialised is known only where KVM says so")      \
	X(CPUHP_FAIL, "cpuhp-fail", "failed hotplug transitions are not seen")

enum hook_fact {
#define X(sym, name, without) FACT_##sym,
	HOOK_FACTS(X)
#undef X
		FACT_NUM
};

/* Kinds of sources: X(symbol, name); first those that --avoid takes. */
#define HOOK_KINDS_AVOIDABLE(X)                                                                    \
	X(FENTRY, "fentry")                                                                        \
	X(KPROBE, "kprobe")                                                                        \
	X(TRACEPOINT, "tracepoint")                                                                \
	X(LSM, "lsm")                                                                              \
	X(FMOD_RET, "fmod_ret")
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
	HOOK_IN_CCP = 1 << 0,	 /* the target is in ccp */
	HOOK_AT_RETURN = 1 << 1, /* kprobe: at the function's return */
	HOOK_IF_INT = 1 << 2,	 /* only where the function returns a value */
	HOOK_IF_VOID = 1 << 3,	 /* only where it returns void */
	HOOK_WRITES = 1 << 4,	 /* a write hook: attached only while it is needed */
	/* does the same as the one before it: the kernel has left out a call if both were */
	HOOK_TWIN = 1 << 5,
};

/* All hooks of one fact and one kind are a rung of the ladder. */
struct hook {
	enum hook_fact fact;
	enum hook_kind kind;
	const char *target;
	const char *program; /* in bpf/snp_guard.bpf.c; NULL: no program is needed */
	unsigned int flags;
	const char *less; /* what this source leaves out; NULL: nothing */
};

#define HOOKS_MAX 64
extern const struct hook hook_table[];
extern const size_t hook_count;

#define RUNGS_MAX 4

struct hook_state {
	bool covered;
	enum hook_kind kind; /* of the source in use */
	char source[112];    /* in words; "": none */
	const char *less;    /* what that source leaves out, or NULL */
	struct hook_missing {
		char source[112]; /* a better source that this kernel does not offer */
		char why[64 + KALLSYM_SUFFIX_LEN];
	} missing[RUNGS_MAX];
	int missing_count;
	int refused; /* the negative errno by which the kernel refused a source, the last of several
		      */
};

struct hooks_options {
	bool audit;		 /* the gate records and lets through */
	bool truth_only;	 /* attach nothing, for sensors_truth() alone */
	bool ask_ftrace;	 /* read available_filter_functions, too */
	unsigned int avoid;	 /* kinds of hooks not to use, 1 << HOOK_... */
	unsigned int buffer_kib; /* of the ring buffer; 0: the default */
	/* Asked between two attachments, if not NULL: true ends sensors_open() with -EINTR. */
	bool (*stopped)(void *ctx);
	void *stopped_ctx;
};

struct hooks {
	struct kernel kernel;
	struct hooks_options options;
	int refused[HOOKS_MAX]; /* the negative errno by which the kernel refused it, else 0 */
	bool used[HOOKS_MAX];
	struct hook_state states[FACT_NUM];
};

/*
 * Looks at a kernel (files NULL: the one that runs) and chooses for each fact the first source
 * that it offers. Returns 0 or a negative errno, as kernel_open() does.
 */
int hooks_open(struct hooks *h, const struct platform *p, const struct kernel_files *files,
	       const struct hooks_options *options);
void hooks_close(struct hooks *h);

/* The kernel refused the hook's program or its attachment by err: chooses another source. */
void hooks_refuse(struct hooks *h, size_t hook, int err);

/* From now on options.avoid does not count. */
void hooks_avoid_nothing(struct hooks *h);

/* True if the gate is to refuse, and nothing that the kernel offers can. */
bool hooks_lack_gate(const struct hooks *h);

/* True if a hook in use has this program. */
bool hooks_uses(const struct hooks *h, const char *program);

const char *hook_fact_name(enum hook_fact fact);
const char *hook_fact_without(enum hook_fact fact);
const char *hook_kind_name(enum hook_kind kind);
/* An avoidable kind by its name, or -EINVAL. */
int hook_kind_by_name(const char *name);

#endif
