#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The RMP covers all memory, whatever the size of that is, and SNP comes and goes.
. /lab/lib.sh

scenario "an RMP for all of the memory"
guard_start
expect "SNP is initialised" snp_load
await "the guard sees it" '"state":"initialised"'
check_is 0
says PASS rmp-coverage "(RAM ends at|in segments)"
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
guard_stop
expect_status 0
expect "a complete cycle is quiet" kernel_is_quiet

# The kernel must not use the rest of such a page, also after kexec.
page_reserved() {
	dmesg | grep -q "Reserving start/end of RMP.*\\[$(printf '0x%016x' $(($1 / 0x200000 * 0x200000)))\\]"
}
# shellcheck disable=SC2046 # two words
set -- $(lab rmp)
if [ $(($1 % 0x200000)) -ne 0 ]; then
	scenario "a page of 2 MiB that the RMP has a part of is reserved"
	expect "that with its first byte" page_reserved $(($1))
	expect "that behind its last" page_reserved $(($2 + 1))
fi

finish
