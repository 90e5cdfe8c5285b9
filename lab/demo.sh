#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's side of `make demo`: one SNP window from beginning to end, with the guard
# watching. Lines that begin with "#" are commands, all others are the programs' output.
show() {
	echo "# $*"
	sh -c "$*" 2>&1
	sleep 1
}

wait_for() {
	while [ ! -e "$1" ]; do
		sleep 0.1
	done
}

echo "$(uname -sr), $(nproc) CPUs, ccp.ko and kvm-amd.ko as Debian ships them"
modprobe msr
echo "# snp-guard run &"
snp-guard run --ready-file /run/ready &
guard=$!
wait_for /run/ready
show "modprobe ccp; modprobe kvm-amd sev_snp=1"
show "echo 0 >/sys/devices/system/cpu/cpu3/online"
show "echo off >/sys/devices/system/cpu/smt/control"
show "rmmod kvm_amd ccp"
show "echo 0 >/sys/devices/system/cpu/cpu3/online && echo CPU 3 is offline"
echo "# kill %1"
kill $guard
wait $guard
status=$?
echo "# echo \$?"
echo $status
exit $status
