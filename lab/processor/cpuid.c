// SPDX-License-Identifier: GPL-2.0-only
/* CPUID: the features that the kernel and kvm-amd look for before they use SNP. */
#include "processor/cpu.h"

static void cpuid(unsigned int cpu, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	cpu_set(cpu, RAX, eax);
	cpu_set(cpu, RBX, ebx);
	cpu_set(cpu, RCX, ecx);
	cpu_set(cpu, RDX, edx);
}

/*
 * APM vol. 3, CPUID Fn8000_0007. A PREEMPT_RT kernel's KVM requires the invariant TSC, which QEMU
 * never offers with TCG.
 */
static void cpuid_power(unsigned int cpu)
{
	enum { INVARIANT_TSC = 1 << 8 };

	cpuid(cpu, 0, 0, 0, INVARIANT_TSC);
}

/* APM vol. 3, CPUID Fn8000_000A: the parts of SVM that kvm-amd requires for SEV. */
static void cpuid_svm(unsigned int cpu)
{
	enum {
		NESTED_PAGING = 1 << 0,
		LBR_VIRT = 1 << 1,
		NRIP_SAVE = 1 << 3,
		FLUSH_BY_ASID = 1 << 6,
		DECODE_ASSISTS = 1 << 7,
		ASIDS = 0x8000,
	};

	cpuid(cpu, 1, ASIDS, 0,
	      NESTED_PAGING | LBR_VIRT | NRIP_SAVE | FLUSH_BY_ASID | DECODE_ASSISTS);
}

/* APM vol. 3, CPUID Fn8000_001F: encrypted memory. */
static void cpuid_sev(unsigned int cpu)
{
	enum {
		SME = 1 << 0,
		SEV = 1 << 1,
		SEV_ES = 1 << 3,
		SEV_SNP = 1 << 4,
		VMPL = 1 << 5,
		RMPREAD = 1 << 21,
		SEGMENTED_RMP = 1 << 23,
		C_BIT = 51,
		VMPLS = 4,
	};

	cpuid(cpu,
	      SME | SEV | SEV_ES | SEV_SNP | VMPL | (processor.rmpread ? RMPREAD : 0) |
		      (processor.machine->rmp_cfg ? SEGMENTED_RMP : 0),
	      C_BIT | VMPLS << 12, MACHINE_ASID_MAX, MACHINE_SEV_ASID_MIN);
}

/*
 * APM vol. 3, CPUID Fn8000_0025: segments of 1 GiB to 1 TiB, and no limit to their number; RMPOPT:
 * the kernel series "Add RMPOPT support".
 */
static void cpuid_segments(unsigned int cpu)
{
	enum { SMALLEST = 30, LARGEST = 40, RMPOPT = 1 << 0 };

	cpuid(cpu, SMALLEST | LARGEST << 6, 0, 0, processor.machine->has_rmpopt ? RMPOPT : 0);
}

static void cpuid_counter(unsigned int cpu)
{
	bool counts = processor.counter.score;
	uint64_t count = counts ? qemu_plugin_u64_get(processor.counter, cpu) : 0;

	cpuid(cpu, (uint32_t)count, counts, cpu, count >> 32);
}

void cpu_cpuid(unsigned int cpu, void *pc)
{
	if (cpu_in_guest(cpu))
		return;
	switch (cpu_get32(cpu, RAX)) {
	case 0x80000007:
		cpuid_power(cpu);
		break;
	case 0x8000000a:
		cpuid_svm(cpu);
		break;
	case 0x8000001f:
		cpuid_sev(cpu);
		break;
	case 0x80000025:
		if (!processor.machine->rmp_cfg)
			return;
		cpuid_segments(cpu);
		break;
	case MACHINE_CPUID_COUNTER:
		cpuid_counter(cpu);
		break;
	default:
		return;
	}
	cpu_skip(cpu, pc, 2);
}
