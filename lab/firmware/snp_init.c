// SPDX-License-Identifier: GPL-2.0-only
/* INIT, SHUTDOWN and DF_FLUSH of the SNP platform (SNP ABI chapter 8). */
#include "firmware/commands.h"
#include "firmware/pages.h"
#include "machine/registers.h"

#include <inttypes.h>
#include <string.h>

#define RMP_ALIGNMENT (1ull << 20)

/* Fields of the IOMMU's registers (AMD document 48882, MMIO 0010h and 0020h). */
#define IOMMU_ADDRESS_MASK 0x000ffffffffff000ull
#define IOMMU_LOG_SHIFT	   56
#define IOMMU_LOG_ENTRY	   16

/* ---- the CPUs ---- */

/* All threads that the BIOS has enabled, also those that no kernel has started. */
static bool bios_knows(const struct firmware *fw, unsigned int cpu)
{
	if (fw->options.cpus)
		return cpu < fw->options.cpus;
	return fw->machine->cpus[cpu].flags == MACHINE_CPU_PRESENT;
}

/* The next CPU from *cpu on that the BIOS knows; false: there is none. */
static bool next_cpu(const struct firmware *fw, unsigned int *cpu)
{
	while (*cpu < MACHINE_CPUS_MAX && !bios_knows(fw, *cpu))
		++*cpu;
	return *cpu < MACHINE_CPUS_MAX;
}

/* NOLINTNEXTLINE(bugprone-macro-parentheses): cpu is the name of what it declares */
#define for_each_cpu(fw, cpu) for (unsigned int cpu = 0; next_cpu(fw, &cpu); cpu++)

static uint64_t read_register(const uint64_t *reg)
{
	return __atomic_load_n(reg, __ATOMIC_SEQ_CST);
}

bool snp_enabled_everywhere(const struct firmware *fw)
{
	for_each_cpu(fw, cpu)
	{
		if (!(read_register(&fw->machine->cpus[cpu].syscfg) & SYSCFG_SNP_EN))
			return false;
	}
	return true;
}

static enum firmware_status check_syscfg(struct firmware *fw)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} bits[] = {
		{ SYSCFG_MEM_ENCRYPT, "MEM_ENC" },
		{ SYSCFG_SNP_EN, "SNP_EN" },
		{ SYSCFG_VMPL_EN, "VMPL_EN" },
		{ SYSCFG_MFDM, "MFDM" },
	};

	for (unsigned int i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		for_each_cpu(fw, cpu)
		{
			if (!(read_register(&fw->machine->cpus[cpu].syscfg) & bits[i].bit))
				return refuse(fw, STATUS_INVALID_CONFIG,
					      "%s is clear in SYSCFG of CPU %u", bits[i].name, cpu);
		}
	}
	return STATUS_SUCCESS;
}

/* offset is that of a register in struct machine_cpu. */
static enum firmware_status check_equal(struct firmware *fw, size_t offset, const char *name)
{
	unsigned int first = 0;
	uint64_t want;

	if (!next_cpu(fw, &first))
		return STATUS_SUCCESS;
	want = read_register((void *)((char *)&fw->machine->cpus[first] + offset));
	for_each_cpu(fw, cpu)
	{
		uint64_t is = read_register((void *)((char *)&fw->machine->cpus[cpu] + offset));

		if (is != want)
			return refuse(fw, STATUS_INVALID_CONFIG,
				      "%s is 0x%" PRIx64 " on CPU %u and 0x%" PRIx64 " on CPU %u",
				      name, want, first, is, cpu);
	}
	return STATUS_SUCCESS;
}

/*
 * What INIT requires of all CPUs (SNP ABI, SNP_INIT_EX). That their registers are equal, and that
 * HWCR has SMM locked, is in the published firmware (AMD-ASPFW, sev_mcmd.c:snp_mcmd_init_common).
 */
static enum firmware_status check_cpus(struct firmware *fw)
{
	enum firmware_status status = check_syscfg(fw);

