#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# A kernel with snp_prepare(), on firmware that leaves SNP_EN set at shutdown: once open,
# the window stays open until the lab ends.
. /lab/lib.sh
modprobe msr

scenario "a legacy shutdown leaves the window open and the gate shut"
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "ccp goes while the guard runs" snp_unload
await "the guard sees it" '"state":"legacy-shutdown"'
expect_not "no CPU goes" offline 3
expect_not "no CPU goes by target" sh -c "echo 0 >$cpus/cpu3/hotplug/target"
guard_stop
expect "no window has closed" [ "$(count_of '"state":"window-closed"')" -eq 0 ]
expect_breaches no-latch
expect_status 0
expect "a complete cycle is quiet" kernel_is_quiet

scenario "initialised again by a bailout, with SNP_EN everywhere, nothing is named"
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "no snp_enable was needed" [ "$(count_of '"event":"snp-enable"')" -eq 0 ]
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "a bailout that leaves CPU 3 without SNP_EN is unsafe"
guard_start
expect "its SNP_EN goes" lab snp-en 3 off
snp_load
await "it is named" '"breach":"unsafe-bailout".*CPU 3 '
expect "SNP_EN is put back" lab snp-en 3 on
rmmod kvm_amd ccp
guard_stop
expect "it is critical" [ "$guard_status" -eq 2 ]
expect "SNP_EN is missed on CPU 3 alone" [ "$(count_of '"cpu":[0-2],"breach"')" -eq 0 ]

scenario "no bailout where CPU 3 itself prepares: it sets its own SNP_EN again"
expect "its SNP_EN goes" lab snp-en 3 off
guard_start
expect "SNP is initialised" snp_load 3
await "SNP_EN is set" '"event":"snp-enable".*"cpu":3'
await "the guard sees it" '"state":"initialised"'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "the guard that starts after a legacy shutdown finds the window open"
guard_start
await "the window is taken up" '"state":"window-open"'
expect_not "the gate is shut" offline 3
guard_stop
expect_status 0

finish
