#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# Debian's snphost, which knows nothing of the lab, finds nothing wrong with the host in all of its 30
# checks; and what it does not look at, `check` does. Needs --package snphost/sid.
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

finish
