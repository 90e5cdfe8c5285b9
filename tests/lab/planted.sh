#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# Sound and unsound orders of the same steps: a stand-in for ccp (tests/lab/stub) calls the
# kernel's own functions and commands the firmware, with one mistake planted in each row, or
# none. Breaches that need more than orders of steps have their scenarios elsewhere.
# Needs --firmware full, and the two modules in /lab/stub. Rows with "+" run only at length.
. /lab/lib.sh
modprobe msr
insmod /lab/stub/foreign.ko

# ccp VERB...: always from CPU 0, so that it is known whose SNP_EN snp_prepare() looks at
ccp() {
	# shellcheck disable=SC2016
	taskset 1 sh -c 'echo "$*" >/sys/module/ccp/parameters/do' ccp "$@" ||
		fail "ccp $*: the list was stopped"
}

foreign() {
	for verb; do
		echo "$verb" >/sys/module/foreign/parameters/do
	done
}

repeat() {
	n=$1
	shift
	while [ "$n" -gt 0 ]; do
		"$@"
		n=$((n - 1))
	done
}

fails() {
	lab fail "$1" >/dev/null || fail "the firmware does not take $1"
}

snp_en() {
	lab snp-en "$@" >/dev/null || fail "lab snp-en $* failed"
}

hold() {
	kill -STOP "$guard"
}

resume() {
	kill -CONT "$guard"
}

# named_is BREACH [CPU]: waits until the guard names the breach, of that CPU.
named_is() {
	await "named" "${2:+\"cpu\":$2,}\"breach\":\"$1\""
}

says() {
	expect "said: $1" has "$1"
}

# late-disable states the gap, here in whole milliseconds.
gap_is_at_least() {
	gap=$(sed -n 's/.*"late-disable".* \([0-9][0-9]*\)\.[0-9] ms after SNP_EN was set.*/\1/p' "$json")
	expect "the gap of ${gap:-none} ms is $1 ms or more" [ "${gap:-0}" -ge "$1" ]
}

# Puts right what a row leaves, while no guard runs; at the end a CPU goes offline and comes back.
clean_up() {
	lab fail none
	[ -e /sys/module/ccp ] || insmod /lab/stub/ccp.ko
	ccp flush shutdown-full
	for cpu in 0 1 2 3; do
		snp_en $cpu off
	done
	is_online 3 || online 3
	tries=0
	until offline 3 2>/dev/null || [ $tries -eq 9 ]; do
		foreign enable
		tries=$((tries + 1))
	done
	expect "the count is 0 again" online 3
	rmmod ccp
}

# name, the guard's options ("later": a step starts it), steps, breaches in order
row() {
	scenario "$1"
	if [ "$2" != later ]; then
		# shellcheck disable=SC2086 # options are words
		guard_start $2
		insmod /lab/stub/ccp.ko
	fi
	eval "$3" </dev/null
	# The guard waits for what may still follow; the sleep is for what must not follow.
	sleep 0.6
	guard_stop
	# shellcheck disable=SC2086 # breaches are words
	expect_breaches $4
	clean_up
}

