#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# Gate and sensors outlive the guard: what `run --pin` leaves, who resumes from it, and who tampers
# with it. Needs --firmware full, and tamper, hammer and older (a guard of another version) in
# /usr/local/bin.
. /lab/lib.sh
modprobe msr
pins=/sys/fs/bpf/snp-guard

# refused WHAT TEXT COMMAND...: it fails, and says TEXT in one line
refused() {
	what=$1 text=$2
	shift 2
	checked
	! "$@" >/tmp/refused 2>&1 || fail "$what: \`$*\` should have failed"
	{ grep -q -- "$text" /tmp/refused && [ "$(wc -l </tmp/refused)" -eq 1 ]; } ||
		fail "$what: not one line with \"$text\": $(cat /tmp/refused)"
}

status_is() {
	checked
	snp-guard status --format json >/tmp/status 2>&1
	grep -q "\"state\":\"$1\"" /tmp/status || {
		fail "status should be $1: $(cat /tmp/status)"
		return
	}
}

status_has() {
	checked
	grep -q -- "$1" /tmp/status || fail "status has no $1: $(cat /tmp/status)"
}

detached() {
	expect "all is removed" snp-guard detach
	expect "no pin is left" [ ! -e $pins ]
	expect "no kprobe event is left" sh -c '! grep -q snp_guard /sys/kernel/tracing/kprobe_events'
	status_is detached
}

scenario "pinned: a guard that is killed inside a window leaves the gate shut, and is taken up"
status_is detached
guard_start --pin
status_is enforcing
status_has "\"process\":$guard"
expect "it has the capabilities that it needs" grep -q '^CapEff:.000000c400220002$' /proc/$guard/status
expect "... and can get no more" grep -q '^CapBnd:.000000c400220002$' /proc/$guard/status
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "no CPU goes" offline 3
await "it is on record" '"event":"denied"'
guard_kill
expect_not "with no guard no CPU goes" offline 3
status_is enforcing
status_has '"tried":true'
status_has '"denied":2'
expect_not "what can't be tried is not taken to hold" unshare -m \
	sh -c 'mount -o remount,bind,ro /sys && snp-guard status >/tmp/status'
expect "... and said" grep -q '^state: *degraded: opening for writing could not be tried: Read-only file system$' /tmp/status
guard_again
await "the one before is taken up" '"event":"adopt"'
expect "the second refusal is on record" [ "$(count_of '"event":"denied"')" -eq 2 ]
expect_not "no CPU goes" offline 3
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
expect "the gate is open" offline 3
expect "CPU 3 comes back" online 3
guard_end
expect_breaches no-latch
expect_status 0
expect "one window in all" grep -q '"windows":1,"window_open":false,"denied":3' "$json"
status_is enforcing
status_has '"last_denied":\[{"time"'
detached

scenario "pinned: a window that ends and one that begins with no guard are in the history"
guard_start --pin
expect "SNP is initialised" snp_load
guard_kill
expect "SNP ends" snp_unload
expect "the gate is open with no guard" offline 3
expect "CPU 3 comes back" online 3
expect "SNP is initialised again" snp_load
expect_not "the gate is shut with no guard" offline 3
guard_again
await "the second window is seen" '"window":2,'
expect "the refusal is on record" has '"event":"denied"'
expect "SNP ends" snp_unload
await "the second window closes" '"window":2,.*"state":"window-closed"'
guard_end
status_is enforcing
status_has '"windows":2'
detached

scenario "pinned: with no guard a window waits for write checks, but not for ever, and that is named"
guard_start --pin
guard_kill
exec 7>$cpus/cpu3/online
expect "SNP is initialised" snp_load
status_is degraded
status_has 'a guarded file is open for writing, and writes are not checked'
expect "a write passes" sh -c 'echo 0 >&7'
guard_again
await "it is named" '"breach":"blind".*no write hooks in time'
await "the CPU is missed" '"breach":"cpu-offlined"'
expect_not "the descriptor writes no more" sh -c 'echo 1 >&7'
exec 7>&-
expect "SNP ends" snp_unload
expect "CPU 3 comes back" online 3
guard_end
expect_breach_set no-latch blind cpu-offlined
detached


