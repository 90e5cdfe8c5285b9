#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The guest's side of `snp-lab verify`: takes SNP through its life with the guard in audit
# mode, so that what refuses a CPU is the kernel alone. Each line it prints is for snp-lab:
#   kernel TEXT                 which kernel this is; once
#   step TEXT                   a step begins; one of the next two ends it
#   did TEXT                    what came of it
#   skip WHY                    it can't be done here: not applicable
#   breach SEVERITY NAME TEXT   named in the step
#   unverified WHY              what the verdict does not cover
#   done                        the last one
# The script runs once in each kernel; the second one is started by kexec.
cpus=/sys/devices/system/cpu
json=/tmp/guard.json err=/tmp/guard.err
mark=0 # lines of the guard's output that are told

# ---- the guard ----

guard_start() {
	: >$json
	mark=0
	snp-guard run --audit --format json --record "/out/$LAB_BOOT.trace" --ready-file /run/ready >$json 2>$err &
	guard=$!
	while [ ! -e /run/ready ]; do
		kill -0 $guard 2>/dev/null || {
			echo "unverified the guard does not start: $(head -n 1 $err)"
			return 1
		}
		sleep 0.1
	done
}

guard_stop() {
	kill $guard
	wait $guard
	[ $? -le 2 ] || echo "unverified the guard did not get to its end: $(head -n 1 $err)"
	rm -f /run/ready
	tell
	cp $json "/out/guard-$LAB_BOOT.json"
}

# From where the guard has a fact on this kernel.
source_of() {
	snp-guard hooks --format json | sed -n "s/.*\"fact\":\"$1\".*\"source\":\"\([^\"]*\)\".*/\1/p"
}

# What the guard printed since the last step.
news() {
	tail -n +$((mark + 1)) $json
}

await() {
	tries=0
	until news | grep -qE "$1"; do
		tries=$((tries + 1))
		[ $tries -le 300 ] || return 1
		sleep 0.1
	done
}

# The text of the last state of this name in this step.
state_text() {
	news | sed -n "s/.*\"state\":\"$1\",\"text\":\"\([^\"]*\)\".*/\1/p" | tail -n 1
}

# The last one counts, of this run.
window_is_open() {
	grep -oE '"state":"window-(open|closed)"' $json | tail -n 1 | grep -q open
}

# ---- steps ----

step() {
	echo "step $*"
}

# What was named since the last step.
tell() {
	last=$(wc -l <$json)
	head -n "$last" $json | tail -n +$((mark + 1)) |
		sed -n 's/.*"breach":"\([^"]*\)","severity":"\([^"]*\)","text":"\([^"]*\)".*/breach \2 \1 \3/p'
	mark=$last
}

# The guard judges what has settled for half a second.
did() {
	sleep 1.2
	echo "did $*"
	tell
}

skip() {
	step "$1"
	shift
	echo "skip $*"
}

is_builtin() {
	grep -q "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin"
}

# The last CPU that is present: by itself in no group that the lab's machine has.
last_cpu() {
	sed 's/.*[-,]//' $cpus/present
}

