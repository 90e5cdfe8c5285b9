#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Root tries every known way to change the set of online CPUs inside a window. The gate refuses each
# way and the guard reports the refusal; what no security hook sees, the CPU block prevents or, as the
# rows say, the guard only reports. Files that only look like guarded ones are free.
# Needs --firmware full, --threads 2, ways (tests/gate), nitro_enclaves, and foreign.ko in /lab/stub.
. /lab/lib.sh
modprobe msr
modprobe loop
modprobe nitro_enclaves
insmod /lab/stub/foreign.ko
# Should a row's write to power/state pass, the machine comes back.
echo 0 >/sys/module/suspend/parameters/pm_test_delay
echo freezer >/sys/power/pm_test

cpu3=$cpus/cpu3
work=/tmp/gate
rowed=
mkdir -p $work

# row NAME: the row's result, by whether anything failed since the last row: so a failure in the
# middle of a scenario is its row's
row() {
	[ "$number/$checks" != "$rowed" ] || fail "the row checks nothing"
	rowed=$number/$checks
	if [ -z "$broken" ]; then
		echo "ok gate: $*"
		passed=$((passed + 1))
	else
		echo "not ok gate: $*"
		failed=$((failed + 1))
	fi
	broken=
}

# ---- the ways, one process each ----

# take WAY FILE VALUE: begins it, and it waits for `go` WAY, or `go` $as if that is set
take() {
	way=${as:-$1}
	checked
	rm -f "$work/$way"
	mkfifo "$work/$way.go"
	ways --go "$work/$way.go" "$@" >"$work/$way" 2>&1 &
	echo $! >"$work/$way.pid"
	soon grep -q . "$work/$way"
	grep -q '^ready$' "$work/$way" || fail "$way does not get hold of $2: $(cat "$work/$way")"
}

# go WAY: lets it act; what comes of it is in $result
go() {
	: >"$work/$1.go"
	wait "$(cat "$work/$1.pid")"
	result=$(tail -n 1 "$work/$1")
	rm -f "$work/$1.go" "$work/$1.pid"
}

denied_of() {
	count_of "\"event\":\"denied\".*\"file\":\"$1\".*\"refused\":true"
}

more_denied_than() { [ "$(denied_of "$1")" -gt "$2" ]; }

# refused_as FILE ERRNO COUNT: the result is ERRNO, no CPU moved, and if the gate refused it, there
# are more than COUNT reports of that
refused_as() {
	checked
	[ "$result" = "$2" ] || fail "expected $2, got $result"
	[ "$2" != EPERM ] || soon more_denied_than "$1" "$3" || fail "the guard does not report the refusal"
	[ "$(cat $cpus/online)" = "$online_then" ] || {
		fail "online CPUs: $(cat $cpus/online), not $online_then"
		online_then=$(cat $cpus/online)
	}
}

# mmap and handle fail in this way without a guard, too: such a file does not support them.
errno_of() {
	case $1 in
	mmap) echo ENODEV ;;
	handle) echo EOPNOTSUPP ;;
	*) echo EPERM ;;
	esac
}

# The ways that work on any file; loop-armed has scenarios of its own.
all_ways() {
	ways --list | awk '$1 != "ioctl" && $1 != "loop-armed" { print $1 }'
}

# try_ways FILE RECORD VALUE: all were taken; each acts
try_ways() {
	expect "there are ways" [ "$(all_ways | wc -l)" -ge 10 ]
	for way in $(all_ways); do
		before=$(denied_of "$2")
		go "$way"
		refused_as "$2" "$(errno_of "$way")" "$before"
		row "$way on $1, value $3: $result"
	done
}

take_ways() {
	for way in $(all_ways); do
		take "$way" "$@"
	done
}

window_opens() {
	expect "SNP is initialised" snp_load
	await "the window is open" '"state":"window-open"'
	await "it has settled" '"breach":"no-latch"'
	online_then=$(cat $cpus/online)
}

