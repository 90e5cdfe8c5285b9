#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The configuration file: audit mode, severities, a reload, mistakes. Each scenario begins
# and ends with the window closed. Needs --firmware full.
. /lab/lib.sh
modprobe msr
conf=/etc/snp-guard.conf

# configure LINE...: the whole of the file
configure() {
	printf '%s\n' "$@" >$conf
	chmod 644 $conf
}

# await_stderr WHAT TEXT: as await, in what the guard writes to stderr
await_stderr() {
	json_kept=$json seen_kept=$seen
	json=$err seen=$stderr_seen
	await "$@"
	stderr_seen=$seen
	json=$json_kept seen=$seen_kept
}

# A window in which CPU 3 goes, as only an audit lets it.
lose_a_cpu() {
	expect "SNP is initialised" snp_load
	await "the guard knows the kernel" '"breach":"no-latch"'
	expect "CPU 3 goes" offline 3
	await "the guard reports it" '"event":"cpu-down"'
}

end_window() {
	expect "SNP ends" snp_unload
	await "the window closes" '"state":"window-closed"'
	expect "CPU 3 comes" online 3
}

scenario "audit, by the file alone"
configure '[run]' 'audit = yes'
guard_start
lose_a_cpu
end_window
guard_stop
expect "it says so" has '"event":"start".*"audit":true'
expect_breaches no-latch cpu-offlined
expect_status 1

scenario "the command line over the file"
guard_start --audit=no
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "no CPU goes" offline 3
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "a drop-in over the file"
mkdir $conf.d
printf '[run]\naudit = no\n' >$conf.d/50-gate.conf
guard_start
expect "the gate is there" has '"event":"start".*"audit":false'
guard_stop
snp-guard config >/tmp/config
expect "config names the file and the line" grep -q "audit .* no .*$conf.d/50-gate.conf:2" /tmp/config
rm -r $conf.d

scenario "a breach of severity off is left out, and counted at the end"
configure '[run]' 'audit = yes' '[severity]' 'cpu-offlined = off'
guard_start
lose_a_cpu
end_window
guard_stop --severity cpu-offlined=off
expect_breaches no-latch
expect "the summary has it" has '"left_out":{"cpu-offlined":1}'
expect_status 0

scenario "a breach of raised severity counts as such"
guard_start --severity cpu-offlined=critical
lose_a_cpu
end_window
guard_stop --severity cpu-offlined=critical
expect_breaches no-latch cpu-offlined
expect "as critical" has '"breach":"cpu-offlined","severity":"critical"'
expect_status 2

scenario "a reload takes effect, and one with a mistake does not"
stderr_seen=0
configure '[run]' 'audit = yes'
guard_start
configure '[run]' 'audit = yes' 'buffer = 512' 'interval = 3' '[severity]' 'cpu-offlined = off'
kill -HUP $guard
await_stderr "it is read again" 'changed: interval, severity; changes need a restart: buffer'
configure '[severity]' 'cpu-offlined = critical' 'cpu-offline = off'
kill -HUP $guard
await_stderr "the mistake is named" "reload failed, settings kept: $conf:3: no breach is called .cpu-offline., is it .cpu-offlined."
lose_a_cpu
end_window
guard_stop --severity cpu-offlined=off
expect_breaches no-latch
expect "the summary has it" has '"left_out":{"cpu-offlined":1}'
expect_status 0

scenario "a reload may end the run at the next breach"
stderr_seen=0
configure '[run]' 'audit = yes'
guard_start
configure '[run]' 'audit = yes' 'until-breach = yes'
kill -HUP $guard
await_stderr "it is read again" 'changed: until-breach'
lose_a_cpu
guard_ends
expect_breaches no-latch cpu-offlined
expect_status 1
expect "SNP ends" snp_unload
expect "CPU 3 comes" online 3

scenario "a file that others may write to does not steer the guard"
chmod o+w $conf
snp-guard run >/tmp/refused 2>&1
expect "status 78" [ $? -eq 78 ]
expect "it says why" grep -qx "snp-guard: $conf: others than root may write to it; chmod go-w it" /tmp/refused
expect_not "config --check says it too" snp-guard config --check
rm $conf

finish
