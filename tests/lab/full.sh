#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# A kernel with snp_prepare(), on firmware that clears SNP_EN at shutdown: each scenario
# begins and ends with the window closed.
. /lab/lib.sh
modprobe msr

scenario "a window opens at kvm-amd's load and closes at ccp's unload; the gate follows it"
guard_start
expect "before the window a CPU goes" offline 3
expect "... and comes" online 3
expect "SNP is initialised" snp_load
expect "kvm-amd says so" grep -q Y /sys/module/kvm_amd/parameters/sev_snp
await "the guard sees it" '"state":"initialised"'
expect_not "no CPU goes" offline 3
expect_not "no CPU goes by target" sh -c "echo 0 >$cpus/cpu3/hotplug/target"
expect_not "SMT stays" sh -c "echo off >$cpus/smt/control"
expect_not "no suspend" sh -c 'echo freeze >/sys/power/state'
expect_not "no resume" sh -c 'echo 8:0 >/sys/power/resume'
expect "reading is free" cat $cpus/cpu3/online $cpus/smt/control /sys/power/state
expect "CPU 3 stays" is_online 3
await "the refusal is on record" '"event":"denied".*"file":"cpu3/online","by":"open","refused":true'
for file in cpu3/hotplug/target cpu/smt/control power/state power/resume; do
	await "the refusal of $file is on record" "\"event\":\"denied\".*\"file\":\"$file\""
done
expect "ccp goes while the guard runs" snp_unload
await "the window closes" '"state":"window-closed"'
expect "after the window a CPU goes" offline 3
expect "... and comes" online 3
guard_stop
expect_breaches no-latch
expect_status 0
expect "a complete cycle is quiet" kernel_is_quiet

scenario "a descriptor opened before the window writes no more inside it"
guard_start
exec 7>$cpus/cpu3/online
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "the write is refused" sh -c 'echo 0 >&7'
exec 7>&-
expect "CPU 3 stays" is_online 3
await "it is on record as a write" '"file":"cpu3/online","by":"write","refused":true'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "files that only look alike are written inside a window"
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
mkdir -p /tmp/alike/devices/system/cpu/cpu3/hotplug
expect "another file called online" sh -c 'echo 1 >/tmp/alike/devices/system/cpu/cpu3/online'
expect "another file called target" sh -c 'echo 1 >/tmp/alike/devices/system/cpu/cpu3/hotplug/target'
expect "an unrelated file of sysfs" sh -c 'echo 0 >/sys/power/pm_async'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect "no refusal" [ "$(count_of '"event":"denied"')" -eq 0 ]

scenario "with --audit CPUs go and come, and both are named"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "CPU 3 goes" offline 3
await "the gate would have refused it" '"event":"denied".*"refused":false'
await "it is named" '"cpu":3,"breach":"cpu-offlined"'
expect "CPU 3 comes" online 3
await "the gate would have refused that, too" '"event":"denied".*"refused":false'
await "it is named" '"cpu":3,"breach":"cpu-onlined".*requested by'
expect "SNP ends" snp_unload
guard_stop
expect_breach_set cpu-offlined cpu-onlined no-latch
expect_status 2

scenario "with --audit CPUs go and come before the window, and nothing is named"
guard_start --audit
expect "CPU 3 goes" offline 3
expect "CPU 3 comes" online 3
expect "SNP is initialised" snp_load
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "a CPU that comes back without SNP_EN is named for both"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "CPU 3 goes" offline 3
expect "its SNP_EN goes" lab snp-en 3 off
expect "CPU 3 comes" online 3
await_each "it is named" '"cpu":3,"breach":"cpu-onlined"' '"cpu":3,"breach":"cpu-without-snp-en"'
expect "SNP_EN is put back" lab snp-en 3 on
expect "SNP ends" snp_unload
guard_stop
expect_breach_set cpu-offlined cpu-onlined cpu-without-snp-en no-latch
expect_status 2

scenario "SNP_EN that leaves CPU 3 is found by a sweep, and CPU 3 named"
guard_start --interval 0.5
expect "SNP is initialised" snp_load
await "the guard sees it" '"breach":"no-latch"'
expect "its SNP_EN goes" lab snp-en 3 off
await "it is found" '"cpu":3,"breach":"snp-en-lost"'
await "it is found" '"cpu":3,"breach":"cpu-without-snp-en"'
expect "SNP_EN is put back" lab snp-en 3 on
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch snp-en-lost cpu-without-snp-en
expect_status 2

scenario "SYSCFG that changes beside SNP_EN is no breach"
guard_start --interval 0.5
expect "SNP is initialised" snp_load
await "the guard sees it" '"breach":"no-latch"'
before=$(lab syscfg 3 | sed -n 's/.*\(0x[0-9a-f]*\).*/\1/p')
mark
expect "another bit is set" lab syscfg 3 "$(printf '0x%x' $((before | 1 << 18)))"
await "the sweep that is under way" '"event":"truth"'
await "the next one" '"event":"truth"'
expect "it is put back" lab syscfg 3 "$before"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

