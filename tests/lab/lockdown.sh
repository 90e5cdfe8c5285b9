#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# A host with lockdown=integrity, as Secure Boot makes it: what the guard may do there, and what it
# still could. Needs --firmware full and lockdown=integrity.
. /lab/lib.sh

# starts_with_few OPTION...: each thread of a guard that is started so has only what it needs
starts_with_few() {
	scenario "privileges of each thread: run $*"
	guard_begin run "$@" >"$json" 2>"$err"
	guard_ready
	threads=$(find /proc/"$guard"/task -mindepth 1 -maxdepth 1 | wc -l)
	more=$(privileges_of "$guard")
	checked
	[ -z "$more" ] || fail "of $threads threads: $more"
	kill "$guard"
	wait "$guard"
}

is_locked() { grep -q '\[integrity\]' /sys/kernel/security/lockdown; }
# What the kernel has refused and logged so far.
refusals() { dmesg | grep -c 'Lockdown: '; }

scenario "the kernel has nothing to log while nothing happens"
expect "lockdown is on" is_locked
at_first=$(refusals)
guard_start
await "the guard reports what it can't read" '"what":"lockdown hides if kprobes are on"'
started=$(refusals)
sleep 10
expect "no line in 10 s: $(dmesg | grep 'Lockdown: ' | tail -n 3)" [ "$(refusals)" -eq "$started" ]
expect "SNP is initialised" snp_load
await "the window is seen" '"state":"initialised"'
expect_not "the gate holds" offline 3
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect "$((started - at_first)) lines as it starts" [ $((started - at_first)) -le 2 ]

starts_with_few
starts_with_few --listen 127.0.0.1:80
expect "it has a thread that answers" [ "$threads" -gt 1 ]
starts_with_few --record /tmp/record.trace
starts_with_few --textfile /tmp/metrics.prom
starts_with_few --pin --listen 127.0.0.1:80 --record /tmp/record.trace --textfile /tmp/metrics.prom
starts_with_few --pin
expect "the pins go" snp-guard detach

finish
