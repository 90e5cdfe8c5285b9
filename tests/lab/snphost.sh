#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the lab: lab/snp-lab --package snphost/sid --run tests/lab/snphost.sh
# A tool that knows nothing of the lab looks at the host: Debian's snphost finds
# nothing wrong with it, in all of its 30 checks; and what it does not look at, `check` does.
set -eu
expected=30

modprobe ccp
modprobe kvm-amd sev_snp=1
modprobe msr

# Its own status is 1 as soon as a check fails; the count says more.
report=$(snphost ok 2>&1) || true
printf '%s\n' "$report"
passed=$(printf '%s\n' "$report" | grep -c PASS) || true
failed=$(printf '%s\n' "$report" | grep -c FAIL) || true
echo "$passed PASS, $failed FAIL"
[ "$passed" -eq "$expected" ] && [ "$failed" -eq 0 ]

# It reads CPU 0 alone. A CPU elsewhere that skips the RMP checks passes, and fails `check`.
lab snp-en 3 off
# Its question to the firmware must not run there: the kernel would die of RMPUPDATE.
report=$(taskset 7 snphost ok 2>&1) || true
printf '%s\n' "$report" | grep -q 'PASS.* - SNP: Enabled in MSR'
printf '%s\n' "$report" | grep -q FAIL && exit 1
status=0
check=$(snp-guard check) || status=$?
printf '%s\n' "$check" | grep -v ^PASS
[ "$status" -eq 2 ]
printf '%s\n' "$check" | grep -q '^FAIL  *snp-en  *cpu-without-snp-en: CPU 3 '
echo "CPU 3 without SNP_EN: snphost passes, check is critical and names it"