scenario "pinned: guards that end and begin while somebody tries all the time lose nothing"
rm -f /tmp/enough
guard_start --pin
expect "SNP is initialised" snp_load
hammer $cpus/cpu3/online /tmp/enough >/tmp/hammered &
hammer=$!
n=0
while [ $n -lt 5 ]; do
	sleep 0.5
	kill $guard
	wait $guard
	guard_again
	n=$((n + 1))
done
touch /tmp/enough
expect "nothing got through" wait $hammer
expect "... of what was tried" grep -q 'opens refused [1-9]' /tmp/hammered
expect "SNP ends" snp_unload
guard_end
expect_breaches no-latch
expect_status 0
detached

scenario "pinned: ended and started again outside a window, there is nothing to say"
guard_start --pin
guard_stop
status_is enforcing
guard_again
guard_end
expect_breaches
expect_status 0
detached

scenario "two guards at once are refused, pinned or not"
guard_start --pin
refused "a second one" "guard $guard" snp-guard run --for 1
refused "a second one that pins" "guard $guard" snp-guard run --pin --for 1
refused "detach" "guard $guard" snp-guard detach
guard_kill
refused "one without --pin beside what is pinned" "snp-guard detach" snp-guard run --for 1
detached
guard_start
refused "one that pins beside one that doesn't" "guard $guard" snp-guard run --pin --for 1
guard_stop

scenario "what no guard pinned is refused in one line"
mkdir $pins
refused "an empty directory" "$pins is not snp-guard's" snp-guard run --pin --for 1
status_is degraded
rmdir $pins

scenario "what another version pinned is replaced, and the gate is shut all the time"
program=older
guard_begin run --pin >"$json" 2>"$err"
guard_ready
program=
expect "SNP is initialised" snp_load
await "the older one sees it" '"state":"initialised"'
guard_kill
status_is degraded
status_has 'another version, 0.0.9'
rm -f /tmp/enough
while [ ! -e /tmp/enough ]; do
	if offline 3 2>/dev/null; then echo passed; else echo refused; fi
done >/tmp/tries &
trier=$!
guard_again
expect "it says that it replaces" grep -q 'replacing what snp-guard 0.0.9' "$err"
touch /tmp/enough
wait $trier
expect "no try passed" [ "$(grep -c passed /tmp/tries)" -eq 0 ]
expect "... of some" grep -q refused /tmp/tries
expect "CPU 3 stays" is_online 3
status_is enforcing
groups_of_events() { grep -o 'snp_guard[_2]*/' /sys/kernel/tracing/kprobe_events | sort -u | wc -l; }
one_group_of_events() { [ "$(groups_of_events)" -eq 1 ]; }
await_that "the older one's events are gone" one_group_of_events
expect "SNP ends" snp_unload
kill $guard
wait $guard
detached