# ---- all ways, on one file ----

scenario "each way to take CPU 3 offline"
guard_start
take_ways $cpu3/online 0
window_opens
try_ways cpu3/online cpu3/online 0
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0
expect "outside a window CPU 3 goes" ways write $cpu3/online 0
expect "and comes" ways uring $cpu3/online 1

# 7.3's snp_prepare() wants all CPUs online: CPU 3 goes before the guard is there to say no.
scenario "each way to bring CPU 3 online"
snp_load
take_ways $cpu3/online 1
expect "CPU 3 goes, with no guard to say no" offline 3
online_then=$(cat $cpus/online)
guard_start
await "the window is taken up" '"state":"window-open"'
try_ways cpu3/online cpu3/online 1
expect "SNP ends" snp_unload
await "the guard sees it" '"state":"window-closed"'
guard_stop
expect_breaches no-latch
expect_status 0
expect "outside a window CPU 3 comes" online 3

# ---- each file, opened and written to ----

# FILE; its name in a record; a value that, should it pass, does no harm to the machine
files() {
	cat <<FILES
$cpu3/online cpu3/online 0
$cpu3/hotplug/target cpu3/hotplug/target 0
$cpu3/hotplug/fail cpu3/hotplug/fail -1
$cpus/smt/control cpu/smt/control off
/sys/power/state power/state freeze
/sys/power/disk power/disk shutdown
/sys/power/resume power/resume 0:0
/sys/power/autosleep power/autosleep off
/sys/kernel/tracing/current_tracer tracing/current_tracer mmiotrace
/sys/module/nitro_enclaves/parameters/ne_cpus nitro_enclaves/ne_cpus 3
$(readlink -f $cpu3/firmware_node)/eject acpi-processor/eject 1
FILES
}

there() {
	files | while read -r file name value; do
		[ ! -e "$file" ] || echo "$file $name $value"
	done
}

scenario "each file that moves CPUs"
guard_start
there >$work/files
while read -r file name value; do
	as=$(echo "write-$name" | tr / -) take write "$file" "$value"
done <$work/files
window_opens
while read -r file name value; do
	for way in open write; do
		before=$(denied_of "$name")
		if [ $way = open ]; then
			result=$(ways open "$file" "$value")
		else
			go "$(echo "write-$name" | tr / -)"
		fi
		refused_as "$name" EPERM "$before"
		row "$way on $name: $result"
	done
done <$work/files
before=$(denied_of tracing/current_tracer)
result=$(ways open /sys/kernel/debug/tracing/current_tracer nop)
refused_as tracing/current_tracer EPERM "$before"
row "open on current_tracer below debugfs: $result"
expect "reading is free" cat /sys/power/state /sys/power/disk /sys/kernel/tracing/current_tracer
row "reading power/state, power/disk and current_tracer is free"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0
files | while read -r file name _; do
	[ -e "$file" ] || echo "    $name: this kernel does not have it"
done

# It takes every second CPU offline without opening cpuN/online.
scenario "smt/control is free outside a window, by a descriptor from inside it too"
smt=$cpus/smt/control
expect "the machine has SMT" grep -qx on $smt
guard_start
exec 7>$smt
window_opens
before=$(denied_of cpu/smt/control)
result=$( (echo off >&7) 2>/tmp/why && echo "done" || echo EPERM)
refused_as cpu/smt/control EPERM "$before"
expect "SMT is on" grep -qx on $smt
expect "SNP ends" snp_unload
await "the guard sees it" '"state":"window-closed"'
expect "SMT goes, by the same descriptor" sh -c 'echo off >&7'
exec 7>&-
expect "every second CPU is offline" [ "$(cat $cpus/online)" = 0,2 ]
expect "SMT comes" sh -c "echo on >$smt"
expect "every CPU is online" [ "$(cat $cpus/online)" = 0-3 ]
guard_stop
expect_breaches no-latch
expect_status 0

