// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which instructions are a KVM guest's. The plugin sees an instruction before QEMU looks at what
 * the hypervisor intercepts, and a guest's CPUID, MSRs and WBINVD are the hypervisor's to answer:
 * KVM intercepts them all (kernel arch/x86/kvm/svm/svm.c:init_vmcb).
 *
 * QEMU tells a plugin neither of VMRUN nor of #VMEXIT. But a CPU is in the guest from a VMRUN until
 * it executes the instruction after that VMRUN, where #VMEXIT resumes the host (APM vol. 2 §15.6).
 * A guest's own VMRUN is intercepted too, and so starts nothing.
 */
#include <pthread.h>

#include "machine/registers.h"
#include "processor/cpu.h"

enum { VMRUN_LEN = 3, VMRUNS_MAX = 16 };

/* Where VMRUNs resume: kvm-amd has two; a reloaded module, or a kernel after kexec, adds its own.
 */
static uint64_t resumes[VMRUNS_MAX];
static unsigned int resume_count;
static pthread_mutex_t resumes_lock = PTHREAD_MUTEX_INITIALIZER;

/* Where the CPU's next #VMEXIT resumes the host; 0: it is in no guest. The CPU's own. */
static uint64_t resume_of[MACHINE_CPUS_MAX];

bool cpu_in_guest(unsigned int cpu)
{
	return resume_of[cpu];
}

bool cpu_in_host_kernel(unsigned int cpu)
{
	return !cpu_in_guest(cpu) &&
	       !privilege_level(cpu_get(cpu, CR0), cpu_get(cpu, RFLAGS), cpu_get(cpu, CS));
}

void cpu_leave_guest(unsigned int cpu)
{
	resume_of[cpu] = 0;
}

static void on_resume(unsigned int cpu, void *pc)
{
	if (resume_of[cpu] == (uintptr_t)pc)
		cpu_leave_guest(cpu);
}

void cpu_vmrun(unsigned int cpu, void *pc)
{
	unsigned int level =
		privilege_level(cpu_get(cpu, CR0), cpu_get(cpu, RFLAGS), cpu_get(cpu, CS));

	if (!resume_of[cpu] &&
	    vmrun_starts_guest(level, cpu_get(cpu, CR0), cpu_get(cpu, EFER), cpu_get(cpu, RAX)))
		resume_of[cpu] = (uintptr_t)pc + VMRUN_LEN;
}

static bool is_resume(uint64_t pc)
{
	for (unsigned int i = 0; i < VMRUNS_MAX; i++) {
		if (resumes[i] == pc)
			return true;
	}
	return false;
}

void guest_note_vmrun(uint64_t pc)
{
	pthread_mutex_lock(&resumes_lock);
	if (!is_resume(pc + VMRUN_LEN))
		resumes[resume_count++ % VMRUNS_MAX] = pc + VMRUN_LEN;
	pthread_mutex_unlock(&resumes_lock);
}

vcpu_callback guest_find_resume(uint64_t pc)
{
	bool found;

	pthread_mutex_lock(&resumes_lock);
	found = is_resume(pc);
	pthread_mutex_unlock(&resumes_lock);
	return found ? on_resume : NULL;
}
