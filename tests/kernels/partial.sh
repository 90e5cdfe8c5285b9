#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# A kernel whose snp_prepare() does not look for CPUs that are offline.
. /lab/lib.sh
modprobe msr

scenario "with every CPU online nothing is partial"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "partial-prepare names the CPU that was left behind"
guard_start --audit
expect "CPU 3 goes" offline 3
snp_load
await "it is named" '"breach":"partial-prepare".*offline: 3'
rmmod kvm_amd ccp
expect "CPU 3 comes" online 3
guard_stop
expect "nothing else but notices is" [ "$(named | tr ' ' '\n' | grep -cvE '^(partial-prepare|no-latch|benign-failed-init)?$')" -eq 0 ]
expect_status 1

finish
