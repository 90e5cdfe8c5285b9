// SPDX-License-Identifier: GPL-2.0-only
/* The commands of the SNP platform (SNP ABI chapter 8). */
#include "firmware/buffers.h"
#include "firmware/commands.h"

#include <errno.h>

#define SNP_INIT_RMP  0x1u
#define SNP_INIT_LIST 0x2u

#define SNP_STATUS_RMP		 0x1u
#define SNP_STATUS_ALIAS_CHECKED 0x2u

#define SNP_CONFIG_MASK_CHIP_ID	 0x1u
#define SNP_CONFIG_MASK_CHIP_KEY 0x2u
#define SNP_CONFIG_VLEK		 0x4u
#define SNP_CONFIG_FEATURE_INFO	 0x8u

#define FEATURE_ECX_X86_SHUTDOWN (1u << 1)

/* Fields of the IOMMU's registers (AMD document 48882, MMIO 0010h and 0020h). */
#define IOMMU_ADDRESS_MASK 0x000ffffffffff000ull
#define IOMMU_LOG_SHIFT	   56
#define IOMMU_LOG_ENTRY	   16

static struct rmp machine_rmp(struct firmware *fw)
{
	return (struct rmp){
		.base = fw->machine->rmp_base,
		.end = fw->machine->rmp_end,
		.cfg = fw->machine->rmp_cfg,
		.memory = fw->memory,
	};
}

static bool bios_knows(const struct firmware *fw, unsigned int cpu)
{
	if (fw->options.cpus)
		return cpu < fw->options.cpus;
	return fw->machine->cpus[cpu].flags == MACHINE_CPU_PRESENT;
}

/* SNP ABI, SNP_INIT: SNP_EN must be set on every core that the BIOS enumerated. */
static bool snp_enabled_everywhere(const struct firmware *fw)
{
	for (unsigned int i = 0; i < MACHINE_CPUS_MAX; i++) {
		uint64_t syscfg = __atomic_load_n(&fw->machine->cpus[i].syscfg, __ATOMIC_SEQ_CST);

		if (bios_knows(fw, i) && !(syscfg & SYSCFG_SNP_EN))
			return false;
	}
	return true;
}

/* The RMP entries of page states (SNP ABI chapter 5). */
static const struct rmp_entry page_firmware = { .lo = RMP_ASSIGNED | RMP_IMMUTABLE };
static const struct rmp_entry page_reclaim = { .lo = RMP_ASSIGNED };
static const struct rmp_entry page_fixed = { .lo = RMP_IMMUTABLE };

/* Ignores pages past the RMP's end, which no guest can ever own. */
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
 * SNP_INIT puts the pages that the IOMMU writes to into the firmware state, and a shutdown puts
 * them into the reclaim state. The kernel then takes them back, which fails if they are not
 * assigned (kernel drivers/iommu/amd/init.c:amd_iommu_snp_disable).
 */
static void mark_iommu(struct firmware *fw, struct rmp_entry entry)
{
	struct machine_iommu iommu = fw->machine->iommu;
	uint64_t first = iommu.wait_base & IOMMU_ADDRESS_MASK;
	uint64_t last = iommu.wait_limit & IOMMU_ADDRESS_MASK;

	mark_log(fw, iommu.event_log, entry);
	mark_log(fw, iommu.ppr_log, entry);
	/* QEMU's IOMMU stores the limit but not the base; the kernel's range is one page. */
	if (!first || first > last)
		first = last;
	if (first)
		mark_pages(fw, first, (last - first) / RMP_PAGE_SIZE + 1, entry);
}

/* SNP ABI, SNP_INIT_EX: the list of ranges that become HV-fixed pages. */
static enum firmware_status mark_fixed(struct firmware *fw, uint64_t list)
{
	uint64_t at = list + 8; /* after the count and 4 reserved bytes */
	struct snp_range range;
	uint32_t count;

