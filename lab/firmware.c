// SPDX-License-Identifier: GPL-2.0-only
#include "firmware.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	API_MAJOR = 1,
	API_MINOR = 55,
	BUILD = 21,
	ID_LEN = 128,	 /* GET_ID: two sockets' identities of 64 bytes */
	CERT_LEN = 2084, /* SEV API appendix C: an SEV certificate */
	CHAIN_LEN = 3 * CERT_LEN,
};

/* One version of everything: boot loader, TEE, SNP, microcode (SNP ABI, TCB_VERSION). */
#define CURRENT_TCB 0xd516000000000004ull

/*
 * Command buffers: packed as AMD has them (SEV API chapter 5, SNP ABI chapter 8). Only what is
 * looked at has a name of its own.
 */
struct __attribute__((packed)) sev_status_buffer {
	uint8_t major;
	uint8_t minor;
	uint8_t state;
	uint32_t flags; /* bit 0: owner, bit 8: SEV-ES */
	uint8_t build;
	uint32_t guests;
};

struct __attribute__((packed)) sev_init_buffer {
	uint32_t flags; /* bit 0: SEV-ES */
	uint32_t reserved;
	uint64_t tmr;
	uint32_t tmr_len;
};

struct __attribute__((packed)) sev_init_ex_buffer {
	uint32_t length;
	uint32_t flags;
	uint64_t tmr;
	uint32_t tmr_len;
	uint32_t reserved;
	uint64_t nv;
	uint32_t nv_len;
};

struct __attribute__((packed)) address_length {
	uint64_t address;
	uint32_t length;
};

struct __attribute__((packed)) pdh_export_buffer {
	uint64_t pdh;
	uint32_t pdh_len;
	uint32_t reserved;
	uint64_t chain;
	uint32_t chain_len;
};

struct __attribute__((packed)) snp_status_buffer {
	uint8_t major;
	uint8_t minor;
	uint8_t state;
	uint8_t flags; /* bit 0: the RMP is initialised; bit 1: alias check complete */
	uint32_t build;
	uint32_t config;
	uint32_t guests;
	uint64_t current_tcb;
	uint64_t reported_tcb;
};

struct snp_init_ex_buffer {
	uint32_t flags;
	uint32_t reserved;
	uint64_t list;
	uint16_t max_snp_asid;
	uint8_t reserved2[46];
};

struct snp_range {
	uint64_t base;
	uint32_t pages;
	uint32_t reserved;
};

struct snp_shutdown_ex_buffer {
	uint32_t length;
	uint32_t flags;
};

struct snp_config_buffer {
	uint64_t reported_tcb;
	uint32_t flags;
	uint8_t reserved[52];
};

struct snp_vlek_buffer {
	uint32_t length;
	uint8_t version;
	uint8_t reserved[3];
	uint64_t address;
};

struct snp_feature_buffer {
	uint32_t length;
	uint32_t function;
	uint64_t address;
};

static_assert(sizeof(struct sev_status_buffer) == 12, "ABI layout");
static_assert(sizeof(struct sev_init_buffer) == 20, "ABI layout");
static_assert(sizeof(struct sev_init_ex_buffer) == 36, "ABI layout");
static_assert(sizeof(struct snp_status_buffer) == 32, "ABI layout");
static_assert(sizeof(struct snp_init_ex_buffer) == 64, "ABI layout");
static_assert(sizeof(struct snp_config_buffer) == 64, "ABI layout");

#define SEV_FLAG_ES   0x1u
#define SEV_STATUS_ES (1u << 8)
#define SEV_TMR_LEN   (1u << 20) /* SEV API, INIT: the trusted memory region's least length */

#define SNP_INIT_RMP  0x1u
#define SNP_INIT_LIST 0x2u

#define SNP_STATUS_RMP		 0x1u
#define SNP_STATUS_ALIAS_CHECKED 0x2u

#define SNP_CONFIG_MASK_CHIP_ID	 0x1u
#define SNP_CONFIG_MASK_CHIP_KEY 0x2u
#define SNP_CONFIG_VLEK		 0x4u
#define SNP_CONFIG_FEATURE_INFO	 0x8u

