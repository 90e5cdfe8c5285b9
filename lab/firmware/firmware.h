/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SEV and SNP firmware as a state machine, without input or output of its own: it reaches guest
 * memory through the caller's accessors, and the CPUs through struct machine.
 *
 * Sources: "SEV API" is AMD document 55766, "SNP ABI" is AMD document 56860.
 */
#ifndef LAB_FIRMWARE_H
#define LAB_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"
#include "machine/rmp.h"

/* Mailbox commands: SEV API 4.3, SNP ABI chapter 8, kernel include/linux/psp-sev.h. The table in
 * table.c names them. */
enum firmware_command {
	CMD_INIT = 0x001,
	CMD_SHUTDOWN = 0x002,
	CMD_PLATFORM_RESET = 0x003,
	CMD_PLATFORM_STATUS = 0x004,
	CMD_PEK_GEN = 0x005,
	CMD_PEK_CSR = 0x006,
	CMD_PEK_CERT_IMPORT = 0x007,
	CMD_PDH_CERT_EXPORT = 0x008,
	CMD_PDH_GEN = 0x009,
	CMD_DF_FLUSH = 0x00a,
	CMD_DOWNLOAD_FIRMWARE = 0x00b,
	CMD_GET_ID = 0x00c,
	CMD_INIT_EX = 0x00d,
	CMD_NOP = 0x00e,
	CMD_RING_BUFFER = 0x00f,
	CMD_DECOMMISSION = 0x020,
	CMD_ACTIVATE = 0x021,
	CMD_DEACTIVATE = 0x022,
	CMD_GUEST_STATUS = 0x023,
	CMD_COPY = 0x024,
	CMD_ACTIVATE_EX = 0x025,
	CMD_LAUNCH_START = 0x030,
	CMD_LAUNCH_UPDATE_DATA = 0x031,
	CMD_LAUNCH_UPDATE_VMSA = 0x032,
	CMD_LAUNCH_MEASURE = 0x033,
	CMD_LAUNCH_UPDATE_SECRET = 0x034,
	CMD_LAUNCH_FINISH = 0x035,
	CMD_ATTESTATION_REPORT = 0x036,
	CMD_SNP_INIT = 0x081,
	CMD_SNP_SHUTDOWN = 0x082,
	CMD_SNP_PLATFORM_STATUS = 0x083,
	CMD_SNP_DF_FLUSH = 0x084,
	CMD_SNP_INIT_EX = 0x085,
	CMD_SNP_SHUTDOWN_EX = 0x086,
	CMD_SNP_DECOMMISSION = 0x090,
	CMD_SNP_ACTIVATE = 0x091,
	CMD_SNP_GUEST_STATUS = 0x092,
	CMD_SNP_GCTX_CREATE = 0x093,
	CMD_SNP_GUEST_REQUEST = 0x094,
	CMD_SNP_ACTIVATE_EX = 0x095,
	CMD_SNP_LAUNCH_START = 0x0a0,
	CMD_SNP_LAUNCH_UPDATE = 0x0a1,
	CMD_SNP_LAUNCH_FINISH = 0x0a2,
	CMD_SNP_DBG_DECRYPT = 0x0b0,
	CMD_SNP_DBG_ENCRYPT = 0x0b1,
	CMD_SNP_VERIFY_MITIGATION = 0x0b2,
	CMD_SNP_PAGE_SWAP_OUT = 0x0c0,
	CMD_SNP_PAGE_SWAP_IN = 0x0c1,
	CMD_SNP_PAGE_MOVE = 0x0c2,
	CMD_SNP_PAGE_MD_INIT = 0x0c3,
	CMD_SNP_PAGE_SET_STATE = 0x0c6,
	CMD_SNP_PAGE_RECLAIM = 0x0c7,
	CMD_SNP_PAGE_UNSMASH = 0x0c8,
	CMD_SNP_CONFIG = 0x0c9,
	CMD_SNP_DOWNLOAD_FIRMWARE_EX = 0x0ca,
	CMD_SNP_COMMIT = 0x0cb,
	CMD_SNP_VLEK_LOAD = 0x0cd,
	CMD_SNP_FEATURE_INFO = 0x0ce,
	CMD_TIO_STATUS = 0x0d0,
	CMD_TIO_INIT = 0x0d1,
	CMD_TIO_DEV_CREATE = 0x0d2,
	CMD_TIO_DEV_RECLAIM = 0x0d3,
	CMD_TIO_DEV_CONNECT = 0x0d4,
	CMD_TIO_DEV_DISCONNECT = 0x0d5,
};

