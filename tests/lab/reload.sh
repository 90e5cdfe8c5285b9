#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# ccp and kvm-amd loaded and unloaded again and again under one guard: it never holds a module, it
# misses no command from the module's first call on, and it does not grow.
# /lab/reloads holds how often; without it 12 times. Then SNP is initialised under KVM by /lab/reinit, and
# ccp comes as another build, by objcopy.
# Needs --firmware full.
. /lab/lib.sh
modprobe msr
times=$(cat /lab/reloads 2>/dev/null || echo 12)
warm=$((times / 4))

descriptors() {
	find "/proc/$guard/fd" -type l | wc -l
}

memory_kib() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$guard/status"
}

waits() {
	grep -q poll "/proc/$guard/wchan"
}

# The least of some looks, each while the guard waits: a sweep opens files, and as ccp comes, the guard
# holds the kernel's types, for seconds where the machine is loaded.
least() {
	for look in 1 2 3 4 5 6; do
		soon waits
		"$1"
		[ $look -eq 6 ] || sleep 0.5
	done | sort -n | head -n 1
}

# How often the firmware itself was asked, and how often the guard saw it.
asked() {
	lab log | grep -c " $1 "
}

seen() {
	count_of "\"event\":\"command\".*\"command_name\":\"$1\""
}

# Another build of ccp, as far as names go.
rename_commands() {
	objcopy --redefine-sym __sev_do_cmd_locked="__sev_do_cmd_locked$1" \
		--redefine-sym __sev_snp_shutdown_locked="__sev_snp_shutdown_locked$1" \
		"$(modinfo -F filename ccp)" /tmp/ccp.ko
}

load_renamed() {
	insmod /tmp/ccp.ko && modprobe kvm-amd sev_snp=1
}

scenario "$times reloads: no module is held, no command is missed, nothing grows"
guard_start --interval 3600
n=0
while [ $n -lt "$times" ] && [ -z "$broken" ]; do
	n=$((n + 1))
	expect "reload $n: SNP is initialised" snp_load
	expect "reload $n: both modules go" snp_unload
	[ $n -ne $warm ] || {
		descriptors_then=$(least descriptors)
		memory_then=$(least memory_kib)
	}
	[ $((n % 50)) -ne 0 ] || echo "    # $n of $times"
done
descriptors_now=$(least descriptors)
memory_now=$(least memory_kib)
guard_stop
expect "no descriptor more: $descriptors_then then, $descriptors_now now" \
	[ "$descriptors_now" -eq "$descriptors_then" ]
# What the allocator keeps is not given back at once: a page or two for each hundred reloads is noise.
expect "no memory more: $memory_then KiB then, $memory_now KiB now" \
	[ "$memory_now" -le $((memory_then + 256)) ]
for command in SNP_INIT_EX SNP_DF_FLUSH SNP_SHUTDOWN_EX; do
	expect "each $command was seen: $(asked $command) by the firmware, $(seen $command) by the guard" \
		[ "$(asked $command)" -eq "$(seen $command)" ]
	expect "... and there were as many as reloads" [ "$(seen $command)" -ge "$times" ]
done
expect "each window was seen" [ "$(count_of '"state":"window-closed"')" -eq "$times" ]
expect_breaches no-latch
expect_status 0

# Nothing but unmodified modules: what the kernel does to KVM as SNP is initialised late.
load_lazily() {
	taskset -c 0 modprobe ccp psp_init_on_probe=0 && taskset -c 0 modprobe kvm-amd sev_snp=1
}

scenario "SNP initialised again while KVM has virtualisation enabled leaves no CPU that can run a VM"
guard_start --interval 3600
expect "SNP is initialised" load_lazily
await "it is" '"state":"initialised"'
expect "SNP ends, and is initialised again" reinit
await_each "a sweep sees what that did to each CPU" '"cpu":0,.*"no_hsave":true' '"cpu":3,.*"no_hsave":true'
await "it is named once that lasts" '"breach":"init-under-guests".*on CPUs 0-3, where KVM'
check_is 1 --only kvm-amd
says WARN kvm-amd "init-under-guests: VM_HSAVE_PA is 0 on CPUs 0-3"
expect "kvm-amd goes" rmmod kvm_amd
expect "... and comes anew" modprobe kvm-amd sev_snp=1
mark
expect "both modules go" snp_unload
await "the window closes" '"state":"window-closed"'
expect "the breach was named once" [ "$(count_of '"breach":"init-under-guests"')" -eq 1 ]
guard_stop
expect_breach_set no-latch init-under-guests
expect_status 1

scenario "SNP ended and KVM loaded anew: virtualisation is enabled after SNP is initialised"
guard_start --interval 3600
for n in 1 2; do
	expect "SNP is initialised" load_lazily
	await "it is" '"state":"initialised"'
	expect "every CPU can run a VM" [ "$(lab cpus | grep -c 'hsave_pa=0x0 ')" -eq 0 ]
	sleep 1.2
	expect "both modules go" snp_unload
done
guard_stop
expect_breaches no-latch
expect_status 0

scenario "a ccp of another build, with other names of its functions, is followed"
guard_start --interval 3600
rename_commands .llvm.42
expect "it is loaded and initialises SNP" load_renamed
await "its commands are seen from now on" '"breach":"blind".*"text":"ccp: another __sev_do_cmd_locked (put right)'
mark
expect "SNP ends" snp_unload
await "the shutdown is seen" '"command_name":"SNP_SHUTDOWN_EX"'
await "... and ends the window" '"state":"window-closed"'
mark
expect "it comes again" load_renamed
await "its first command is seen" '"command_name":"SNP_INIT_EX"'
expect "SNP ends" snp_unload
guard_stop
expect_breach_set no-latch blind
expect_status 1

scenario "a ccp that hides its commands is a blind spot"
guard_start --interval 3600
rename_commands .constprop.0
expect "it is loaded and initialises SNP" load_renamed
await "that is named" '"breach":"blind".*"text":"ccp: another __sev_do_cmd_locked (not put right)'
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
guard_stop
expect_status 1

finish