#define FEATURE_ECX_X86_SHUTDOWN (1u << 1)

/* The IOMMU's registers: AMD I/O Virtualization (document 48882), MMIO 0010h, 0020h. */
#define IOMMU_ADDRESS_MASK 0x000ffffffffff000ull
#define IOMMU_LOG_SHIFT	   56
#define IOMMU_LOG_ENTRY	   16

typedef enum firmware_status (*handler)(struct firmware *fw, uint64_t pa);

static int load(struct firmware *fw, uint64_t pa, void *to, size_t len)
{
	return fw->memory.read(fw->memory.context, pa, to, len);
}

static int store(struct firmware *fw, uint64_t pa, const void *from, size_t len)
{
	return fw->memory.write(fw->memory.context, pa, from, len);
}

static struct rmp machine_rmp(struct firmware *fw)
{
	return (struct rmp){
		.base = fw->machine->rmp_base,
		.end = fw->machine->rmp_end,
		.memory = fw->memory,
	};
}

/* ---- The SEV platform (SEV API chapter 5) ---- */

static enum firmware_status sev_start(struct firmware *fw, uint32_t flags, uint64_t tmr,
				      uint32_t tmr_len)
{
	if (flags & ~SEV_FLAG_ES)
		return STATUS_INVALID_CONFIG;
	if (flags & SEV_FLAG_ES) {
		if (tmr_len < SEV_TMR_LEN)
			return STATUS_INVALID_LENGTH;
		if (!tmr || tmr % SEV_TMR_LEN)
			return STATUS_INVALID_ADDRESS;
	}
	fw->sev_initialised = true;
	fw->sev_es = flags & SEV_FLAG_ES;
	return STATUS_SUCCESS;
}

static enum firmware_status cmd_init(struct firmware *fw, uint64_t pa)
{
	struct sev_init_buffer buffer;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return sev_start(fw, buffer.flags, buffer.tmr, buffer.tmr_len);
}

static enum firmware_status cmd_init_ex(struct firmware *fw, uint64_t pa)
{
	struct sev_init_ex_buffer buffer;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	return sev_start(fw, buffer.flags, buffer.tmr, buffer.tmr_len);
}

static enum firmware_status cmd_shutdown(struct firmware *fw, uint64_t pa)
{
	(void)pa;
	fw->sev_initialised = false;
	fw->sev_es = false;
	return STATUS_SUCCESS;
}

static enum firmware_status cmd_platform_status(struct firmware *fw, uint64_t pa)
{
	struct sev_status_buffer buffer = {
		.major = API_MAJOR,
		.minor = API_MINOR,
		.state = fw->sev_initialised,
		.flags = fw->sev_es ? SEV_STATUS_ES : 0,
		.build = BUILD,
	};

	return store(fw, pa, &buffer, sizeof(buffer)) ? STATUS_INVALID_ADDRESS : STATUS_SUCCESS;
}

/* For commands whose whole effect (keys, caches) has nothing here that could show it. */
static enum firmware_status cmd_succeed(struct firmware *fw, uint64_t pa)
{
	(void)fw;
	(void)pa;
	return STATUS_SUCCESS;
}

/*
 * Blobs are not made up: their lengths are answered as the API has it, the caller's memory stays
 * as it is. Returns INVALID_LENGTH where what the caller has room for is too short.
 */