# The descriptor disables CPU hotplug by itself as long as it is open.
scenario "/dev/snapshot"
guard_start
take ioctl /dev/snapshot -
expect "SNP is initialised" snp_load
await "the window is open" '"state":"initialised"'
online_then=$(cat $cpus/online)
before=$(denied_of dev/snapshot)
go ioctl
refused_as dev/snapshot EPERM "$before"
row "ioctl on /dev/snapshot, opened before the window: $result"
before=$(denied_of dev/snapshot)
result="done"
(: </dev/snapshot) 2>/tmp/why || result=$(sed -n 's/.*Operation not permitted/EPERM/p' /tmp/why)
refused_as dev/snapshot EPERM "$before"
row "open of /dev/snapshot for reading, which is enough to steer it: $result"
mknod $work/other-name c 10 231
for file in /dev/snapshot $work/other-name; do
	before=$(denied_of dev/snapshot)
	result=$(ways open "$file" -)
	refused_as dev/snapshot EPERM "$before"
	row "open on $file: $result"
done
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0
expect "outside a window an ioctl is free" ways ioctl /dev/snapshot -
row "outside a window an ioctl is free"

# ---- what only looks alike ----

scenario "files that only look like guarded ones are free"
mkdir -p $work/tree $work/instance
mount -t tmpfs tmpfs $work/tree
for file in devices/system/cpu/cpu3/online devices/system/cpu/cpu3/hotplug/target \
	devices/system/cpu/cpu3/hotplug/fail \
	devices/system/cpu/smt/control power/state power/disk current_tracer \
	module/nitro_enclaves/parameters/ne_cpus LNXCPU:03/eject; do
	mkdir -p "$work/tree/$(dirname $file)"
	: >"$work/tree/$file"
done
mknod $work/hpet c 10 228
mknod $work/block b 10 231
mknod $work/null c 1 3
mkdir /sys/kernel/tracing/instances/other
guard_start
window_opens
free() {
	checked
	result=$(ways write "$1" "$2")
	[ "$result" = "done" ] || fail "expected done, got $result"
	row "write on ${3:-$1} is free: $result"
}
(cd $work/tree && find . -type f) >$work/tree-files
while read -r file; do
	free "$work/tree/$file" 1 "${file#./} in a tmpfs"
done <$work/tree-files
free /sys/kernel/tracing/instances/other/current_tracer nop
free /sys/power/pm_print_times 0
free /sys/devices/system/cpu/power/control auto
free $cpu3/power/control auto
for file in /sys/devices/system/memory/memory*/online; do
	[ ! -e "$file" ] || free "$file" 1
	break
done
# No other device answers to a name or a number next to it.
expect "null" ways write $work/null x
expect "the hpet" [ "$(ways open $work/hpet x)" = EINVAL ]
expect "a block device of that number" [ "$(ways open $work/block x)" = ENXIO ]
row "open on devices of other numbers and kinds is free"
expect "nothing was refused" [ "$(count_of '"event":"denied"')" -eq 0 ]
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0
rmdir /sys/kernel/tracing/instances/other
umount $work/tree

# ---- from inside the kernel: no hook sees it ----

foreign() {
	echo "$1" >/sys/module/foreign/parameters/do
}

scenario "the CPU block: a module's add_cpu() and a loop device armed before fail on an offline CPU"
snp_load
take loop-armed $cpu3/online 1
expect "CPU 3 goes, with no guard to say no" offline 3
# Another program's block, of a later state: the numbers differ from kernel to kernel.
for other in $(seq 2 240); do
	! echo "$other" >$cpu3/hotplug/fail || break
