#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The one-shot check beside states that are sound and states that are not.
# Needs --firmware full.
. /lab/lib.sh

none_is() {
	checked
	! grep -q "^$1 " /tmp/check || fail "$1: $(grep "^$1 " /tmp/check)"
}

scenario "before SNP is initialised"
check_is 0
says PASS snp-en "clear on CPUs 0-3: no window is open"
says PASS syscfg "on every online CPU"
says NOT-APPLICABLE firmware "ccp is not loaded"
says NOT-APPLICABLE kvm-amd "not loaded"
says PASS rmp "on every online CPU"
says PASS msrs "the MSRs that SNP_INIT compares are the same"

scenario "while SNP is initialised"
expect "SNP is initialised" snp_load
check_is 0 --require-snp
says PASS snp-en "set on CPUs 0-3, all that are online"
says PASS firmware "the driver has initialised SNP"
says PASS kvm-amd "is Y, sev_es Y, sev Y"
says PASS firmware-version "1[.]58, build 1,"
says PASS firmware-state "INIT, the RMP is initialised"
says NOT-APPLICABLE msrs "the firmware compared them"
says PASS hotplug-count "no-latch"
none_is UNKNOWN
text_has=$(awk '$1 ~ /^(PASS|WARN|FAIL|UNKNOWN|NOT-APPLICABLE)$/ { print $1, $2 }' /tmp/check)
check_is 0 --format json
cp /tmp/check $out/check.json
json_has=$(sed -n 's/.*"check":"\([^"]*\)","status":"\([^"]*\)","evidence":".*"remedy":".*"}$/\2 \1/p' /tmp/check)
expect "JSON has the results of the text" [ "$json_has" = "$text_has" ]
expect "... and they include SNP_EN" sh -c "echo '$json_has' | grep -qx 'PASS snp-en'"
expect "... and a summary" sh -c "tail -n 1 /tmp/check | grep -q '\"verdict\":\"OK\".*\"exit_status\":0}$'"

scenario "what the firmware says of itself"
expect "guests' TCB is an old one" lab status reported-tcb=0xd315000000000003
check_is 1
says WARN firmware-tcb "name TCB 0xd315000000000003, the firmware has 0xd516000000000004"
expect "the TCB is the firmware's, and memory was not checked" lab status reported-tcb=0xd516000000000004
expect "..." lab status flags=0x1
check_is 1
says WARN firmware-state "memory was not checked for aliases"
expect "a bit of later firmware" lab status flags=0x43
check_is 3
says UNKNOWN firmware-flags "bits 0x40"
expect "firmware that is too old" lab status minor=49
expect "... with the bits that are known" lab status flags=0xb
check_is 1
says WARN firmware-version "1[.]49, build 1,"
says PASS firmware-state "SEV-TIO is on"
expect "it says the truth again" lab status truth
# With the misc controller the kernel counts the ASIDs; here the firmware's guests are counted.
umount /sys/fs/cgroup
modprobe cpuid
expect "5 guests" lab status guests=5
check_is 0
says PASS firmware-version "with 5 guests"
says PASS asids "5 of 99 ASIDs"
expect "99 guests" lab status guests=99
check_is 1
says WARN asids "99 of 99 ASIDs .*another guest gets EBUSY"
expect "it says the truth again" lab status truth
mount -t cgroup2 none /sys/fs/cgroup
check_is 0

scenario "a CPU without SNP_EN while SNP is initialised"
expect "its SNP_EN goes" lab snp-en 3 off
check_is 2
says FAIL snp-en "cpu-without-snp-en: CPU 3 "
says UNKNOWN firmware-state "not asked: on a CPU without SNP_EN"
says UNKNOWN mitigations "not asked: on a CPU without SNP_EN"
check_is 2 --format nagios
expect "Nagios gets one line" [ "$(wc -l </tmp/check)" -eq 1 ]
expect "... that names the breach" grep -q "^SNP CRITICAL - snp-en: cpu-without-snp-en: CPU 3 .*|.* 'fail'=1;;;0$" /tmp/check
check_is 1 --format npd
expect "node-problem-detector gets the breach" grep -q "^CRITICAL snp-en: cpu-without-snp-en: CPU 3 " /tmp/check
check_is 2 --format npd --exit-map nagios
check_is 2 --format prometheus
expect "Prometheus gets the result" grep -q '^snp_guard_check_status{check="snp-en",status="FAIL"} 1$' /tmp/check
check_is 2
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
says PASS since "assumed to be one window"
expect "CPU 3 comes" online 3
check_is 0 --since /tmp/before.json