static enum firmware_status answer_length(struct firmware *fw, uint64_t pa, uint32_t need)
{
	struct address_length buffer;
	uint32_t room;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	room = buffer.length;
	buffer.length = need;
	if (store(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return room < need ? STATUS_INVALID_LENGTH : STATUS_SUCCESS;
}

static enum firmware_status cmd_get_id(struct firmware *fw, uint64_t pa)
{
	return answer_length(fw, pa, ID_LEN);
}

static enum firmware_status cmd_pek_csr(struct firmware *fw, uint64_t pa)
{
	return answer_length(fw, pa, CERT_LEN);
}

static enum firmware_status cmd_pdh_cert_export(struct firmware *fw, uint64_t pa)
{
	struct pdh_export_buffer buffer;
	bool fits;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	fits = buffer.pdh_len >= CERT_LEN && buffer.chain_len >= CHAIN_LEN;
	buffer.pdh_len = CERT_LEN;
	buffer.chain_len = CHAIN_LEN;
	if (store(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return fits ? STATUS_SUCCESS : STATUS_INVALID_LENGTH;
}

/* No image is signed by a key that this firmware knows. */
static enum firmware_status cmd_download(struct firmware *fw, uint64_t pa)
{
	(void)fw;
	(void)pa;
	return STATUS_BAD_SIGNATURE;
}

/* ---- The SNP platform (SNP ABI chapter 8) ---- */

static bool bios_knows(const struct firmware *fw, unsigned int cpu)
{
	if (fw->options.cpus)
		return cpu < fw->options.cpus;
	return fw->machine->cpus[cpu].flags == MACHINE_CPU_PRESENT;
}

/* SNP ABI, SNP_INIT: SNP_EN has to be set on every core that the BIOS enumerated. */
static bool snp_enabled_everywhere(const struct firmware *fw)
{
	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
		uint64_t syscfg = __atomic_load_n(&fw->machine->cpus[i].syscfg, __ATOMIC_SEQ_CST);

		if (bios_knows(fw, i) && !(syscfg & SYSCFG_SNP_EN))
			return false;
	}
	return true;
}

/* Page states as the SNP ABI's chapter 5 encodes them in the RMP. */
static const struct rmp_entry page_firmware = { .lo = RMP_ASSIGNED | RMP_IMMUTABLE };
static const struct rmp_entry page_reclaim = { .lo = RMP_ASSIGNED };
static const struct rmp_entry page_fixed = { .lo = RMP_IMMUTABLE };

/* Pages past the table's end are left alone: they can never be a guest's. */
static void mark_pages(struct firmware *fw, uint64_t pa, uint64_t pages, struct rmp_entry entry)
{
	struct rmp rmp = machine_rmp(fw);
	uint64_t pfn = pa / RMP_PAGE_SIZE;

	for (uint64_t i = 0; i < pages && pfn + i < rmp_pages(&rmp); i++)
		rmp_set(&rmp, pfn + i, entry);
}

static void mark_log(struct firmware *fw, uint64_t reg, struct rmp_entry entry)
{
	uint64_t base = reg & IOMMU_ADDRESS_MASK;
	uint64_t size = (uint64_t)IOMMU_LOG_ENTRY << (reg >> IOMMU_LOG_SHIFT & 0xf);

	if (base)
		mark_pages(fw, base, (size + RMP_PAGE_SIZE - 1) / RMP_PAGE_SIZE, entry);
}

/*
 * The pages that the IOMMU writes to are the firmware's from SNP_INIT on and go to the reclaim
 * state at a shutdown; the kernel then makes them its own again, and fails if they are not
 * assigned (kernel drivers/iommu/amd/init.c:amd_iommu_snp_disable).
 */
static void mark_iommu(struct firmware *fw, struct rmp_entry entry)
{
	struct machine_iommu iommu = fw->machine->iommu;
	uint64_t first = iommu.wait_base & IOMMU_ADDRESS_MASK;
	uint64_t last = iommu.wait_limit & IOMMU_ADDRESS_MASK;

	mark_log(fw, iommu.event_log, entry);
	mark_log(fw, iommu.ppr_log, entry);
	/* QEMU's IOMMU keeps the limit but not the base; the kernel's range is one page. */
	if (!first || first > last)
		first = last;
	if (first)
		mark_pages(fw, first, (last - first) / RMP_PAGE_SIZE + 1, entry);
}

static int clear_rmp(struct firmware *fw)
{
	static const uint8_t zeros[4096];
	struct rmp rmp = machine_rmp(fw);
	uint64_t at = rmp.base + RMP_BOOKKEEPING;
	uint64_t left = rmp_pages(&rmp) * sizeof(struct rmp_entry);

	if (!left)
		return -ERANGE;
	while (left) {
		size_t len = left < sizeof(zeros) ? left : sizeof(zeros);
		int err = store(fw, at, zeros, len);

		if (err)
			return err;
		at += len;
		left -= len;
	}
	return 0;
}

/* SNP ABI, SNP_INIT_EX: the ranges that stay the hypervisor's for good. */
static enum firmware_status mark_fixed(struct firmware *fw, uint64_t list)
{
	uint64_t at = list + 8; /* past the count and 4 reserved bytes */
	struct snp_range range;
	uint32_t count;

	if (list % RMP_PAGE_SIZE || load(fw, list, &count, sizeof(count)))
		return STATUS_INVALID_ADDRESS;
	if (count > (RMP_PAGE_SIZE - 8) / sizeof(range))
		return STATUS_INVALID_PARAM;
	for (uint32_t i = 0; i < count; i++, at += sizeof(range)) {
		if (load(fw, at, &range, sizeof(range)))
			return STATUS_INVALID_ADDRESS;
		if (range.base % RMP_PAGE_SIZE)
			return STATUS_INVALID_ADDRESS;
		mark_pages(fw, range.base, range.pages, page_fixed);
	}
	return STATUS_SUCCESS;
}

static enum firmware_status initialise_rmp(struct firmware *fw, uint32_t flags, uint64_t list)
{
	struct machine *machine = fw->machine;
	enum firmware_status status = STATUS_SUCCESS;

	if (clear_rmp(fw))
		return STATUS_INVALID_CONFIG;
	if (flags & SNP_INIT_LIST)
		status = mark_fixed(fw, list);
	if (status)
		return status;
	mark_pages(fw, machine->rmp_base,
		   (machine->rmp_end - machine->rmp_base + 1) / RMP_PAGE_SIZE, page_firmware);
	fw->rmp_initialised = true;
	return STATUS_SUCCESS;
}

static enum firmware_status snp_start(struct firmware *fw, uint32_t flags, uint64_t list)
{
	enum firmware_status status = STATUS_SUCCESS;

	if (fw->snp_initialised || fw->sev_initialised)
		return STATUS_INVALID_PLATFORM_STATE;
	if (flags & ~(SNP_INIT_RMP | SNP_INIT_LIST))
		return STATUS_INVALID_PARAM;
	if (!snp_enabled_everywhere(fw))
		return STATUS_INVALID_CONFIG;
	if (flags & SNP_INIT_RMP)
		status = initialise_rmp(fw, flags, list);
	else if (!fw->rmp_initialised)
		status = STATUS_RMP_INIT_REQUIRED;
	if (status)
		return status;
	mark_iommu(fw, page_firmware);
	fw->snp_initialised = true;
	fw->flush_due = fw->options.dfflush_required;
	fw->flush_refused = false;
	return STATUS_SUCCESS;
}

static enum firmware_status cmd_snp_init(struct firmware *fw, uint64_t pa)
{
	(void)pa;
	return snp_start(fw, SNP_INIT_RMP, 0);
}

static enum firmware_status cmd_snp_init_ex(struct firmware *fw, uint64_t pa)
{
	struct snp_init_ex_buffer buffer;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return snp_start(fw, buffer.flags, buffer.list);
}

static enum firmware_status cmd_snp_df_flush(struct firmware *fw, uint64_t pa)
{
	(void)pa;
	if (fw->flush_refused)
		fw->flush_due = false;
	return STATUS_SUCCESS;
}

static void disable_snp_on_all_cpus(struct firmware *fw)
{
	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++)
		__atomic_and_fetch(&fw->machine->cpus[i].syscfg, ~SYSCFG_SNP_EN, __ATOMIC_SEQ_CST);
}

/*
 * A shutdown of what is not initialised succeeds and does nothing. One that a guest's use of the
 * caches stands against is refused until they have been flushed.
 */
static enum firmware_status snp_stop(struct firmware *fw, uint32_t flags)
{
	if (!fw->snp_initialised)
		return STATUS_SUCCESS;
	if (fw->sev_initialised)
		return STATUS_INVALID_PLATFORM_STATE;
	if (fw->flush_due) {
		fw->flush_refused = true;
		return STATUS_DFFLUSH_REQUIRED;
	}
	if (flags & SHUTDOWN_IOMMU)
		mark_iommu(fw, page_reclaim);
	if (flags & SHUTDOWN_X86) {
		disable_snp_on_all_cpus(fw);
		fw->rmp_initialised = false;
	}
	fw->snp_initialised = false;
	fw->vlek_loaded = false;
	return STATUS_SUCCESS;
}

static enum firmware_status cmd_snp_shutdown(struct firmware *fw, uint64_t pa)
{
	(void)pa;
	return snp_stop(fw, 0);
}

static enum firmware_status cmd_snp_shutdown_ex(struct firmware *fw, uint64_t pa)
{
	uint32_t known = SHUTDOWN_IOMMU | (fw->options.full ? SHUTDOWN_X86 : 0);
	struct snp_shutdown_ex_buffer buffer;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	if (buffer.flags & ~known)
		return STATUS_INVALID_PARAM;
	return snp_stop(fw, buffer.flags);
}

/* The buffer holds the address of the page to fill (SNP ABI, SNP_PLATFORM_STATUS). */
static enum firmware_status cmd_snp_platform_status(struct firmware *fw, uint64_t pa)
{
	struct snp_status_buffer status = {
		.major = API_MAJOR,
		.minor = API_MINOR,
		.state = fw->snp_initialised,
		.flags = SNP_STATUS_ALIAS_CHECKED | (fw->rmp_initialised ? SNP_STATUS_RMP : 0),
		.build = BUILD,
		.config = fw->config | SNP_CONFIG_FEATURE_INFO |
			  (fw->vlek_loaded ? SNP_CONFIG_VLEK : 0),
		.current_tcb = CURRENT_TCB,
		.reported_tcb = fw->reported_tcb,
	};
	uint64_t to;

	if (load(fw, pa, &to, sizeof(to)) || store(fw, to, &status, sizeof(status)))
		return STATUS_INVALID_ADDRESS;
	return STATUS_SUCCESS;
}

/* A TCB of zero takes the reported one back to the current one (SNP ABI, SNP_CONFIG). */
static enum firmware_status cmd_snp_config(struct firmware *fw, uint64_t pa)
{
	struct snp_config_buffer buffer;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.flags & ~(SNP_CONFIG_MASK_CHIP_ID | SNP_CONFIG_MASK_CHIP_KEY))
		return STATUS_INVALID_PARAM;
	fw->config = buffer.flags;
	fw->reported_tcb = buffer.reported_tcb ? buffer.reported_tcb : CURRENT_TCB;
	return STATUS_SUCCESS;
}

static enum firmware_status cmd_snp_commit(struct firmware *fw, uint64_t pa)
{
	uint32_t length;

