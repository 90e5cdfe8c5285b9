#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# Debian's snphost, which knows nothing of the lab, finds nothing wrong with the host in all of its 30
# checks; what it does not look at, `check` does; and the log says which fault only one of them sees.
# Needs --package snphost/sid.
. /lab/lib.sh
modprobe msr
snp_load

# snphost ends with 1 as soon as one check fails; the lines say more.
ask_snphost() {
	"$@" snphost ok >/tmp/report 2>&1
	sed 's/^/    /' /tmp/report
}

scenario "snphost finds nothing wrong with the host"
ask_snphost
expect "it names the host's SNP" grep -q 'PASS.* - SNP: Enabled in MSR' /tmp/report
expect "30 checks pass" [ "$(grep -c PASS /tmp/report)" -eq 30 ]
expect "none fails" [ "$(grep -c FAIL /tmp/report)" -eq 0 ]

# snphost reads CPU 0 alone, and check reads all CPUs.
scenario "CPU 3 without SNP_EN: snphost passes, check is critical and names it"
expect "CPU 3 loses SNP_EN" lab snp-en 3 off
# Not on CPU 3: snphost makes the driver ask the firmware, and RMPUPDATE there would end the kernel.
ask_snphost taskset 7
expect "snphost finds SNP" grep -q 'PASS.* - SNP: Enabled in MSR' /tmp/report
expect "it finds nothing wrong" [ "$(grep -c FAIL /tmp/report)" -eq 0 ]
snp-guard check >/tmp/check
expect "check is critical" [ $? -eq 2 ]
expect "it names CPU 3" grep -q '^FAIL  *snp-en  *cpu-without-snp-en: CPU 3 ' /tmp/check

# beside FAULT SNPHOST CHECK: whether snphost (by a word of its failing line) and check (by names of its
# checks) see the fault; "" means not at all. What only one of them sees is a line of the log.
beside() {
	checked
	ask_snphost taskset 7 >/dev/null
	snp-guard check >/tmp/check
	sees=$(awk '$1 ~ /^(WARN|FAIL|UNKNOWN)$/ && !seen[$2]++ { print $2 }' /tmp/check | paste -sd, -)
	fails=$(sed -n 's/^.*FAIL.* - //p' /tmp/report | paste -sd';' -)
	[ -n "$sees" ] || echo "    # only snphost sees: $1: $fails"
	[ -n "$fails" ] || echo "    # only check sees: $1: $sees"
	case $fails in
	*"$2"*) [ -n "$2" ] || [ -z "$fails" ] || fail "$1: snphost says: $fails" ;;
	*) fail "$1: snphost does not name $2: $fails" ;;
	esac
	[ "$sees" = "$3" ] || fail "$1: check names $sees, not $3"
}

scenario "faults, and which of snphost and check sees them"
beside "CPU 3 without SNP_EN" "" snp-en,firmware-state
expect "SNP_EN is put back" lab snp-en 3 on
before=$(lab syscfg 2 | sed -n 's/.*\(0x[0-9a-f]*\).*/\1/p')
expect "a bit of CPU 2's SYSCFG differs" lab syscfg 2 "$(printf '0x%x' $((before | 1 << 18)))"
beside "SYSCFG of CPU 2 differs" "" syscfg
expect "it is put back" lab syscfg 2 "$before"
firmware_says() { lab status truth && lab status "$1"; }
expect "the reported TCB is an old one" firmware_says reported-tcb=0xd315000000000003
beside "an old TCB is reported" TCB firmware-tcb
expect "memory was not checked for aliases" firmware_says flags=0x1
beside "memory was not checked for aliases" Alias firmware-state
expect "firmware that is too old" firmware_says minor=49
beside "firmware 1.49" "" firmware-version
expect "the truth again" lab status truth
chmod 0 /dev/sev && mv /dev/sev /dev/sev.away
beside "no /dev/sev" /dev/sev firmware-state,dev-sev
mv /dev/sev.away /dev/sev && chmod 600 /dev/sev
snp_unload
modprobe ccp
modprobe kvm-amd sev_snp=0
beside "kvm_amd with sev_snp=0" sev_snp kvm-amd
rmmod kvm_amd ccp
expect "SNP_INIT_EX is to fail" lab fail SNP_INIT_EX=0x3
modprobe ccp
modprobe kvm-amd sev_snp=1
beside "SNP_INIT_EX fails with 0x3" SNP kvm-amd
rmmod kvm_amd ccp
expect "SNP_INIT_EX works again" lab fail none
mv /dev/cpu/0/msr /dev/cpu/0/msr.away
beside "MSRs of CPU 0 can't be read" MSR msr,sight,snp-en,rmp,msrs
mv /dev/cpu/0/msr.away /dev/cpu/0/msr

finish
