#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# A real kexec after a legacy shutdown, with SNP_EN still set: the script runs once in each
# kernel. Boot it with --kexec.
. /lab/lib.sh
modprobe msr

# The second kernel's initramfs is this one's and what is appended to it.
hand_over() {
	(cd / && echo "lab/$1" | cpio -o -H newc 2>/dev/null) >>/boot/initrd
}

if [ "$LAB_BOOT" = 1 ]; then
	scenario "before the kexec"
	guard_start
	snp_load
	snp-guard snapshot -o /lab/before.json
	snp-guard snapshot >/lab/again.json
	cmp /lab/before.json /lab/again.json && echo same >/lab/repeats
	guard_stop
	# What the first kernel says is only counted if it ends here.
	[ -z "$broken" ] || finish
	hand_over before.json
	hand_over repeats
	lab kexec
	exit 1
fi

scenario "the window outlives the kexec, and the guard says so"
expect "two snapshots in a row are the same" [ -e /lab/repeats ]
guard_start --since /lab/before.json
await_each "the guard compares" '"state":"compared".*the window outlived a kexec' '"state":"window-open"'
expect_not "the gate is shut" offline 3
expect "SNP is initialised again" snp_load
await "the guard sees it" '"state":"initialised"'
expect "by a bailout" [ "$(count_of '"event":"snp-enable"')" -eq 0 ]
expect "SNP ends" snp_unload
guard_stop
expect_breaches no-latch
expect_status 0

# kexec(8) asks this file whether a kernel is loaded; the kernel finds that none is.
scenario "a kexec that fails, and CPUs that move after it"
echo 1 >/tmp/loaded
mount --bind /tmp/loaded /sys/kernel/kexec_loaded
guard_start --audit
expect "there is no kernel to start" sh -c 'kexec -e 2>&1 | grep "Invalid argument"'
umount /sys/kernel/kexec_loaded
expect "CPU 3 goes" offline 3
await "it is named" '"cpu":3,"breach":"cpu-offlined"'
expect "CPU 3 comes" online 3
await "it is named" '"cpu":3,"breach":"cpu-onlined"'
guard_stop
expect "no kexec is shown" [ "$(count_of '"event":"kexec"')" -eq 0 ]
expect_breaches cpu-offlined cpu-onlined
expect_status 2
expect "CPU 3 has SNP_EN" lab snp-en 3 on

scenario "a CPU that lost SNP_EN on the way is named, and the bailout called unsafe"
expect "its SNP_EN goes" lab snp-en 3 off
guard_start --since /lab/before.json
await "it is named" '"cpu":3,"breach":"snp-en-lost".*at the snapshot'
snp_load
await "the bailout is named" '"breach":"unsafe-bailout".*CPU 3 '
rmmod kvm_amd ccp
guard_stop
# The firmware, too, finds SNP_EN missing, and refuses.
expect_breach_set snp-en-lost benign-failed-init unsafe-bailout
expect_status 2
expect "SNP_EN is put back" lab snp-en 3 on

scenario "a CPU that went offline after the snapshot is named"
lab snp-en 3 on
expect "CPU 3 goes, with no guard to say no" offline 3
guard_start --since /lab/before.json
await "it is named" '"cpu":3,"breach":"cpu-offlined".*at the snapshot'
guard_stop
expect_status 1
expect "CPU 3 comes back" online 3

scenario "a damaged snapshot is refused"
head -c 100 /lab/before.json >/tmp/cut.json
snp-guard run --since /tmp/cut.json --for 1 >/dev/null 2>"$err"
expect "status 3" [ $? -eq 3 ]
expect "one line" grep -q "^snp-guard: /tmp/cut.json: not a snapshot" "$err"

finish
