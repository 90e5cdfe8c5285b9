#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# What dist/kubernetes gives the guard is enough: its very arguments, on a root file system that is
# read-only, with nothing but the manifest's mounts to write to. Needs --firmware full, and the manifest
# at /lab/daemonset.yaml.
. /lab/lib.sh
modprobe msr

# The items of a list in the manifest, as arguments.
list_of() {
	awk -v key="$1:" '
		$1 == key { inside = 1; next }
		inside && /^ *#/ { next }
		inside && $1 != "-" { exit }
		inside { sub(/^ *- /, ""); print }' /lab/daemonset.yaml
}

mounts=$(awk '$1 == "mountPath:" { path = $2 } $1 == "readOnly:" { path = path ":ro" } $1 ~ /^(-|volumes:)$/ && path { print path; path = "" }' \
	/lab/daemonset.yaml)

scenario "the DaemonSet's arguments and mounts are enough"
expect "the manifest has a run's arguments" [ "$(list_of args | head -n 1)" = run ]
expect "it has mounts: $mounts" [ "$(echo "$mounts" | grep -c /)" -ge 4 ]
cat >/tmp/container <<'CONTAINER'
# All is read-only but proc, sysfs and devices, as in a privileged container, and what is mounted.
set -e
mounts=$1
shift
for m in $mounts; do
	path=${m%:ro}
	[ -e "$path" ] || : >"$path"
	mount --bind "$path" "$path"
	[ "$path" = "$m" ] || mount -o remount,bind,ro "$path"
done
for path in / $(awk '$2 ~ "^/(run|tmp|out)" { print $2 }' /proc/self/mounts); do
	echo "$mounts" | grep -qx "$path" || mount -o remount,bind,ro "$path"
done
for path in / /run /tmp; do
	! touch "$path/written" 2>/dev/null || { echo "$path can be written to" >&2; exit 1; }
done
exec "$@"
CONTAINER
ip link set lo up
# shellcheck disable=SC2046 # its items are words
unshare -m sh /tmp/container "$mounts" snp-guard $(list_of args) >"$json" 2>"$err" &
guard=$!
healthy() { wget -q -O /tmp/health http://127.0.0.1:9817/healthz; }
await_that "it is healthy" healthy
expect "SNP is initialised" snp_load
await "the window is seen" '"state":"initialised"'
expect "nothing is refused" offline 3
await "the guard reports what the gate would have refused" '"file":"cpu3/online".*"refused":false'
await "a breach is named" '"breach":"cpu-offlined"'
expect "CPU 3 comes back" online 3
wget -q -O /tmp/metrics http://127.0.0.1:9817/metrics
expect "the breach is counted" grep -q '^snp_guard_breaches_total{breach="cpu-offlined",severity="warning"} 1$' /tmp/metrics
expect "every fact is covered" grep -qx 'snp_guard_uncovered_facts 0' /tmp/metrics
capabilities() { awk -v set="$1:" '$1 == set { print $2 }' "/proc/$2/status"; }
expect "root has more capabilities" [ "$(capabilities CapEff $$)" != 000000c400220002 ]
for set in CapEff CapPrm CapBnd; do
	expect "the guard has dropped them: $set" [ "$(capabilities $set $guard)" = 000000c400220002 ]
done
expect "SNP ends" snp_unload
kill $guard
wait $guard
guard_status=$?
expect_breach_set no-latch cpu-offlined cpu-onlined
expect_status 2

finish
