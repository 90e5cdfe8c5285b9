#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# In the guest: prints "= WHERE NAME NUMBER" for each figure; tests/bench/run makes the table.
starts=3 # of the guard, all measured
span=5	 # seconds for which sweeps are counted

die() {
	echo "bench: $*"
	tail -n 20 /tmp/*.out
	exit 1
}

# start NAME COMMAND...: runs it until `stop`; its figures are in /tmp/NAME.start
start() {
	name=$1
	shift
	count start /run/ready "/tmp/$name.out" "$@" >"/tmp/$name.start" || die "$1 did not start"
	pid=$(sed -n 's/^pid //p' "/tmp/$name.start")
}

# A process that has ended and waits for its parent has no exe.
stop() {
	kill "$pid"
	while readlink "/proc/$pid/exe" >/dev/null; do sleep 0.1; done
}

calls() {
	count calls /tmp/file >/tmp/calls || die "the calls of \"$1\" can't be counted"
	sed "s/^/= $1 /" /tmp/calls
}

memory() {
	sed -n "s/^\(VmRSS\|VmHWM\|RssAnon\):[^0-9]*\([0-9]*\) kB/= $1 \1 \2/p" "/proc/$pid/status"
}

await() {
	tries=0
	until grep -q "$1" "/tmp/$name.out"; do
		tries=$((tries + 1))
		[ $tries -le 150 ] || die "the guard does not say $1"
		sleep 0.1
	done
}

# Sweeps leave one record each; the instructions are those of all CPUs, idle ones too.
sweeps_at() {
	rm -f /tmp/trace
	start "every-$1" snp-guard run --interval "$1" --record /tmp/trace --ready-file /run/ready
	sleep 1
	cp /tmp/trace /tmp/trace.before
	before=$(count total)
	sleep $span
	after=$(count total)
	cp /tmp/trace /tmp/trace.after
	stop
	echo "= every-$1 instructions $((${after#total } - ${before#total }))"
	echo "= every-$1 sweeps $(($(truths after) - $(truths before)))"
}

# The recording is cut off where it was copied, which replay complains of.
truths() {
	snp-guard replay --format json /tmp/trace."$1" 2>/dev/null | grep -c '"event":"truth"'
}

echo "= kernel release $(uname -r)"
echo "= cpus online $(nproc)"
modprobe msr || die "no msr module"

echo "nothing attached"
calls nothing

echo "a minimal LSM program on either hook"
start empty empty /run/ready
calls empty
stop

echo "the guard, no window: $starts starts"
n=1
while [ $n -lt $starts ]; do
	start guard snp-guard run --format json --ready-file /run/ready
	sed 's/^/= start /' /tmp/guard.start
	stop
	n=$((n + 1))
done
start guard snp-guard run --format json --ready-file /run/ready
sed 's/^/= start /' /tmp/guard.start
memory ready
calls closed

echo "the guard, in a window"
{ modprobe ccp && modprobe kvm-amd sev_snp=1; } || die "no SNP"
await '"state":"initialised"'
calls open
memory open
! echo 0 2>/dev/null >/sys/devices/system/cpu/cpu3/online || die "the gate is open"
stop

echo "nothing attached again, kvm-amd still loaded"
calls again

echo "sweeps"
sweeps_at 0.02
sweeps_at 1