done 2>/dev/null
expect "another program's block is there" [ "$(cat $cpu3/hotplug/fail)" = "$other" ]
online_then=$(cat $cpus/online)
guard_start --interval 0.5
await "the window is taken up" '"state":"window-open"'
block_is() {
	await_that "CPU 3's block is $1" grep -qx -e "$1" $cpu3/hotplug/fail
}
block_is 1
for again in once twice; do
	expect_not "add_cpu() fails, $again" foreign add=3
	expect "CPU 3 is offline" [ "$(cat $cpus/online)" = "$online_then" ]
	await "the attempt is shown" '"event":"cpu-up-begin".*"cpu":3'
	block_is 1
	row "add_cpu() fails, $again, and the block is set again"
	expect_not "nobody takes the block away" sh -c "echo -1 >$cpu3/hotplug/fail"
	block_is 1
done
go loop-armed
refused_as cpu3/online EAGAIN 0
row "loop-armed on cpu3/online, value 1, armed before the guard: $result by the CPU block"
expect "SNP ends" snp_unload
await "the guard sees it" '"state":"window-closed"'
block_is "$other"
echo -1 >$cpu3/hotplug/fail
expect "the CPU comes online as ever" online 3
row "after the window the CPU comes online, and the block is as it was"
guard_stop
expect_breaches no-latch
expect_status 0

scenario "the guard removes its CPU block as it ends inside a window"
snp_load
expect "CPU 3 goes, with no guard to say no" offline 3
guard_start
block_is 1
guard_stop
expect "the block is as it was" [ "$(cat $cpu3/hotplug/fail)" = -1 ]
guard_start --audit
expect "no CPU block with --audit" [ "$(cat $cpu3/hotplug/fail)" = -1 ]
expect "add_cpu() brings CPU 3" foreign add=3
await "it is named at once" '"cpu":3,"breach":"cpu-onlined"'
guard_stop
snp_unload
row "add_cpu() with --audit is reported: cpu-onlined"

# Known limits: nothing keeps a CPU online, and a CPU block works once.
scenario "taking a CPU offline from inside the kernel is reported"
take loop-armed $cpu3/online 0
guard_start
window_opens
go loop-armed
expect "the loop device's write passes" [ "$result" = "done" ]
await "it is named at once" '"cpu":3,"breach":"cpu-offlined"'
row "loop-armed on cpu3/online, value 0, armed before the guard: $result, reported as cpu-offlined"
expect "remove_cpu() passes" foreign remove=2
await "it is named at once" '"cpu":2,"breach":"cpu-offlined"'
row "remove_cpu() by a module: done, reported as cpu-offlined"
expect "SNP ends" snp_unload
await "the guard sees it" '"state":"window-closed"'
guard_stop
expect_breaches no-latch cpu-offlined
expect_status 1
online 2
online 3

# nvmet FILE: a namespace of nvmet's that writes to FILE, as the block device /dev/nvme0n1
nvmet() {
	modprobe nvmet && modprobe nvme-loop || return
	mount -t configfs none /sys/kernel/config 2>/dev/null
	at=/sys/kernel/config/nvmet
	mkdir "$at/subsystems/cpu" && mkdir "$at/subsystems/cpu/namespaces/1" "$at/ports/1" || return
	echo 1 >"$at/subsystems/cpu/attr_allow_any_host"
	echo 1 >"$at/subsystems/cpu/namespaces/1/buffered_io"
	echo "$1" >"$at/subsystems/cpu/namespaces/1/device_path"
	echo 1 >"$at/subsystems/cpu/namespaces/1/enable" || return
	echo loop >"$at/ports/1/addr_trtype"
	ln -s "$at/subsystems/cpu" "$at/ports/1/subsystems/cpu"
	echo transport=loop,nqn=cpu >/dev/nvme-fabrics
}