scenario "SYSCFG that differs beside SNP_EN"
before=$(lab syscfg 2 | sed -n 's/.*\(0x[0-9a-f]*\).*/\1/p')
expect "another bit is set" lab syscfg 2 "$(printf '0x%x' $((before | 1 << 18)))"
check_is 1
says WARN syscfg "CPU 2 has"
expect "it is put back" lab syscfg 2 "$before"

scenario "MTRRs that differ before SNP is initialised"
expect "SNP ends" snp_unload
expect "one CPU's MTRR is written" write_msr 2 0x20e 0x80000000
check_is 1
says WARN msrs "variable MTRRs .MSR 0x20e. is 0 on CPU 0 and 0x80000000 on CPU 2"
expect "it is put back" write_msr 2 0x20e 0
check_is 0
says NOT-APPLICABLE firmware "ccp is not loaded"

scenario "an RMP that does not cover all RAM"
rmp=$(lab rmp)
expect "the RMP gets another end" lab rmp 0x30000000 0x301fffff
check_is 1
says WARN rmp-coverage "RAM ends at 0x.*, and the RMP covers memory up to 0x1fc00000"
says PASS rmp "0x30000000 to 0x301fffff"
expect "the BIOS reserved nothing" lab rmp 0 0x1fff
check_is 1
says WARN rmp "reserved no memory for the RMP"
# shellcheck disable=SC2086 # two words
expect "it is put back" lab rmp $rmp
check_is 0

scenario "after a full shutdown, with a CPU offline"
expect "CPU 3 goes" offline 3
check_is 0
says PASS online "CPUs 3 are offline"
says PASS snp-en "no window is open"
expect "CPU 3 comes" online 3

scenario "SNP that was asked for, and did not come up"
expect "SNP_INIT_EX is to fail" lab fail SNP_INIT_EX=0x3
kvm_without_snp
check_is 1
says WARN kvm-amd "sev_snp is N, so no SNP guest can run"
says WARN kvm-amd 'kernel.s log: "ccp .*SNP_INIT(_EX)? .*failed .*0x3"'
check_is 2 --require-snp
says FAIL kvm-amd "sev_snp is N"
rmmod kvm_amd ccp
expect "SNP_INIT_EX works again" lab fail none
check_is 2 --require-snp
says FAIL kvm-amd "not loaded"
# What is left is SNP_EN, as on a kernel before 7.1: a full shutdown takes it away.
snp_load && snp_unload

scenario "addresses that the kernel hides"
sysctl -q -w kernel.kptr_restrict=2
check_is 3
says UNKNOWN kptr-restrict "kernel.kptr_restrict is 2"
says PASS cap-syslog "CAP_SYSLOG is effective"
says UNKNOWN hotplug-count "can't be read"
expect_not "root is told to be root" grep -q "run as root$" /tmp/check
sysctl -q -w kernel.kptr_restrict=1
check_is 0
says PASS root "uid 0"

scenario "without the msr driver that is said once"
rmmod msr
mv /lib/modules /lib/modules.away
check_is 3
expect "the driver, what the contract lacks, and the CPUs" [ "$(grep -c "^UNKNOWN" /tmp/check)" -eq 3 ]
mv /lib/modules.away /lib/modules
modprobe msr
check_is 0

