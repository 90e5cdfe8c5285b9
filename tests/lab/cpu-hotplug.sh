#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The kernel's own test of CPU hotplug, unmodified: it passes outside a window and moves no CPU inside one,
# and the guard sees each move that the kernel's log has.
# Needs --firmware full, and cpu-on-off-test.sh (tests/kernels/selftests).
. /lab/lib.sh

# One CPU goes and comes; with -a, all but two.
both_forms() {
	cpu-on-off-test.sh && cpu-on-off-test.sh -a
}

# Neither form passes.
neither_form() {
	! cpu-on-off-test.sh && ! cpu-on-off-test.sh -a
}

# The moves since the scenario began, in order, as "down 3": of the kernel's log, and of the guard.
logged() {
	dmesg | sed -n 's/.*CPU \([0-9]*\) is now offline.*/down \1/p; s/.*Booting Node .* Processor \([0-9]*\) .*/up \1/p'
}

seen() {
	sed -n 's/.*"event":"cpu-\(up\|down\)".*"cpu":\([0-9]*\).*/\1 \2/p' "$json"
}

moves_are() {
	[ "$(logged)" = "$(seen)" ] && [ "$(seen | wc -l)" -eq "$1" ]
}

scenario "cpu-on-off-test.sh passes before a window and after it, and moves no CPU inside it"
dmesg -C
guard_start
expect "it passes" both_forms
await_that "the guard has seen the kernel's six moves" moves_are 6
expect "SNP is initialised" snp_load
await "the window has settled" '"breach":"no-latch"'
expect "it fails" neither_form
for cpu in 3 1 2; do
	await "the refusal is reported" "\"event\":\"denied\".*\"file\":\"cpu$cpu/online\""
done
expect "every CPU is online" [ "$(cat $cpus/online)" = 0-3 ]
expect "no CPU has moved" moves_are 6
expect "SNP ends" snp_unload
await "the guard sees it" '"state":"window-closed"'
expect "it passes again" both_forms
await_that "the guard has seen all twelve" moves_are 12
guard_stop
expect_breaches no-latch
expect_status 0

finish
