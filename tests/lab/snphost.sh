#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the lab: lab/snp-lab --package snphost/sid --run tests/lab/snphost.sh
# A tool that knows nothing of the lab looks at the host: Debian's snphost finds
# nothing wrong with it, in all of its 30 checks.
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
