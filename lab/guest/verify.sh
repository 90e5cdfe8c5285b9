#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The guest's side of `snp-lab verify`: takes SNP through inits, shutdowns, a failure and kexec,
# with the guard in audit mode, so that only the kernel can refuse to move a CPU.
#
# The steps are grouped in stages, the functions stage_NAME. The script runs once in each of three kernels:
# kexec starts the second one, and the panic of the second one the third. With lab.verify=quick in the kernel's
# parameters there is only the first one, and fewer stages; with lab.stage=NAME only that stage, and what it
# needs. It prints lines for lib/verify.sh, each of which begins with one of these words:
#   kernel TEXT                 the kernel's release and configuration; once
#   step TEXT                   a step begins; "did" or "skip" ends it
#   did TEXT                    the step's outcome
#   skip WHY                    the step does not apply to this kernel
#   breach SEVERITY NAME TEXT   the guard reported a breach during the step
#   shell                       a shell follows, whose end is the character RS
#   note TEXT                   to show; has no part in the verdict
#   unverified WHY              something that the verdict does not cover
#   panic TIME NOTIFIER CRASH   the kernel panics now. TIME: of the last line of the firmware's log;
#                               NOTIFIER: "yes" if the kernel ends SNP in a panic, else "no"; CRASH: "yes"
#                               if a crash kernel is loaded, which goes on with "did"; else nothing follows
#   done                        the last line
. /lab/observe.sh
cpus=/sys/devices/system/cpu
broken=false # whether a step had a breach so far
shell=false # whether that is to give a shell, which it has not given yet

# ---- steps ----

step() {
	offer_shell
	echo "step $*"
}

# With lab.shell in the kernel's parameters: a shell after the first step with a breach. The host hands on the keys.
offer_shell() {
	{ $broken && $shell; } || return
	shell=false
	echo shell
	stty -F /dev/ttyS1 sane clocal
	setsid bash -c 'exec bash -i </dev/ttyS1 >/dev/ttyS1 2>&1'
	exec >/dev/ttyS1 2>&1 # as the line's session ended, so did what was open
	stty raw clocal -echo -onlcr <&1
	printf '\036'
}

# did TEXT: ends a step.
did() {
	settle
	echo "did $*"
	report_breaches >/tmp/breaches
	cat /tmp/breaches
	! grep -qE '^breach (critical|warning)' /tmp/breaches || broken=true
}

skip() {
	step "$1"
	shift
	echo "skip $*"
}

is_builtin() {
	grep -q "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin"
}

# The last CPU that is present.
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

breach_by_move() {
	case $moved in *offline*) breach warning cpu-offlined "CPU $cpu went offline inside a window" ;; esac
	case $moved in *came*) breach critical cpu-onlined "CPU $cpu came online inside a window" ;; esac
}