	if (list % RMP_PAGE_SIZE || firmware_load(fw, list, &count, sizeof(count)))
		return STATUS_INVALID_ADDRESS;
	if (count > (RMP_PAGE_SIZE - 8) / sizeof(range))
		return STATUS_INVALID_PARAM;
	for (uint32_t i = 0; i < count; i++, at += sizeof(range)) {
		if (firmware_load(fw, at, &range, sizeof(range)))
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
	struct rmp rmp = machine_rmp(fw);
	enum firmware_status status = STATUS_SUCCESS;

	if (rmp_clear(&rmp))
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

enum firmware_status cmd_snp_init(struct firmware *fw, uint64_t pa)
{
	(void)pa;
	return snp_start(fw, SNP_INIT_RMP, 0);
}

enum firmware_status cmd_snp_init_ex(struct firmware *fw, uint64_t pa)
{
	struct snp_init_ex_buffer buffer;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	return snp_start(fw, buffer.flags, buffer.list);
}

enum firmware_status cmd_snp_df_flush(struct firmware *fw, uint64_t pa)
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
 * A shutdown of SNP that is not initialised succeeds and does nothing. With dfflush_required, a
 * shutdown is refused until SNP_DF_FLUSH follows the refusal.
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

enum firmware_status cmd_snp_shutdown(struct firmware *fw, uint64_t pa)
{
	(void)pa;
	return snp_stop(fw, 0);
}

enum firmware_status cmd_snp_shutdown_ex(struct firmware *fw, uint64_t pa)
{
	uint32_t known = SHUTDOWN_IOMMU | (fw->options.full ? SHUTDOWN_X86 : 0);
	struct snp_shutdown_ex_buffer buffer;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	if (buffer.flags & ~known)
		return STATUS_INVALID_PARAM;
	return snp_stop(fw, buffer.flags);
}

/* The buffer holds the address of the status page (SNP ABI, SNP_PLATFORM_STATUS). */
enum firmware_status cmd_snp_platform_status(struct firmware *fw, uint64_t pa)
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

	firmware_put_answers(fw, &status);
	if (firmware_load(fw, pa, &to, sizeof(to)) ||
	    firmware_store(fw, to, &status, sizeof(status)))
		return STATUS_INVALID_ADDRESS;
	return STATUS_SUCCESS;
}

/* A TCB of 0 resets the reported TCB to the current one (SNP ABI, SNP_CONFIG). */
enum firmware_status cmd_snp_config(struct firmware *fw, uint64_t pa)
{
	struct snp_config_buffer buffer;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.flags & ~(SNP_CONFIG_MASK_CHIP_ID | SNP_CONFIG_MASK_CHIP_KEY))
		return STATUS_INVALID_PARAM;
	fw->config = buffer.flags;
	fw->reported_tcb = buffer.reported_tcb ? buffer.reported_tcb : CURRENT_TCB;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_commit(struct firmware *fw, uint64_t pa)
{
	uint32_t length;

	if (firmware_load(fw, pa, &length, sizeof(length)))
		return STATUS_INVALID_ADDRESS;
	return length < sizeof(length) ? STATUS_INVALID_LENGTH : STATUS_SUCCESS;
}

enum firmware_status cmd_snp_vlek_load(struct firmware *fw, uint64_t pa)
{
	struct snp_vlek_buffer buffer;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	if (buffer.version)
		return STATUS_INVALID_PARAM;
	fw->vlek_loaded = true;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_feature_info(struct firmware *fw, uint64_t pa)
{
	uint32_t registers[4] = { 0 }; /* EAX to EDX */
	struct snp_feature_buffer buffer;

	if (firmware_load(fw, pa, &buffer, sizeof(buffer)))
		return STATUS_INVALID_ADDRESS;
	if (buffer.length < sizeof(buffer))
		return STATUS_INVALID_LENGTH;
	if (buffer.function)
		return STATUS_INVALID_PARAM;
	registers[2] = fw->options.full ? FEATURE_ECX_X86_SHUTDOWN : 0;
	if (firmware_store(fw, buffer.address, registers, sizeof(registers)))
		return STATUS_INVALID_ADDRESS;
	return STATUS_SUCCESS;
}

/*
 * Takes a page from the firmware or a guest, so that software can use it again (SNP ABI,
 * SNP_PAGE_RECLAIM). Bit 0 of the page's address is its size: 0 for 4 KiB, 1 for 2 MiB.
 */
enum firmware_status cmd_snp_page_reclaim(struct firmware *fw, uint64_t pa)
{
	struct rmp rmp = machine_rmp(fw);
	struct rmp_entry entry;
	uint64_t page;
	bool huge;

	if (firmware_load(fw, pa, &page, sizeof(page)))
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
