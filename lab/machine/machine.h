/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state that the emulated processor (a QEMU plugin) and the emulated firmware (a process)
 * share: one file that both map. It is little-endian and naturally aligned; the layout is asserted
 * below, and changing it requires a new MACHINE_VERSION.
 *
 * Each field has one writer at a time. A CPU writes its own entry. Others write it only on a reset,
 * on a full shutdown, or when a test asks the control socket to.
 */
#ifndef LAB_MACHINE_H
#define LAB_MACHINE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_MAGIC	   0x4d504e53u /* "SNPM" */
#define MACHINE_VERSION	   6u
#define MACHINE_CPUS_MAX   512
#define MACHINE_WRITES_MAX 64

/*
 * MSRs: APM vol. 2 appendix A; VM_HSAVE_PA: APM vol. 2 §15.30.4; RMP_CFG: APM vol. 2 §15.36.4;
 * RMPOPT_BASE: the kernel series "Add RMPOPT support".
 */
#define MSR_SYSCFG	0xc0010010u
#define MSR_HWCR	0xc0010015u
#define MSR_HSAVE_PA	0xc0010117u
#define MSR_RMP_BASE	0xc0010132u
#define MSR_RMP_END	0xc0010133u
#define MSR_RMP_CFG	0xc0010136u
#define MSR_RMPOPT_BASE 0xc0010139u

#define SYSCFG_MFDM	   (1ull << 19) /* MtrrFixDramModEn */
#define SYSCFG_MEM_ENCRYPT (1ull << 23)
#define SYSCFG_SNP_EN	   (1ull << 24)
#define SYSCFG_VMPL_EN	   (1ull << 25)
#define SYSCFG_COLD	   SYSCFG_MEM_ENCRYPT /* as the BIOS leaves SYSCFG */

#define HWCR_SMM_LOCK	  (1ull << 0)
#define HWCR_TSC_FREQ_SEL (1ull << 24)
#define HWCR_COLD	  (HWCR_SMM_LOCK | HWCR_TSC_FREQ_SEL)

/* RMPOPT_BASE: whether the core has RMPOPT, and where the memory begins that its table covers. */
#define RMPOPT_ENABLE	    (1ull << 0)
#define RMPOPT_REGION_SHIFT 30 /* 1 GiB: one bit of the table, and how BASE is aligned */
#define RMPOPT_REGIONS	    2048

/* The highest ASID, which CPUID 8000_001Fh reports in ECX: how many guests can run at once. */
#define MACHINE_ASID_MAX 509u

/* The lowest ASID of a guest without encrypted state, which it reports in EDX. SNP's are lower. */
#define MACHINE_SEV_ASID_MIN 100u

/* Guest physical address of the registers of q35's AMD IOMMU (QEMU hw/i386/amd_iommu.h). */
#define MACHINE_IOMMU_BASE 0xfed80000ull

/*
 * The lab's own CPUID leaf, beyond AMD's: how many guest instructions this CPU has executed. EAX
 * and EDX: low and high half of the count; EBX: 1, or 0 if the plugin does not count; ECX: the
 * CPU's index.
 */
#define MACHINE_CPUID_COUNTER 0x8fff0000u

/* The registers in registers.h:memory_registers. */
enum { MACHINE_MEMORY_REGISTERS = 19 };

enum machine_cpu_flags {
	MACHINE_CPU_PRESENT = 1 << 0, /* the CPU is powered on */
	MACHINE_CPU_HOT = 1 << 1,     /* hot-plugged: the BIOS never saw the CPU */
};

struct machine_cpu {
	uint64_t syscfg;
	uint64_t hwcr;
	uint64_t hsave_pa; /* VM_HSAVE_PA; QEMU's own CPU has it too, which SVM uses */
	uint64_t wbinvds;  /* how many WBINVD and WBNOINVD the CPU has executed since power-on */
	uint32_t flags;	   /* enum machine_cpu_flags */
	uint32_t resets;   /* how often the CPU took its power-on values */
	uint64_t memory[MACHINE_MEMORY_REGISTERS]; /* as memory_registers has them */
	uint64_t rmpopt_base;			   /* RMPOPT_BASE */
	uint64_t rmpopt[RMPOPT_REGIONS / 64];	   /* the regions in which RMP checks are skipped */
};

/*
 * The IOMMU's registers with the addresses of the buffers that the IOMMU writes to (AMD document
 * 48882). Firmware reads them from the device at SNP_INIT; the emulated firmware, a process outside
 * QEMU, can't, so the processor copies them here.
 */
struct machine_iommu {
	uint64_t event_log;  /* MMIO 0010h: base, length */
	uint64_t wait_base;  /* MMIO 0020h: completion store base (under SNP) */
	uint64_t wait_limit; /* MMIO 0028h: the completion store's last page */
	uint64_t ppr_log;    /* MMIO 0038h: base, length */
};

/* A CPU's writes to a page that the RMP assigns to the firmware or a guest. */
struct machine_write {
	uint64_t page;	/* guest physical */
	uint64_t entry; /* the first half of the page's RMP entry, at the first of the writes */
	uint64_t pc;	/* linear address of the instruction that was the first */
	uint32_t cpu;
	uint32_t snp_en; /* whether the CPU had SNP_EN: then hardware refuses the write */
};

struct machine {
	uint32_t magic;
	uint32_t version;
	uint64_t size;	   /* of this structure, bytes */
	uint64_t rmp_base; /* guest physical, first byte */
	uint64_t rmp_end;  /* guest physical, last byte */
	uint32_t
		running; /* nonzero once a kernel has read SYSCFG: CPUs added now are hot-plugged */
	uint32_t threads; /* of each core; the CPUs of a core have consecutive indexes */
	struct machine_iommu iommu;
	uint32_t rmp_failure;  /* enum rmp_result: what RMPUPDATE and PSMASH answer instead, .. */
	uint32_t rmp_failures; /* .. so many more times */
	uint64_t rmp_cfg;      /* RMP_CFG: 0, or how large the RMP's segments are */
	uint32_t write_count;  /* of writes; may be more than MACHINE_WRITES_MAX, which are kept */
	uint32_t has_rmpopt;   /* the processor has RMPOPT */
	uint8_t pad[160];
	struct machine_cpu cpus[MACHINE_CPUS_MAX];
	struct machine_write writes[MACHINE_WRITES_MAX];
};

static_assert(sizeof(struct machine_cpu) == 456, "shared layout");
static_assert(sizeof(struct machine_iommu) == 32, "shared layout");
static_assert(offsetof(struct machine, iommu) == 40, "shared layout");
static_assert(offsetof(struct machine, cpus) == 256, "shared layout");
static_assert(sizeof(struct machine_write) == 32, "shared layout");
static_assert(sizeof(struct machine) == 256 + 456 * MACHINE_CPUS_MAX + 32 * MACHINE_WRITES_MAX,
	      "shared layout");

#endif