# attempt WHEN: tries to move a CPU, which must work outside a window. Inside one the kernel should
# refuse; if it does not, the guard reports the breach.
attempt() {
	if window_is_open; then
		step "move a CPU: $1"
		if move_cpu; then
			did "nothing in the kernel refused it: CPU $cpu $moved"
			! $records || breach_by_move
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
	if ${2:-load} && await is_initialised; then
		did "$(state_text initialised "SNP is initialised in the firmware")"
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
	if "$@" && await is_ended; then
		did "$(state_text '[a-z]*-shutdown' "SNP ended in the firmware")"
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

# SNP as a stage needs it.
need_snp() {
	firmware_has_snp || initialise "kvm-amd is loaded"
}

need_no_snp() {
	! firmware_has_snp || end_snp "kvm-amd and ccp are unloaded" unload
}

# ---- stages: before SNP, and from one initialisation to the next ----

stage_hotplug() {
	need_no_snp
	attempt "before SNP"
}

stage_init() {
	need_no_snp
	initialise "kvm-amd is loaded, first of all"
	attempt "SNP is initialised"
}

stage_shutdown() {
	need_snp
	end_snp "kvm-amd and ccp are unloaded" unload
	attempt "after the shutdown"
}

stage_again() {
	need_no_snp
	initialise "they are loaded again"
	attempt "SNP is initialised again"
}

stage_reload() {
	need_snp
	if $ccp_builtin; then
		skip "ccp is reloaded" "ccp is built in"
	fi
	step "kvm-amd alone is reloaded"
	if rmmod kvm_amd && load && await is_initialised; then
		did "$(state_text '[a-z]*-shutdown' "SNP ended"); $(state_text initialised "SNP is initialised again")"
	else
		did "SNP is not initialised"
		echo "unverified SNP was not initialised by kvm-amd's reload: $(why_not)"
	fi
}

stage_failure() {
	need_no_snp
	step "SNP_INIT_EX fails"
	lab fail SNP_INIT_EX=0x3:once
	load
	did "the firmware was told to answer 0x3"
	unload
	initialise "SNP_INIT_EX succeeds after that"
	attempt "SNP is initialised after a failure"
}

# ---- stages that --quick leaves out ----

# Nothing wakes the lab's machine, so the kernel resumes its devices as soon as they are suspended (kernel
# Documentation/power/basic-pm-debugging.rst). No CPU goes offline in a suspend to idle.
stage_suspend() {
	need_snp
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
stage_smt() {
	need_snp
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

stage_ioctl() {
	need_no_snp
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
		echo "unverified no crash kernel was loaded: $(head -n 1 /tmp/crash.err)"
	fi
}

# The kernel asks the firmware to end SNP before it starts the crash kernel (snp_shutdown_on_panic();
# snp_rmptable_init() sets crash_kexec_post_notifiers). lib/verify.sh reads in the firmware's log whether it did.
stage_panic() {
	if [ ! -e /proc/sysrq-trigger ]; then
		skip "the kernel panics" "the kernel has no MAGIC_SYSRQ"
		return
	fi
	firmware_has_snp || initialise "kvm-amd is loaded before a panic"
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
crash_kernel_runs() {
	guard_start
	did "SNP_EN is $(window_is_open && echo set || echo clear) in the crash kernel"
	note_records
	step "kvm-amd is loaded in the crash kernel"
	load
	did "SNP is $(firmware_has_snp || echo "not ")initialised in the firmware"
}

# ---- SNP's life ----

life_built_in() {
	step "kvm-amd initialises SNP as the kernel boots"
	if firmware_has_snp; then
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

stage_kexec() {
	$kvm_builtin || need_snp
	guard_stop
	kernel_complaints
	step "kexec"
	lab kexec >/tmp/kexec.err 2>&1
	echo "unverified kexec did not start the kernel: $(tail -n 1 /tmp/kexec.err)"
	exit 1
}

after_kexec() {
	attempt "after kexec"
	if $kvm_builtin; then
		end_snp "ccp is taken off its device" unbind_ccp
		attempt "after the shutdown"
		return
	fi
	initialise "kvm-amd is loaded after kexec"
	attempt "SNP is initialised after kexec"
	end_snp "kvm-amd and ccp are unloaded" unload
	attempt "after the shutdown"
}

stages() {
	for stage; do "stage_$stage"; done
}

first_kernel() {
	echo "kernel Linux $(uname -r), $(nproc) CPUs, $({ $ccp_builtin && echo "ccp built in"; } || echo "ccp a module"), $({ $kvm_builtin && echo "kvm-amd built in"; } || echo "kvm-amd a module")"
	step "the guard starts"
	guard_start
	did "$({ $records && echo "it does not"; } || echo "shutdowns are seen by $(source_of shutdown)")"
	note_records
	if $kvm_builtin; then
		life_built_in
		[ "$only" = quick ] || stage_kexec
		return
	fi
	case $only in
	quick) stages hotplug init shutdown again reload failure ;;
	all) stages hotplug init shutdown again smt suspend reload failure kexec ;;
	*) stages "$only" ;;
	esac
}

second_kernel() {
	guard_start
	did "SNP_EN is $({ ! window_is_open && echo clear; } || { $kvm_builtin && echo set; } || echo "still set") in the kernel that was started"
	note_records
	after_kexec
	if $kvm_builtin; then
		skip "the kernel panics" "SNP can't be initialised for it: kvm-amd is built in"
	elif [ "$only" = all ]; then
		stages ioctl panic
	fi
}

! grep -qw lab.shell /proc/cmdline || shell=true
modprobe msr
if is_builtin ccp; then ccp_builtin=true; else ccp_builtin=false; fi
if is_builtin kvm-amd; then kvm_builtin=true; else kvm_builtin=false; fi
only=all
! grep -qw lab.verify=quick /proc/cmdline || only=quick
only=$(tr ' ' '\n' </proc/cmdline | sed -n 's/^lab.stage=//p' | grep . || echo $only)
if grep -qw reset_devices /proc/cmdline; then
	crash_kernel_runs
elif [ "$LAB_BOOT" = 1 ]; then
	first_kernel
else
	second_kernel
fi
guard_stop
kernel_complaints
offer_shell
echo "done"