scenario "a block device of nvmet's, and a parameter of insmod, are reported"
rmmod nitro_enclaves
guard_start
expect "nvmet has the file" nvmet $cpus/cpu1/online
window_opens
await_that "the block device is there" [ -b /dev/nvme0n1 ]
{ echo 0 && dd if=/dev/zero bs=4094 count=1 2>/dev/null; } >/tmp/block
# From CPU 0: block/blk-mq.c:blk_mq_hctx_notify_offline() waits for the requests of the CPU that goes
# offline, and from CPU 1 this one would wait for the CPU.
expect "a block is written" taskset 1 dd if=/tmp/block of=/dev/nvme0n1 bs=4096 count=1 conv=fsync
await "it is named at once" '"cpu":1,"breach":"cpu-offlined"'
row "nvmet's file backend on cpu1/online, armed before the window: reported as cpu-offlined"
# A whole core: the module takes no half.
modprobe nitro_enclaves ne_cpus=2-3 2>/dev/null
await "it is named at once" '"cpu":[23],"breach":"cpu-offlined"'
row "insmod nitro_enclaves ne_cpus=2-3: reported as cpu-offlined"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch cpu-offlined
expect_status 1
rmmod nitro_enclaves 2>/dev/null
echo 1 >/sys/class/nvme/nvme0/delete_controller
echo 0 >/sys/kernel/config/nvmet/subsystems/cpu/namespaces/1/enable
for cpu in 1 2 3; do
	is_online $cpu || online $cpu
done
modprobe nitro_enclaves

# lio FILE: a disk of LIO's file backend over FILE, as the block device /dev/sda
lio() {
	modprobe target_core_file && modprobe tcm_loop && modprobe sd_mod || return
	mount -t configfs none /sys/kernel/config 2>/dev/null
	core=/sys/kernel/config/target/core/fileio_0
	loop=/sys/kernel/config/target/loopback/naa.5001405000000001
	mkdir "$core" && mkdir "$core/cpu" || return
	echo "fd_dev_name=$1,fd_dev_size=4096" >"$core/cpu/control"
	echo 1 >"$core/cpu/enable" || return
	mkdir /sys/kernel/config/target/loopback "$loop" "$loop/tpgt_1" "$loop/tpgt_1/lun/lun_0" 2>/dev/null
	echo naa.5001405000000002 >"$loop/tpgt_1/nexus" || return
	ln -s "$core/cpu" "$loop/tpgt_1/lun/lun_0/port"
}

scenario "a disk of LIO's is refused by the write checks"
guard_start
expect "LIO has the file" lio $cpu3/online
await_that "the block device is there" [ -b /dev/sda ]
window_opens
before=$(denied_of cpu3/online)
{ echo 0 && dd if=/dev/zero bs=4094 count=1 2>/dev/null; } >/tmp/block
expect_not "the block is written" dd if=/tmp/block of=/dev/sda bs=4096 count=1 conv=fsync
await_that "the guard reports the refusal" more_denied_than cpu3/online "$before"
expect "no CPU moved" [ "$(cat $cpus/online)" = "$online_then" ]
row "LIO's file backend on cpu3/online, armed before the window: refused"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
rm "$loop/tpgt_1/lun/lun_0/port"
rmdir "$loop/tpgt_1/lun/lun_0" "$loop/tpgt_1" "$loop" "$core/cpu" "$core"

scenario "overlayfs over sysfs writes to a copy"
modprobe overlay
mkdir -p /tmp/over && mount -t tmpfs none /tmp/over && mkdir /tmp/over/upper /tmp/over/work /tmp/over/merged
guard_start
window_opens
expect "it is mounted" mount -t overlay -o \
	lowerdir=$cpus,upperdir=/tmp/over/upper,workdir=/tmp/over/work none /tmp/over/merged
echo 0 2>/dev/null >/tmp/over/merged/cpu3/online
expect "CPU 3 is online" [ "$(cat $cpus/online)" = "$online_then" ]
row "overlayfs over sysfs: no CPU moves"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
umount /tmp/over/merged
umount /tmp/over

