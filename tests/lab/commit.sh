#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# Kernels 6.16 to 6.18 bracket SNP's ioctls with an init and a legacy shutdown of their own while
# SNP is not initialised: 100 times in a row, with unmodified code, and every one is followed.
. /lab/lib.sh
modprobe msr

scenario "100 times snphost commit, each an init and a legacy shutdown in one window"
# Else ccp initialises SNP as it loads.
modprobe ccp init_ex_path= psp_init_on_probe=0 2>/dev/null || modprobe ccp psp_init_on_probe=0
guard_start
n=0
while [ $n -lt 100 ]; do
	snphost commit >/tmp/commit 2>&1 || fail "commit $n: $(cat /tmp/commit)"
	n=$((n + 1))
done
guard_stop
expect "100 times initialised" [ "$(count_of '"state":"initialised"')" -eq 100 ]
expect "100 times shut down" [ "$(count_of '"state":"legacy-shutdown"')" -eq 100 ]
expect "in one window" has '"windows":1,"window_open":true'
expect_breaches no-latch
expect_status 0

finish