	if (load(fw, pa, &length, sizeof(length)))
		return STATUS_INVALID_ADDRESS;
	return length < sizeof(length) ? STATUS_INVALID_LENGTH : STATUS_SUCCESS;
}

static enum firmware_status cmd_snp_vlek_load(struct firmware *fw, uint64_t pa)
{
	struct snp_vlek_buffer buffer;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	if (buffer.version)
		return STATUS_INVALID_PARAM;
	fw->vlek_loaded = true;
	return STATUS_SUCCESS;
}

static enum firmware_status cmd_snp_feature_info(struct firmware *fw, uint64_t pa)
{
	uint32_t registers[4] = { 0 }; /* EAX to EDX */
	struct snp_feature_buffer buffer;

	if (load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	if (buffer.function)
		return STATUS_INVALID_PARAM;
	registers[2] = fw->options.full ? FEATURE_ECX_X86_SHUTDOWN : 0;
	if (store(fw, buffer.address, registers, sizeof(registers)))
		return STATUS_INVALID_ADDRESS;
	return STATUS_SUCCESS;
}

/*
 * Takes a page from the firmware or a guest back to where software may have it (SNP ABI,
 * SNP_PAGE_RECLAIM). The page's size is in bit 0 of its address.
 */
static enum firmware_status cmd_snp_page_reclaim(struct firmware *fw, uint64_t pa)
{
	struct rmp rmp = machine_rmp(fw);
	struct rmp_entry entry;
	uint64_t page;
	bool huge;

