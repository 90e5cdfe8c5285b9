#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# A host with the older package's unit enabled, for tests/packages/run and rpm: it is upgraded, and the
# package removed, while a window is open. Needs --systemd, --firmware full, and the host's files.
. /lab/lib.sh
unit=snp-guard.service
if ls /debs/*.rpm >/dev/null 2>&1; then
	upgrade() { rpm -U --nodeps /debs/*.rpm; }
	remove() { rpm -e snp-guard; }
else
	upgrade() { dpkg -i /debs/*.deb; }
	remove() { dpkg --remove snp-guard; }
fi

has_window() { snp-guard status --format json | grep -q '"state":"enforcing".*"window_open":true'; }

# Until /tmp/enough exists.
try_all_the_time() {
	while [ ! -e /tmp/enough ]; do
		if sh -c "echo 0 >$cpus/cpu3/online" 2>/dev/null; then echo passed; else echo refused; fi
	done
}

scenario "an upgrade inside a window replaces the guard that runs, and the gate is shut all the time"
await_that "a window is open" has_window
expect "it is the older one" sh -c "snp-guard --version | grep -q '0\.0\.9'"
older=$(property MainPID)
try_all_the_time >/tmp/tries &
tries=$!
expect "the upgrade" upgrade
await_that "the unit is active" systemctl is-active $unit
sleep 2
touch /tmp/enough
wait $tries
expect_not "it is the older one" sh -c "snp-guard --version | grep -q '0\.0\.9'"
expect "another process" [ "$(property MainPID)" != "$older" ]
expect "... which replaced the older one's pins" sh -c "journalctl -q -o cat -u $unit | grep -q 'replacing what snp-guard 0\.0\.9 has pinned'"
await_that "the window is known to it" has_window
expect_not "a write has passed" grep -q passed /tmp/tries
expect "some were tried" [ "$(grep -c refused /tmp/tries)" -gt 20 ]
echo "# $(grep -c refused /tmp/tries) writes refused meanwhile"

scenario "removing the package removes the gate"
expect "the removal" remove
expect_not "the unit runs" systemctl is-active $unit
expect_not "something is pinned" [ -e /sys/fs/bpf/snp-guard ]
expect "CPU 3 goes" offline 3
expect "CPU 3 comes back" online 3

finish
