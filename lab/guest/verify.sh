#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The guest's side of `snp-lab verify`: takes SNP through inits, shutdowns, a failure and kexec,
# with the guard in audit mode, so that only the kernel can refuse to move a CPU.
#
# The script runs once in each of two kernels; kexec starts the second. It prints lines for
# lib/verify.sh, each of which begins with one of these words:
#   kernel TEXT                 the kernel's release and configuration; once
#   step TEXT                   a step begins; "did" or "skip" ends it
#   did TEXT                    the step's outcome
#   skip WHY                    the step does not apply to this kernel
#   breach SEVERITY NAME TEXT   the guard reported a breach during the step
#   note TEXT                   to show; has no part in the verdict
#   unverified WHY              something that the verdict does not cover
#   done                        the last line
cpus=/sys/devices/system/cpu
json=/tmp/guard.json err=/tmp/guard.err
mark=0 # lines of the guard's output that earlier steps have reported

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
	[ $? -le 2 ] || echo "unverified the guard ended early: $(head -n 1 $err)"
	rm -f /run/ready
	report_breaches
	cp $json "/out/guard-$LAB_BOOT.json"
}

# source_of FACT: the hook through which the guard learns a fact on this kernel.
source_of() {
	snp-guard hooks --format json | sed -n "s/.*\"fact\":\"$1\".*\"source\":\"\([^\"]*\)\".*/\1/p"
}

# What the guard has printed during this step.
news() {
	tail -n +$((mark + 1)) $json
}

# await PATTERN: waits for up to 30 s.
await() {
	tries=0
	until news | grep -qE "$1"; do
		tries=$((tries + 1))
		[ $tries -le 300 ] || return 1
		sleep 0.1
	done
}

# state_text STATE: the text of this step's last report of a state.
state_text() {
	news | sed -n "s/.*\"state\":\"$1\",\"text\":\"\([^\"]*\)\".*/\1/p" | tail -n 1
}

window_is_open() {
	grep -oE '"state":"window-(open|closed)"' $json | tail -n 1 | grep -q open
}

# ---- steps ----

step() {
	echo "step $*"
}

# Prints the breaches of this step. That nobody sees who requested a CPU change hides no breach
# (the fact "asked"), so this one blind spot is only a note.
report_breaches() {
	last=$(wc -l <$json)
	head -n "$last" $json | tail -n +$((mark + 1)) | sed -n '
		/"event":"uncovered","fact":"asked"/ {
			n
			s/.*"breach":"blind","severity":"\([^"]*\)","text":"\([^"]*\)".*/note \1 blind: \2/p
			d
		}
		s/.*"breach":"\([^"]*\)","severity":"\([^"]*\)","text":"\([^"]*\)".*/breach \2 \1 \3/p'
	mark=$last
}

# did TEXT: ends a step. The guard judges a state once it has settled, which takes 0.5 s.
did() {
	sleep 1.2
	echo "did $*"
	report_breaches
}

skip() {
	step "$1"
	shift
	echo "skip $*"
}

is_builtin() {
	grep -q "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin"
}

# The last CPU that is present: the one that kexec leaves offline.
last_cpu() {
	sed 's/.*[-,]//' $cpus/present
}

# set_online CPU 0|1: on failure, refusal holds the kernel's error.
set_online() {
	refusal=$({ echo "$2" >$cpus/cpu"$1"/online; } 2>&1) && return
	refusal=${refusal##*: }
	return 1
}

# Takes the last CPU offline and back online, or only online if it is offline. Sets cpu, and moved
# to what happened; fails if the kernel refused the first change.
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

# attempt WHEN: tries to move a CPU, which must work outside a window. Inside one the kernel should
# refuse; if it does not, the guard reports the breach.
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
			echo "breach warning hotplug-stuck no window is open, but the kernel refuses to move CPU $cpu: $refusal"
		fi
	fi
}

# On CPU 0, since snp_prepare() looks at SNP_EN of the CPU that it runs on.
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

# The rule by which the firmware refused the last of the commands that begin and end SNP, if it did,
# and the last line of the kernel's log about SEV.
why_not() {
	lab log | grep -E ' (INIT|INIT_EX|SNP_[A-Z_]*(INIT|FLUSH|SHUTDOWN)(_EX)?) ' | tail -n 1 |
		sed -n 's/^[^ ]* [^ ]* \([A-Z_]*\) .* status=\([^ ]*\) [^:]*: \(.*\)/firmware refused \1 with \2: \3; /p' |
		tr -d '\n'
	dmesg | grep -E 'SEV|ccp|kvm' | tail -n 1 | sed 's/^\[[^]]*\] //' | grep . || echo "the kernel's log does not mention SEV"
}

# end_snp STEP COMMAND...: ends SNP by the command.
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

# Ends SNP where ccp is no module: without its device, the driver shuts the firmware down.
unbind_ccp() {
	for device in /sys/bus/pci/drivers/ccp/0000:*; do
		echo "${device##*/}" >/sys/bus/pci/drivers/ccp/unbind || return
	done
}

# ---- SNP's life ----

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
		did "SNP was initialised before the guard started"
	else
		did "SNP is not initialised"
		echo "unverified SNP was not initialised at boot: $(why_not)"
	fi
	attempt "SNP is initialised"
	end_snp "ccp is taken off its device" unbind_ccp
	attempt "after the shutdown"
	skip "ccp and kvm-amd are reloaded" "kvm-amd is built in: nothing initialises SNP again"
}

# The kernel's own reports of bugs; not those of stalls, which a slow machine causes too.
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
	# One CPU stays offline, to try whether the next kernel lets it come online.
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
