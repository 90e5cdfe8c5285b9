#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The emulated processor keeps its rules: who may use its instructions.
# Needs --add build/test/privilege.
. /lab/lib.sh

# How many WBINVDs CPU 0 has executed.
wbinvds() {
	lab cpus | sed -n 's/^0 .*wbinvds=//p'
}

# snp_prepare() clears VM_HSAVE_PA before SNP_INIT, and kvm-amd sets it as it comes and clears it as it goes.
scenario "the processor counts WBINVD, and shows VM_HSAVE_PA"
before=$(wbinvds)
expect "no CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 4 ]
expect "SNP is initialised" snp_load
expect "CPU 0 has executed WBINVD" [ "$(wbinvds)" -gt "$before" ]
expect "every CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 0 ]

scenario "user space has none of the kernel's instructions"
before=$(lab cpus)
expect "each of them ends in a signal" taskset -c 2 privilege user
expect "no CPU has changed" [ "$(lab cpus)" = "$before" ]

scenario "a KVM guest has KVM's CPUID and MSRs, and changes none of the host's"
before=$(lab cpus)
expect "the guest sees none of it" taskset -c 2 privilege guest
cat /tmp/expect.out
expect "no CPU has changed, nor its count of WBINVDs" [ "$(lab cpus)" = "$before" ]
expect "SNP ends" snp_unload
expect "no CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 4 ]

finish