# Writes to a CPU's online file; what the kernel says of it goes to $refusal.
set_online() {
	refusal=$({ echo "$2" >$cpus/cpu"$1"/online; } 2>&1) && return
	refusal=${refusal##*: }
	return 1
}

# Where nothing stands against it, the CPU is back at the end.
move_cpu() {
	cpu=$(last_cpu)
	if [ "$(cat $cpus/cpu"$cpu"/online)" = 0 ]; then
		if set_online "$cpu" 1; then moved="came online"; else moved=; fi
	elif ! set_online "$cpu" 0; then
		moved=
	elif set_online "$cpu" 1; then
		moved="went offline and came back"
	else
		moved="went offline and can't come back"
	fi
	[ "$moved" ]
}

# The gate only watches: whether a CPU may move inside a window is up to the kernel.
attempt() {
	if window_is_open; then
		step "move a CPU: $1"
		if move_cpu; then
			did "nothing in the kernel refused it: CPU $cpu $moved"
		else
			did "the kernel refused it: CPU $cpu, $refusal"
		fi
	else
		step "hotplug is free: $1"
		if move_cpu; then
			did "CPU $cpu $moved"
		else
			did "the kernel refused it: CPU $cpu, $refusal"
			echo "breach warning hotplug-stuck no window is open, and the kernel refuses to move CPU $cpu: $refusal"
		fi
	fi
}

# snp_prepare() decides on the CPU that it runs on.
load() {
	taskset -c 0 modprobe ccp && taskset -c 0 modprobe kvm-amd sev_snp=1
}

unload() {
	rmmod kvm_amd && { $ccp_builtin || rmmod ccp; }
}

initialise() {
	step "$1"
	if load && await '"state":"initialised"'; then
		did "$(state_text initialised)"
	else
		did "SNP is not initialised"
		echo "unverified SNP was not initialised (\"$1\"): $(why_not)"
	fi
}

# The driver's own words.
why_not() {
	dmesg | grep -E 'SEV|ccp|kvm' | tail -n 1 | sed 's/^\[[^]]*\] //' | grep . || echo "the kernel says nothing of it"
}

end_snp() {
	step "$1"
	shift
	if "$@" && await '"state":"(legacy|full)-shutdown"'; then
		did "$(state_text '[a-z]*-shutdown')"
	else
		did "SNP did not end"
		echo "unverified SNP did not end: $(why_not)"
	fi
}

# Without modules to unload, the driver is taken off its device.
unbind_ccp() {
	for device in /sys/bus/pci/drivers/ccp/0000:*; do
		echo "${device##*/}" >/sys/bus/pci/drivers/ccp/unbind || return
	done
}

# ---- lives ----

life_by_modules() {
	initialise "kvm-amd is loaded, first of all"
	attempt "SNP is initialised"
	end_snp "kvm-amd and ccp are unloaded" unload
	attempt "after the shutdown"
	initialise "they are loaded again"
	attempt "SNP is initialised again"
	if $ccp_builtin; then
		skip "ccp is reloaded" "ccp is built in"
	fi
	step "kvm-amd alone is reloaded"
	if rmmod kvm_amd && load && await '"state":"initialised"'; then
		did "$(state_text '[a-z]*-shutdown'); $(state_text initialised)"
	else
		did "SNP is not initialised"
		echo "unverified SNP was not initialised by kvm-amd's reload: $(why_not)"
	fi
	end_snp "kvm-amd and ccp are unloaded" unload
	step "SNP_INIT_EX fails"
	lab fail SNP_INIT_EX=0x3:once
	load
	did "the firmware was told to answer 0x3"
	unload
	initialise "SNP_INIT_EX succeeds after that"
	attempt "SNP is initialised after a failure"
}

life_built_in() {
	step "kvm-amd initialises SNP as the kernel boots"
	if grep -q '"initialised":true' $json; then
		did "SNP is initialised; that was before the guard"
	else
		did "SNP is not initialised"
		echo "unverified SNP was not initialised at boot: $(why_not)"
	fi
	attempt "SNP is initialised"
	end_snp "ccp is taken off its device" unbind_ccp
	attempt "after the shutdown"
	skip "ccp and kvm-amd are reloaded" "kvm-amd is built in: nothing initialises SNP again"
}

# Complaints of the kernel that are not of a machine that is slow.
kernel_complaints() {
	dmesg | sed 's/^\[[^]]*\] //' |
		grep -E '^WARNING: |possible (circular|recursive)|^BUG: (unable|KASAN|kernel|sleeping|scheduling)|Oops:' |
		sort -u | head -n 5 | sed 's/^/breach warning kernel-complaint /'
}

first_kernel() {
	echo "kernel Linux $(uname -r), $(nproc) CPUs, $({ $ccp_builtin && echo "ccp built in"; } || echo "ccp a module"), $({ $kvm_builtin && echo "kvm-amd built in"; } || echo "kvm-amd a module")"
	step "the guard starts"
	guard_start || return
	did "shutdowns are seen by $(source_of shutdown)"
	if $kvm_builtin; then
		life_built_in
	else
		attempt "before SNP"
		life_by_modules
	fi
	guard_stop
	kernel_complaints
	step "kexec"
	# A CPU that is offline shows whether the next kernel lets it come online.
	if $kvm_builtin; then set --; else set -- maxcpus=$(($(nproc) - 1)); fi
	lab kexec "$@" >/tmp/kexec.err 2>&1
	echo "unverified kexec did not start the kernel: $(tail -n 1 /tmp/kexec.err)"
	return 1
}

second_kernel() {
	guard_start || return
	if window_is_open; then
		did "SNP_EN is $($kvm_builtin || echo "still ")set in the kernel that was started"
	else
		did "SNP_EN is clear in the kernel that was started"
	fi
	if $kvm_builtin; then
		attempt "after kexec"
		end_snp "ccp is taken off its device" unbind_ccp
		attempt "after the shutdown"
	else
		attempt "after kexec"
		initialise "kvm-amd is loaded after kexec"
		attempt "SNP is initialised after kexec"
		end_snp "kvm-amd and ccp are unloaded" unload
		attempt "after the shutdown"
	fi
	guard_stop
	kernel_complaints
	echo "done"
}

modprobe msr
if is_builtin ccp; then ccp_builtin=true; else ccp_builtin=false; fi
if is_builtin kvm-amd; then kvm_builtin=true; else kvm_builtin=false; fi
if [ "$LAB_BOOT" = 1 ]; then first_kernel; else second_kernel; fi