	if (!status)
		status = check_equal(fw, offsetof(struct machine_cpu, syscfg), "SYSCFG");
	if (!status)
		status = check_equal(fw, offsetof(struct machine_cpu, hwcr), "HWCR");
	for (unsigned int i = 0; !status && i < MACHINE_MEMORY_REGISTERS; i++)
		status = check_equal(fw, offsetof(struct machine_cpu, memory[i]),
				     memory_registers[i].name);
	if (status)
		return status;
	for_each_cpu(fw, cpu)
	{
		if (!(fw->machine->cpus[cpu].hwcr & HWCR_SMM_LOCK))
			return refuse(fw, STATUS_INVALID_CONFIG,
				      "SMM is not locked in HWCR of CPU %u", cpu);
	}
	return STATUS_SUCCESS;
}

static enum firmware_status check_hsave(struct firmware *fw)
{
	for_each_cpu(fw, cpu)
	{
		if (read_register(&fw->machine->cpus[cpu].hsave_pa))
			return refuse(fw, STATUS_INVALID_CONFIG, "VM_HSAVE_PA is not 0 on CPU %u",
				      cpu);
	}
	return STATUS_SUCCESS;
}

void require_wbinvd(struct firmware *fw)
{
	for_each_cpu(fw, cpu) fw->wbinvds[cpu] = read_register(&fw->machine->cpus[cpu].wbinvds);
}

void dirty_asids(struct firmware *fw)
{
	for (unsigned int asid = 1; asid <= MACHINE_ASID_MAX; asid++)
		fw->asids[asid] = ASID_DIRTY;
	require_wbinvd(fw);
}

void clean_asids(struct firmware *fw)
{
	for (unsigned int asid = 1; asid <= MACHINE_ASID_MAX; asid++) {
		if (fw->asids[asid] == ASID_DIRTY)
			fw->asids[asid] = ASID_CLEAN;
	}
}

bool firmware_asids_dirty(const struct firmware *fw)
{
	for (unsigned int asid = 1; asid <= MACHINE_ASID_MAX; asid++) {
		if (fw->asids[asid] == ASID_DIRTY)
			return true;
	}
	return false;
}

/*
 * A shutdown needs every ASID to be clean, so it is refused as long as a guest has one. The status
 * is DFFLUSH_REQUIRED then too (AMD-ASPFW, sev_mcmd.c:snp_mcmd_shutdown_common).
 */
enum firmware_status check_asids_clean(struct firmware *fw)
{
	for (unsigned int asid = 1; asid <= MACHINE_ASID_MAX; asid++) {
		if (fw->asids[asid] == ASID_DIRTY)
			return refuse(
				fw, STATUS_DFFLUSH_REQUIRED,
				"no DF_FLUSH since the INIT or a guest's end: ASID %u is dirty",
				asid);
		if (fw->asids[asid])
			return refuse(fw, STATUS_DFFLUSH_REQUIRED, "a guest has ASID %u", asid);
	}
	return STATUS_SUCCESS;
}

/*
 * The processor has a flag for each thread, which WBINVD sets and the firmware clears at INIT. The
 * firmware looks at all threads that are enabled, so one that no kernel runs, such as a parked one,
 * counts too (AMD-ASPFW, sev_hal_interface.c:is_wbinvd_done). Whether hardware sets the flag of a
 * core that sleeps with its caches flushed is not public; here it does not.
 */
enum firmware_status cmd_df_flush(struct firmware *fw, union command_buffer *buffer)
{
	(void)buffer;
	for_each_cpu(fw, cpu)
	{
		if (read_register(&fw->machine->cpus[cpu].wbinvds) == fw->wbinvds[cpu])
			return refuse(fw, STATUS_WBINVD_REQUIRED,
				      "CPU %u has not executed WBINVD since ASIDs became dirty",
				      cpu);
	}
	clean_asids(fw);
	if (fw->flush_refused)
		fw->flush_due = false;
	return STATUS_SUCCESS;
}

/* ---- the RMP ---- */

static enum firmware_status check_rmp(struct firmware *fw)
{
	uint64_t base = fw->machine->rmp_base, end = fw->machine->rmp_end;

