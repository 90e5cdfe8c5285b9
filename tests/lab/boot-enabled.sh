#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# A kernel before 7.1, without snp_prepare(): SNP_EN is set at boot, so the window is open
# from the start; ccp initialises SNP as it loads.
. /lab/lib.sh
modprobe msr

scenario "the window is open from the start, and no CPU goes offline"
guard_start
await "the window is taken up" '"state":"window-open"'
expect_not "no CPU goes" offline 3
expect_not "no CPU goes by target" sh -c "echo 0 >$cpus/cpu3/hotplug/target"
await "the guard reports the refusal" '"event":"denied".*"file":"cpu3/online"'
await "the guard reports the other one" '"event":"denied".*"file":"cpu3/hotplug/target"'
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "kvm-amd says so" grep -q Y /sys/module/kvm_amd/parameters/sev_snp
expect "ccp goes while the guard runs" snp_unload
await "the guard sees it" '"state":"legacy-shutdown"'
expect_not "no CPU goes" offline 3
guard_stop
expect_breaches no-latch
expect_status 0
expect "a complete cycle is quiet" kernel_is_quiet

scenario "with --audit a CPU goes and comes, sets its own SNP_EN, and only that is named"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "CPU 3 goes" offline 3
expect "CPU 3 comes" online 3
await "it is named" '"cpu":3,"breach":"cpu-onlined".*the kernel sets its SNP_EN'
sleep 1.5
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch cpu-offlined cpu-onlined
expect_status 2

scenario "SNP_EN that leaves CPU 3 is found by a sweep, and CPU 3 named"
guard_start --interval 0.5
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "its SNP_EN goes" lab snp-en 3 off
await "it is found" '"cpu":3,"breach":"snp-en-lost"'
await "it is found" '"cpu":3,"breach":"cpu-without-snp-en"'
expect "SNP_EN is put back" lab snp-en 3 on
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch snp-en-lost cpu-without-snp-en
expect_status 2

scenario "SNP_INIT_EX that fails is benign"
guard_start
expect "the firmware is told to fail" lab fail SNP_INIT_EX=0x3:once
modprobe ccp
modprobe kvm-amd sev_snp=1
await "it is named" '"breach":"benign-failed-init".*0x3'
guard_stop
expect_status 0
expect "nothing worse is named" [ "$(count_of '"severity":"\(warning\|critical\)"')" -eq 0 ]
rmmod kvm_amd ccp

# Last: the firmware stays initialised, which the driver does not believe, until a reset.
scenario "with a CPU offline from before the guard the firmware refuses SNP_DF_FLUSH, and that is named"
expect "CPU 3 goes, with no guard to say no" offline 3
guard_start
modprobe ccp
modprobe kvm-amd sev_snp=1
await "it is named" '"breach":"orphaned-init".*WBINVD_REQUIRED'
expect "the firmware's log says why" sh -c "lab log | grep -q 'SNP_DF_FLUSH .*CPU 3 has not executed WBINVD'"
expect_not "CPU 3 does not come" online 3
guard_stop
expect_breach_set no-latch orphaned-init
expect_status 1

finish
