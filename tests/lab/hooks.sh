#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# What the running kernel lets the guard see, with ccp and kvm-amd loaded: one fact a line.
. /lab/lib.sh
modprobe msr
snp_load

scenario "the facts of this kernel"
expect "hooks" sh -c "snp-guard hooks --format json >/tmp/hooks"
expect "SNP_EN is seen" grep -q '"fact":"snp-en","covered":true' /tmp/hooks
cat /tmp/hooks

finish
