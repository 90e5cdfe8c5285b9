#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# Code other than SNP's disables CPU hotplug, too: the guard reports it, and names no breach.
# Needs --firmware full, and foreign.ko in /lab/stub.
. /lab/lib.sh
modprobe msr

# suspend LEVEL STATE: as far as pm_test's level goes, and back after 5 s
suspend() {
	echo "$1" >/sys/power/pm_test && echo "$2" >/sys/power/state
}
echo 0 >/sys/module/suspend/parameters/pm_test_delay

scenario "suspend outside a window, at each level of pm_test"
guard_start
for level in freezer devices platform processors core; do
	expect "to RAM, $level" suspend $level mem
done
expect "to idle" suspend devices freeze
expect "hibernation's freeze" suspend devices disk
await "CPUs went and came by suspend" '"event":"cpu-up-begin".*"frozen":true'
expect "SNP is initialised after it" snp_load
await "the guard sees it" '"state":"initialised"'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "suspend inside a window is refused"
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "to RAM" suspend processors mem
expect_not "to idle" suspend devices freeze
expect "every CPU is online" [ "$(cat $cpus/online)" = 0-3 ]
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "with --audit, a suspend inside a window that takes no CPU down is no breach"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
await "it has settled" '"breach":"no-latch"'
expect "to RAM, freezer" suspend freezer mem
expect "to idle" suspend freezer freeze
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

scenario "with --audit, a suspend inside a window that takes CPUs down is named as such"
guard_start --audit
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
await "it has settled" '"breach":"no-latch"'
expect "to RAM, processors" suspend processors mem
await "it is named" '"breach":"cpu-onlined".*in suspend or resume'
expect "SNP ends" snp_unload
guard_stop
expect_breach_set no-latch cpu-offlined cpu-onlined
expect_status 2
expect "three CPUs went" [ "$(count_of '"breach":"cpu-offlined"')" -eq 3 ]
expect "three CPUs came" [ "$(count_of '"breach":"cpu-onlined"')" -eq 3 ]

scenario "idle injection: the guard reports its disable and enable as other"
insmod /lab/stub/foreign.ko
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect "idle time is injected" sh -c "echo idle >/sys/module/foreign/parameters/do"
await "the owner is shown" '"event":"hotplug-disable".*"owner":"other","caller":"idle_inject_'
await "... of the enable, too" '"event":"hotplug-enable".*"owner":"other","caller":"idle_inject_'
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0
rmmod foreign

scenario "a processor that is added is not admitted by the kernel, and nothing is named"
guard_start --interval 0.5
expect "SNP is initialised" snp_load
await "the guard sees it" '"breach":"no-latch"'
expect "the machine takes it" lab cpu-add 4
sleep 2
expect "the kernel has four CPUs as before" [ "$(cat $cpus/present)" = 0-3 ]
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

# The last one, and nothing is unloaded after it: on 7.3.4 rmmod kvm_amd has then ended in an Oops
# (sev_firmware_shutdown: sev_tsm_uninit hands on a pointer that is none).
scenario "PCI probe: the guard reports its disable and enable as other"
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
device=$(basename /sys/bus/pci/drivers/ccp/0000:*)
expect "ccp lets the device go" sh -c "echo $device >/sys/bus/pci/drivers/ccp/unbind"
expect "ccp takes it again" sh -c "echo $device >/sys/bus/pci/drivers/ccp/bind"
await "the owner is shown" '"event":"hotplug-disable".*"owner":"other","caller":"pci_'
await "... of the enable, too" '"event":"hotplug-enable".*"owner":"other","caller":"pci_'
guard_stop
expect_breaches no-latch
expect_status 0

finish