scenario "what a run publishes for monitors"
metrics=/run/snp_guard.prom
scraped() {
	wget -q -O /tmp/scraped "http://127.0.0.1:9817/$1"
}
ip link set lo up
guard_start --interval 1 --textfile $metrics --listen :9817
expect "the run is healthy" scraped healthz
expect "it says so" grep -qx ok /tmp/scraped
expect "its metrics are served" scraped metrics
expect "no window is open" grep -qx 'snp_guard_window_state{state="closed"} 1' /tmp/scraped
expect "SNP starts" snp_load
expect "a CPU lacks SNP_EN" lab snp-en 3 off
await "the guard names the breach" '"breach":"cpu-without-snp-en"'
await_that "the breach is counted" grep -q '^snp_guard_breaches_total{breach="cpu-without-snp-en",severity="critical"} 1$' $metrics
expect "the gate refuses" grep -qx 'snp_guard_gate_state{state="enforcing"} 1' $metrics
expect "one of four lacks SNP_EN" grep -qx 'snp_guard_cpus{state="snp_en"} 3' $metrics
expect "SNP_EN is put back" lab snp-en 3 on
expect "SNP ends" snp_unload
guard_stop
expect "nothing is attached any more" grep -qx 'snp_guard_gate_state{state="detached"} 1' $metrics
expect_not "nobody listens" scraped healthz

scenario "what a guard has on record"
check_is 0
says NOT-APPLICABLE gate "detached: no guard runs"
says NOT-APPLICABLE recorded "no guard has left a record"
guard_start --interval 1 --pin
expect "SNP starts" snp_load
check_is 0
says PASS gate "enforcing"
says PASS recorded "no-latch: named 1 time "
expect "a CPU lacks SNP_EN" lab snp-en 3 off
await "the guard names the breach" '"breach":"cpu-without-snp-en"'
expect "SNP_EN is put back" lab snp-en 3 on
guard_stop
check_is 2
says PASS snp-en "set on CPUs 0-3"
says FAIL recorded "cpu-without-snp-en: named 1 time "
says PASS gate "enforcing"
expect "SNP ends" snp_unload
expect "it is detached" snp-guard detach
check_is 0
says NOT-APPLICABLE recorded "no guard has left a record"

scenario "a guard without --pin tells what it has found"
guard_start --interval 0.5
check_is 0
says PASS gate "enforcing by .*, as long as the guard runs"
says PASS recorded "no finding"
expect "SNP is initialised" snp_load
expect "CPU 2 loses SNP_EN" lab snp-en 2 off
await "it is named" '"cpu":2,"breach":"snp-en-lost"'
expect "it has it again" lab snp-en 2 on
soon sh -c "snp-guard check | grep -q '^FAIL  *recorded'"
check_is 2
says FAIL recorded "snp-en-lost: named 1 time "
expect "SNP ends" snp_unload
kill -STOP $guard
soon sh -c "snp-guard check | grep -q '^WARN  *gate'"
says_now=$(snp-guard status)
kill -CONT $guard
expect "status says so" [ "${says_now#*degraded: no sweep has been complete}" != "$says_now" ]
guard_stop
expect_breach_set no-latch cpu-without-snp-en snp-en-lost

scenario "what can't be read is unknown"
echo "nobody:x:65534:65534::/:/bin/sh" >>/etc/passwd
start-stop-daemon -S -q -c 65534:65534 -x "$(command -v snp-guard)" -- check >/tmp/check 2>&1
expect "status 3" [ $? -eq 3 ]
says UNKNOWN root "not root"
says UNKNOWN hotplug-count "can't be read"
says UNKNOWN tracefs "can't be told here"
says UNKNOWN snp-en "CPUs 0-3 can't be read"
expect "SNP_EN is unknown" grep -qE "^UNKNOWN +(snp-en|sight) " /tmp/check
none_is FAIL
check_is 3 --since /etc/passwd

scenario "a host without SNP has nothing to check"
sed 's/sev_snp//' /proc/cpuinfo >/tmp/cpuinfo
mount --bind /tmp/cpuinfo /proc/cpuinfo
check_is 0
says NOT-APPLICABLE snp "no sev_snp"
check_is 2 --require-snp
check_is 1 --require-snp --format npd
umount /proc/cpuinfo

finish
