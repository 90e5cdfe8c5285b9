/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the files of the checks alone: the table of checks, and what one look at a host carries from
 * check to check.
 */
#ifndef CHECK_PARTS_H
#define CHECK_PARTS_H

#include "check/check.h"
#include "contract/window.h"
#include "host/kernel_log.h"
#include "util/cpulist.h"

/*
 * X(symbol, name, group, function, what it looks at), in the order in which they are made. The rows
 * of a group stand together, as check_judge() skips a group of which nothing is known. Rows without
 * a name: check_needs makes a check of each of preflight_needs, check_contract one of each breach,
 * under the name of the check that it belongs to.
 */
#define CHECKS(X)                                                                                  \
	X(SNP, "snp", HOST, check_snp, "sev_snp among the CPU's flags")                            \
	X(NEEDS, NULL, HOST, check_needs, "")                                                      \
	X(CONTRACT, NULL, CPUS, check_contract, "")                                                \
	X(SIGHT, "sight", CPUS, NULL, "whether SYSCFG of each CPU can be read")                    \
	X(SNP_EN, "snp-en", CPUS, check_snp_en, "SNP_EN in SYSCFG of each online CPU")             \
	X(SYSCFG, "syscfg", CPUS, check_syscfg, "the other bits of SYSCFG on each online CPU")     \
	X(ONLINE, "online", CPUS, check_online, "the present CPUs, and those online")              \
	X(HOTPLUG_COUNT, "hotplug-count", CPUS, check_hotplug_count,                               \
	  "the kernel's count of what disables CPU hotplug")                                       \
	X(RMP, "rmp", CPUS, check_rmp, "RMP_BASE, RMP_END and RMP_CFG of each online CPU")         \
	X(RMP_COVERAGE, "rmp-coverage", CPUS, check_rmp_coverage,                                  \
	  "the RMP against the end of RAM")                                                        \
	X(RMPOPT, "rmpopt", CPUS, check_rmpopt, "RMPOPT_BASE of each online CPU")                  \
	X(MSRS, "msrs", CPUS, check_msrs, "the MSRs that SNP_INIT compares")                       \
	X(SINCE, "since", CPUS, check_since, "the CPUs against a snapshot (--since)")              \
	X(FIRMWARE, "firmware", FIRMWARE, check_firmware, "whether the driver initialised SNP")    \
	X(FIRMWARE_VERSION, "firmware-version", FIRMWARE, check_firmware_version,                  \
	  "the firmware's version, and its number of guests")                                      \
	X(FIRMWARE_TCB, "firmware-tcb", FIRMWARE, check_firmware_tcb,                              \
	  "the TCB that attestation reports name, and the firmware's own")                         \
	X(FIRMWARE_STATE, "firmware-state", FIRMWARE, check_firmware_state,                        \
	  "the firmware's state, the RMP, and the check of memory for aliases")                    \
	X(FIRMWARE_FLAGS, "firmware-flags", FIRMWARE, check_firmware_flags,                        \
	  "bits of the platform status that this version does not know")                           \
	X(MITIGATIONS, "mitigations", FIRMWARE, check_mitigations,                                 \
	  "mitigations that the firmware has, and those verified")                                 \
	X(IOMMU, "iommu", FIRMWARE, check_iommu, "the IOMMUs, their SNPSup, and passthrough")      \
	X(CCP_PARAMETERS, "ccp-parameters", FIRMWARE, check_ccp_parameters,                        \
	  "psp_init_on_probe and tio, parameters of ccp")                                          \
	X(DEV_SEV, "dev-sev", FIRMWARE, check_dev_sev, "/dev/sev")                                 \
	X(KVM_AMD, "kvm-amd", FIRMWARE, check_kvm, "kvm_amd's parameters, and why sev_snp is N")   \
	X(ASIDS, "asids", FIRMWARE, check_asids, "the ASIDs for SNP guests, and those left")       \
	X(SEV_ES, "sev-es", FIRMWARE, check_sev_es, "SEV-ES guests beside SNP, ciphertext hiding") \
	X(KDUMP, "kdump", FIRMWARE, check_kdump, "whether SNP ends before a crash kernel starts")  \
	X(TAINT, "taint", FIRMWARE, check_taint, "an oops or a machine check since boot")          \
	X(GATE, "gate", GUARD, check_gate, "the guard's gate")                                     \
	X(RECORDED, "recorded", GUARD, check_recorded, "breaches that a guard has on record")

