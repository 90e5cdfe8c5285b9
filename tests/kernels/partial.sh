#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# A kernel whose snp_prepare() does not check for offline CPUs.
. /lab/lib.sh
modprobe msr

# This small kernel does not show who requests a CPU change; that blind spot does not matter here.
named_but_blind() {
	named | tr ' ' '\n' | grep -vE '^(blind)?$' | tr '\n' ' '
}

scenario "with every CPU online nothing is partial"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "SNP ends" snp_unload
guard_stop
expect "nothing but a notice: $(named_but_blind)" [ "$(named_but_blind)" = "no-latch " ]

scenario "partial-prepare names the CPU that was left behind"
guard_start --audit
expect "CPU 3 goes" offline 3
# The firmware refuses, as it finds the CPU without SNP_EN.
snp_load
await "it is named" '"breach":"partial-prepare".*offline: 3'
await "the firmware refuses" '"breach":"benign-failed-init"'
guard_stop
expect "nothing else: $(named_but_blind)" \
	[ "$(named_but_blind)" = "partial-prepare benign-failed-init " ]
expect_status 1

finish
