#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the running kernel lets the guard see, with ccp and kvm-amd loaded: one fact a line.
set -eu
modprobe msr
modprobe ccp
modprobe kvm-amd sev_snp=1
snp-guard hooks --format json
