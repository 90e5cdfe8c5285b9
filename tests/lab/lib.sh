#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What the scenarios share. A scenario starts the guard, changes something on the host, and says
# which breaches the guard must name, in which order, and no other.
#
#   scenario NAME          begins one; its result is one line "ok NAME" or "not ok NAME"
#   guard_start [OPTION]   starts `snp-guard run` and waits until it is attached
#   guard_stop [OPTION]    ends the guard and replays its recording, with these options
#   guard_kill             kills it; guard_again resumes from its pins, guard_end ends that guard
#   expect WHAT COMMAND... the command must succeed; expect_not: must fail
#   expect_breaches NAME.. exactly these were named, in this order, each once or more
#   expect_breach_set NAME..  the same in any order
#   expect_status N        of the guard
#   await WHAT TEXT        waits until the guard writes a line with TEXT
#   await_each WHAT TEXT...  the same for several texts, in any order
#   await_that WHAT COMMAND... waits until the command succeeds
#   check_is STATUS [OPTION...]  `snp-guard check` ends so; says STATUS NAME TEXT: it has this result
#   mark                   what the guard has written so far satisfies no await from here on
#   swept                  waits for a sweep that begins after this, and so sees what is set now
#   at_length              true in rows of `make check-longer` that take all of a script (lab.all)
#   finish                 ends the script with the status that all results call for
#
# await looks only at what the guard wrote after the line that satisfied the last await: a line
# that an earlier step brought about can't stand for a later one. So awaits stand in the order of
# the guard's lines. has and count_of look at all lines of the scenario.

cpus=/sys/devices/system/cpu
out=/out
patience=1200 # tenths of a second that anything may take: guests share the machine's cores
passed=0 failed=0 number=0
current='' broken='' checks=0 seen=0

# Reports of the sanitizers, if the guard has some.
ASAN_OPTIONS=log_path=$out/sanitizer:detect_leaks=1
UBSAN_OPTIONS=log_path=$out/sanitizer:print_stacktrace=1
# Where a guard that was built for gcov leaves its counts.
GCOV_PREFIX=$out/gcov
export ASAN_OPTIONS UBSAN_OPTIONS GCOV_PREFIX

conclude() {
	[ -n "$current" ] || return 0
	[ $checks -gt 0 ] || fail "it checks nothing"
	for report in "$out"/sanitizer.*; do
		[ ! -e "$report" ] || {
			fail "a sanitizer reports: $(head -n 40 "$report")"
			mv "$report" "$out/reported.${report##*.}"
		}
	done
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
	broken='' checks=0 seen=0
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
	checked
	"$@" >/tmp/expect.out 2>&1 || fail "$what: \`$*\` ended with $?: $(cat /tmp/expect.out)"
}

expect_not() {
	what=$1
	shift
	checked
	! "$@" >/tmp/expect.out 2>&1 || fail "$what: \`$*\` should have failed"
}

# soon COMMAND...: it succeeds before patience ends; in a scenario that has failed that is short, so
# that the script comes to its end
soon() {
	began=$(tenths)
	until "$@"; do
		waited=$(($(tenths) - began))
		[ $waited -le $((${broken:-0} ? patience / 20 : patience)) ] || return 1
		sleep 0.1
	done
}

at_length() {
	grep -qw lab.all /proc/cmdline
}

# Tenths of a second since the boot: a look may take longer than the pause after it.
tenths() {
	sed 's/\.\(.\).*/\1/' /proc/uptime
}

# Sets found to the number of the first line after the last await's that has the text.
is_written() {
	found=$(tail -n +$((seen + 1)) "$json" | grep -n -m 1 -- "$1") || return 1
	found=$((seen + ${found%%:*}))
}

await() {
	checked
	if soon is_written "$2"; then
		seen=$found
	else
		fail "$1: no $2 after line $seen of $json in $((waited / 10)) s"
	fi
}

await_each() {
	what=$1 begin=$seen last=$seen
	shift
	for text; do
		seen=$begin
		await "$what" "$text"
		[ "$seen" -le "$last" ] || last=$seen
	done
	seen=$last
}

# For what is no expect or await, and calls fail by itself.
checked() {
	checks=$((checks + 1))
}

# check_is STATUS [OPTION...]: ends with STATUS
check_is() {
	checked
	want=$1
	shift
	snp-guard check "$@" >/tmp/check 2>&1
	status=$?
	[ $status -eq "$want" ] || fail "check $* ended with $status, not $want: $(cat /tmp/check)"
}

# says STATUS NAME TEXT
says() {
	checked
	grep -qE "^$1 +$2 .*$3" /tmp/check || fail "no $1 of $2 with $3: $(grep " $2 " /tmp/check)"
}

# write_msr CPU MSR VALUE: the kernel writes it, eight bytes, the lowest first
write_msr() {
	bytes=
	for shift in 0 8 16 24 32 40 48 56; do
		bytes="$bytes$(printf '\\%03o' $(($3 >> shift & 255)))"
	done
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$bytes" | dd of=/dev/cpu/"$1"/msr bs=8 seek=$(($2)) oflag=seek_bytes 2>/dev/null
}

# SNP is asked for, and something is in its way.
kvm_without_snp() {
	snp_load
	expect "KVM runs no SNP guests" grep -q N /sys/module/kvm_amd/parameters/sev_snp
}

mark() {
	seen=$(wc -l <"$json")
}

# The sweep that ends first may have begun before.
swept() {
	mark
	await "a sweep ends" '"event":"truth","stable":true'
	await "the next one ends" '"event":"truth","stable":true'
}

await_that() {
	what=$1
	shift
	checked
	soon succeeds "$@" || fail "$what: \`$*\` does not succeed: $(cat /tmp/await.out)"
}