	if (base % RMP_ALIGNMENT || (end + 1) % RMP_ALIGNMENT || end < base)
		return refuse(fw, STATUS_INVALID_CONFIG,
			      "RMP_BASE 0x%" PRIx64 " or RMP_END 0x%" PRIx64
			      " is not aligned to 1 MiB",
			      base, end);
	return STATUS_SUCCESS;
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

/*
 * SNP ABI, SNP_INIT_EX: the list of ranges that become HV-fixed pages. The one status for all its
 * faults is that of the published firmware.
 */
static enum firmware_status mark_listed(struct firmware *fw, uint64_t at)
{
	struct snp_range_list list;
	enum firmware_status status =
		load_ranges(fw, at, RMP_PAGE_SIZE, STATUS_RMP_INITIALIZATION_FAILED, &list);

	for (uint32_t i = 0; !status && i < list.count; i++)
		mark_pages(fw, list.ranges[i].base, list.ranges[i].pages, page_fixed);
	return status;
}

/*
 * What no guest may ever own: all that is no memory, and two areas that the firmware knows, ASEG
 * and HyperTransport's (AMD-ASPFW, sev_rmp.c:configure_rmp). A segmented RMP has no entries for
 * some.
 */
static void mark_known(struct firmware *fw)
{
	static const struct snp_range known[] = {
		{ .base = 0xa0000, .pages = 0x20 },
		{ .base = 0xfd00000000, .pages = 0x300000 },
	};
	struct rmp rmp = machine_rmp(fw);
	uint64_t pages = rmp_pages(&rmp);
	uint8_t none;

	/* Reads no byte, since the host allocates memory for each page that is read. */
	for (uint64_t pfn = 0; pfn < pages; pfn++) {
		if (firmware_load(fw, pfn * RMP_PAGE_SIZE, &none, 0))
			rmp_set(&rmp, pfn, page_fixed);
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		mark_pages(fw, known[i].base, known[i].pages, page_fixed);
}

static enum firmware_status initialise_rmp(struct firmware *fw, uint32_t flags, uint64_t list)
{
	struct machine *machine = fw->machine;
	enum firmware_status status = check_hsave(fw);
	struct rmp rmp = machine_rmp(fw);

	if (status)
		return status;
	fw->rmp_initialised = false;
	if (rmp_clear(&rmp))
		return refuse(fw, STATUS_INVALID_CONFIG, "the RMP does not lie in memory");
	if (flags & SNP_INIT_LIST)
		status = mark_listed(fw, list);
	if (status)
		return status;
	mark_known(fw);
	mark_pages(fw, machine->rmp_base,
		   (machine->rmp_end - machine->rmp_base + 1) / RMP_PAGE_SIZE, page_firmware);
	mark_iommu(fw, page_firmware);
	fw->rmp_initialised = true;
	fw->mitigations = MITIGATIONS;
	return STATUS_SUCCESS;
}

static enum firmware_status snp_start(struct firmware *fw, const struct snp_init_ex_buffer *ex)
{
	enum firmware_status status;

	if (!(ex->flags & SNP_INIT_RMP) && !fw->rmp_initialised)
		return refuse(fw, STATUS_RMP_INIT_REQUIRED,
			      "the RMP is not initialised, and INIT_RMP is clear");
	status = check_cpus(fw);
	if (!status)
		status = check_rmp(fw);
	if (!status && ex->flags & SNP_INIT_RMP)
		status = initialise_rmp(fw, ex->flags, ex->list);
	if (status)
		return status;
	dirty_asids(fw);
	rmpopt_clear(fw->machine);
	fw->snp_initialised = true;
	fw->init_flags = ex->flags;
	fw->max_snp_asid = ex->max_snp_asid;
	fw->flush_due = fw->options.dfflush_required;
	fw->flush_refused = false;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_init(struct firmware *fw, union command_buffer *buffer)
{
	(void)buffer;
	return snp_start(fw, &(struct snp_init_ex_buffer){ .flags = SNP_INIT_RMP });
}

/*
 * The last two are no published firmware's. Guests of SNP get the ASIDs from 1 to MAX_SNP_ASID, and
 * those of SEV-ES the rest below CPUID's least ASID of SEV (kernel
 * arch/x86/kvm/svm/sev.c:sev_hardware_setup). TIO_EN says how the RMP is initialised
 * (kernel drivers/crypto/ccp/sev-dev-tio.h:sev_tio_status).
 */
static enum firmware_status check_flags(struct firmware *fw, const struct snp_init_ex_buffer *ex)
{
	const uint32_t known =
		SNP_INIT_RMP | SNP_INIT_LIST |
		(fw->options.full ? SNP_INIT_RAPL_DIS | SNP_INIT_HIDING | SNP_INIT_TIO : 0);
	const enum firmware_status status = STATUS_INVALID_PARAM;

	if (ex->flags & ~known)
		return refuse(fw, status, "flags that this firmware lacks: 0x%x", ex->flags);
	if (ex->flags & SNP_INIT_LIST && !(ex->flags & SNP_INIT_RMP))
		return refuse(fw, status, "a list of ranges without INIT_RMP");
	if (ex->flags & SNP_INIT_TIO && !(ex->flags & SNP_INIT_RMP))
		return refuse(fw, status, "TIO_EN without INIT_RMP");
	if (ex->flags & SNP_INIT_HIDING &&
	    (!ex->max_snp_asid || ex->max_snp_asid >= MACHINE_SEV_ASID_MIN))
		return refuse(fw, status, "MAX_SNP_ASID is %u, not 1 to %u", ex->max_snp_asid,
			      MACHINE_SEV_ASID_MIN - 1);
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_init_ex(struct firmware *fw, union command_buffer *buffer)
{
	const struct snp_init_ex_buffer *ex = &buffer->snp_init_ex;
	struct snp_init_ex_buffer known = { .flags = ex->flags, .list = ex->list };
	enum firmware_status status = check_flags(fw, ex);

	if (ex->flags & SNP_INIT_HIDING)
		known.max_snp_asid = ex->max_snp_asid;
	if (!status && memcmp(ex, &known, sizeof(known)))
		return refuse(fw, STATUS_INVALID_PARAM, "reserved fields are not 0");
	return status ? status : snp_start(fw, ex);
}

/* ---- shutdown ---- */

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
	uint32_t known = SHUTDOWN_IOMMU | (fw->options.full ? SHUTDOWN_X86 : 0);
	enum firmware_status status;

	if (!fw->snp_initialised)
		return STATUS_SUCCESS;
	status = check_asids_clean(fw);
	if (status)
		return status;
	if (fw->flush_due) {
		fw->flush_refused = true;
		return refuse(fw, STATUS_DFFLUSH_REQUIRED, "--dfflush-required");
	}
	if (flags & ~known)
		return refuse(fw, STATUS_INVALID_PARAM, "flags that this firmware lacks: 0x%x",
			      flags);
	if (flags & SHUTDOWN_X86 && !(flags & SHUTDOWN_IOMMU))
		return refuse(fw, STATUS_INVALID_PARAM,
			      "X86_SNP_SHUTDOWN without IOMMU_SNP_SHUTDOWN");
	firmware_find_writes(fw);
	if (flags & SHUTDOWN_IOMMU) {
		mark_iommu(fw, page_reclaim);
		fw->rmp_initialised = false;
	}
	if (flags & SHUTDOWN_X86)
		disable_snp_on_all_cpus(fw);
	fw->snp_initialised = fw->tio_initialised = false;
	fw->init_flags = fw->max_snp_asid = 0;
	fw->vlek_loaded = false;
	fw->guests = 0;
	return STATUS_SUCCESS;
}

enum firmware_status cmd_snp_shutdown(struct firmware *fw, union command_buffer *buffer)
{
	(void)buffer;
	return snp_stop(fw, 0);
}

enum firmware_status cmd_snp_shutdown_ex(struct firmware *fw, union command_buffer *buffer)
{
	return snp_stop(fw, buffer->snp_shutdown_ex.flags);
}
