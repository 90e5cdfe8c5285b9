#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Two of the kernel's own tests of KVM, unmodified: the launch of an SNP guest keeps the firmware's
# rules. The second ends at its first KVM_RUN, because the emulated processor runs no encrypted guest.
# Needs the programs of tests/kernels/selftests.
. /lab/lib.sh

# answered COMMAND: it was run, and succeeded each time
answered() {
	lab log | grep " SNP_$1 " >/tmp/lines && ! grep -v 'status=0x00 SUCCESS' /tmp/lines
}

# log_order COMMAND...: these followed each other, whatever came between
log_order() {
	lab log | awk -v wanted="$*" '
		BEGIN { n = split(wanted, want, " "); at = 1 }
		$3 == "SNP_" want[at] { at++ }
		END { exit at <= n }'
}

written() {
	lab rmp-writes | grep .
}

state_is() {
	lab state | grep -qx "$1"
}

# By its whole path: the test reads its own program from there.
smoke_test() {
	/usr/local/bin/snp_smoke_test >/tmp/smoke 2>&1
	[ $? -eq 254 ] && grep -q 'KVM_RUN failed' /tmp/smoke
}

scenario "sev_init2_tests passes"
expect "SNP is initialised" snp_load
expect "the test passes" /usr/local/bin/sev_init2_tests

scenario "the SNP part of sev_smoke_test launches a guest, and ends where VMRUN begins"
expect "it fails at its first KVM_RUN" smoke_test
for command in GCTX_CREATE LAUNCH_START ACTIVATE LAUNCH_UPDATE LAUNCH_FINISH DECOMMISSION PAGE_RECLAIM; do
	expect "each SNP_$command succeeds" answered $command
done
expect "they came in order" log_order GCTX_CREATE LAUNCH_START ACTIVATE LAUNCH_UPDATE LAUNCH_FINISH DECOMMISSION
expect "no guest is left" state_is guests=0
expect "its ASID is dirty" state_is dfflush=due
expect_not "nobody wrote to an immutable page" written
lab log | grep -E 'GCTX|LAUNCH|ACTIVATE|DECOMMISSION' | sed 's/^/    # /'
sed 's/^/    # /' /tmp/smoke
expect "the modules can be unloaded, for which KVM flushes" snp_unload
expect "SNP has ended" state_is snp=uninit

finish
