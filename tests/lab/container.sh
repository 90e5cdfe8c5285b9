#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The image in a container runtime, as dist/kubernetes has it: its mounts, rights, limits and arguments are
# enough to audit, and to refuse while one pod follows another. Needs --firmware full, crun, hammer, and
# build/test/bundle at /bundle.
. /lab/lib.sh
modprobe msr
[ -e /run/snp-guard.lock ] || : >/run/snp-guard.lock

# begin POD MODE: the root of an initramfs can't be pivoted
begin() {
	crun --cgroup-manager cgroupfs run --no-pivot --bundle /bundle --config /bundle/"$2".json "$1" >>"$json" 2>>"$err" &
	guard=$!
	await_that "pod $1 runs" in_pod "$1"
}

# Sets pid, as the host sees it.
in_pod() {
	pid=$(crun state "$1" | sed -n 's/.*"pid" *: *\([0-9]*\).*/\1/p')
	[ "$pid" ] && [ -e /proc/"$pid"/exe ] && nsenter -t "$pid" -n ip link set lo up
}

# end POD [SIGNAL]
end() {
	crun kill "$1" "${2:-TERM}"
	wait $guard
	guard_status=$?
}

fetch() { nsenter -t "$pid" -n wget -q -O "/tmp/${1#/}" http://127.0.0.1:9817"$1"; }

# executed STATUS POD COMMAND...: kubectl exec ends so
executed() {
	checked
	want=$1 pod=$2
	shift 2
	crun exec "$pod" snp-guard "$@" >/tmp/check 2>&1
	status=$?
	[ $status -eq "$want" ] || fail "$* in $pod ended with $status, not $want: $(cat /tmp/check)"
}

scenario "a pod that audits"
expect "one program is in the image" [ "$(find /bundle/rootfs -type f -perm -1)" = /bundle/rootfs/usr/sbin/snp-guard ]
begin first audit
await_that "it is healthy" fetch /healthz
expect "its root file system is read-only" grep -q ' / ro[, ]' /proc/"$pid"/mountinfo
more=$(privileges_of "$pid")
checked
[ -z "$more" ] || fail "more privileges than docs/security.md lists: $more"
expect "SNP is initialised" snp_load
await "the window is seen" '"state":"initialised"'
expect "nothing is refused" offline 3
await "the guard reports what the gate would have refused" '"file":"cpu3/online".*"refused":false'
await "a breach is named" '"breach":"cpu-offlined"'
expect "CPU 3 comes back" online 3
await "... and is named" '"breach":"cpu-onlined"'
expect "metrics are served" fetch /metrics
expect "the breach is counted" grep -q '^snp_guard_breaches_total{breach="cpu-offlined",severity="warning"} 1$' /tmp/metrics
expect "every fact is covered" grep -qx 'snp_guard_uncovered_facts 0' /tmp/metrics
echo 0 >/sys/kernel/debug/kprobes/enabled
await "kprobes that the host switches off are named" '"breach":"blind".*kprobes or ftrace are switched off'
executed 1 first status
expect "... by status, too" grep -q 'kprobes or ftrace are switched off' /tmp/check
echo 1 >/sys/kernel/debug/kprobes/enabled
await "and that they are back" 'kprobes and ftrace are on again'
expect "SNP ends" snp_unload
executed 0 first status
expect "status in the pod reads the pins" grep -q auditing /tmp/check
executed 2 first check
says FAIL recorded "cpu-onlined: named 1 time"
end first
expect_breach_set no-latch cpu-offlined cpu-onlined blind
expect_status 2

scenario "the next pods enforce, and one follows another inside a window"
begin second enforce
await "it resumes what the first has left" '"event":"adopt"'
await_that "it is healthy" fetch /healthz
rm -f /tmp/enough
hammer $cpus/cpu3/online /tmp/enough >/tmp/hammered &
hammer=$!
expect "SNP is initialised" snp_load
await "the window is seen" '"state":"initialised"'
end second
begin third enforce
await "it resumes inside the window" '"event":"adopt"'
await_that "it is healthy" fetch /healthz
end third KILL
begin fourth enforce
await "it resumes after a killed one" '"event":"adopt"'
await_that "it is healthy" fetch /healthz
executed 0 fourth status
expect "status in the pod says so" grep -q enforcing /tmp/check
touch /tmp/enough
wait $hammer || fail "something got through: $(tail -3 /tmp/hammered)"
echo "    $(tail -n 1 /tmp/hammered)"
expect "it was tried 2,000 times" [ "$(sed -n 's/.*writes refused \([0-9]*\), opens refused \([0-9]*\),.*/\1 + \2/p' /tmp/hammered | xargs expr)" -ge 2000 ]
expect "CPU 3 is where it was" is_online 3
expect "SNP ends" snp_unload
end fourth
expect_breach_set no-latch

scenario "detach in a pod leaves nothing"
expect "what is pinned is there" [ -e /sys/fs/bpf/snp-guard ]
expect "it ends well" crun --cgroup-manager cgroupfs run --no-pivot --bundle /bundle --config /bundle/remove.json fifth
expect "nothing is pinned" [ ! -e /sys/fs/bpf/snp-guard ]
expect "nothing is refused" sh -c "echo 1 >$cpus/cpu3/online"

finish
