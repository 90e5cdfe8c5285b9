#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# The guard attaches the write checks and detaches them with the window. Either they or the check of
# open() must be attached at any time: hammer tries to open and to write over windows that open and
# close.
# Needs --firmware full, and hammer in /usr/local/bin.
. /lab/lib.sh
modprobe msr

hammer_begins() {
	rm -f /tmp/enough
	hammer $cpus/cpu3/online /tmp/enough >/tmp/hammered &
	hammer=$!
}

windows=8
! at_length || windows=16

hammered() {
	hammer_begins
	n=0
	while [ $n -lt $windows ]; do
		expect "SNP is initialised" snp_load
		[ $((n % 2)) -eq 0 ] || sleep 1
		expect "SNP ends" snp_unload
		n=$((n + 1))
	done
	touch /tmp/enough
	wait $hammer || fail "something got through: $(tail -3 /tmp/hammered)"
	echo "    $(tail -n 1 /tmp/hammered)"
}

scenario "$windows windows: no write and no opening gets through"
guard_start
hammered
guard_stop
expect_status 0
expect "descriptors from before were there" [ "$(sed -n 's/.*writes refused \([0-9]*\),.*/\1/p' /tmp/hammered)" -gt 0 ]
expect "and opening was tried" [ "$(sed -n 's/.*opens refused \([0-9]*\),.*/\1/p' /tmp/hammered)" -gt 0 ]
expect "the write hooks came" [ "$(count_of '"event":"gate","state":"armed","what":"write hooks')" -ge 1 ]
expect "... and went" [ "$(count_of '"event":"gate","state":"steady"')" -ge 1 ]
expect_breaches no-latch

scenario "the same with --audit: what would have been refused gets through"
guard_start --audit
hammer_begins
expect "SNP is initialised" snp_load
await "a CPU goes" '"breach":"cpu-offlined"'
touch /tmp/enough
! wait $hammer || fail "nothing got through"
expect "CPU 3 comes back" online 3
expect "SNP ends" snp_unload
guard_stop

scenario "where the guard sees /sys read-only, the write checks stay attached"
exec 7>$cpus/cpu3/online
# shellcheck disable=SC2016 # for the inner shell
echo 'mount -o remount,bind,ro /sys && exec snp-guard "$@"' >/tmp/with-sys-read-only
program='unshare -m sh /tmp/with-sys-read-only'
guard_begin run --record "$trace" >"$json" 2>"$err"
guard_ready
program=
expect "it says so" grep -q "/sys is mounted read-only here" "$err"
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "the descriptor from before writes nothing" sh -c "echo 0 >&7"
sleep 2
expect "the programs stay" [ "$(count_of '"event":"gate"')" -eq 0 ]
expect_not "... and hold" sh -c "echo 0 >&7"
exec 7>&-
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch

finish
