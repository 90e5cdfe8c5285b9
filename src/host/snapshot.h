/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a host at one moment, which a JSON file can keep across a kexec. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdio.h>

#include "host/platform.h"

struct snapshot_cpu {
	bool present, online;
	int err; /* negative errno if SYSCFG could not be read */
	uint64_t syscfg;
	bool no_hsave;	 /* snapshot_read_hsave() found EFER.SVME set, and VM_HSAVE_PA 0 */
	bool has_rmpopt; /* snapshot_read_cpu() tried to read RMPOPT_BASE */
	int rmpopt_err;	 /* negative errno if it could not */
	uint64_t rmpopt; /* RMPOPT_BASE */
};

struct snapshot {
	char boot_id[PLATFORM_BOOT_ID_LEN];
	char release[PLATFORM_RELEASE_LEN];
	int hotplug_count; /* or SNP_COUNT_UNKNOWN */
	bool rmpopt;	   /* the processor has RMPOPT: read RMPOPT_BASE, too */
	struct snapshot_cpu *cpus;
	unsigned int count;
};

/*
 * Reads the CPU lists, and of every online CPU SYSCFG, RMPOPT_BASE and whether KVM lacks a host
 * save area; the caller sets hotplug_count. Returns 0 or a negative errno. The caller calls
 * snapshot_free() in either case.
 */
int snapshot_take(struct snapshot *s, const struct platform *p);
/*
 * The same in steps: the lists first, then each CPU, by its number; offline ones too. Whether
 * RMPOPT_BASE is read is the caller's to set in between.
 */
int snapshot_list(struct snapshot *s, const struct platform *p);
void snapshot_read_cpu(struct snapshot *s, const struct platform *p, unsigned int cpu);
void snapshot_read_hsave(struct snapshot *s, const struct platform *p, unsigned int cpu);
/* Writes s as JSON. Returns 0 or a negative errno. */
int snapshot_write(const struct snapshot *s, FILE *f);
/*
 * Reads what snapshot_write() wrote. Returns 0 or a negative errno: -EBADMSG if f is no snapshot or
 * is damaged. The caller calls snapshot_free() in either case.
 */
int snapshot_read(struct snapshot *s, FILE *f);
void snapshot_free(struct snapshot *s);

/* True if an online CPU has SNP_EN, as far as it was read. */
bool snapshot_has_snp_en(const struct snapshot *now);

#endif
