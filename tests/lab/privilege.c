// SPDX-License-Identifier: GPL-2.0-only
/*
 * Executes what only a host's kernel may: in user space, and in a KVM guest.
 * usage: privilege user     each instruction must end in a signal
 *        privilege guest    CPUID and MSRs must be KVM's, and after that the host's again
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCFG	 0xc0010010u
#define HSAVE_PA 0xc0010117u

/* ---- user space ---- */

static char state[16] __attribute__((aligned(16)));

static void do_rdmsr(void)
{
	__asm__ volatile("rdmsr" : : "c"(SYSCFG) : "eax", "edx");
}

static void do_wrmsr(void)
{
	__asm__ volatile("wrmsr" : : "c"(SYSCFG), "a"(0), "d"(0));
}

static void do_rmpupdate(void)
{
	unsigned long result = 0x100000;

	__asm__ volatile(".byte 0xf2, 0x0f, 0x01, 0xfe" : "+a"(result) : "c"(state) : "memory");
}

static void do_psmash(void)
{
	unsigned long result = 0x200000;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xff" : "+a"(result) : : "memory");
}

static void do_wbinvd(void)
{
	__asm__ volatile("wbinvd");
}

static const struct {
	const char *name;
	void (*execute)(void);
} instructions[] = {
	{ "rdmsr", do_rdmsr },
	{ "wrmsr", do_wrmsr },
	{ "rmpupdate", do_rmpupdate },
	{ "psmash", do_psmash },
};

static bool is_refused(void (*execute)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execute();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static int user(void)
{
	int failed = 0;

	is_refused(do_wbinvd); /* QEMU lets it pass */
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		if (is_refused(instructions[i].execute))
			continue;
		printf("user space has %s\n", instructions[i].name);
		failed = 1;
	}
	return failed;
}

/* ---- a guest ---- */

enum { MEMORY = 0x10000, CODE = 0x1000, CODE2 = 0x1800, HANDLER = 0x2000 };

/* In real mode: CPUID 8000_001Fh into ESI, SYSCFG into EDI, a VM_HSAVE_PA of 0x1000, WBINVD, HLT.
 */
static const uint8_t code[] = {
	0x66, 0xb8, 0x1f, 0x00, 0x00, 0x80, /* mov $0x8000001f, %eax */
	0x0f, 0xa2,			    /* cpuid */
	0x66, 0x89, 0xc6,		    /* mov %eax, %esi */
	0x66, 0xb9, 0x10, 0x00, 0x01, 0xc0, /* mov $SYSCFG, %ecx */
	0x0f, 0x32,			    /* rdmsr */
	0x66, 0x89, 0xc7,		    /* mov %eax, %edi */
	0x66, 0xb9, 0x17, 0x01, 0x01, 0xc0, /* mov $HSAVE_PA, %ecx */
	0x66, 0xb8, 0x00, 0x10, 0x00, 0x00, /* mov $0x1000, %eax */
	0x66, 0x31, 0xd2,		    /* xor %edx, %edx */
	0x0f, 0x30,			    /* wrmsr */
	0x0f, 0x09,			    /* wbinvd */
	0xf4,				    /* hlt */
};

/* A SYSCFG of 0, which KVM may refuse: an exception's handler is one HLT. */
static const uint8_t code2[] = {
	0x66, 0xb9, 0x10, 0x00, 0x01, 0xc0, /* mov $SYSCFG, %ecx */
	0x66, 0x31, 0xc0,		    /* xor %eax, %eax */
	0x66, 0x31, 0xd2,		    /* xor %edx, %edx */
	0x0f, 0x30,			    /* wrmsr */
	0xf4,				    /* hlt */
};

struct vm {
	int kvm;
	int vm;
	int vcpu;
	uint8_t *memory;
	struct kvm_run *run;
};

static int make_vm(struct vm *vm)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY };
	int size;

	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return -errno;
	vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->vm < 0)
		return -errno;
	vm->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		return -errno;
	region.userspace_addr = (uintptr_t)vm->memory;
	if (ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region))
		return -errno;
	vm->vcpu = ioctl(vm->vm, KVM_CREATE_VCPU, 0);
	size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vm->vcpu < 0 || size < 0)
		return -errno;
	vm->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	return vm->run == MAP_FAILED ? -errno : 0;
}

static void fill_memory(uint8_t *memory)
{
	const uint16_t handler[] = { HANDLER, 0 };

	for (int vector = 0; vector < 256; vector++)
		memcpy(memory + vector * sizeof(handler), handler, sizeof(handler));
	memcpy(memory + CODE, code, sizeof(code));
	memcpy(memory + CODE2, code2, sizeof(code2));
	memory[HANDLER] = 0xf4;
}

/* Runs the guest from address start until it halts. */
static int run_guest(struct vm *vm, uint16_t start, struct kvm_regs *regs)
{
	struct kvm_sregs sregs;

	*regs = (struct kvm_regs){ .rip = start, .rsp = MEMORY - 0x100, .rflags = 2 };
	if (ioctl(vm->vcpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(vm->vcpu, KVM_SET_SREGS, &sregs) || ioctl(vm->vcpu, KVM_SET_REGS, regs))
		return -errno;
	while (ioctl(vm->vcpu, KVM_RUN, 0)) {
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	if (vm->run->exit_reason != KVM_EXIT_HLT) {
		printf("the guest ended with exit reason %u\n", vm->run->exit_reason);
		return -EPROTO;
	}
	return ioctl(vm->vcpu, KVM_GET_REGS, regs) ? -errno : 0;
}

static int guest(void)
{
	enum { SEV_SNP = 1 << 4 };
	unsigned int eax = 0, ebx = 0, ecx = 0, edx = 0;
	struct vm vm = { 0 };
	struct kvm_regs regs, after;
	int err = make_vm(&vm);

	if (!err)
		fill_memory(vm.memory);
	if (!err)
		err = run_guest(&vm, CODE, &regs);
	if (!err)
		err = run_guest(&vm, CODE2, &after);
	if (err) {
		printf("no guest: %s\n", strerror(-err));
		return 1;
	}
	__cpuid(0x8000001f, eax, ebx, ecx, edx);
	printf("guest: CPUID 8000_001Fh 0x%llx, SYSCFG 0x%llx; host: CPUID 8000_001Fh 0x%x\n",
	       regs.rsi, regs.rdi, eax);
	return regs.rsi || regs.rdi || !(eax & SEV_SNP);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "user"))
		return user();
	if (argc == 2 && !strcmp(argv[1], "guest"))
		return guest();
	fprintf(stderr, "usage: privilege user|guest\n");
	return 2;
}
