#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# Calls of the guard that fail, one at a time, while a user tries the gate and a CPU loses SNP_EN:
# drive.c has it all. /lab/faults has the seconds and the seed; without it 45 s, and a seed of its own.
# Needs --firmware full, drive in /usr/local/bin, and the shim in /lab.
. /lab/lib.sh
modprobe msr
read -r seconds seed 2>/dev/null </lab/faults || {
	seconds=45
	seed=$(od -An -N3 -tu4 /dev/urandom)
	seed=$((seed))
}

scenario "faults at random for $seconds s: no write passes, each lost SNP_EN is told"
checked
drive /lab/shim.so "$seconds" "$seed" || fail "drive ended with $?"

finish
