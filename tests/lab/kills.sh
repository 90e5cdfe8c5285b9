#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# A guard that is killed again and again inside windows, at random moments, while another process
# tries to take a CPU down all the time. How often: /lab/kills, or 14 times. Needs --firmware full.
. /lab/lib.sh
modprobe msr
kills=$(cat /lab/kills 2>/dev/null || echo 14)
a_window=10 # kills

: >/tmp/tries
try_all_the_time() {
	rm -f /tmp/enough
	while [ ! -e /tmp/enough ]; do
		if { echo 0 >$cpus/cpu3/online; } 2>/dev/null; then
			echo passed
		else
			echo refused
		fi >>/tmp/tries
		sleep 0.05
	done
}

guard_up() {
	guard_begin run --pin >>"$json" 2>>"$err"
}

# Somewhere between its first instruction and well after it was ready.
kill_sometime() {
	sleep 0.$(($(od -An -N2 -tu2 /dev/urandom) % 10))$(($(od -An -N2 -tu2 /dev/urandom) % 10))
	[ $(($(od -An -N1 -tu1 /dev/urandom) % 3)) -eq 0 ] || guard_ready
	kill -KILL $guard
	wait $guard 2>/dev/null
}

window_opens() {
	expect "SNP is initialised" snp_load
	windows=$((windows + 1))
	try_all_the_time &
	trier=$!
}

window_closes() {
	guard_up
	guard_ready
	touch /tmp/enough
	wait "$trier"
	expect "SNP ends" snp_unload
}

scenario "$kills kills inside windows: the gate is never open, no window and no refusal is forgotten"
windows=0 n=0
guard_up
guard_ready
while [ $n -lt "$kills" ]; do
	[ $((n % a_window)) -ne 0 ] || window_opens
	kill_sometime
	n=$((n + 1))
	if [ $((n % a_window)) -eq 0 ] || [ $n -eq "$kills" ]; then
		window_closes
	else
		guard_up
	fi
	[ $((n % 100)) -ne 0 ] || echo "    $n kills, $(wc -l </tmp/tries) tries"
done
kill $guard
wait $guard
snp-guard status --format json >/tmp/status
expect "none passed" [ "$(grep -c passed /tmp/tries)" -eq 0 ]
expect "some tried" [ "$(grep -c refused /tmp/tries)" -ge "$kills" ]
expect "each refusal is counted" grep -q "\"denied\":$(grep -c refused /tmp/tries),\"windows\":$windows," /tmp/status
sed -n 's/.*"seq":\([0-9]*\),"on_cpu".*/\1/p' "$json" | sort -nu >/tmp/seqs
expect "no record is missing in the output" [ "$(wc -l </tmp/seqs)" -eq "$(tail -n 1 /tmp/seqs)" ]
expect "the last window is known to be closed" grep -q "\"last_windows\":\[{\"window\":$windows,\"opened\":\"[^\"]*\",\"closed\":" /tmp/status
expect_breaches no-latch
expect "each later guard resumed the first one's state" [ "$(count_of '"event":"start"')" -eq 1 ]
[ -z "$broken" ] || cat /tmp/status
expect "all is removed" snp-guard detach

finish
