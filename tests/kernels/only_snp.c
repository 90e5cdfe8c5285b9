// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked to the kernel's sev_smoke_test by --wrap: KVM seems to offer SNP guests alone, so that the
 * test begins with its SNP part. What it would do first, run SEV guests, the lab can't.
 */

/* include/uapi/linux/kvm.h, of which a distribution's copy may be too old to have them. */
enum { KVM_CAP_VM_TYPES = 235, KVM_X86_SNP_VM = 4 };

unsigned int __real_kvm_check_cap(long cap);
unsigned int __wrap_kvm_check_cap(long cap);

unsigned int __wrap_kvm_check_cap(long cap)
{
	unsigned int answer = __real_kvm_check_cap(cap);

	return cap == KVM_CAP_VM_TYPES ? answer & 1u << KVM_X86_SNP_VM : answer;
}
