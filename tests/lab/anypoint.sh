#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# The guard started at each step of one life cycle reaches the verdicts that it reaches from the
# start, as far as what they are about still happens or can still be seen.
. /lab/lib.sh
modprobe msr

step() {
	case $1 in
	1) modprobe ccp ;;
	2) modprobe kvm-amd sev_snp=1 ;;
	3) offline 3 ;;
	4) online 3 ;;
	5) rmmod kvm_amd ;;
	6) rmmod ccp ;;
	esac
}

# What is left to be seen when the first steps are over; SNP ends with kvm-amd, in step 5.
verdicts_after() {
	case $1 in
	0 | 1 | 2) echo cpu-offlined cpu-onlined no-latch ;;
	3) echo cpu-onlined no-latch ;;
	4) echo no-latch ;;
	esac
}

for begin in 0 1 2 3 4 5 6; do
	scenario "started after step $begin of 6"
	n=0
	while [ $n -lt $begin ]; do
		n=$((n + 1))
		expect "step $n" step $n
	done
	guard_start --audit
	[ $begin -lt 2 ] || [ $begin -gt 4 ] ||
		await "what is inferred is said" '"state":"inferred"'
	while [ $n -lt 6 ]; do
		n=$((n + 1))
		expect "step $n" step $n
		[ $n -ne 2 ] || await "the guard sees it" '"state":"initialised"'
	done
	guard_stop
	# shellcheck disable=SC2046
	expect_breach_set $(verdicts_after $begin)
	expect "the window is closed at the end" has '"window_open":false'
done

finish