succeeds() {
	"$@" >/tmp/await.out 2>&1
}

guard_start() {
	guard_begin run --record "$trace" "$@" >"$json" 2>"$err"
	guard_ready
}

# guard_begin COMMAND [OPTION...]: `snp-guard`, or $program, in the background; descriptor 7, by which
# a scenario writes to a guarded file, is not the guard's
guard_begin() {
	mark
	rm -f /run/ready
	${program:-snp-guard} "$@" --format json --ready-file /run/ready 7>&- &
	guard=$!
}

guard_ready() {
	checked
	soon ready_or_gone
	[ -e /run/ready ] || fail "the guard does not come up: $(cat /proc/"$guard"/stat /proc/"$guard"/stack 2>&1 | head -12)"
}

ready_or_gone() {
	[ -e /run/ready ] || ! kill -0 "$guard" 2>/dev/null
}

# Ends by itself.
guard_ends() {
	checked
	soon is_gone || {
		fail "the guard does not end"
		kill "$guard"
	}
	wait "$guard"
	guard_status=$?
}

# A process that has ended has no program any more, even if nobody has waited for it yet.
is_gone() {
	! readlink /proc/"$guard"/exe >/dev/null 2>&1
}

# A recording must lead to the same verdicts: each run is replayed.
guard_stop() {
	kill "$guard"
	wait "$guard"
	guard_status=$?
	checked
	replays_as "$json" "$@"
	late=$(told_late) || fail "the guard reported this after a change of the gate 20 ms and more later: $late"
}

# replays_as FILE [OPTION...]: the recording leads to the lines of FILE and to the guard's status
replays_as() {
	lines=$1
	shift
	snp-guard replay --format json "$@" "$trace" >/tmp/replay 2>/tmp/replay.err
	replay_status=$?
	[ $replay_status -eq "$guard_status" ] ||
		fail "the replay ends with $replay_status, not $guard_status: $(cat /tmp/replay.err)"
	# Only the run knows of the flight recorder's file.
	grep -v '"type":"summary"' "$lines" | sed 's/,"recording":"[^"]*"//' >/tmp/live
	grep -v '"type":"summary"' /tmp/replay >/tmp/again
	cmp -s /tmp/live /tmp/again || fail "the replay differs from the run: $(diff /tmp/live /tmp/again | head -5)"
}

# The guard dies between two of its instructions, and writes nothing more.
guard_kill() {
	kill -KILL "$guard"
	wait "$guard" 2>/dev/null
}

# A guard that resumes an earlier one's state appends to its output.
guard_again() {
	guard_begin run --pin --record "$trace" "$@" >>"$json" 2>>"$err"
	guard_ready
}

# Ends the last of several pinned guards: its recording must lead to what it wrote since it began.
guard_end() {
	kill "$guard"
	wait "$guard"
	guard_status=$?
	checked
	awk '/"event":"adopt"/ { n = 0 } { line[n++] = $0 } END { for (i = 0; i < n; i++) print line[i] }' "$json" >/tmp/last
	replays_as /tmp/last
}

# The guard reports what happens while it attaches or detaches programs before it reports that change.
told_late() {
	awk -F '"boottime_ns":' '{ split($2, rest, ","); at = rest[1] + 0 }
		/"event":"gate"/ { changed = at }
		at < changed - 20000000 { print; found = 1; exit }
		END { exit found }' "$json"
}

# The breaches in order, each repetition of the last one left out.
named() {
	sed -n 's/.*"breach":"\([^"]*\)".*/\1/p' "$json" | uniq | tr '\n' ' '
}

expect_breaches() {
	checked
	want="$*"
	got=$(named)
	[ "${got% }" = "$want" ] || fail "breaches: expected \"$want\", got \"${got% }\""
}

# Either a sweep or the next event may come first, so the names may stand in any order.
expect_breach_set() {
	checked
	want=$(printf '%s\n' "$@" | grep . | sort | tr '\n' ' ')
	got=$(named | tr ' ' '\n' | grep . | sort -u | tr '\n' ' ')
	[ "$got" = "$want" ] || fail "breaches: expected \"$want\", got \"$got\""
}

expect_status() {
	checked
	[ "$guard_status" -eq "$1" ] || fail "the guard ended with $guard_status, expected $1"
}

# The six of docs/security.md: DAC_OVERRIDE 1, SYS_RAWIO 17, SYS_ADMIN 21, SYSLOG 34, PERFMON 38, BPF 39.
allowed=000000c400220002

# privileges_of PID: one line for each thread, its name first, that has more than docs/security.md lists
privileges_of() {
	for task in /proc/"$1"/task/*; do
		awk -v allowed=$allowed '
			$1 == "Name:" { name = $2 }
			/^Cap(Prm|Eff|Bnd):/ && $2 != allowed || /^Cap(Inh|Amb):/ && $2 + 0 ||
				$1 == "NoNewPrivs:" && $2 != 1 { more = more " " $1 $2 }
			END { if (more) print name ":" more }' "$task"/status
	done
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

# With systemd in the guest; $unit is the script's.
property() { systemctl show -P "$1" "${2:-$unit}"; }

# snp_load [CPU]: snp_prepare() runs on that CPU (default 0): it bails out if this CPU has SNP_EN,
# else it sets SNP_EN on all CPUs.
snp_load() {
	taskset -c "${1:-0}" modprobe ccp && taskset -c "${1:-0}" modprobe kvm-amd sev_snp=1
}

snp_unload() {
	rmmod kvm_amd && rmmod ccp
}

# Neither the kernel nor the driver complains in a sound cycle.
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
