#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# RMPOPT: the processor's rules, and what the guard says of RMPOPT_BASE. No released kernel uses RMPOPT so
# far, so the scenarios write the MSR.
# Needs --firmware full --memory 5G --rmpopt --add build/test/stub/newest:/lab/stub.
. /lab/lib.sh
modprobe msr

base=0xc0010139

# each VALUE: on each CPU, as a kernel writes it that uses RMPOPT.
each() {
	for cpu in 0 1 2 3; do write_msr $cpu $base "$1"; done
}

is_everywhere() {
	[ "$(lab rmpopt | cut -d ' ' -f 2 | sort -u)" = "$1" ]
}

# stub STEP...: on CPU 3
stub() {
	taskset -c 3 sh -c "echo '$*' >/sys/module/ccp/parameters/do"
}

scenario "RMPOPT is enabled under SNP_EN alone, and each core has its own"
each 1
expect "without SNP_EN it stays off" is_everywhere 0x0
insmod /lab/stub/ccp.ko
expect "SNP is initialised" stub "prepare! init! flush!"
expect_not "RMPOPT is undefined where it is off" stub "rmpopt=0!"
write_msr 3 $base 2
write_msr 3 $base 0x20000001
expect "what is reserved can't be set" is_everywhere 0x0
write_msr 3 $base 0x40000001
expect "the base can" [ "$(lab rmpopt 3)" = "3 0x40000001" ]
write_msr 3 $base 1
expect "CPU 2 is as before" [ "$(lab rmpopt 2)" = "2 0x0" ]

scenario "a core skips the checks in a GiB without assigned pages, until the next SNP_INIT"
expect "the second GiB has the RMP, the third no entry in it" stub "rmpopt=0! rmpopt=1! rmpopt=2!"
expect "CPU 3 skips them in the first" [ "$(lab rmpopt 3)" = "3 0x1 0" ]
expect "CPU 2 does not" [ "$(lab rmpopt 2)" = "2 0x0" ]
expect "SNP ends and begins" stub "shutdown! prepare! init!"
expect "nothing is skipped any more" [ "$(lab rmpopt 3)" = "3 0x1" ]
expect "SNP ends" stub "flush! shutdown-full!"
expect "the register stays" [ "$(lab rmpopt 3)" = "3 0x1" ]
expect "RMPOPT can always be switched off" write_msr 3 $base 0
expect "it is" is_everywhere 0x0
rmmod ccp

found() {
	await_each "sweeps find it on each CPU" "\"event\":\"rmpopt\",\"cpu\":0,\"rmpopt_base\":\"$1\"" \
		"\"event\":\"rmpopt\",\"cpu\":3,\"rmpopt_base\":\"$1\""
}

scenario "RMPOPT on every CPU while SNP is initialised, and off as SNP ends, is as it must be"
guard_start --interval 1
expect "SNP is initialised" snp_load
await "it is" '"state":"initialised"'
each 1
found 0x1
sleep 1.5
check_is 0 --only rmpopt
says PASS rmpopt "RMPOPT_BASE is 0x1 on every online CPU"
each 0
found 0
expect "SNP ends" snp_unload
await "the window closes" '"state":"window-closed"'
sleep 1.5
guard_stop
expect_breaches no-latch
expect_status 0

scenario "a CPU without it is named"
guard_start --interval 1
expect "SNP is initialised" snp_load
each 1
found 0x1
mark
lab rmpopt 2 0
await "it is" '"breach":"rmpopt-uneven".*RMPOPT is enabled on CPUs 0-1,3, and not on CPU 2"'
check_is 1 --only rmpopt
says WARN rmpopt "rmpopt-uneven: while SNP is initialised, RMPOPT is enabled on CPUs 0-1,3, and not on CPU 2"
each 0
expect "SNP ends" snp_unload
guard_stop
expect_breach_set no-latch rmpopt-uneven
expect_status 1

scenario "a CPU that comes online without it is named"
guard_start --interval 1 --audit
expect "SNP is initialised" snp_load
each 1
found 0x1
expect "CPU 3 goes" offline 3
lab rmpopt 3 0
expect "CPU 3 comes" online 3
await "it is named" '"breach":"rmpopt-uneven".*on CPUs 0-2, and not on CPU 3"'
each 0
expect "SNP ends" snp_unload
guard_stop
expect_breach_set cpu-offlined cpu-onlined no-latch rmpopt-uneven

scenario "RMPOPT that is left on by a full shutdown is named"
guard_start --interval 1
expect "SNP is initialised" snp_load
each 1
found 0x1
expect "SNP ends" snp_unload
await "it is named" '"breach":"rmpopt-uneven".*RMPOPT is still enabled on CPUs 0-3 after a full shutdown"'
check_is 1 --only rmpopt
says WARN rmpopt "RMPOPT is enabled on CPUs 0-3, and no CPU has SNP_EN"
each 0
guard_stop
expect_breach_set no-latch rmpopt-uneven

scenario "a legacy shutdown must leave it alone"
guard_start --interval 1
insmod /lab/stub/ccp.ko
for changes in no yes; do
	expect "SNP is initialised" stub "prepare! init! flush!"
	each 1
	swept
	expect "SNP ends, and SNP_EN stays" stub "shutdown!"
	[ $changes = no ] || lab rmpopt 1 0
	sleep 2
	[ $changes = yes ] || expect_not "nothing is named" has '"breach":"rmpopt-uneven"'
done
await "the change is named" '"breach":"rmpopt-uneven".*RMPOPT_BASE of CPU 1 changed at a legacy shutdown"'
each 0
expect "SNP ends" stub "prepare! init! flush! shutdown-full!"
rmmod ccp
guard_stop
expect_breach_set no-latch rmpopt-uneven

finish
