#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# An ioctl for SNP, while SNP is not initialised, on kernels that set SNP_EN at boot: some (6.16 to 6.18, by
# their patch level) put an init and a legacy shutdown of their own around it, others hand it to the firmware
# as it is. No version says which: the guard follows what the firmware is asked for, 100 times in a row, with
# unmodified code.
. /lab/lib.sh
modprobe msr

# How often the firmware did what the command asks for: a line of its log may stand for several.
answered() {
	lab log | awk -v command="$1" '
		$3 == command && /status=0x00/ { n += sub(/.*times=/, "") ? $0 : 1 }
		END { print n + 0 }'
}

scenario "100 times snphost commit: each init and each legacy shutdown that it causes is followed, and no other"
# Some kernels initialise SNP as ccp loads.
expect "SNP is not to be initialised yet" lab fail SNP_INIT_EX=0x3
modprobe ccp
lab fail none
guard_start
n=0 succeeded=0
while [ $n -lt 100 ]; do
	! snphost commit >/tmp/commit 2>&1 || succeeded=$((succeeded + 1))
	n=$((n + 1))
done
guard_stop
inits=$(answered SNP_INIT_EX) commits=$(answered SNP_COMMIT)
echo "    # $succeeded of 100 ioctls succeeded, with $inits inits and $commits commits"
expect "the firmware commits each time" [ "$succeeded/$commits" = 100/100 ]
expect "with an init each time, or never" [ "$inits" -eq 100 -o "$inits" -eq 0 ]
expect "each init has its shutdown" [ "$(answered SNP_SHUTDOWN_EX)" -eq "$inits" ]
expect "each init is seen" [ "$(count_of '"state":"initialised"')" -eq "$inits" ]
expect "each shutdown is seen" [ "$(count_of '"state":"legacy-shutdown"')" -eq "$inits" ]
expect "in one window" has '"windows":1,"window_open":true'
expect_breaches no-latch
expect_status 0

finish
