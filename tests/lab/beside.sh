#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# What docs/comparison.md says of auditd, bpftrace and the guard: a task takes CPU 3 offline inside a
# window, and each is killed before the second attempt. No row of tests/lab/run; the page has the command.
# Needs --firmware full --package bpftrace --package auditd.
. /lab/lib.sh
modprobe msr
snp_load

# Audit follows only tasks that began after it was switched on: hence a shell of its own.
move() { sh -c "echo $1 >$cpus/cpu3/online"; }
is_online() { [ "$(cat "$cpus"/online)" = "$1" ]; }

scenario "auditd records an attempt, refuses none; its rule outlives it"
mkdir -p /tmp/audit /var/run
printf '%s\n' 'log_file = /tmp/audit/audit.log' 'log_group = root' 'flush = NONE' 'space_left = 2' \
	'admin_space_left = 1' >/tmp/audit/auditd.conf
auditd -f -c /tmp/audit >/tmp/auditd.out 2>&1 &
pid=$!
has_reader() { auditctl -s | grep -q "^pid $pid\$"; }
expect "auditd reads the records" soon has_reader
expect "a watch" auditctl -w $cpus -p wa -k cpu
expect "it is switched on" auditctl -e 1
expect "CPU 3 goes offline" move 0
expect "it is offline" is_online 0-2
expect "the attempt is recorded" soon grep -q 'comm="sh".*key="cpu"' /tmp/auditd.out
grep -h 'comm="sh".*key="cpu"' /tmp/auditd.out | sed 's/^/    /'
kill -9 $pid
wait $pid
auditctl -l | sed 's/^/    /'
dmesg -c >/dev/null
expect "CPU 3 comes back" move 1
in_kernel_log() { dmesg | grep -q 'audit: .*key="cpu"'; }
expect "without auditd the kernel logs the attempt" soon in_kernel_log
auditctl -D >/dev/null
auditctl -e 0 >/dev/null

scenario "bpftrace sees a CPU that moves, refuses nothing; its programs end with it"
bpftrace -e 'fentry:_cpu_down { printf("down %d by %s[%d]\n", args.cpu, comm, tid); }
	fentry:_cpu_up { printf("up %d\n", args.cpu); } BEGIN { printf("attached\n"); }' >/tmp/bpftrace.out 2>&1 &
pid=$!
expect "it attaches" soon grep -q attached /tmp/bpftrace.out
expect "CPU 3 goes offline" move 0
expect "it is offline" is_online 0-2
expect "bpftrace says who asked" soon grep -q '^down 3 by sh' /tmp/bpftrace.out
sed 's/^/    /' /tmp/bpftrace.out
kill -9 $pid
wait $pid
expect "CPU 3 comes back" move 1
sleep 1
expect_not "nobody sees that" grep -q '^up' /tmp/bpftrace.out
expect_not "it has no probe that could refuse" bpftrace -e 'lsm:file_open { }'

scenario "snp-guard refuses, also after it was killed"
snp_unload
guard_start --pin
expect "a window" snp_load
await "it is seen" '"state":"initialised"'
expect_not "CPU 3 stays" move 0
sed 's/^/    /' /tmp/expect.out
guard_kill
expect_not "CPU 3 still stays" move 0
expect "it is online" is_online 0-3
snp-guard status | sed 's/^/    /'
snp-guard detach

finish
