#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# A kernel whose gate has no BPF LSM: the next rung refuses, in a window alone.
. /lab/lib.sh
modprobe msr

scenario "the gate refuses by fmod_ret"
guard_start --interval 1
expect "the guard says so" has '"event":"start".*"gate":"fmod_ret"'
expect "SNP is initialised" snp_load
for cpu in 1 2 3; do
	expect_not "CPU $cpu goes" offline $cpu
done
await "a refusal is reported" '"event":"denied".*"refused":true'
expect "SNP ends" snp_unload
await "the guard sees it" '"state":"window-closed"'
expect "CPU 3 goes" offline 3
expect "CPU 3 comes" online 3
guard_stop
expect_breaches no-latch

finish
