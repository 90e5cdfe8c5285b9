/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the files of the checks alone: the table of checks, and what one look at a host carries from
 * check to check.
 */
#ifndef CHECK_PARTS_H
#define CHECK_PARTS_H

#include "check/check.h"
#include "contract/window.h"
#include "util/cpulist.h"

/*
 * X(symbol, name, group, function), in the order in which they are made. The rows of a group stand
 * together, as check_judge() skips a group of which nothing is known.
 */
#define CHECKS(X)                                                                                  \
	X(SNP, "snp", HOST, check_snp)                                                             \
	X(NEEDS, NULL, HOST, check_needs)	/* each by its own name in preflight_needs */      \
	X(CONTRACT, NULL, CPUS, check_contract) /* a breach under the check that it belongs to */  \
	X(SIGHT, "sight", CPUS, NULL)		/* by the contract alone */                        \
	X(SNP_EN, "snp-en", CPUS, check_snp_en)                                                    \
	X(SYSCFG, "syscfg", CPUS, check_syscfg)                                                    \
	X(ONLINE, "online", CPUS, check_online)                                                    \
	X(HOTPLUG_COUNT, "hotplug-count", CPUS, check_hotplug_count)                               \
	X(RMP, "rmp", CPUS, check_rmp)                                                             \
	X(MSRS, "msrs", CPUS, check_msrs)                                                          \
	X(SINCE, "since", CPUS, check_since)                                                       \
	X(FIRMWARE, "firmware", FIRMWARE, check_firmware)                                          \
	X(FIRMWARE_VERSION, "firmware-version", FIRMWARE, check_firmware_version)                  \
	X(FIRMWARE_TCB, "firmware-tcb", FIRMWARE, check_firmware_tcb)                              \
	X(FIRMWARE_STATE, "firmware-state", FIRMWARE, check_firmware_state)                        \
	X(FIRMWARE_FLAGS, "firmware-flags", FIRMWARE, check_firmware_flags)                        \
	X(MITIGATIONS, "mitigations", FIRMWARE, check_mitigations)                                 \
	X(DEV_SEV, "dev-sev", FIRMWARE, check_dev_sev)                                             \
	X(KVM_AMD, "kvm-amd", FIRMWARE, check_kvm)                                                 \
	X(TAINT, "taint", FIRMWARE, check_taint)                                                   \
	X(GATE, "gate", GUARD, check_gate)                                                         \
	X(RECORDED, "recorded", GUARD, check_recorded)

enum check_id {
#define X(sym, name, group, function) CHECK_ID_##sym,
	CHECKS(X)
#undef X
		CHECK_ID_COUNT
};

enum check_group { CHECK_GROUP_HOST, CHECK_GROUP_CPUS, CHECK_GROUP_FIRMWARE, CHECK_GROUP_GUARD };

/* The CPUs by their state; without memory a set is smaller than it should be. */
struct check_tally {
	struct cpulist online, absent, with, without, unreadable;
	int err; /* negative errno of the first that is unreadable */
};

struct check_look {
	struct check_report *report;
	const struct check_facts *facts;
	struct check_tally tally; /* of facts->now */
	char compared[sizeof(((struct verdict *)0)->text)];
	bool done; /* no other check applies */
	int err;
};

/* Adds a result. remedy: NULL where nothing is to be done. */
void __attribute__((format(printf, 5, 6)))
check_add(struct check_look *l, enum check_id check, enum check_status status, const char *remedy,
	  const char *format, ...);
/* Likewise, of a check that is not in the table. name is kept. */
void __attribute__((format(printf, 5, 6)))
check_add_named(struct check_look *l, const char *name, enum check_status status,
		const char *remedy, const char *format, ...);

/* What may help where something can't be read. err: a negative errno. */
const char *check_access_remedy(int err);
/* Why the kernel's memory was not read, and what helps. */
const char *check_kernel_remedy(const struct check_facts *f);

/* True if the check has a result. */
bool check_has(const struct check_look *l, enum check_id check);

/* What a breach counts as. */
enum check_status check_status_of(const struct severities *severities, enum snp_breach breach);

bool check_has_snp_en(const struct snapshot_cpu *c);
void check_tally_count(struct check_tally *t, const struct snapshot *s);
void check_tally_free(struct check_tally *t);

void check_snp(struct check_look *l);
void check_needs(struct check_look *l);
void check_contract(struct check_look *l);
void check_snp_en(struct check_look *l);
void check_syscfg(struct check_look *l);
void check_online(struct check_look *l);
void check_hotplug_count(struct check_look *l);
void check_rmp(struct check_look *l);
void check_msrs(struct check_look *l);
void check_since(struct check_look *l);
void check_firmware(struct check_look *l);
void check_firmware_version(struct check_look *l);
void check_firmware_state(struct check_look *l);
void check_firmware_flags(struct check_look *l);
void check_firmware_tcb(struct check_look *l);
void check_mitigations(struct check_look *l);
void check_dev_sev(struct check_look *l);
void check_kvm(struct check_look *l);
void check_taint(struct check_look *l);
void check_gate(struct check_look *l);
void check_recorded(struct check_look *l);

#endif
