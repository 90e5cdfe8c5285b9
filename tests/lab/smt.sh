#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Cores with two threads: smt/control takes every second CPU offline without opening cpuN/online.
# Needs --threads 2.
. /lab/lib.sh
smt=$cpus/smt/control

smt_is() {
	[ "$(cat "$smt")" = "$1" ]
}

smt_becomes() {
	echo "$1" >"$smt"
}

online_are() {
	[ "$(cat "$cpus/online")" = "$1" ]
}

scenario "the gate refuses smt/control inside a window, and outside it works"
expect "the machine has SMT" smt_is on
guard_start
exec 7>"$smt"
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
expect_not "SMT stays" smt_becomes off
await "the refusal is reported" '"event":"denied".*"file":"cpu/smt/control"'
expect_not "SMT stays, by a descriptor from before the window" sh -c 'echo off >&7'
await "the refusal of the write is reported" '"event":"denied".*"file":"cpu/smt/control","by":"write"'
expect "SMT is still on" smt_is on
expect "every CPU stays online" online_are 0-3
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
expect "SMT goes, by the same descriptor" sh -c 'echo off >&7'
exec 7>&-
expect "every second CPU is offline" online_are 0,2
expect "SMT comes" smt_becomes on
expect "every CPU is online" online_are 0-3
guard_stop
expect_status 0

# snp_enable() on one thread is enough for both, so there is nothing left for the other one to do.
scenario "the threads of a core share SYSCFG"
expect "SNP_EN is set by CPU 2's number" lab snp-en 2 on
expect "CPU 3 has it" [ "$(lab syscfg 2 | cut -d ' ' -f 2)" = "$(lab syscfg 3 | cut -d ' ' -f 2)" ]
expect "it is cleared by CPU 3's" lab snp-en 3 off
expect "CPU 2 is without" [ "$(lab syscfg 2 | cut -d ' ' -f 2)" = "$(lab syscfg 0 | cut -d ' ' -f 2)" ]

finish