	if (load(fw, pa, &page, sizeof(page)))
		return STATUS_INVALID_ADDRESS;
	huge = page & 1;
	if ((page & (huge ? RMP_HUGE_PAGES * RMP_PAGE_SIZE - 1 : RMP_PAGE_SIZE - 1)) != huge ||
	    rmp_get(&rmp, page / RMP_PAGE_SIZE, &entry))
		return STATUS_INVALID_ADDRESS;
	if (!(entry.lo & RMP_ASSIGNED) || !(entry.lo & RMP_IMMUTABLE))
		return STATUS_INVALID_PAGE_STATE;
	if (huge != !!(entry.lo & RMP_HUGE))
		return STATUS_INVALID_PAGE_SIZE;
	entry = page_reclaim;
	entry.lo |= huge ? RMP_HUGE : 0;
	if (rmp_set(&rmp, page / RMP_PAGE_SIZE, entry))
		return STATUS_INVALID_ADDRESS;
	return STATUS_SUCCESS;
}

/* ---- Commands and their states ---- */

enum needs {
	NEEDS_NOTHING,
	NEEDS_SEV_INIT,
	NEEDS_SEV_UNINIT,
	NEEDS_SNP_INIT,
};

/*
 * All commands there are. What a command needs is the state that the SEV API (section "Command
 * summary") and the SNP ABI (each command's "Parameters" and "Actions") allow it in; commands
 * that come with further conditions check these themselves.
 */
static const struct {
	uint16_t command;
	uint16_t needs;
	const char *name;
	handler run;
} commands[] = {
	{ CMD_INIT, NEEDS_SEV_UNINIT, "INIT", cmd_init },
	{ CMD_SHUTDOWN, NEEDS_NOTHING, "SHUTDOWN", cmd_shutdown },
	{ CMD_PLATFORM_RESET, NEEDS_SEV_UNINIT, "PLATFORM_RESET", cmd_succeed },
	{ CMD_PLATFORM_STATUS, NEEDS_NOTHING, "PLATFORM_STATUS", cmd_platform_status },
	{ CMD_PEK_GEN, NEEDS_SEV_INIT, "PEK_GEN", cmd_succeed },
	{ CMD_PEK_CSR, NEEDS_SEV_INIT, "PEK_CSR", cmd_pek_csr },
	{ CMD_PEK_CERT_IMPORT, NEEDS_SEV_INIT, "PEK_CERT_IMPORT", cmd_succeed },
	{ CMD_PDH_CERT_EXPORT, NEEDS_SEV_INIT, "PDH_CERT_EXPORT", cmd_pdh_cert_export },
	{ CMD_PDH_GEN, NEEDS_SEV_INIT, "PDH_GEN", cmd_succeed },
	{ CMD_DF_FLUSH, NEEDS_SEV_INIT, "DF_FLUSH", cmd_succeed },
	{ CMD_DOWNLOAD_FIRMWARE, NEEDS_SEV_UNINIT, "DOWNLOAD_FIRMWARE", cmd_download },
	{ CMD_GET_ID, NEEDS_NOTHING, "GET_ID", cmd_get_id },
	{ CMD_INIT_EX, NEEDS_SEV_UNINIT, "INIT_EX", cmd_init_ex },
	{ CMD_SNP_INIT, NEEDS_NOTHING, "SNP_INIT", cmd_snp_init },
	{ CMD_SNP_SHUTDOWN, NEEDS_NOTHING, "SNP_SHUTDOWN", cmd_snp_shutdown },
	{ CMD_SNP_PLATFORM_STATUS, NEEDS_NOTHING, "SNP_PLATFORM_STATUS", cmd_snp_platform_status },
	{ CMD_SNP_DF_FLUSH, NEEDS_SNP_INIT, "SNP_DF_FLUSH", cmd_snp_df_flush },
	{ CMD_SNP_INIT_EX, NEEDS_NOTHING, "SNP_INIT_EX", cmd_snp_init_ex },
	{ CMD_SNP_SHUTDOWN_EX, NEEDS_NOTHING, "SNP_SHUTDOWN_EX", cmd_snp_shutdown_ex },
	{ CMD_SNP_PAGE_RECLAIM, NEEDS_SNP_INIT, "SNP_PAGE_RECLAIM", cmd_snp_page_reclaim },
	{ CMD_SNP_CONFIG, NEEDS_SNP_INIT, "SNP_CONFIG", cmd_snp_config },
	{ CMD_SNP_DOWNLOAD_FIRMWARE_EX, NEEDS_NOTHING, "SNP_DOWNLOAD_FIRMWARE_EX", cmd_download },
	{ CMD_SNP_COMMIT, NEEDS_NOTHING, "SNP_COMMIT", cmd_snp_commit },
	{ CMD_SNP_VLEK_LOAD, NEEDS_SNP_INIT, "SNP_VLEK_LOAD", cmd_snp_vlek_load },
	{ CMD_SNP_FEATURE_INFO, NEEDS_NOTHING, "SNP_FEATURE_INFO", cmd_snp_feature_info },
};

static const struct {
	uint16_t status;
	const char *name;
} statuses[] = {
	{ STATUS_SUCCESS, "SUCCESS" },
	{ STATUS_INVALID_PLATFORM_STATE, "INVALID_PLATFORM_STATE" },
	{ STATUS_INVALID_CONFIG, "INVALID_CONFIG" },
	{ STATUS_INVALID_LENGTH, "INVALID_LENGTH" },
	{ STATUS_INVALID_ADDRESS, "INVALID_ADDRESS" },
	{ STATUS_BAD_SIGNATURE, "BAD_SIGNATURE" },
	{ STATUS_DFFLUSH_REQUIRED, "DFFLUSH_REQUIRED" },
	{ STATUS_INVALID_COMMAND, "INVALID_COMMAND" },
	{ STATUS_INVALID_PARAM, "INVALID_PARAM" },
	{ STATUS_INVALID_PAGE_SIZE, "INVALID_PAGE_SIZE" },
	{ STATUS_INVALID_PAGE_STATE, "INVALID_PAGE_STATE" },
	{ STATUS_RMP_INIT_REQUIRED, "RMP_INIT_REQUIRED" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };
enum { STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

const char *firmware_command_name(unsigned int command)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (commands[i].command == command)
			return commands[i].name;
	}
	return NULL;
}

const char *firmware_status_name(unsigned int status)
{
	for (unsigned int i = 0; i < STATUSES; i++) {
		if (statuses[i].status == status)
			return statuses[i].name;
	}
	return NULL;
}

static bool state_allows(const struct firmware *fw, enum needs needs)
{
	switch (needs) {
	case NEEDS_SEV_INIT:
		return fw->sev_initialised;
	case NEEDS_SEV_UNINIT:
		return !fw->sev_initialised;
	case NEEDS_SNP_INIT:
		return fw->snp_initialised;
	case NEEDS_NOTHING:
		break;
	}
	return true;
}

/* ---- Failures on request ---- */

static void forget_failure(struct firmware *fw, unsigned int index)
{
	fw->failure_count--;
	memmove(&fw->failures[index], &fw->failures[index + 1],
		(fw->failure_count - index) * sizeof(fw->failures[0]));
}

static bool take_failure(struct firmware *fw, unsigned int command, enum firmware_status *status)
{
	for (unsigned int i = 0; i < fw->failure_count; i++) {
		if (fw->failures[i].command != command)
			continue;
		*status = fw->failures[i].status;
		if (fw->failures[i].once)
			forget_failure(fw, i);
		return true;
	}
	return false;
}

/* A number that fills text up to end; -EINVAL if it is none, or past the limit. */
static int parse_number(const char *text, const char *end, unsigned long limit)
{
	unsigned long value;
	char *stop;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	value = strtoul(text, &stop, 0);
	return stop == end && value <= limit ? (int)value : -EINVAL;
}

static bool name_is(const char *name, const char *text, const char *end)
{
	size_t len = (size_t)(end - text);

	return strlen(name) == len && !strncasecmp(name, text, len);
}

static int parse_command(const char *text, const char *end)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (name_is(commands[i].name, text, end))
			return commands[i].command;
	}
	return parse_number(text, end, 0x7ff);
}

