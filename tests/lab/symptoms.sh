#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# A host whose command line and BIOS keep SNP off: check names each of the causes, and quotes the
# kernel. check.sh's host is the same without them.
# Needs --memory 5G --rmp 0x30000000:0x30ffffff --append iommu=pt.
. /lab/lib.sh

scenario "before anybody asks for SNP"
check_is 1
says WARN iommu "iommu=pt"
says WARN rmp-coverage "RAM ends at 0x1[0-9a-f]{8}, and the RMP covers memory up to 0xffc00000"
says NOT-APPLICABLE kvm-amd "not loaded"

scenario "SNP that was asked for, and stays off"
kvm_without_snp
check_is 1
says WARN kvm-amd "sev_snp is N.*iommu=pt leaves SNP off"
says WARN kvm-amd 'kernel.s log: "AMD-Vi: SNP: .*passthrough mode, SNP cannot be supported'
check_is 2 --require-snp
says FAIL kvm-amd "sev_snp is N"
says FAIL iommu "iommu=pt"
says FAIL rmp-coverage "RAM ends at"

finish
