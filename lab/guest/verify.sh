#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The guest's side of `snp-lab verify`: takes SNP through inits, shutdowns, a failure and kexec,
# with the guard in audit mode, so that only the kernel can refuse to move a CPU.
#
# The script runs once in each of three kernels: kexec starts the second one, and the panic of the second
# one the third. With lab.verify=quick in the kernel's parameters there is only the first one, and fewer
# steps. It prints lines for lib/verify.sh, each of which begins with one of these words:
#   kernel TEXT                 the kernel's release and configuration; once
#   step TEXT                   a step begins; "did" or "skip" ends it
#   did TEXT                    the step's outcome
#   skip WHY                    the step does not apply to this kernel
#   breach SEVERITY NAME TEXT   the guard reported a breach during the step
#   note TEXT                   to show; has no part in the verdict
#   unverified WHY              something that the verdict does not cover
#   panic TIME NOTIFIER CRASH   the kernel panics now. TIME: of the last line of the firmware's log;
#                               NOTIFIER: "yes" if the kernel ends SNP in a panic, else "no"; CRASH: "yes"
#                               if a crash kernel is loaded, which goes on with "did"; else nothing follows
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

# breach SEVERITY NAME TEXT: one that the guard does not look for.
breach() {
	echo "breach $*"
}

# source_of FACT: the hook through which the guard learns a fact on this kernel.
source_of() {
	snp-guard hooks --format json | sed -n "s/.*\"fact\":\"$1\",\"covered\":[a-z]*,\"source\":\"\([^\"]*\)\".*/\1/p"
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

# put TEXT FILE: writes the text into the file; on failure, errno holds the kernel's error.
put() {
	errno=$({ echo "$1" >"$2"; } 2>&1) && return
	errno=${errno##*: }
	return 1
}

# set_online CPU 0|1
set_online() {
	put "$2" $cpus/cpu"$1"/online
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
			did "the kernel refused it: CPU $cpu, $errno"
		fi
	else
		step "hotplug is free: $1"
		if move_cpu; then
			did "CPU $cpu $moved"
		else
			did "the kernel refused it: CPU $cpu, $errno"
			breach warning hotplug-stuck "no window is open, but the kernel refuses to move CPU $cpu: $errno"
		fi
	fi
}

# On CPU 0, since snp_prepare() looks at SNP_EN of the CPU that it runs on.
load() {
	taskset -c 0 modprobe ccp && taskset -c 0 modprobe kvm-amd sev_snp=1
}

# SNP is initialised, SEV not: each ioctl that needs SEV initialises it, and ends both.
load_without_probe() {
	taskset -c 0 modprobe ccp psp_init_on_probe=0 && taskset -c 0 modprobe kvm-amd sev_snp=1
}

unload() {
	rmmod kvm_amd && { $ccp_builtin || rmmod ccp; }
}

# initialise STEP [COMMAND]: by the command, else by load.
initialise() {
	step "$1"
	if ${2:-load} && await '"state":"initialised"'; then
		did "$(state_text initialised)"
	else
		did "SNP is not initialised"
		echo "unverified SNP was not initialised (\"$1\"): $(why_not)"
	fi
}

# refusal: how the firmware refused the last of the commands that begin and end SNP, and by which rule; fails
# if it did not.
refusal() {
	lab log | grep -E ' (INIT|INIT_EX|SNP_[A-Z_]*(INIT|FLUSH|SHUTDOWN)(_EX)?) ' | tail -n 1 |
		grep -v status=0x00 | sed -n 's/^[^ ]* [^ ]* \([A-Z_]*\) .* status=\([^ ]*\) [^:]*: \(.*\)/firmware refused \1 with \2: \3/p' |
		grep .
}

# That, and the last line of the kernel's log about SEV.
why_not() {
	refusal | sed 's/$/; /' | tr -d '\n'
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

# ---- steps that --quick leaves out ----

quick=false
! grep -qw lab.verify=quick /proc/cmdline || quick=true

firmware_has_snp() {
	lab state | grep -qx snp=init
}

# Nothing wakes the lab's machine, so the kernel resumes its devices as soon as they are suspended (kernel
# Documentation/power/basic-pm-debugging.rst). No CPU goes offline in a suspend to idle.
suspend_to_idle() {
	if [ ! -e /sys/power/pm_test ]; then
		skip "suspend to idle" "the kernel has no PM_SLEEP_DEBUG"
		return
	fi
	step "suspend to idle"
	echo 0 >/sys/module/suspend/parameters/pm_test_delay
	echo platform >/sys/power/pm_test
	if ! put freeze /sys/power/state; then
		did "the kernel refused it: $errno"
	elif firmware_has_snp; then
		did "every device was suspended and resumed; SNP is initialised"
	else
		did "SNP is no longer initialised"
		breach warning lost-in-suspend "the firmware's SNP ended in a suspend to idle"
	fi
	echo none >/sys/power/pm_test
}

# smt/control takes every second CPU of a core offline without opening cpuN/online.
smt() {
	if [ "$(cat $cpus/smt/control)" != on ]; then
		skip "move CPUs by smt/control" "a core has one thread (--threads 2)"
		return
	fi
	step "move CPUs by smt/control"
	if ! put off $cpus/smt/control; then
		did "the kernel refused it: $errno"
	elif put on $cpus/smt/control; then
		did "nothing in the kernel refused it: SMT went off and came back"
	else
		did "SMT went off and can't come back: $errno"
	fi
}

# asked STEP REQUEST: a request of snp-ioctl. The two faults are the kernel's: it initialises SNP again though
# KVM has virtualisation enabled.
asked() {
	step "$1"
	answer=$(snp-ioctl "$2")
	why=$(refusal)
	did "$answer"
	[ -z "$why" ] || breach warning init-refused "$answer; $why"
}

life_on_demand() {
	if $ccp_builtin; then
		skip "ccp is loaded with psp_init_on_probe=0" "ccp is built in"
		return
	fi
	initialise "ccp is loaded with psp_init_on_probe=0" load_without_probe
	asked "an ioctl of /dev/sev ends SNP" pek-csr
	asked "KVM_SEV_INIT2 initialises it again" init2
	step "kvm-amd and ccp are unloaded"
	unload
	did "SNP is $(firmware_has_snp || echo "not ")initialised in the firmware"
}

# ---- a panic, and the crash kernel ----

# Sets crash to whether a crash kernel is loaded.
crash_kernel() {
	crash=no
	if [ ! -e /sys/kernel/kexec_crash_size ]; then
		skip "a crash kernel is loaded" "the kernel has no CRASH_DUMP"
		return
	fi
	step "a crash kernel is loaded"
	if lab crash-kernel >/tmp/crash.err 2>&1; then
		crash=yes
		did "it is"
	else
		did "it is not"
		echo "unverified no crash kernel was loaded: $(tail -n 1 /tmp/crash.err)"
	fi
}

# The kernel asks the firmware to end SNP before it starts the crash kernel (snp_shutdown_on_panic();
# snp_rmptable_init() sets crash_kexec_post_notifiers). lib/verify.sh reads in the firmware's log whether it did.
panic() {
	if [ ! -e /proc/sysrq-trigger ]; then
		skip "the kernel panics" "the kernel has no MAGIC_SYSRQ"
		echo "done"
		return
	fi
	guard_stop
	kernel_complaints
	crash_kernel
	step "the kernel panics"
	if grep -q ' snp_shutdown_on_panic' /proc/kallsyms; then notifier=yes; else notifier=no; fi
	lab send-out
	[ $crash = yes ] || lab exit 0
	echo "panic $(lab log | tail -n 1 | cut -d ' ' -f 1) $notifier $crash"
	sleep 1 # until the line is out
	echo 1 >/proc/sys/kernel/sysrq
	taskset -c 0 sh -c 'echo c >/proc/sysrq-trigger'
	sleep 60
	echo "unverified the kernel does not panic"
}

# The crash kernel never initialises SNP, on a host where SNP_EN may be set.
third_kernel() {
	guard_start || return
	did "SNP_EN is $(window_is_open && echo set || echo clear) in the crash kernel"
	step "kvm-amd is loaded in the crash kernel"
	load
	did "SNP is $(firmware_has_snp || echo "not ")initialised in the firmware"
	guard_stop
	kernel_complaints
	echo "done"
}

# ---- SNP's life ----

life_by_modules() {
	initialise "kvm-amd is loaded, first of all"
	attempt "SNP is initialised"
	end_snp "kvm-amd and ccp are unloaded" unload
	attempt "after the shutdown"
	initialise "they are loaded again"
	attempt "SNP is initialised again"
	if ! $quick; then
		smt
		suspend_to_idle
	fi
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
	if $quick; then
		echo "done"
		return
	fi
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
		skip "the kernel panics" "SNP can't be initialised for it: kvm-amd is built in"
	else
		attempt "after kexec"
		initialise "kvm-amd is loaded after kexec"
		attempt "SNP is initialised after kexec"
		end_snp "kvm-amd and ccp are unloaded" unload
		attempt "after the shutdown"
		life_on_demand
		initialise "kvm-amd is loaded before a panic"
		panic
		return
	fi
	guard_stop
	kernel_complaints
	echo "done"
}

modprobe msr
if is_builtin ccp; then ccp_builtin=true; else ccp_builtin=false; fi
if is_builtin kvm-amd; then kvm_builtin=true; else kvm_builtin=false; fi
case $LAB_BOOT in
1) first_kernel ;;
2) second_kernel ;;
*) third_kernel ;;
esac