static int parse_status(const char *text, const char *end)
{
	for (unsigned int i = 0; i < STATUSES; i++) {
		if (name_is(statuses[i].name, text, end))
			return statuses[i].status;
	}
	return parse_number(text, end, 0xffff);
}

int firmware_fail(struct firmware *fw, const char *rule)
{
	const char *equals = strchr(rule, '=');
	const char *colon = equals ? strchr(equals, ':') : NULL;
	unsigned int at = 0;
	int command, status;

	if (!equals || (colon && strcmp(colon, ":once")))
		return -EINVAL;
	command = parse_command(rule, equals);
	status = parse_status(equals + 1, colon ? colon : rule + strlen(rule));
	if (command < 0 || status < 0)
		return -EINVAL;
	while (at < fw->failure_count && fw->failures[at].command != command)
		at++;
	if (at == FIRMWARE_FAILURES_MAX)
		return -ENOSPC;
	if (at == fw->failure_count)
		fw->failure_count++;
	fw->failures[at] = (struct firmware_failure){
		.command = (uint16_t)command,
		.status = (uint16_t)status,
		.once = colon,
	};
	return 0;
}

/* ---- Life ---- */

void firmware_start(struct firmware *fw, const struct firmware_options *options,
		    struct machine *machine, const struct rmp_memory *memory)
{
	memset(fw, 0, sizeof(*fw));
	fw->options = *options;
	fw->machine = machine;
	fw->memory = *memory;
	fw->reported_tcb = CURRENT_TCB;
}

