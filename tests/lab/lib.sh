#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What the scenarios share. A scenario starts the guard, lets something happen to the
# host, and says which breaches must have been named, in which order, and no other.
#
#   scenario NAME          begins one; its result is one line "ok NAME" or "not ok NAME"
#   guard_start [OPTION]   starts `snp-guard run` and waits until it is attached
#   guard_stop             ends it, and takes its verdicts
#   expect WHAT COMMAND... the command must succeed; expect_not: must fail
#   expect_breaches NAME.. exactly these were named, in this order, each once or more
#   expect_breach_set NAME..  the same in any order
#   expect_status N        of the guard
#   await WHAT TEXT        waits until the guard's output has TEXT
#   finish                 ends the script with the status that all results call for

cpus=/sys/devices/system/cpu
out=/out
passed=0 failed=0 number=0
current= broken=

conclude() {
	[ -n "$current" ] || return 0
	if [ -z "$broken" ]; then
		echo "ok $current"
		passed=$((passed + 1))
	else
		echo "not ok $current"
		failed=$((failed + 1))
		[ ! -s "$json" ] || sed 's/^/    # /' "$json" | grep -v '"event":"truth"' | tail -60
		[ ! -s "$err" ] || sed 's/^/    # stderr: /' "$err"
	fi
	current=
}

scenario() {
	conclude
	number=$((number + 1))
	current=$*
	broken=
	json=$out/$number.json err=$out/$number.err trace=$out/$number.trace
	: >"$json"
	: >"$err"
}

fail() {
	broken=1
	echo "    # $current: $*"
}

expect() {
	what=$1
	shift
	"$@" >/tmp/expect.out 2>&1 || fail "$what: \`$*\` ended with $?: $(cat /tmp/expect.out)"
}

expect_not() {
	what=$1
	shift
	! "$@" >/tmp/expect.out 2>&1 || fail "$what: \`$*\` should have failed"
}

await() {
	tries=0
	until grep -q -- "$2" "$json"; do
		tries=$((tries + 1))
		if [ $tries -gt 150 ]; then
			fail "$1: no $2 within 15 s"
			return
		fi
		sleep 0.1
	done
}

guard_start() {
	rm -f /run/ready
	snp-guard run --format json --record "$trace" --ready-file /run/ready "$@" >"$json" 2>"$err" &
	guard=$!
	while [ ! -e /run/ready ]; do
		kill -0 $guard 2>/dev/null || {
			fail "the guard did not start"
			return
		}
		sleep 0.1
	done
}

# A recording must lead to the same verdicts: each run is replayed.
guard_stop() {
	kill $guard
	wait $guard
	guard_status=$?
	snp-guard replay --format json "$trace" >/tmp/replay 2>&1
	[ $? -eq $guard_status ] || fail "the replay ends with another status than $guard_status"
	grep -v '"type":"summary"' "$json" >/tmp/live
	grep -v '"type":"summary"' /tmp/replay >/tmp/again
	cmp -s /tmp/live /tmp/again || fail "the replay differs from the run"
	late=$(told_late) || fail "this is told after a change of the gate that took place 20 ms after it: $late"
}

# What happens while the guard attaches or drops programs is told before that.
told_late() {
	awk -F '"boottime_ns":' '{ split($2, rest, ","); at = rest[1] + 0 }
		/"event":"gate"/ { changed = at }
		at < changed - 20000000 { print; found = 1; exit }
		END { exit found }' "$json"
}

# The breaches in order, a repetition of the last one left out.
named() {
	sed -n 's/.*"breach":"\([^"]*\)".*/\1/p' "$json" | uniq | tr '\n' ' '
}

expect_breaches() {
	want="$*"
	got=$(named)
	[ "${got% }" = "$want" ] || fail "breaches: expected \"$want\", got \"${got% }\""
}

# Where a sweep and the next event race for being first: the same names in any order.
expect_breach_set() {
	want=$(printf '%s\n' "$@" | grep . | sort | tr '\n' ' ')
	got=$(named | tr ' ' '\n' | grep . | sort -u | tr '\n' ' ')
	[ "$got" = "$want" ] || fail "breaches: expected \"$want\", got \"$got\""
}

expect_status() {
	[ "$guard_status" -eq "$1" ] || fail "the guard ended with $guard_status, expected $1"
}

has() {
	grep -q -- "$1" "$json"
}

count_of() {
	grep -c -- "$1" "$json"
}

offline() {
	echo 0 >$cpus/cpu"$1"/online
}

online() {
	echo 1 >$cpus/cpu"$1"/online
}

is_online() {
	[ "$(cat $cpus/cpu"$1"/online)" = 1 ]
}

# With systemd in the guest; the script says which unit it is about.
property() { systemctl show -P "$1" "${2:-$unit}"; }

# await_that WHAT COMMAND...: it succeeds in the end
await_that() {
	what=$1 tries=0
	shift
	until "$@" >/tmp/await.out 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt 60 ]; then
			fail "$what: \`$*\` does not succeed: $(cat /tmp/await.out)"
			systemctl status --no-pager -l $unit
			return
		fi
		sleep 0.1
	done
}

# The CPU that runs snp_prepare() decides: with SNP_EN it bails out, without it sets
# SNP_EN on all. CPU 0, unless another is asked for.
snp_load() {
	taskset -c "${1:-0}" modprobe ccp && taskset -c "${1:-0}" modprobe kvm-amd sev_snp=1
}

snp_unload() {
	rmmod kvm_amd && rmmod ccp
}

# The kernel's and the driver's own complaints, none of which belongs to a sound cycle.
kernel_is_quiet() {
	dmesg | grep -iE 'sev|snp|rmp|amd-vi|iommu' |
		grep -E 'failed|error|WARN|BUG|unable' |
		grep -vE 'EFR mismatch|firmware: failed to load amd/' >/tmp/loud
	[ ! -s /tmp/loud ] || {
		cat /tmp/loud
		return 1
	}
}

finish() {
	conclude
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
	exit
}