/* Statuses: SEV API 4.4; from 0x19 on, SNP ABI, status codes. */
enum firmware_status {
	STATUS_SUCCESS = 0x00,
	STATUS_INVALID_PLATFORM_STATE = 0x01,
	STATUS_INVALID_GUEST_STATE = 0x02,
	STATUS_INVALID_CONFIG = 0x03,
	STATUS_INVALID_LENGTH = 0x04,
	STATUS_POLICY_FAILURE = 0x07,
	STATUS_INACTIVE = 0x08,
	STATUS_INVALID_ADDRESS = 0x09,
	STATUS_BAD_SIGNATURE = 0x0a,
	STATUS_BAD_MEASUREMENT = 0x0b,
	STATUS_ASID_OWNED = 0x0c,
	STATUS_INVALID_ASID = 0x0d,
	STATUS_WBINVD_REQUIRED = 0x0e,
	STATUS_DFFLUSH_REQUIRED = 0x0f,
	STATUS_INVALID_GUEST = 0x10,
	STATUS_INVALID_COMMAND = 0x11,
	STATUS_ACTIVE = 0x12,
	STATUS_HARDWARE_PLATFORM = 0x13,
	STATUS_HARDWARE_UNSAFE = 0x14,
	STATUS_UNSUPPORTED = 0x15,
	STATUS_INVALID_PARAM = 0x16,
	STATUS_RESOURCE_LIMIT = 0x17,
	STATUS_SECURE_DATA_INVALID = 0x18,
	STATUS_INVALID_PAGE_SIZE = 0x19,
	STATUS_INVALID_PAGE_STATE = 0x1a,
	STATUS_INVALID_PAGE_OWNER = 0x1c,
	STATUS_RMP_INIT_REQUIRED = 0x20,
	STATUS_BAD_SVN = 0x21,
	STATUS_RMP_INITIALIZATION_FAILED = 0x26,
	STATUS_OF_BUFFER = 0x40, /* added if a page of the command's own buffer is the cause */
	STATUS_BUFFER_PAGE_STATE = STATUS_OF_BUFFER | STATUS_INVALID_PAGE_STATE,
	STATUS_HANG = 0x10000, /* no status: the command never answers */
};

/* Flags of SNP_SHUTDOWN_EX (SNP ABI chapter 8). */
#define SHUTDOWN_IOMMU 0x1u
#define SHUTDOWN_X86   0x2u

/* As in an image's header. */
struct firmware_version {
	uint8_t build;
	uint8_t minor;
	uint8_t major;
};

/* A page that software has written while the RMP forbade it. */
struct firmware_write {
	uint64_t page;
	const char *state; /* the page's, by name */
};

/* What the firmware knows of each ASID (AMD-ASPFW, sev_globals.h and sev_mcmd.c). */
enum asid_state {
	ASID_CLEAN,
	ASID_DIRTY,	/* no guest may have it until DF_FLUSH */
	ASID_ALLOCATED, /* that of a guest that was activated and does not run yet */
	ASID_IN_USE,	/* that of a guest that runs */
};

enum { FIRMWARE_WRITES_MAX = 64 };
enum { FIRMWARE_FAILURES_MAX = 32, FIRMWARE_ANSWERS = 8, FIRMWARE_RULE_MAX = 120 };

/* A rule: the command fails with the status and has no effect. */
struct firmware_failure {
	uint16_t command;
	uint32_t status;
	bool once;
};

/* What SNP_PLATFORM_STATUS answers in one field, if it is set. */
struct firmware_answer {
	bool set;
	uint64_t value;
};

struct firmware_options {
	bool full;	       /* has all that the newest has, e.g. X86_SNP_SHUTDOWN */
	bool dfflush_required; /* refuses a shutdown until SNP_DF_FLUSH follows the refusal */
	unsigned int cpus;     /* CPUs that the BIOS enumerated; 0: all that are not hot-plugged */
};

struct firmware {
	struct firmware_options options;
	struct firmware_failure failures[FIRMWARE_FAILURES_MAX];
	unsigned int failure_count;
	struct firmware_answer answers[FIRMWARE_ANSWERS]; /* as answers.c has the fields */