static void reset_cpus(struct machine *machine)
{
	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
		struct machine_cpu *cpu = &machine->cpus[i];

		cpu->hwcr = HWCR_COLD;
		__atomic_store_n(&cpu->syscfg, SYSCFG_COLD, __ATOMIC_SEQ_CST);
		if (cpu->flags)
			cpu->resets++;
		cpu->flags &= ~MACHINE_CPU_HOT; /* the BIOS finds it from now on */
	}
	__atomic_store_n(&machine->running, 0, __ATOMIC_RELAXED);
}

void firmware_reset(struct firmware *fw)
{
	struct firmware old = *fw;

	firmware_start(fw, &old.options, old.machine, &old.memory);
	memcpy(fw->failures, old.failures, sizeof(fw->failures));
	fw->failure_count = old.failure_count;
	reset_cpus(fw->machine);
}

/* The flags word of the commands that have one that matters; also of those made to fail. */
static uint32_t command_flags(struct firmware *fw, unsigned int command, uint64_t pa)
{
	uint32_t flags = 0;

	if (command == CMD_SNP_INIT_EX)
		pa += offsetof(struct snp_init_ex_buffer, flags);
	else if (command == CMD_SNP_SHUTDOWN_EX)
		pa += offsetof(struct snp_shutdown_ex_buffer, flags);
	else
		return 0;
	return load(fw, pa, &flags, sizeof(flags)) ? 0 : flags;
}

enum firmware_status firmware_run(struct firmware *fw, unsigned int command, uint64_t pa)
{
	enum firmware_status status;

	fw->flags = command_flags(fw, command, pa);
	if (take_failure(fw, command, &status))
		return status;
	for (unsigned int i = 0; i < COMMANDS; i++) {
		if (commands[i].command != command)
			continue;
		if (!state_allows(fw, commands[i].needs))
			return STATUS_INVALID_PLATFORM_STATE;
		return commands[i].run(fw, pa);
	}
	return STATUS_INVALID_COMMAND;
}
