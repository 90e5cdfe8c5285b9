#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The emulated processor keeps its rules: who may use its instructions, and how a kernel's writes end. And
# what a kernel seldom does runs: with what only the newest firmware has, and where the firmware fails.
# Needs --firmware full --threads 2 --rmpread --add build/test/privilege.
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

# asked_by COMMAND: CPU 2 answers as ever after each of 40 answers that COMMAND reads in part
asked_by() {
	want=$(lab syscfg 2)
	for _ in $(seq 40); do
		lab state | "$@" >/dev/null
		[ "$(lab syscfg 2)" = "$want" ] || return 1
	done
}

scenario "an answer that nobody reads to its end is not the next one's"
expect "its first line is read" asked_by head -n 1
expect "nothing of it is read" asked_by true

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

# snp_enable() on one thread is enough for both, so there is nothing left for the other one to do.
scenario "the threads of a core share SYSCFG"
expect "SNP_EN is set by CPU 2's number" lab snp-en 2 on
expect "CPU 3 has it" [ "$(syscfg_of 2)" = "$(syscfg_of 3)" ]
expect "it is cleared by CPU 3's" lab snp-en 3 off
expect "CPU 2 is without" [ "$(syscfg_of 2)" = "$(syscfg_of 0)" ]

# snp_prepare() clears VM_HSAVE_PA before SNP_INIT, and kvm-amd sets it as it comes and clears it as it goes.
scenario "the processor counts WBINVD, and shows VM_HSAVE_PA"
before=$(wbinvds)
expect "no CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 4 ]
modprobe ccp
expect "SNP is initialised" modprobe kvm-amd sev_snp=1 ciphertext_hiding_asids=20
expect "CPU 0 has executed WBINVD" [ "$(wbinvds)" -gt "$before" ]
expect "every CPU is ready for guests" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 0 ]

scenario "the newest firmware: ciphertext hiding, SEV-TIO, mitigations"
lab log >/tmp/log
answers() {
	grep -q "$1 .*status=0x00" /tmp/log
}
mitigations=/sys/firmware/sev/vulnerabilities
expect "the kernel asks for both" answers "SNP_INIT_EX flags=0x1b"
expect "20 ASIDs are SNP's" sh -c "dmesg | grep -q 'SEV-SNP enabled (ASIDs 1 - 20)'"
expect "SEV-TIO is initialised" answers TIO_INIT
expect "the kernel uses it" [ -e /sys/class/tsm/tsm0 ]
expect "there are two mitigations" [ "$(cat $mitigations/supported_mitigations)" = 0x3 ]
expect "both are verified" [ "$(cat $mitigations/verified_mitigations)" = 0x3 ]
expect "one can be verified again" sh -c "echo 2 >$mitigations/verified_mitigations"
expect "one that is not there can't" sh -c "! echo 4 2>/dev/null >$mitigations/verified_mitigations"

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

# An image's header: AMD-ASPFW, sev_fw_image.h; its version is 1.59.7.
image() {
	head -c 16 /dev/zero
	printf '$PS1'
	head -c 28 /dev/zero
	printf '\001\000\000\000'
	head -c 44 /dev/zero
	printf '\007\073\001'
	head -c 3997 /dev/zero
}

reported() {
	dmesg | grep -q "$1"
}

scenario "what fails: an RMPUPDATE, SEV's stored data, a page that can't be reclaimed"
mkdir -p /lib/firmware/amd
image >/lib/firmware/amd/sev.fw
expect "an entry is in use" lab rmp-fail 3
expect "SEV's data is invalid" lab fail INIT=SECURE_DATA_INVALID:once
expect "a page stays the firmware's" lab fail SNP_PAGE_RECLAIM=INVALID_PAGE_STATE:once
snp_load
expect "the RMPUPDATE is reported" reported 'RMPUPDATE failed.*ret: 3'
expect "... with its entry, by RMPREAD" reported 'PFN 0x[0-9a-f]* unassigned, dumping non-zero entries'
expect "INIT is repeated" reported 'retrying INIT'
expect "the page is given up" reported 'Leaking PFN range'
expect "beforehand the firmware was updated" reported 'SEV firmware updated from 1.58.1 to 1.59.7'
rm /lib/firmware/amd/sev.fw
expect "SNP ends" snp_unload

scenario "a command that never answers"
expect "SNP_INIT_EX is the one" lab fail SNP_INIT_EX=hang:once
modprobe ccp psp_cmd_timeout=1 psp_probe_timeout=1
modprobe kvm-amd sev_snp=1
expect "the driver gives up" reported 'sev command 0x85 timed out, disabling PSP'
expect "SNP is not initialised" sh -c 'lab state | grep -q snp=uninit'
expect "the modules can be unloaded" snp_unload
expect "SNP is initialised the next time" snp_load
expect "it is" sh -c 'lab state | grep -q snp=init'
expect "SNP ends" snp_unload

finish
