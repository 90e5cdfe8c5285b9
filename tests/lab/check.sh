#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The one-shot check beside states that are sound and states that are not.
# Needs --firmware full.
. /lab/lib.sh

# check_is STATUS [OPTION...]: ends with STATUS
check_is() {
	want=$1
	shift
	snp-guard check "$@" >/tmp/check 2>&1
	status=$?
	[ $status -eq "$want" ] || fail "check $* ended with $status, not $want: $(cat /tmp/check)"
}

# says STATUS NAME TEXT
says() {
	grep -qE "^$1 +$2 .*$3" /tmp/check || fail "no $1 of $2 with $3: $(grep " $2 " /tmp/check)"
}

none_is() {
	! grep -q "^$1 " /tmp/check || fail "$1: $(grep "^$1 " /tmp/check)"
}

scenario "before SNP is initialised"
check_is 0
says PASS snp-en "clear on CPUs 0-3: no window is open"
says PASS syscfg "on every online CPU"
says NOT-APPLICABLE firmware "ccp is not loaded"
says NOT-APPLICABLE kvm-amd "not loaded"

scenario "while SNP is initialised"
expect "SNP is initialised" snp_load
check_is 0 --require-snp
says PASS snp-en "set on CPUs 0-3, all that are online"
says PASS firmware "SNP is initialised"
says PASS kvm-amd "is Y"
says PASS hotplug-count "no-latch"
none_is UNKNOWN
check_is 0 --format json
cp /tmp/check $out/check.json
expect "each line is an object" [ "$(grep -c '^{"check":".*"status":".*"evidence":".*"remedy":".*"}$' /tmp/check)" \
	-eq "$(wc -l </tmp/check)" ]

scenario "a CPU without SNP_EN while SNP is initialised"
expect "its SNP_EN goes" lab snp-en 3 off
check_is 2
says FAIL snp-en "cpu-without-snp-en: CPU 3 "
expect "no other CPU is named" [ "$(grep -c '^FAIL' /tmp/check)" -eq 1 ]
expect "SNP_EN is put back" lab snp-en 3 on
check_is 0

scenario "a CPU that went offline inside a window"
snp-guard snapshot -o /tmp/before.json
expect "CPU 3 goes, with no guard to say no" offline 3
check_is 1
says WARN online "CPUs 3 are present and offline, with SNP_EN set on others"
check_is 1 --since /tmp/before.json
says WARN online "cpu-offlined: CPU 3 was online at the snapshot"
says PASS since "taken to be the same window"
expect "CPU 3 comes" online 3
check_is 0 --since /tmp/before.json

scenario "SYSCFG that differs beside SNP_EN"
before=$(lab syscfg 2 | sed -n 's/.*\(0x[0-9a-f]*\).*/\1/p')
expect "another bit is set" lab syscfg 2 "$(printf '0x%x' $((before | 1 << 18)))"
check_is 1
says WARN syscfg "CPU 2 has"
expect "it is put back" lab syscfg 2 "$before"

scenario "after a full shutdown, with a CPU offline"
expect "SNP ends" snp_unload
expect "CPU 3 goes" offline 3
check_is 0
says PASS online "CPUs 3 are offline"
says PASS snp-en "no window is open"
expect "CPU 3 comes" online 3

scenario "what can't be read is unknown"
echo "nobody:x:65534:65534::/:/bin/sh" >>/etc/passwd
start-stop-daemon -S -q -c 65534:65534 -x "$(command -v snp-guard)" -- check >/tmp/check 2>&1
expect "status 3" [ $? -eq 3 ]
says UNKNOWN root "not root"
says UNKNOWN hotplug-count "can't be read"
grep -qE "^UNKNOWN +(snp-en|sight) " /tmp/check || fail "SNP_EN should be unknown"
none_is FAIL
check_is 3 --since /etc/passwd

scenario "a host without SNP has nothing to check"
sed 's/sev_snp//' /proc/cpuinfo >/tmp/cpuinfo
mount --bind /tmp/cpuinfo /proc/cpuinfo
check_is 0
says NOT-APPLICABLE snp "no sev_snp"
check_is 2 --require-snp
umount /proc/cpuinfo

finish
