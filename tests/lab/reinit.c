// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has an unmodified kernel initialise SNP under KVM. Needs ccp with psp_init_on_probe=0, so that
 * legacy SEV is not initialised, and kvm_amd. ccp initialises SEV for the command PEK_CSR, and
 * afterwards ends SEV and SNP (drivers/crypto/ccp/sev-dev.c:sev_ioctl_do_pek_csr()). The next SEV
 * guest has it initialise both again (arch/x86/kvm/svm/sev.c:__sev_guest_init()), and by then KVM
 * has enabled virtualisation.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psp-sev.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(void)
{
	struct sev_user_data_pek_csr csr = { 0 };
	struct sev_issue_cmd pek_csr = { .cmd = SEV_PEK_CSR, .data = (uintptr_t)&csr };
	int sev = open("/dev/sev", O_RDWR), kvm = open("/dev/kvm", O_RDWR), vm;
	struct kvm_sev_cmd init = { .id = KVM_SEV_INIT, .sev_fd = sev };

	if (sev < 0 || kvm < 0) {
		perror("/dev/sev, /dev/kvm");
		return 1;
	}
	/* A buffer of no length is an error of the firmware's, and enough. */
	ioctl(sev, SEV_ISSUE_CMD, &pek_csr);
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 || ioctl(vm, KVM_MEMORY_ENCRYPT_OP, &init)) {
		perror("KVM_SEV_INIT");
		return 1;
	}
	return 0;
}
