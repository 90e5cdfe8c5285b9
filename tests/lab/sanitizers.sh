#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Whole lives of a guard that is built with address and undefined-behaviour sanitizers: a report of
# theirs fails the scenario (see conclude in lib.sh). Needs --firmware full, and that guard in
# /usr/local/bin, from where the other commands run, too.
. /lab/lib.sh
modprobe msr
conf=/etc/snp-guard.conf

scenario "the guard has sanitizers"
expect "address" grep -q __asan_init "$(command -v snp-guard)"
expect "undefined behaviour" grep -q __ubsan_handle "$(command -v snp-guard)"

scenario "run, with gate, refusals, breaches, SIGHUP and publishing"
printf '[run]\ninterval = 1\n' >$conf
ip link set lo up
guard_start --textfile /run/snp_guard.prom --listen :9817
exec 7>$cpus/cpu3/online
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "no CPU goes" offline 3
await "the guard reports the refusal" '"event":"denied".*"file":"cpu3/online","by":"open","refused":true'
expect_not "the descriptor from before writes nothing" sh -c 'echo 0 >&7'
await "the guard reports that, too" '"event":"denied".*"file":"cpu3/online","by":"write","refused":true'
exec 7>&-
expect "CPU 3 loses SNP_EN" lab snp-en 3 off
await "it is named" '"cpu":3,"breach":"cpu-without-snp-en"'
expect "it gets it back" lab snp-en 3 on
printf '[run]\ninterval = 2\n[severity]\nno-latch = off\n' >$conf
kill -HUP $guard
await_that "the configuration is read again" grep -q 'changed: interval, severity' "$err"
printf '[run]\nintervall = 2\n' >$conf
kill -HUP $guard
await_that "a mistake is named" grep -q "$conf:2" "$err"
rm $conf
expect "it serves metrics" wget -q -O /tmp/metrics http://127.0.0.1:9817/metrics
expect "... with the breach" grep -q '^snp_guard_breaches_total{breach="cpu-without-snp-en",severity="critical"} 1$' /tmp/metrics
snp-guard check >/tmp/check
expect "check finds SNP_EN set again" grep -q '^PASS .*set on CPUs 0-3' /tmp/check
expect "SNP ends" snp_unload
await "the guard sees it" '"state":"window-closed"'
kill $guard
wait $guard
guard_status=$?
expect_breach_set no-latch snp-en-lost cpu-without-snp-en
expect_status 2

scenario "run in audit mode, with a CPU that goes and comes"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "CPU 3 goes" offline 3
await "it is named" '"cpu":3,"breach":"cpu-offlined"'
expect "CPU 3 comes" online 3
await "it is named" '"cpu":3,"breach":"cpu-onlined"'
expect "SNP ends" snp_unload
guard_stop
expect_breach_set cpu-offlined cpu-onlined no-latch
expect_status 2

scenario "pinned, killed, resumed, ended and detached"
guard_start --pin
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "no CPU goes" offline 3
await "the guard reports the refusal" '"event":"denied"'
guard_kill
expect_not "with no guard no CPU goes" offline 3
guard_again
await "the next guard resumes" '"event":"adopt"'
await "... and reports the second refusal" '"event":"denied"'
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
guard_end
expect_breaches no-latch
expect_status 0
snp-guard status --format json >/tmp/status
expect "status has the window and the refusals" grep -q '"denied":2,"windows":1,' /tmp/status
expect "all is removed" snp-guard detach

scenario "the other commands"
for command in "hooks" "config" "snapshot" "explain" "check --format json" "timeline $out/2.trace"; do
	# shellcheck disable=SC2086 # words
	snp-guard $command >/tmp/told 2>&1
	status=$?
	expect "$command" [ $status -lt 3 ]
	expect "$command writes" grep -q . /tmp/told
done

finish
