// SPDX-License-Identifier: GPL-2.0-only
/*
 * snp-ioctl, for scripts in the guest: what programs of an SNP host ask of the kernel.
 * usage: snp-ioctl pek-csr    the ioctl PEK_CSR of /dev/sev
 *        snp-ioctl init2      KVM_SEV_INIT2, of a new SNP guest that has no CPU
 * Prints one line: what was asked and how it ended. Exit status: 0, 1 if it failed, 3 if it could
 * not be asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psp-sev.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * From the kernel's arch/x86/include/uapi/asm/kvm.h since 6.10: this machine's headers may be
 * older.
 */
#define VM_TYPE_SNP 4u
#define SEV_INIT2   22u

struct sev_init {
	uint64_t vmsa_features;
	uint32_t flags;
	uint16_t ghcb_version;
	uint16_t pad1;
	uint32_t pad2[8];
};

static int cannot(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 3;
}

static int ended(const char *what, int result, uint32_t status)
{
	if (!result)
		printf("%s succeeded\n", what);
	else
		printf("%s failed: %s, firmware status 0x%02x\n", what, strerror(errno), status);
	return result ? 1 : 0;
}

static int pek_csr(void)
{
	static char buffer[4096];
	struct sev_user_data_pek_csr csr = { .address = (uintptr_t)buffer,
					     .length = sizeof(buffer) };
	struct sev_issue_cmd command = { .cmd = SEV_PEK_CSR, .data = (uintptr_t)&csr };
	int sev = open("/dev/sev", O_RDWR | O_CLOEXEC);
	int result;

	if (sev < 0)
		return cannot("/dev/sev");
	result = ioctl(sev, SEV_ISSUE_CMD, &command);
	result = ended("PEK_CSR", result, command.error);
	close(sev);
	return result;
}

static int init2(void)
{
	struct sev_init init = { .ghcb_version = 2 };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), sev = open("/dev/sev", O_RDWR | O_CLOEXEC),
	    vm = -1;
	struct kvm_sev_cmd command = { .id = SEV_INIT2,
				       .data = (uintptr_t)&init,
				       .sev_fd = (uint32_t)sev };
	int result;

	if (kvm < 0) {
		result = cannot("/dev/kvm");
	} else if (sev < 0) {
		result = cannot("/dev/sev");
	} else {
		vm = ioctl(kvm, KVM_CREATE_VM, (unsigned long)VM_TYPE_SNP);
		if (vm < 0) {
			result = cannot("KVM_CREATE_VM of an SNP guest");
		} else {
			result = ioctl(vm, KVM_MEMORY_ENCRYPT_OP, &command);
			result = ended("KVM_SEV_INIT2", result, command.error);
		}
	}
	if (vm >= 0)
		close(vm);
	if (sev >= 0)
		close(sev);
	if (kvm >= 0)
		close(kvm);
	return result;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "pek-csr"))
		return pek_csr();
	if (argc == 2 && !strcmp(argv[1], "init2"))
		return init2();
	fprintf(stderr, "usage: snp-ioctl pek-csr|init2\n");
	return 3;
}
