#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Every source of a fact leads to the same verdicts: where hooks of one kind are left out on request
# or refused by the kernel, the guard uses the next kind. Then what the guard needs of the host.
# Needs --firmware full, the stand-in for ccp in /lab/stub, and occupy.
. /lab/lib.sh
modprobe msr

# One life cycle with a CPU that goes and comes in it.
cycle() {
	expect "SNP is initialised" snp_load
	await "the guard sees it" '"state":"initialised"'
	expect "CPU 3 goes" offline 3
	expect "CPU 3 comes" online 3
	expect "SNP ends" snp_unload
}

other_is_shown() {
	expect "a PCI probe's disable is other" \
		has '"hotplug-disable".*"owner":"other","caller":"pci_call_probe"'
	expect "... and its enable" \
		has '"hotplug-enable".*"owner":"other","caller":"pci_call_probe"'
}

scenario "each fact by its best source"
guard_start --audit
cycle
guard_stop
other_is_shown
expect_breach_set cpu-offlined cpu-onlined no-latch
expect_status 2

for avoid in "fentry" "fentry tracepoint"; do
	scenario "the same verdicts without $avoid"
	# shellcheck disable=SC2046,SC2086 # options are words
	guard_start --audit $(printf -- '--avoid %s ' $avoid)
	cycle
	guard_stop
	[ "$avoid" != fentry ] || other_is_shown
	expect "SNP_EN is seen to be set" has '"event":"snp-enable"'
	expect "the requester is known" has 'requested by'
	uncovered=
	[ "$avoid" = fentry ] || uncovered='"modules","cpuhp-fail"'
	expect "the guard says what it can't see" has "\"uncovered\":\[$uncovered\]"
	sed -i '/"breach":"blind"/d' "$json"
	expect_breach_set cpu-offlined cpu-onlined no-latch
done

scenario "without kprobes the guard can't follow the commands, and reports that"
guard_start --audit --avoid kprobe
expect "SNP is initialised" snp_load
await "SNP_EN is seen to be set" '"event":"snp-enable"'
expect "SNP ends" snp_unload
await "the window is closed all the same" '"state":"window-closed"'
guard_stop
expect "it is said" has '"breach":"blind".*commands'

scenario "the stand-in's disable and enable are SNP's by a kprobe's call stack, too"
guard_start --avoid fentry
expect "the stand-in" insmod /lab/stub/ccp.ko
expect "v10's steps" taskset 1 sh -c \
	'echo "disable prepare! init flush shutdown-full snp-shutdown enable" >/sys/module/ccp/parameters/do'
sleep 0.6
guard_stop
expect "the disable is SNP's" has '"hotplug-disable".*"owner":"snp"'
expect "the enable is SNP's" has '"hotplug-enable".*"owner":"snp"'
expect_breaches
expect_status 0
rmmod ccp

scenario "the gate is shut without fentry"
guard_start --avoid fentry
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "no CPU goes" offline 3
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch

scenario "a function whose places are all taken is followed by a kprobe"
occupy snp_prepare cpu_hotplug_disable set_cpu_online >/tmp/occupied &
occupy=$!
await_that "they are taken" grep -q occupied /tmp/occupied
guard_start --audit
cycle
expect "the kprobe is there" grep -q snp_guard/online_set_probe /sys/kernel/tracing/kprobe_events
guard_stop
kill $occupy
other_is_shown
expect_breach_set cpu-offlined cpu-onlined no-latch
expect "no kprobe is left" [ ! -s /sys/kernel/tracing/kprobe_events ]

scenario "a kernel that does not run: its files say what it says when it runs"
modprobe ccp
expect "the running kernel" sh -c "snp-guard hooks >/tmp/running"
expect "... has facts" grep -q snp_prepare /tmp/running
cat /proc/kallsyms >/tmp/kallsyms
expect "its files" sh -c "snp-guard hooks --btf /sys/kernel/btf/vmlinux --kallsyms /tmp/kallsyms \
	--modules /lib/modules/$(uname -r) >/tmp/files"
expect "the same" diff /tmp/running /tmp/files
# Written without root there are no addresses, and a System.map may be an empty stand-in.
sed 's/^[0-9a-f]*/0000000000000000/' /tmp/kallsyms >/tmp/hidden
echo "ffffffffffffffff B The real System.map is elsewhere" >/tmp/stub
for file in hidden stub; do
	snp-guard hooks --btf /sys/kernel/btf/vmlinux --kallsyms /tmp/$file >/tmp/none 2>/tmp/why
	expect "$file: status 3" [ $? -eq 3 ]
	expect "$file: one line" [ "$(grep -c "^snp-guard: .*/tmp/$file" /tmp/why)" -eq 1 ]
done

scenario "symbols without /proc/kallsyms, and without the iterator in its place"
mount --bind /dev/null /proc/kallsyms
expect "no file" sh -c "snp-guard hooks >/tmp/iterated"
umount /proc/kallsyms
expect "... the same" diff /tmp/running /tmp/iterated
expect "no iterator" sh -c "/usr/local/bin/setpriv --bounding-set -bpf,-sys_admin snp-guard hooks >/tmp/read"
expect "... the same" diff /tmp/running /tmp/read
mount --bind /dev/null /proc/kallsyms
/usr/local/bin/setpriv --bounding-set -bpf,-sys_admin snp-guard hooks >/tmp/none 2>/tmp/why
expect "neither: status 3" [ $? -eq 3 ]
expect "... one line" [ "$(grep -c '^snp-guard: ' /tmp/why)" -eq 1 ]
umount /proc/kallsyms
echo 2 >/proc/sys/kernel/kptr_restrict
snp-guard hooks >/tmp/none 2>/tmp/why
expect "hidden from the iterator, too" [ $? -eq 3 ]
expect "... by name" grep -q kptr_restrict /tmp/why
echo 1 >/proc/sys/kernel/kptr_restrict
rmmod ccp

scenario "two guards at once are refused"
guard_start
snp-guard run --for 1 >/dev/null 2>/tmp/second
expect "status 3" [ $? -eq 3 ]
expect "one line" grep -q '^snp-guard: guard [0-9][0-9]* is running here: stop it first' /tmp/second
expect "the first is as it was" grep -q snp_guard/command_enter /sys/kernel/tracing/kprobe_events
guard_stop
expect_status 0

scenario "a guard that was killed is no obstacle to the next one"
guard_start
kill -9 $guard
wait $guard
expect "its kprobes are still there" grep -q snp_guard/ /sys/kernel/tracing/kprobe_events
guard_start
guard_stop
expect_status 0
expect "no kprobe is left" [ ! -s /sys/kernel/tracing/kprobe_events ]

finish
