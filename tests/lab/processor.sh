#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The emulated processor keeps its rules: who may use its instructions, and how a kernel's writes end.
# Needs --add build/test/privilege.
. /lab/lib.sh
modprobe msr

write_syscfg() {
	write_msr "$1" 0xc0010010 "$2"
}

syscfg_of() {
	lab syscfg "$1" | cut -d ' ' -f 2
}

# How many WBINVDs CPU 0 has executed.
wbinvds() {
	lab cpus | sed -n 's/^0 .*wbinvds=//p'
}

scenario "before SNP, memory encryption can't be switched off, and other bits can be written"
cold=$(syscfg_of 2)
write_syscfg 2 0x40000
expect "MEM_ENC is still set" [ "$(syscfg_of 2)" = 0x840000 ]
write_syscfg 2 "$cold"
expect "it is as before" [ "$(syscfg_of 2)" = "$cold" ]
write_syscfg 2 0x2800000
expect "VMPL_EN can be set" [ "$(syscfg_of 2)" = 0x2800000 ]
write_syscfg 2 "$cold"
expect "... and cleared" [ "$(syscfg_of 2)" = "$cold" ]

# snp_prepare() clears VM_HSAVE_PA before SNP_INIT, and kvm-amd sets it as it comes and clears it as it goes.
scenario "the processor counts WBINVD, and shows VM_HSAVE_PA"
before=$(wbinvds)
expect "no CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 4 ]
expect "SNP is initialised" snp_load
expect "CPU 0 has executed WBINVD" [ "$(wbinvds)" -gt "$before" ]
expect "every CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 0 ]

scenario "under SNP_EN a write of SYSCFG changes nothing"
enabled=$(syscfg_of 2)
write_syscfg 2 0
expect "nothing has changed" [ "$(syscfg_of 2)" = "$enabled" ]
expect "it has SNP_EN" [ $((enabled >> 24 & 1)) -eq 1 ]

scenario "user space has none of the kernel's instructions"
before=$(lab cpus)
expect "each of them ends in a signal" taskset -c 2 privilege user
expect "no CPU has changed, nor its count of WBINVDs" [ "$(lab cpus)" = "$before" ]

scenario "a KVM guest has KVM's CPUID and MSRs, and changes none of the host's"
before=$(lab cpus)
expect "the guest sees none of it" taskset -c 2 privilege guest
cat /tmp/expect.out
expect "no CPU has changed, nor its count of WBINVDs" [ "$(lab cpus)" = "$before" ]
expect "SNP ends" snp_unload
expect "no CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 4 ]

scenario "the kernel repeats an RMPUPDATE that overlaps another CPU's"
expect "three of them overlap" lab rmp-fail 4 3
expect "SNP is initialised all the same" snp_load
expect "the kernel has no complaint" kernel_is_quiet
expect "SNP ends" snp_unload

scenario "the kernel reports an RMPUPDATE that fails"
expect "one of them finds the entry in use" lab rmp-fail 3
snp_load
expect "it is reported" sh -c "dmesg | grep -q 'RMPUPDATE failed.*ret: 3'"
snp_unload

finish
