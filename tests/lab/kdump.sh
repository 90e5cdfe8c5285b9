#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# The kernel crashes inside a window, under a guard, and the crash kernel starts on one CPU. It never
# initialises SNP, and what it finds is the crash's doing: the guard there names nothing.
# Boot it with --kexec --append crashkernel=900M-:256M, on firmware that leaves SNP_EN set.
. /lab/lib.sh
modprobe msr

if [ "$LAB_BOOT" = 1 ]; then
	scenario "before the crash"
	guard_start --pin
	snp_load
	await "SNP is initialised" '"state":"initialised"'
	snp-guard snapshot -o /lab/before.json
	(cd / && echo lab/before.json | cpio -o -H newc 2>/dev/null) >>/boot/initrd
	expect "the crash kernel is loaded" lab crash-kernel
	# What the first kernel says is only counted if it ends here.
	[ -z "$broken" ] || finish
	echo 1 >/proc/sys/kernel/sysrq
	echo c >/proc/sysrq-trigger
	exit 1
fi

scenario "in the crash kernel the window is taken up, and nothing named"
expect "it is one" grep -q elfcorehdr= /proc/cmdline
guard_start
await "the window" '"state":"window-open".*CPU 0 had SNP_EN'
expect "its modules come" modprobe ccp
expect "... and KVM's" modprobe kvm-amd sev_snp=1
expect "SNP stays ended" sh -c 'lab state | grep -qx snp=uninit'
sleep 1
guard_stop
expect_breaches
expect_status 0

scenario "compared with a snapshot from before the crash, the CPUs that it has not got are not named"
expect "the first kernel had four" grep -q '"cpu": *3' /lab/before.json
guard_start --since /lab/before.json
await "the guard compares" '"state":"compared".*the window outlived a kexec'
guard_stop
expect_breaches
expect_status 0

finish
