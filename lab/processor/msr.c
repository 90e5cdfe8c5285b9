// SPDX-License-Identifier: GPL-2.0-only
/*
 * RDMSR and WRMSR: SYSCFG, HWCR, VM_HSAVE_PA, the RMP's registers, RMPOPT's, and those of the
 * memory's layout.
 */
#include "machine/registers.h"
#include "machine/rmp.h"
#include "processor/cpu.h"

/* Length of RDMSR and WRMSR, bytes. */
enum { MSR_LEN = 2 };

static void note_register(uint64_t offset, uint64_t *to)
{
	uint64_t value;

	if (!cpu_read_physical(NULL, MACHINE_IOMMU_BASE + offset, &value, sizeof(value)))
		__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

/*
 * Copies the IOMMU's registers for the firmware. The kernel reads SYSCFG between its set-up of the
 * IOMMU and SNP_INIT (in snp_prepare(), or before 7.1 in snp_rmptable_init()), also in a kernel
 * started by kexec, so a copy made then is what SNP_INIT needs.
 */
static void note_iommu(struct machine_iommu *iommu)
{
	note_register(0x10, &iommu->event_log);
	note_register(0x20, &iommu->wait_base);
	note_register(0x28, &iommu->wait_limit);
	note_register(0x38, &iommu->ppr_log);
}

static uint64_t read_syscfg(unsigned int cpu)
{
	struct machine *machine = processor.machine;

	__atomic_store_n(&machine->running, 1, __ATOMIC_RELAXED);
	note_iommu(&machine->iommu);
	return __atomic_load_n(&machine->cpus[cpu].syscfg, __ATOMIC_SEQ_CST);
}

/* The kernel uses other MSRs all the time, so the more costly check comes second. */
static bool emulates(unsigned int cpu, uint32_t msr)
{
	switch (msr) {
	case MSR_SYSCFG:
	case MSR_HWCR:
	case MSR_HSAVE_PA:
	case MSR_RMP_BASE:
	case MSR_RMP_END:
	case MSR_RMP_CFG:
		return cpu_in_host_kernel(cpu);
	case MSR_RMPOPT_BASE:
		return processor.machine->has_rmpopt && cpu_in_host_kernel(cpu);
	default:
		return find_memory_register(msr) >= 0 && cpu_in_host_kernel(cpu);
	}
}

/* Whether it reads a register of the memory's layout that QEMU does not have. */
static bool read_memory_register(unsigned int cpu, uint32_t msr, uint64_t *value)
{
	int i = find_memory_register(msr);

	if (i < 0 || memory_registers[i].in_qemu)
		return false;
	*value = processor.machine->cpus[cpu].memory[i];
	return true;
}

void cpu_rdmsr(unsigned int cpu, void *pc)
{
	bool segmented = processor.machine->rmp_cfg & RMP_CFG_SEGMENTED;
	uint32_t msr = cpu_get32(cpu, RCX);
	uint64_t value;

	if (!emulates(cpu, msr))
		return;
	switch (msr) {
	case MSR_SYSCFG:
		value = read_syscfg(cpu);
		break;
	case MSR_HWCR:
		value = processor.machine->cpus[cpu].hwcr;
		break;
	case MSR_RMP_BASE:
		value = processor.machine->rmp_base;
		break;
	case MSR_RMP_END:
		value = segmented ? 0 : processor.machine->rmp_end;
		break;
	case MSR_RMP_CFG:
		value = processor.machine->rmp_cfg;
		break;
	case MSR_RMPOPT_BASE:
		value = processor.machine->cpus[cpu].rmpopt_base;
		break;
	default:
		if (!read_memory_register(cpu, msr, &value))
			return;
	}
	cpu_set(cpu, RAX, (uint32_t)value);
	cpu_set(cpu, RDX, value >> 32);
	cpu_skip(cpu, pc, MSR_LEN);
}

/* The SMM lock stays set until a reset. */
static void write_hwcr(unsigned int cpu, uint64_t value)
{
	uint64_t *hwcr = &processor.machine->cpus[cpu].hwcr;

	*hwcr = value | (*hwcr & HWCR_SMM_LOCK);
}

/* For the firmware, which requires 0 at SNP_INIT. QEMU refuses an address that is no page's. */
static void note_hsave_pa(unsigned int cpu, uint64_t value)
{
	if (!(value & 0xfff))
		__atomic_store_n(&processor.machine->cpus[cpu].hsave_pa, value, __ATOMIC_SEQ_CST);
}

/* Whether that was all, or QEMU has the register too. */
static bool write_memory_register(unsigned int cpu, uint32_t msr, uint64_t value)
{
	int i = find_memory_register(msr);

	if (i < 0)
		return false;
	__atomic_store_n(&processor.machine->cpus[cpu].memory[i], value, __ATOMIC_SEQ_CST);
	return !memory_registers[i].in_qemu;
}

void cpu_wrmsr(unsigned int cpu, void *pc)
{
	uint64_t value = cpu_get32(cpu, RAX) | cpu_get(cpu, RDX) << 32;
	uint32_t msr = cpu_get32(cpu, RCX);

	if (!emulates(cpu, msr))
		return;
	switch (msr) {
	case MSR_SYSCFG:
		syscfg_write(processor.machine, cpu, value);
		break;
	case MSR_HWCR:
		write_hwcr(cpu, value);
		break;
	case MSR_RMP_BASE:
	case MSR_RMP_END:
	case MSR_RMP_CFG:
		/*
		 * The BIOS has set them. No public text says whether a write under SNP_EN is #GP,
		 * so it is dropped.
		 */
		break;
	case MSR_RMPOPT_BASE:
		rmpopt_write(processor.machine, cpu, value);
		break;
	case MSR_HSAVE_PA:
		note_hsave_pa(cpu, value);
		return; /* QEMU has the register, which its SVM uses */
	default:
		if (!write_memory_register(cpu, msr, value))
			return;
	}
	cpu_skip(cpu, pc, MSR_LEN);
}
