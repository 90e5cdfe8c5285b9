/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SNP host's kernel and firmware, as the guard's BPF programs see them: each function below is
 * what one part of them does, with the records that bpf/snp_guard.bpf.c would write of it, if the
 * program is attached that writes them.
 */
#ifndef STANDIN_KERNEL_H
#define STANDIN_KERNEL_H

#include "standin/bpf.h"
#include "standin/host.h"

struct kernel_standin {
	bool disables_hotplug; /* v10 of the series: snp_prepare() does, snp_shutdown() undoes it */
	int count;	       /* cpu_hotplug_disabled */
	int initialised;       /* what the driver says; -1: can't be read */
	bool gate_is_deaf;     /* the gate's programs are attached and never called */
	unsigned int writers;  /* guarded files that somebody has open for writing */
	unsigned int unlistable; /* ... for which the list has no room, made anew or not */
	int opened;		 /* what kernel_open_for_writing() returned last; 1: nothing yet */
	bool awaited;		 /* snp_prepare() waits for the write hooks */
	/* Records are numbered and stay on their way. */
	bool holds_back;
	/* Called whenever the guard asks for the kernel's own state: what happens just then. */
	void (*on_truth)(void);
	/* Called once, after the writers were counted. */
	void (*on_count)(void);
};

extern struct kernel_standin kernel;

/* A host as host_begin() makes it, with ccp loaded and libbpf's stand-in. */
void kernel_begin(unsigned int cpus, const char *without);
/* The host of most tests: 4 CPUs, and a kernel that disables hotplug for SNP. */
void kernel_begin_usual(void);
void kernel_end(void);

/* ---- the SNP life cycle ---- */

void kernel_prepare(void); /* snp_prepare() sets SNP_EN on every online CPU */
/* By steps, between which the guard runs: it sets SNP_EN as it goes on, and ends. */
void kernel_prepare_begins(void);
void kernel_prepare_goes_on(void);
void kernel_prepare_ends(int result);
void kernel_init(void);	     /* SNP_INIT_EX and SNP_DF_FLUSH succeed */
void kernel_begin_snp(void); /* kernel_prepare() and kernel_init() */
void kernel_legacy_shutdown(void);
void kernel_full_shutdown(void);
void kernel_command(unsigned int number, __u32 flags, int result, __u32 status);

/* ---- hotplug ---- */

void kernel_disable(bool by_snp, const char *caller);
void kernel_enable(bool by_snp, const char *caller);
void kernel_cpu_up(unsigned int cpu); /* past the gate */
void kernel_cpu_down(unsigned int cpu);

/* ---- users ---- */

/*
 * A task opens a guarded file for writing: name as it stands in records ("cpu%u/online"). Returns
 * 0 or -EPERM.
 */
int kernel_open_for_writing(const char *name, unsigned int cpu);

/* ---- steps of scripts ---- */

void open_cpu3(void); /* for writing: cpu3/online */
void cpu3_up(void);
void cpu3_down(void);
void cpu3_loses_snp_en(void);
void reload_renamed(void); /* ccp, with other names of its functions */

/* ---- what goes wrong ---- */

/* So many records that the ring buffer had no room for. */
void kernel_lose(unsigned int records);
/* Records that were held back arrive, the last one first. */
void kernel_deliver_backwards(void);
/* A record of any kind. */
void kernel_record(enum snp_event_kind kind, unsigned int subject);
bool kernel_is_shut(void); /* the gate refuses */

#endif