# held_refused NAME: what descriptor 8, opened before the window, and a new opening of $merged get
held_refused() {
	before=$(denied_of cpu3/online)
	result=$( (echo 0 >&8) 2>/tmp/why && echo "done" || echo EPERM)
	refused_as cpu3/online EPERM "$before"
	row "$1 on cpu3/online, open before the window: $(sed 's/.*: //' /tmp/why)"
	before=$(denied_of cpu3/online)
	result=$( (echo 0 1<>"$merged") 2>/tmp/why && echo "done" || echo EPERM)
	refused_as cpu3/online EPERM "$before"
	row "$1 on cpu3/online, opened inside the window: $(sed 's/.*: //' /tmp/why)"
	exec 8>&-
}

scenario "FUSE that passes writes through"
mkdir -p /tmp/over
over fuse $cpu3/online /tmp/over >/tmp/fuse &
fuse=$!
merged=/tmp/over/file
await_that "it has the file" grep -q ready /tmp/fuse
expect "with no guard CPU 3 goes" sh -c "echo 0 1<>$merged && ! grep -q 1 $cpu3/online"
online 3
guard_start
exec 8<>$merged
window_opens
held_refused "FUSE passthrough"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
umount /tmp/over
wait $fuse

scenario "eCryptfs over sysfs"
modprobe ecryptfs
expect "it is mounted" over ecryptfs $cpu3 /tmp/over
merged=/tmp/over/online
expect "with no guard CPU 3 goes" sh -c "echo 0 1<>$merged && ! grep -q 1 $cpu3/online"
online 3
guard_start
exec 8<>$merged
window_opens
held_refused "eCryptfs over sysfs"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
umount /tmp/over

scenario "a loop device armed before the window, with the guard there, and one armed inside"
guard_start
as=before-window take loop-armed $cpu3/online 0
window_opens
before=$(denied_of cpu3/online)
result=$(ways loop $cpu3/online 0)
refused_as cpu3/online EPERM "$before"
row "loop on cpu3/online, armed inside the window: $result"
go before-window
expect "the loop device's write passes" [ "$result" = "done" ]
await "it is named at once" '"cpu":3,"breach":"cpu-offlined"'
row "loop-armed on cpu3/online, value 0, armed before the window: $result, reported as cpu-offlined"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch cpu-offlined
expect_status 1
online 3

# Onlining, the kernel retries for 600 ms while its counter forbids hotplug; the gate was passed
# before. In that time snp_prepare() of a stand-in for ccp opens a window: it bails out on CPU 0, as
# it wants all CPUs online else.
ccp() {
	taskset 1 sh -c 'echo "$*" >/sys/module/ccp/parameters/do' ccp "$@"
}

scenario "a write that passed before the window is refused by the CPU block, or reported"
insmod /lab/stub/ccp.ko
expect "CPU 3 goes" offline 3
guard_start
take write $cpu3/online 1
foreign disable
(: >$work/write.go)
sleep 0.05
expect "CPU 0 has SNP_EN" lab snp-en 0 on
expect "the window opens" ccp prepare!
foreign enable
wait "$(cat $work/write.pid)"
await "the window is open" '"state":"window-open"'
result=$(tail -n 1 $work/write)
case $result in
done) await "it is named at once" '"cpu":3,"breach":"cpu-onlined"' ;;
# On a busy machine the kernel gives up first.
EAGAIN | EBUSY) expect "CPU 3 is offline" [ "$(cat $cpus/online)" = 0-2 ] ;;
*) fail "expected done, EAGAIN or EBUSY, got $result" ;;
esac
row "write of 1 on cpu3/online that retries inside the kernel as the window opens: $result"
guard_stop
expect "CPU 0 is as before" lab snp-en 0 off
is_online 3 || online 3
rmmod ccp

scenario "a processor that is added by ACPI is not admitted by the kernel"
guard_start
window_opens
expect "the machine takes it" lab cpu-add 4
sleep 2
expect "the kernel has four CPUs as before" [ "$(cat $cpus/present)" = 0-3 ]
row "ACPI hot-add: refused by the kernel"
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

finish