enum check_id {
#define X(sym, name, group, function, looks) CHECK_ID_##sym,
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
	char command_line[4096]; /* the kernel's; "" if it can't be read */
	bool done;		 /* no other check applies */
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

/* Says which part of its check the last result is about; a check with several results has one each.
 */
void __attribute__((format(printf, 2, 3)))
check_part(struct check_look *l, const char *format, ...);

/* Ends the last result's evidence with the kernel's own last words about that, if there are any. */
void check_quote_kernel(struct check_look *l, enum kernel_log_about about);

/* Why something can't be, and what helps. */
struct check_cause {
	const char *text; /* NULL: unknown */
	const char *remedy;
};
/* Why the kernel's command line leaves SNP off, as far as it is about the IOMMU. */
struct check_cause check_iommu_cause(const char *command_line);

/* True if the kernel's command line switches KVM's SNP off. */
bool check_asks_for_no_snp(const char *command_line);
/* What it counts as that the host can't run SNP guests. */
enum check_status check_without_snp(const struct check_look *l);

/* True if the module is loaded or built in. */
bool check_is_loaded(const struct check_look *l, const char *module);
/* Reads a module's parameter. Returns as platform_read(). */
int check_read_parameter(const struct check_look *l, const char *module, const char *name,
			 char *text, size_t size);
/* The first letter of a module's parameter, such as Y or N; 0 if it can't be read. */
char check_parameter(const struct check_look *l, const char *module, const char *name);

/* SYSCFG bit 23, which the BIOS sets: without it there is no SEV (APM vol. 2, 7.10.2). */
#define CHECK_SYSCFG_SMEE (1ull << 23)
extern const char check_smee_remedy[], check_rmp_remedy[];
/* True if RMP_BASE and RMP_END or RMP_CFG delimit no table at all. */
bool check_has_no_rmp(const struct registers *of);

/* Adds a result for the first register of a group that differs. Returns false if none does. */
bool check_unequal(struct check_look *l, enum check_id check, const struct registers *of,
		   enum register_group group, enum check_status status);
/* Likewise for one that some CPU could not read. */
bool check_unreadable(struct check_look *l, enum check_id check, const struct registers *of,
		      enum register_group group);

/* What may help where something can't be read. err: a negative errno. */
const char *check_access_remedy(int err);
/* Why the kernel's memory was not read, and what helps. */
const char *check_kernel_remedy(const struct check_facts *f);

/* True if the check has a result. */
bool check_has(const struct check_look *l, enum check_id check);

/* What a breach counts as. */
enum check_status check_status_of(const struct severities *severities, enum snp_breach breach);

/* True if the check snp-en says already that no CPU's MSRs can be read. */
bool check_leaves_to_snp_en(const struct check_look *l);
/* True if SYSCFG was read and has SNP_EN. */
bool check_has_snp_en(const struct snapshot_cpu *c);
/* Sorts the CPUs of s into t, which check_tally_free() frees. */
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
void check_rmp_coverage(struct check_look *l);
void check_rmpopt(struct check_look *l);
void check_msrs(struct check_look *l);
void check_since(struct check_look *l);
void check_firmware(struct check_look *l);
void check_firmware_version(struct check_look *l);
void check_firmware_state(struct check_look *l);
void check_firmware_flags(struct check_look *l);
void check_firmware_tcb(struct check_look *l);
void check_mitigations(struct check_look *l);
void check_iommu(struct check_look *l);
void check_ccp_parameters(struct check_look *l);
void check_dev_sev(struct check_look *l);
void check_kvm(struct check_look *l);
void check_asids(struct check_look *l);
void check_sev_es(struct check_look *l);
void check_kdump(struct check_look *l);
void check_taint(struct check_look *l);
void check_gate(struct check_look *l);
void check_recorded(struct check_look *l);

#endif
