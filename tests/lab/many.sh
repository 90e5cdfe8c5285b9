#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# More processors than the other scenarios have; one of them goes and comes.
. /lab/lib.sh
modprobe msr
last=$(sed 's/.*-//' $cpus/present)

scenario "CPUs 0-$last: each gets SNP_EN, one that goes and comes is named, no other"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "each CPU was seen to get SNP_EN" \
	[ "$(count_of '"event":"snp-enable"')" -eq $((last + 1)) ]
expect "CPU $last goes" offline "$last"
expect "CPU $last comes" online "$last"
await "it is named" "\"cpu\":$last,\"breach\":\"cpu-onlined\""
snp-guard check >/tmp/check
expect "the check has them all" grep -q "^PASS .*set on CPUs 0-$last, all that are online" /tmp/check
expect "SNP ends" snp_unload
guard_stop
expect_breach_set cpu-offlined cpu-onlined no-latch
expect "of one CPU" [ "$(grep -c '"cpu":[0-9]*,"breach"' "$json")" -eq 2 ]

finish
