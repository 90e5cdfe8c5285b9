#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# What dist/kubernetes gives the guard is enough: its very command, on a root file system that is
# read-only, with nothing but the manifest's mounts to write to. Needs --firmware full, the manifest
# at /lab/daemonset.yaml, and setpriv in /usr/local/bin.
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

scenario "the DaemonSet's command, mounts and capabilities are enough"
expect "the manifest has a command" [ "$(list_of command | head -n 1)" = setpriv ]
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
# The shell would take its own setpriv, which knows less.
# shellcheck disable=SC2046 # its items are words
set -- $(list_of command)
shift
unshare -m sh /tmp/container "$mounts" /usr/local/bin/setpriv "$@" >"$json" 2>"$err" &
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
expect "it has capabilities" [ "$(capabilities CapEff $guard)" -a "$(capabilities CapEff $guard)" != 0000000000000000 ]
expect "... fewer than root" [ "$(capabilities CapEff $guard)" != "$(capabilities CapEff $$)" ]
expect "... and can get no other" [ "$(capabilities CapBnd $guard)" = "$(capabilities CapEff $guard)" ]
expect "SNP ends" snp_unload
kill $guard
wait $guard
guard_status=$?
expect_breach_set no-latch cpu-offlined cpu-onlined
expect_status 2

finish