	struct machine *machine;
	struct rmp_memory memory; /* guest memory */

	bool sev_initialised;
	bool sev_es;
	bool snp_initialised;
	bool rmp_initialised;
	bool flush_due;	    /* a shutdown will be refused */
	bool flush_refused; /* a shutdown was refused, so the next SNP_DF_FLUSH counts */
	struct firmware_version version; /* of the running image */
	uint32_t init_flags;		 /* of the SNP_INIT_EX by which SNP is initialised */
	uint16_t max_snp_asid;		 /* from it, if ciphertext is hidden */
	bool tio_initialised;
	uint64_t mitigations; /* those verified */
	uint64_t reported_tcb;
	uint32_t config; /* bits of SNP_CONFIG as SNP_PLATFORM_STATUS reports them */
	bool vlek_loaded;

	/*
	 * After an INIT all ASIDs are dirty until DF_FLUSH, and so is that of a guest that has run
	 * and was decommissioned. Each CPU has to execute WBINVD before the DF_FLUSH: its count of
	 * them must not be what it was when an ASID last became dirty.
	 */
	uint8_t asids[MACHINE_ASID_MAX + 1]; /* enum asid_state; ASID 0 is the host's */
	uint64_t wbinvds[MACHINE_CPUS_MAX];
	uint32_t guests; /* SNP's, from LAUNCH_START to DECOMMISSION */

	struct firmware_write writes[FIRMWARE_WRITES_MAX];
	unsigned int write_count; /* may be more than FIRMWARE_WRITES_MAX; those are not kept */

	uint32_t flags; /* of the last command, 0 if it has none */
	/* Which rule the last command broke, or found that software had broken; "" if none. */
	char rule[FIRMWARE_RULE_MAX];
};

/*
 * Powers the firmware on, with neither SEV nor SNP initialised. The firmware copies *options and
 * *memory; machine and memory's context must outlive it and stay the caller's.
 */
void firmware_start(struct firmware *fw, const struct firmware_options *options,
		    struct machine *machine, const struct rmp_memory *memory);

/* A platform reset: firmware and CPUs return to their power-on state; options and rules stay. */
void firmware_reset(struct firmware *fw);

/*
 * Runs the mailbox command of that number, whose buffer is at guest physical address pa. Returns
 * the status for the mailbox: INVALID_COMMAND for an unknown command, INVALID_PLATFORM_STATE if the
 * state does not allow it. Sets fw->flags to the flags of SNP_INIT_EX or SNP_SHUTDOWN_EX, else to
 * 0, and fw->rule. STATUS_HANG: the mailbox must never answer.
 */
enum firmware_status firmware_run(struct firmware *fw, unsigned int number, uint64_t pa);

/*
 * Adds the rule "CMD=STATUS[:once]"; CMD and STATUS are names in table.c's tables or numbers, in
 * decimal or 0x-hexadecimal. A rule replaces an earlier one for the same command. 0; -EINVAL: the
 * text is no such rule; -ENOSPC: there are FIRMWARE_FAILURES_MAX rules already.
 */
int firmware_fail(struct firmware *fw, const char *rule);

/*
 * Has SNP_PLATFORM_STATUS answer as the rule "FIELD=VALUE" says, until a reset of the platform or
 * firmware_tell_truth(). FIELD is a name in answers.c's table. 0; -EINVAL: the text is no such
 * rule, or the field is too small for the value.
 */
int firmware_answer(struct firmware *fw, const char *rule);
void firmware_tell_truth(struct firmware *fw);
/* The name of a field, for i from 0 on; NULL after the last. */
const char *firmware_answer_field(unsigned int i);

/*
 * Adds to fw->writes the pages that were written since they became immutable, or since the last
 * check. The pages of the RMP and of the IOMMU's logs are left out.
 */
void firmware_find_writes(struct firmware *fw);

/* Whether an ASID is dirty, so that a shutdown will be refused until DF_FLUSH. */
bool firmware_asids_dirty(const struct firmware *fw);

/* The name of the state of a page whose RMP entry begins with entry. */
const char *firmware_state_name(uint64_t entry);

/* Whether table.c says that the command may answer so. */
bool firmware_may_answer(unsigned int command, enum firmware_status status);

/* The name of a command or status, a constant string; NULL if the number is unknown. */
const char *firmware_command_name(unsigned int command);
const char *firmware_status_name(unsigned int status);

#endif