scenario "a pin that is removed inside a window is noticed, named and put back"
guard_start --pin
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
# gate_open, or where fmod_ret refuses gate_open_again
link=$(find $pins/links -name 'gate_open*' | sort | head -n 1)
link=${link##*/}
rm "$pins/links/$link" $pins/maps/ledger
await_each "it is named" '"state":"degraded".*pin was gone: '"$link"': put right' \
	'"state":"degraded".*pin was gone: the ledger: put right'
expect "both are back" [ -e "$pins/links/$link" -a -e $pins/maps/ledger ]
guard_kill
rm $pins/links/online_set
status_is degraded
status_has 'not pinned: online_set'
guard_again
await "the one that takes it up names it" '"breach":"blind".*gone: online_set'
status_is enforcing
expect "SNP ends" snp_unload
guard_end
expect_breach_set no-latch blind
expect_status 1
detached

scenario "a latch that another program opens is noticed, named and shut again"
guard_start --pin
expect "SNP is initialised" snp_load
await "the guard sees it" '"breach":"no-latch"'
expect_not "the state can't be written" tamper map
expect "another program writes the latch" tamper latch 0
await "it is named" '"breach":"blind".*something else opened the latch (put right)'
expect_not "the gate is shut again" offline 3
status_is enforcing
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch blind
expect_status 1
detached

# not_trusted HOW: tamper's word for what is done to the ledger
not_trusted() {
	guard_start --pin
	expect "SNP is initialised" snp_load
	await "the guard sees it" '"breach":"no-latch"'
	guard_kill
	expect "it is changed" tamper "$1"
	status_is degraded
	status_has 'ledger is damaged'
	guard_again
	await "it is named" '"breach":"blind".*the ledger was changed by another (put right)'
	expect_not "the gate is shut" offline 3
	status_is enforcing
	expect "SNP ends" snp_unload
	kill $guard
	wait $guard
	detached
}

scenario "a ledger that another program changed is not trusted"
not_trusted ledger

scenario "a ledger that another program emptied is not trusted"
not_trusted empty

scenario "who opens a guarded file for writing is counted, whatever others open meanwhile"
exec 7>$cpus/cpu3/online
guard_start
expect "SNP is initialised" snp_load
await "the window has settled" '"breach":"no-latch"'
expect "it is counted each time" tamper writers 5 $cpus/cpu3/online $cpus/cpu2/online
expect "no write check is gone" sh -c '! echo 0 >&7'
exec 7>&-
await "only opening is gated" '"event":"gate","state":"steady"'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch

# in_instances N COMMAND...: with $sys, the directory of one of N instances of sysfs after the other
in_instances() {
	for n in $(seq "$1"); do
		sys=/tmp/instances/$n
		eval "$2"
	done
}

open_all() {
	for file in "$sys"/devices/system/cpu/cpu*/online "$sys"/devices/system/cpu/cpu*/hotplug/target \
		"$sys"/devices/system/cpu/smt/control "$sys"/power/state "$sys"/power/disk "$sys"/power/resume; do
		: >>"$file" || return
	done
}

scenario "more files than the list takes: it is made anew, and who is in it stays in it"
guard_start
expect "instances of sysfs are mounted" in_instances 60 'mkdir -p $sys && unshare -n mount -t sysfs sysfs $sys'
expect "many files are opened" in_instances 60 open_all
exec 7>/tmp/instances/60/devices/system/cpu/cpu3/online
expect "SNP is initialised" snp_load
await "the window has settled" '"breach":"no-latch"'
before=$(count_of '"state":"steady"')
sleep 4
expect "the one that is open is counted" [ "$(count_of '"state":"steady"')" -eq "$before" ]
expect_not "... and can't write" sh -c 'echo 0 >&7'
exec 7>&-
await "without it only opening is gated" '"event":"gate","state":"steady"'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect "the instances go" in_instances 60 'umount $sys'

scenario "who tries the gate is not taken for another, nor another for who tried it"
guard_start
expect "SNP is initialised" snp_load
await "the window has settled" '"breach":"no-latch"'
tamper trial $cpus/cpu3/online >/tmp/trial
expect "a trial is refused" grep -qx 'open: refused: Operation not permitted' /tmp/trial
sleep 1
expect "no trial is on record" [ "$(count_of '"event":"denied"')" -eq 0 ]
expect_not "what comes long after is refused, too" tamper late $cpus/cpu3/online
await "it is on record" '"event":"denied".*"file":"cpu3/online"'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch

scenario "kprobes that are switched off while it runs are noticed"
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"breach":"no-latch"'
echo 0 >/sys/kernel/debug/kprobes/enabled
await "it is named" '"breach":"blind".*kprobes or ftrace are switched off'
echo 1 >/sys/kernel/debug/kprobes/enabled
await "and that they are back" 'kprobes and ftrace are on again'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch blind
expect_status 1

finish
