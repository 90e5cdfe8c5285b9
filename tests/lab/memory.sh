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
says PASS rmp-coverage "RAM ends at"
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
guard_stop
expect_status 0
expect "a complete cycle is quiet" kernel_is_quiet

finish
