#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# The smallest script of scenarios. Needs --firmware full.
. /lab/lib.sh
modprobe msr

scenario "a CPU that loses SNP_EN is named"
guard_start --interval 1
expect "SNP is initialised" snp_load
expect "CPU 3 loses SNP_EN" lab snp-en 3 off
await "it is named" '"breach":"cpu-without-snp-en".*CPU 3 '
await "and how many guests are at risk" '"event":"guests","count":0}'
expect "it gets it back" lab snp-en 3 on
expect "SNP ends" snp_unload
guard_stop
expect_breach_set no-latch cpu-without-snp-en snp-en-lost

scenario "a CPU that goes and comes outside of windows is not"
guard_start
expect "CPU 3 goes" offline 3
expect "CPU 3 comes" online 3
guard_stop
expect_breaches

finish
