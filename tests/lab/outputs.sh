#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154,SC2034
# Outputs of a guard that fail in a window: gate, sweeps and the other outputs go on. Needs --firmware
# full.
. /lab/lib.sh
modprobe msr

full=/tmp/full
mkdir -p $full
mount -t tmpfs -o size=64k full $full

# A window opens, in which the gate must hold and a CPU without SNP_EN must be named. broken: what
# fails meanwhile.
window_holds() {
	expect "SNP is initialised" snp_load
	"$@"
	for cpu in 1 2 3; do
		expect_not "CPU $cpu goes offline" offline $cpu
	done
	expect "CPU 3 loses SNP_EN" lab snp-en 3 off
	sleep 3
	expect_not "CPU 2 goes offline" offline 2
	expect "CPU 3 gets it back" lab snp-en 3 on
	expect "SNP ends" snp_unload
	# In the next window, too.
	expect "SNP is initialised again" snp_load
	sleep 1
	expect_not "CPU 1 goes offline" offline 1
	expect "SNP ends again" snp_unload
}

fill() {
	dd if=/dev/zero of=$full/rest bs=4k 2>/dev/null
}

nothing() { :; }

# The recording is whole, and has what the guard named.
replay_of() {
	snp-guard replay --format json "$1" >/tmp/replay 2>/tmp/replay.err
	expect "the recording is whole" [ ! -s /tmp/replay.err ]
	expect "the recording has the breach" grep -q cpu-without-snp-en /tmp/replay
}

# Its status is that of the guard; what it says on stderr is in $err.
ends_with() {
	kill "$guard" 2>/dev/null
	wait "$guard"
	guard_status=$?
	expect_status "$1"
}

scenario "a full disk does not end a recording's guard"
guard_begin run --interval 1 --record $full/guard.trace >"$json" 2>"$err"
guard_ready
window_holds fill
await "CPU 3 was named" '"breach":"cpu-without-snp-en".*CPU 3 '
await_that "the recording's fault is told" grep -q '"part":"recording","state":"failing"' "$json"
rm $full/rest
await "it works again" '"part":"recording","state":"working"'
ends_with 2
replay_of $full/guard.trace
rm -f $full/*

scenario "a disk that stays full costs the recording, and nothing else"
fill
guard_begin run --interval 1 --record $full/guard.trace >"$json" 2>"$err"
guard_ready
window_holds nothing
await "CPU 3 was named" '"breach":"cpu-without-snp-en".*CPU 3 '
ends_with 3
expect "stderr says why" grep -q "guard.trace: No space left on device; the guard goes on" "$err"
rm -f $full/*

scenario "a reader that reads two lines and goes"
mkfifo /tmp/pipe
head -2 /tmp/pipe >/tmp/head &
reader=$!
guard_begin run --interval 1 --record "$trace" >/tmp/pipe 2>"$err"
guard_ready
wait $reader
window_holds nothing
ends_with 3
replay_of "$trace"

scenario "a reader that stops reading"
# shellcheck disable=SC2217 # it holds the pipe open
sleep 1000 </tmp/pipe &
reader=$!
guard_begin run --interval 1 --record "$trace" >/tmp/pipe 2>"$err"
guard_ready
# More than a pipe and the page of a log would hold.
lab_fill() {
	i=0
	while [ "$i" -lt 400 ]; do
		offline 1
		i=$((i + 1))
	done 2>/dev/null
}
window_holds lab_fill
ends_with 3
kill $reader
expect "stderr says why" grep -q "stdout: Connection timed out" "$err"

scenario "a directory that goes away under the flight recorder"
guard_start --interval 1 --flight-recorder $full/flight
expect "SNP is initialised" snp_load
expect "CPU 3 loses SNP_EN" lab snp-en 3 off
await "it is named" '"breach":"cpu-without-snp-en".*"recording":"'$full/flight
expect "there is a recording" ls $full/flight/*.trace
umount -l $full
expect_not "CPU 1 goes offline" offline 1
expect "CPU 3 gets it back" lab snp-en 3 on
expect "SNP ends" snp_unload
guard_stop
expect_breach_set no-latch cpu-without-snp-en snp-en-lost

scenario "outputs that all work are not mentioned"
guard_start --interval 1
expect_not "a library is loaded that no option needs" grep -qE "libmicrohttpd|libsystemd" "/proc/$guard/maps"
expect "SNP is initialised" snp_load
expect_not "CPU 1 goes offline" offline 1
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0
expect_not "a fault is told" grep -q '"event":"fault"' "$json"

finish
