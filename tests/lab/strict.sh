#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Kernels that break the firmware's rules: the stand-in for ccp breaks one at a time, the firmware
# refuses as real firmware does, and its log says which rule it was.
# Needs --firmware full, and the stand-in in /lab/stub.
. /lab/lib.sh
modprobe msr
insmod /lab/stub/ccp.ko

ccp() {
	# shellcheck disable=SC2016
	taskset 1 sh -c 'echo "$*" >/sys/module/ccp/parameters/do' ccp "$@"
}

# refused COMMAND STATUS RULE: how the command ended the last time
refused() {
	lab log | grep " $1 " | tail -n 1 | tee /tmp/last | grep -q " status=$2 .*: .*$3" || { cat /tmp/last && return 1; }
}

snp_is() {
	lab state | grep -q "^snp=$1$"
}

read_msr() {
	dd if=/dev/cpu/"$1"/msr bs=8 count=1 skip=$(($2)) iflag=skip_bytes 2>/dev/null | od -An -tx8 | sed 's/ *//;s/^/0x/'
}

syscfg_of() {
	lab syscfg "$1" | cut -d ' ' -f 2
}

# write_hsave CPU BYTE: VM_HSAVE_PA gets an address, of which this is the third byte, in octal
write_hsave() {
	# shellcheck disable=SC1003,SC2059 # the format is the bytes
	printf '\0\0\'"$2"'\0\0\0\0\0' | dd of=/dev/cpu/"$1"/msr bs=8 seek=$((0xc0010117)) oflag=seek_bytes 2>/dev/null
}

scenario "a kernel that forgets WBINVD after SNP_INIT"
ccp prepare init bare-flush
expect "SNP_DF_FLUSH is refused" refused SNP_DF_FLUSH 0x0e "CPU [0-9] has not executed WBINVD"
ccp shutdown-full
expect "SNP_SHUTDOWN_EX is refused until it succeeds" refused SNP_SHUTDOWN_EX 0x0f "no DF_FLUSH"
expect "SNP stays" snp_is init
ccp flush shutdown-full snp-shutdown
expect "after WBINVD and SNP_DF_FLUSH it ends" snp_is uninit

scenario "a kernel that leaves one CPU out"
ccp prepare
for bit in 19:MFDM 25:VMPL_EN 24:SNP_EN 23:MEM_ENC; do
	ready=$(syscfg_of 2)
	expect "CPU 2 loses ${bit#*:}" lab syscfg 2 "$(printf '0x%x' $((ready & ~(1 << ${bit%:*}))))"
	ccp init
	expect "SNP_INIT_EX is refused" refused SNP_INIT_EX 0x03 "${bit#*:} is clear in SYSCFG of CPU 2"
	expect "it is put back" lab syscfg 2 "$ready"
done
expect "CPU 2 has another bit" lab syscfg 2 "$(printf '0x%x' $((ready | 1 << 18)))"
ccp init
expect "SNP_INIT_EX is refused" refused SNP_INIT_EX 0x03 "SYSCFG is 0x[0-9a-f]* on CPU 0"
expect "it is put back" lab syscfg 2 "$ready"

scenario "a kernel that lays out the memory differently on one CPU"
for register in 0xc001001d:TOP_MEM2 0x268:MTRRfix4K_C0000; do
	was=$(read_msr 2 ${register%:*})
	write_msr 2 ${register%:*} $((was ^ 0x1000000))
	ccp init
	expect "SNP_INIT_EX is refused" refused SNP_INIT_EX 0x03 "${register#*:} is 0x[0-9a-f]* on CPU 0 and"
	write_msr 2 ${register%:*} $((was))
done

scenario "a kernel that leaves virtualisation enabled"
write_hsave 2 005
ccp init
expect "SNP_INIT_EX is refused" refused SNP_INIT_EX 0x03 "VM_HSAVE_PA is not 0 on CPU 2"
write_hsave 2 000
ccp init
expect "it succeeds without" snp_is init
ccp flush shutdown-full snp-shutdown
expect "SNP ends" snp_is uninit

rmmod ccp
finish