# hidden FILE...: SNP is initialised, and the guard starts where these files are empty
hidden() {
	: >/tmp/empty
	expect "SNP is initialised" snp_load
	for file; do
		expect "$file is hidden" mount --bind /tmp/empty "$file"
	done
	guard_start --interval 0.5
}

# shown FILE...: ends what hidden began
shown() {
	for file; do
		expect "$file is shown" umount "$file"
	done
	expect "SNP ends" snp_unload
	guard_stop
}

btf=/sys/kernel/btf/ccp
by_kvm=/sys/module/kvm_amd/parameters/sev_snp

scenario "without ccp's BTF KVM says that SNP is initialised, and CPU 3 without SNP_EN is named"
hidden $btf
await "KVM says so" '"state":"inferred".*KVM has found SNP initialised'
expect "its SNP_EN goes" lab snp-en 3 off
await_each "it is found" '"cpu":3,"breach":"snp-en-lost"' \
	'"cpu":3,"breach":"cpu-without-snp-en".*while SNP is initialised'
expect "SNP_EN is put back" lab snp-en 3 on
shown $btf
expect_breach_set no-latch snp-en-lost cpu-without-snp-en
expect_status 2

scenario "without ccp's BTF and KVM's parameter that is unknown, and CPU 3 without SNP_EN is named"
hidden $btf $by_kvm
await "the guard says so" '"breach":"blind".*find out whether SNP is initialised'
expect "its SNP_EN goes" lab snp-en 3 off
await_each "it is found" '"cpu":3,"breach":"snp-en-lost"' \
	'"cpu":3,"breach":"cpu-without-snp-en".*whether SNP is initialised is unknown'
expect "SNP_EN is put back" lab snp-en 3 on
shown $btf $by_kvm
expect_breach_set blind snp-en-lost cpu-without-snp-en
expect_status 2

scenario "without ccp's BTF a window in which all CPUs keep SNP_EN has no breach"
hidden $btf
await "KVM says so" '"state":"inferred".*KVM has found SNP initialised'
await "it has settled" '"breach":"no-latch"'
shown $btf
expect_breaches no-latch
expect_status 0

scenario "SNP_INIT_EX that fails is benign, and the next one is sound"
guard_start
expect "the firmware is told to fail" lab fail SNP_INIT_EX=0x3:once
snp_load
await "it is named" '"breach":"benign-failed-init".*0x3'
expect "the window is open" has '"state":"window-open"'
expect_not "the gate is shut all the same" offline 3
guard_stop
expect_breaches benign-failed-init
expect_status 0
rmmod kvm_amd ccp

scenario "started inside a window, the guard says what it infers"
expect "SNP is initialised" snp_load
guard_start
await_each "the guard says what it infers" '"state":"window-open"' \
	'"state":"inferred".*the driver has initialised SNP'
expect_not "the gate is shut" offline 3
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
expect "the gate is open" offline 3
expect "CPU 3 comes back" online 3
guard_stop
expect_breaches no-latch
expect_status 0

scenario "with a CPU offline snp_prepare() fails with -95, and nothing is named"
guard_start
expect "CPU 3 goes" offline 3
snp_load
await "snp_prepare() fails" '"event":"prepare-exit".*"result":-95'
expect "the gate is open again" online 3
rmmod kvm_amd ccp
guard_stop
expect_breaches
expect_status 0

scenario "--until-breach ends at the first breach, --for after its time"
guard_start --audit --until-breach
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "CPU 3 goes" offline 3
guard_ends
expect_status 1
expect_breach_set cpu-offlined no-latch
expect "CPU 3 comes" online 3
snp-guard run --for 1 >/dev/null 2>"$err"
expect "--for ends by itself" [ $? -eq 0 ]
expect "SNP ends" snp_unload

scenario "in a storm of hotplug it starts in time, and ends when it is asked"
rm -f /tmp/calm
while [ ! -e /tmp/calm ]; do
	offline 3
	online 3
	sleep 0.1
done 2>/dev/null &
storm=$!
# took COMMAND...: sets seconds
took() {
	seconds=$(cut -d . -f 1 /proc/uptime)
	"$@"
	seconds=$(($(cut -d . -f 1 /proc/uptime) - seconds))
}
took guard_start
expect "it is ready after $seconds s" [ "$seconds" -le 60 ]
kill -INT $guard
took guard_ends
expect "it ends $seconds s after SIGINT" [ "$seconds" -le 20 ]
replays_as "$json"
took snp-guard run --for 2 >/dev/null 2>&1
expect "with --for 2 it ends after $seconds s" [ "$seconds" -le 60 ]
snp-guard run >/dev/null 2>&1 &
guard=$!
sleep 1
kill -TERM $guard
took guard_ends
expect "it ends $seconds s after SIGTERM while it starts" [ "$seconds" -le 20 ]
: >/tmp/calm
wait $storm
is_online 3 || online 3

scenario "records that are lost are counted, and the run is called blind"
guard_start --buffer 4
kill -STOP $guard
n=0
while [ $n -lt 12 ]; do
	offline 3 && online 3
	n=$((n + 1))
done
kill -CONT $guard
await "the loss is named" '"breach":"blind".*lost'
guard_stop
expect_breaches blind
expect_status 1

finish
