#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Kernels that break the firmware's rules: the stand-in for ccp breaks one at a time, the firmware
# refuses as real firmware does, and its log says which rule it was. And what the guard is for: a CPU
# that comes online without SNP_EN writes into a guest's page, and with the gate it can't.
# Needs --firmware full, --rmp-writers, and the stand-in in /lab/stub.
. /lab/lib.sh
modprobe msr
insmod /lab/stub/ccp.ko

# on CPU VERB...: the stand-in does it on that CPU
on() {
	cpu=$1
	shift
	# shellcheck disable=SC2016
	taskset -c "$cpu" sh -c 'echo "$*" >/sys/module/ccp/parameters/do' ccp "$@"
}

ccp() { on 0 "$@"; }

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

# ---- the harm ----

# written TEXT...: these are the lines, in this order, of what the processor saw
written() {
	lab rmp-writers >/tmp/writers
	[ "$(wc -l </tmp/writers)" -eq $# ] || { cat /tmp/writers && return 1; }
	for line; do
		grep -q "^0x[0-9a-f]*000 $line$" /tmp/writers || { cat /tmp/writers && return 1; }
	done
}
unchecked='Pre-Guest CPU 3, without SNP_EN, at 0xffffffff[0-9a-f]*: hardware lets it pass'
refused='Pre-Guest CPU 1, with SNP_EN, at 0xffffffff[0-9a-f]*: hardware raises #PF'

found() {
	lab rmp-writes >/tmp/found
	[ "$(wc -l </tmp/found)" -eq "$1" ] || { cat /tmp/found && return 1; }
}

# No firmware resets a single CPU, so the lab takes SNP_EN from CPU 3 while it is offline.
ccp prepare init flush give=1
offline 3
lab snp-en 3 off >/dev/null

scenario "with the gate no CPU without SNP_EN comes online, and a guest's page stays as it is"
guard_start
await "the window is taken up" '"state":"window-open"'
expect_not "CPU 3 does not come" online 3
await "the refusal is reported" '"event":"denied".*"file":"cpu3/online".*"refused":true'
expect_not "nothing runs on it" on 3 scribble
expect "no CPU wrote to the page" written
expect "the firmware finds no write" found 0
guard_stop
expect_breaches no-latch

scenario "without the gate it comes online, and writes into the guest's page"
guard_start --audit
await "the window is taken up" '"state":"window-open"'
expect "CPU 3 comes" online 3
await "it is named" '"cpu":3,"breach":"cpu-onlined"'
expect "it writes" on 3 scribble
expect "the CPU is known" written "$unchecked"
expect "the firmware finds the write" found 1
expect "it knows the page's state" grep -q '^0x[0-9a-f]*000 Pre-Guest$' /tmp/found
guard_stop

scenario "a CPU with SNP_EN is told apart, and a page that was taken back is free"
expect "CPU 1 writes" on 1 scribble
expect "hardware would have refused it" written "$unchecked" "$refused"
expect "the page is reclaimed" ccp take!
expect "the firmware's log says who wrote" refused SNP_PAGE_RECLAIM 0x00 "page 0x[0-9a-f]*000, which is in state Pre-Guest: CPU 1, with SNP_EN"
expect "the firmware found both writes" found 2
expect "CPU 2 writes" on 2 scribble
expect "the processor has nothing to say" written "$unchecked" "$refused"
expect "nor has the firmware" found 2

ccp shutdown-full snp-shutdown
rmmod ccp
finish