table() {
	# The third column is shell.
	cat <<'TABLE'
# ---- no disable: 7.1 to 7.3
mainline: nothing disables, full shutdown \
	|| ccp prepare init flush; ccp shutdown-full snp-shutdown | no-latch
mainline: a legacy shutdown, and a full one later \
	|| ccp prepare init flush shutdown prepare init flush shutdown-full snp-shutdown | no-latch
+ an early return between SNP_INIT and the disable \
	|| ccp prepare init flush shutdown-full snp-shutdown | no-latch
+ mainline: snp_prepare() fails with CPU 3 offline \
	|| offline 3; ccp prepare; online 3 |
+ SNP_INIT and SNP_DF_FLUSH fail with SNP_EN set nowhere \
	|| ccp init flush |

# ---- v9: after SNP_INIT, once in a window; undone when SNP_EN is gone
v9: one disable in a window \
	|| ccp prepare init flush disable; ccp shutdown-full snp-shutdown enable | late-disable
+ v9: 20 times init and legacy shutdown in one window \
	|| ccp prepare init flush disable; repeat 20 ccp shutdown prepare init flush; \
	ccp shutdown-full snp-shutdown enable | late-disable
+ v9: the disable comes 50 ms after SNP_EN \
	|| ccp prepare sleep=50 init flush disable; named_is late-disable; \
	gap_is_at_least 50; ccp shutdown-full snp-shutdown enable | late-disable
+ v9: each command takes 0.7 s \
	|--interval 0.5| ccp slow=700 prepare init flush disable; ccp shutdown-full snp-shutdown enable \
	| late-disable
v9: CPU 3 goes and comes in the gap \
	|--audit| hold; ccp prepare init flush; offline 3; online 3; ccp disable; resume; \
	named_is late-disable; says '1 CPU came online, 1 went offline'; \
	ccp shutdown-full snp-shutdown enable | cpu-offlined cpu-onlined late-disable
v9 without its flag: the second init stacks, one enable is not enough \
	|| ccp prepare init flush disable shutdown prepare init flush disable; \
	ccp shutdown-full snp-shutdown enable; named_is leaked-disable \
	| late-disable stacked-disable leaked-disable
+ v9: enabled again when a re-init fails \
	|| ccp prepare init flush disable shutdown; fails SNP_INIT_EX=0x3:once; \
	ccp prepare init enable | late-disable benign-failed-init

# ---- v10: before SNP_EN; undone if snp_prepare() fails, else when SNP_EN is gone
v10: one disable in a window \
	|| ccp disable prepare! init flush; ccp shutdown-full snp-shutdown enable |
+ v10: two windows, one after the other \
	|| ccp disable prepare! init flush shutdown-full snp-shutdown enable; \
	ccp disable prepare! init flush shutdown-full snp-shutdown enable |
+ v10: each command takes 0.7 s \
	|--interval 0.5| ccp slow=700 disable prepare! init flush shutdown-full snp-shutdown enable |
+ v10: CPU 3 goes and comes before the window and after it \
	|| offline 3; online 3; ccp disable prepare! init flush shutdown-full snp-shutdown enable; \
	offline 3; online 3 |
+ v10: 100 times init and legacy shutdown in one window \
	|| ccp disable prepare! init flush; repeat 100 ccp shutdown prepare! init flush; \
	ccp shutdown-full snp-shutdown enable |
v10: snp_prepare() fails with CPU 3 offline, the disable is undone \
	|| offline 3; ccp disable prepare enable; online 3 |
v10: SNP_INIT fails, hotplug stays disabled, the next init is sound \
	|| fails SNP_INIT_EX=0x3:once; ccp disable prepare! init; named_is benign-failed-init; \
	ccp prepare! init flush shutdown-full snp-shutdown enable | benign-failed-init
+ v10: SNP_INIT wants a DF_FLUSH, and is tried again \
	|| fails SNP_INIT_EX=0xf:once; ccp disable prepare! init flush init flush; \
	ccp shutdown-full snp-shutdown enable |
+ v10: SNP_SHUTDOWN wants a DF_FLUSH, and is tried again \
	|| ccp disable prepare! init flush; fails SNP_SHUTDOWN_EX=0xf:once; \
	ccp shutdown-full flush shutdown-full snp-shutdown enable |
+ v10: SNP_SHUTDOWN fails, nothing closes, and is tried again \
	|| ccp disable prepare! init flush; fails SNP_SHUTDOWN_EX=0x1:once; ccp shutdown-full; \
	sleep 1; expect_not "the gate is shut" offline 3; ccp shutdown-full snp-shutdown enable |
v10: SNP_DF_FLUSH fails after SNP_INIT \
	|| fails SNP_DF_FLUSH=0x1:once; ccp disable prepare! init flush; named_is orphaned-init; \
	ccp flush shutdown-full snp-shutdown enable | orphaned-init
v10: no WBINVD before SNP_DF_FLUSH, which the firmware then refuses \
	|| ccp disable prepare! init bare-flush; named_is orphaned-init; says "WBINVD_REQUIRED"; \
	ccp flush shutdown-full snp-shutdown enable | orphaned-init
v10: the guard starts inside the window \
	|later| insmod /lab/stub/ccp.ko; ccp disable prepare! init flush; guard_start; \
	await "inferred" '"state":"inferred"'; ccp shutdown-full snp-shutdown enable |

# ---- mistakes with the enable
a legacy shutdown enables \
	|| ccp disable prepare! init flush; ccp shutdown enable; named_is early-enable; \
	ccp prepare! init flush shutdown-full snp-shutdown | early-enable
+ a legacy shutdown enables, v9 \
	|| ccp prepare init flush disable; ccp shutdown enable; named_is early-enable; \
	ccp prepare init flush shutdown-full snp-shutdown | late-disable early-enable
a full shutdown enables twice \
	|| ccp disable prepare! init flush shutdown-full snp-shutdown enable enable \
	| unbalanced-enable
the shutdown of an SNP that was never initialised enables \
	|| ccp enable | unbalanced-enable
a full shutdown never enables \
	|| ccp disable prepare! init flush shutdown-full snp-shutdown; named_is leaked-disable \
	| leaked-disable

# ---- others
a foreign disable is left \
	|| foreign disable; ccp disable prepare! init flush; foreign disable; \
	ccp shutdown-full snp-shutdown enable |
+ foreign pairs, before the window and inside it \
	|| foreign disable; ccp disable prepare! init flush; foreign enable; \
	foreign disable disable enable enable; ccp shutdown-full snp-shutdown enable |
a foreign enable that is taken back at once, as resume from hibernation does \
	|| ccp disable prepare! init flush; foreign enable disable; sleep 1; \
	ccp shutdown-full snp-shutdown enable |
# SNP's own enable finds the count too low then, but by SNP's books it is owed.
a foreign enable too many, and SNP's own after it \
	|| ccp disable prepare! init flush; foreign enable; named_is foreign-enable; \
	ccp shutdown-full snp-shutdown enable | foreign-enable
+ a foreign enable too many that eats a foreign disable first \
	|| foreign disable; ccp disable prepare! init flush; foreign enable enable; \
	named_is foreign-enable; ccp shutdown-full snp-shutdown enable | foreign-enable
# Attribution goes by the call stack and no further: what SNP's code has done by a work item of
# the kernel's own functions is taken for others'. The count shows that hotplug is enabled; nothing
# shows that SNP's own code enabled it, so its disable seems never undone.
SNP's enable comes from a work item, early: its stack is not SNP's \
	|| ccp disable prepare! init flush work-enable; named_is foreign-enable; \
	ccp shutdown-full snp-shutdown; named_is leaked-disable | foreign-enable leaked-disable
# For the same reason a kernel that disables so looks like one that never does.
+ SNP's disable and enable come from a work item \
	|| ccp work-disable prepare! init flush; ccp shutdown-full snp-shutdown work-enable \
	| no-latch

# ---- SNP_EN that is not where it should be
# (partial-prepare is shown by tests/kernels/partial.sh: it takes a kernel that is built for it.)
# What the lab sets without the kernel's doing is known after a sweep.
snp_prepare() bails out with CPU 3 lacking SNP_EN \
	|--interval 0.5| ccp disable prepare! init flush shutdown; snp_en 3 off; ccp prepare!; \
	named_is unsafe-bailout; snp_en 3 on; swept; \
	ccp init flush shutdown-full snp-shutdown enable | snp-en-lost unsafe-bailout
+ snp_prepare() bails out with CPU 3 lacking SNP_EN, and the firmware refuses \
	|--interval 0.5| ccp disable prepare! init flush shutdown; snp_en 3 off; ccp prepare!; \
	named_is unsafe-bailout; ccp init; named_is benign-failed-init; snp_en 3 on; swept; \
	ccp prepare! init flush shutdown-full snp-shutdown enable \
	| snp-en-lost unsafe-bailout benign-failed-init
SNP_EN leaves CPU 3 while SNP is initialised \
	|--interval 0.5| ccp disable prepare! init flush; swept; snp_en 3 off; \
	named_is cpu-without-snp-en 3; snp_en 3 on; \
	ccp shutdown-full snp-shutdown enable | snp-en-lost cpu-without-snp-en
SNP_EN leaves CPU 3 after a legacy shutdown \
	|--interval 0.5| ccp disable prepare! init flush shutdown; swept; snp_en 3 off; \
	named_is snp-en-lost 3; snp_en 3 on; swept; ccp prepare! init flush; \
	ccp shutdown-full snp-shutdown enable | snp-en-lost
a full shutdown leaves SNP_EN on CPU 2 \
	|| ccp disable prepare! init flush; hold; ccp shutdown-full snp-shutdown enable; \
	snp_en 2 on; resume; named_is snp-en-lost 2 | snp-en-lost
TABLE
}

# A comment, an empty line; a backslash goes on with the row.
while read -r line; do
	case $line in
	"" | "#"*) continue ;;
	esac
	while [ "${line%\\}" != "$line" ] && read -r more; do
		line=${line%\\}$more
	done
	case $line in
	"+ "*) at_length || continue ;;
	esac
	line=${line#"+ "}
	IFS='|' read -r name options steps breaches <<LINE
$line
LINE
	row "${name% }" "$options" "$steps" "$breaches"
done <<TABLE
$(table)
TABLE
finish
