/* SPDX-License-Identifier: GPL-2.0-only */
/* The CPUs: which are online, which have SNP_EN, and what sweeps find of both. */
#ifndef WINDOW_CPUS_H
#define WINDOW_CPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/event.h"

struct window;

/*
 * Before 7.1 a hotplug callback (__snp_enable() in the kernel's arch/x86/virt/svm/sev.c) sets
 * SNP_EN on a CPU some time after it came online. The CPU gets so many ns before it counts as
 * unchecked.
 */
#define SELF_ENABLE_NS 1000000000ull

enum { CPUS_ROOM = 64 }; /* the fewest CPUs that the list has room for */

enum snp_en { EN_UNKNOWN, EN_CLEAR, EN_SET };

/* One CPU as the snapshot has it. */
struct cpu_before {
	bool online, snp_en;
	bool moot; /* the CPU moved in the window since, and that was reported */
};

enum rmpopt_state { RMPOPT_UNREAD, RMPOPT_UNREADABLE, RMPOPT_READ };

/* RMPOPT_BASE of one CPU, since it came online. */
struct cpu_rmpopt {
	enum rmpopt_state state;
	__u64 value; /* of RMPOPT_BASE */
	bool kept;   /* a legacy shutdown must leave this value */
	__u64 kept_value;
};

struct cpu {
	enum snp_en en;
	bool present, online;
	bool readable;	   /* its SYSCFG was read since it came online */
	bool told_without; /* cpu-without-snp-en is reported for this time online */
	bool told_unknown; /* blind is, for an unreadable SYSCFG */
	bool told_hsave;   /* init-under-guests is, since no_hsave_ns */
	__u64 no_hsave_ns; /* since when sweeps find no host save area; 0: there is one */
	__u64 moved_ns;	   /* of its last transition; 0: none was seen */
	__u64 asked_ns;	   /* of a request to bring it up or down; 0: none is open */
	bool frozen;	   /* ... which came from suspend or hibernation */
	__u32 tid;	   /* ... and the task that asked; 0: unknown */
	char comm[SNP_COMM_LEN];
	struct cpu_before before; /* filled by window_snapshot.c; the CPU's own changes void it */
	struct cpu_rmpopt rmpopt; /* filled by window_rmpopt.c; the CPU's own changes void it */
};

struct cpus {
	struct cpu *list;
	unsigned int count;
	bool disbelieved; /* this sweep passed over what it saw of a CPU that had just moved */
	bool look_again;  /* ... the last complete sweep: another one must follow */
};

void cpus_free(struct cpus *cpus);
/* Returns the CPU of that number, all zero where it is new; NULL without memory. */
struct cpu *cpus_get(struct window *w, __u32 cpu);

/* ---- questions ---- */

typedef bool (*cpu_match_fn)(const struct cpu *c);

bool cpu_is_online(const struct cpu *c);
bool cpu_is_online_with_en(const struct cpu *c);
bool cpu_is_online_without_en(const struct cpu *c);
bool cpu_is_online_with_unknown_en(const struct cpu *c);
bool cpu_has_en(const struct cpu *c);
bool cpu_is_offline(const struct cpu *c); /* and present */
bool cpu_is_unread(const struct cpu *c);  /* online, and not known to be unreadable */
/* KVM lacks a host save area there, and that is, or is not yet, reported. */
bool cpu_is_told_without_hsave(const struct cpu *c);
bool cpu_is_untold_without_hsave(const struct cpu *c);

bool cpus_any(const struct window *w, cpu_match_fn match);
/* Writes the numbers of those that match to buf, as "0,2-3"; returns how many there are. */
unsigned int cpus_list(const struct window *w, cpu_match_fn match, char *buf, size_t size);

/* ---- events: each returns 0 or -ENOMEM ---- */

/* CPU_UP_BEGIN or CPU_DOWN_BEGIN. */
int cpus_on_request(struct window *w, const struct snp_event *e);
/* CPU_UP or CPU_DOWN. */
int cpus_on_transition(struct window *w, const struct snp_event *e);
/* CPU_STATE: what a sweep found. */
int cpus_on_state(struct window *w, const struct snp_event *e);

/* ---- what other parts tell it ---- */

/* SNP_EN was set on this CPU. Returns 0 or -ENOMEM. */
int cpus_set_en(struct window *w, __u32 cpu);
/* The firmware says that it cleared SNP_EN on every CPU. */
void cpus_clear_en(struct window *w);
/* The kernel says that every CPU has SNP_EN; only the next sweep's reading counts. */
void cpus_forget_en(struct window *w);

/* ---- a complete sweep ---- */

/* cpu-without-snp-en. */
void cpus_judge(struct window *w, const struct snp_event *e);
/* init-under-guests. */
void cpus_judge_hsave(struct window *w, const struct snp_event *e);
void cpus_end_sweep(struct window *w);

#endif
