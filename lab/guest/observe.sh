#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
# What verify.sh, which sources this, sees of SNP: by the guard or, where it can't run, by the lab's own records.
json=/tmp/guard.json err=/tmp/guard.err
mark=0 # lines of the guard's output that earlier steps have reported
guard= # its process id
records=false # whether the lab's own records have to do instead, as the guard can't run here

# ---- the guard ----

guard_start() {
	: >$json
	mark=0
	snp-guard run --audit --format json --record "/out/$LAB_BOOT.trace" --ready-file /run/ready >$json 2>$err &
	guard=$!
	while [ ! -e /run/ready ]; do
		kill -0 "$guard" 2>/dev/null || {
			guard='' records=true
			return
		}
		sleep 0.1
	done
}

note_records() {
	! $records ||
		echo "unverified how the kernel disables CPU hotplug, and when, as the guard does not start: $(head -n 1 $err)"
}

guard_stop() {
	[ "$guard" ] || return
	kill "$guard"
	wait "$guard"
	[ $? -le 2 ] || echo "unverified the guard ended early: $(head -n 1 $err)"
	guard=
	rm -f /run/ready
	report_breaches
	cp $json "/out/guard-$LAB_BOOT.json"
}

# source_of FACT: the hook through which the guard learns a fact on this kernel.
source_of() {
	snp-guard hooks --format json | sed -n "s/.*\"fact\":\"$1\",\"covered\":[a-z]*,\"source\":\"\([^\"]*\)\".*/\1/p"
}

# What the guard has printed during this step.
news() {
	tail -n +$((mark + 1)) $json
}

# await COMMAND...: waits for up to 30 s until the command succeeds.
await() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -le 300 ] || return 1
		sleep 0.1
	done
}

# reported STATE: whether the guard has reported this state during this step.
reported() {
	news | grep -qE "\"state\":\"$1\""
}

# state_text STATE RECORDS: the text of this step's last report of a state; without the guard, what the lab's records say.
state_text() {
	$records && echo "$2" && return
	news | sed -n "s/.*\"state\":\"$1\",\"text\":\"\([^\"]*\)\".*/\1/p" | tail -n 1
}

# The time of the newest line of these, in ns.
newest() {
	grep "$@" | sed -n '$s/.*"boottime_ns":\([0-9]*\).*/\1/p'
}

# On SIGHUP the guard looks at all CPUs; before that it takes all events that wait. Sets looked to when it did.
look() {
	lines=$(wc -l <$json)
	kill -HUP "$guard" 2>/dev/null && await looked_since "$lines"
}

looked_since() {
	looked=$(tail -n +$(($1 + 1)) $json | newest '"event":"truth"')
	[ "$looked" ]
}

# The guard judges a state that has lasted for 0.5 s: looks, and if something has just happened, looks again after that.
settle() {
	{ [ "$guard" ] && look; } || return
	last=$(news | newest -v '"event":"truth"')
	if [ "${last:-0}" -gt $((looked - 500000000)) ]; then
		sleep 0.5
		look
	fi
}

# ---- the lab's own records: SNP_EN of each CPU, and the firmware's state ----

# lab must be read to its end, or the next request gets the rest of this answer.
firmware_has_snp() {
	[ "$(lab state | grep -cx snp=init)" = 1 ]
}

# cpus_with SNP_EN: the CPUs whose SNP_EN is that, 0 or 1
cpus_with() {
	lab syscfg | while read -r cpu value; do
		[ $((value >> 24 & 1)) != "$1" ] || echo "$cpu"
	done
}

window_is_open() {
	if $records; then
		[ "$(cpus_with 1)" ]
	else
		grep -oE '"state":"window-(open|closed)"' $json | tail -n 1 | grep -q open
	fi
}

# is_initialised, is_ended: what the step was to bring about has happened, and has been seen.
is_initialised() {
	if $records; then firmware_has_snp; else reported initialised; fi
}

is_ended() {
	if $records; then ! firmware_has_snp; else reported '(legacy|full)-shutdown'; fi
}

# ---- breaches ----

# breach SEVERITY NAME TEXT: one that the guard does not look for.
breach() {
	broken=true
	echo "breach $*"
}

# By the lab's records: what the guard would have named.
judge_by_records() {
	{ $records && firmware_has_snp; } || return
	for lacking in $(cpus_with 0); do
		[ "$(cat "$cpus/cpu$lacking/online" 2>/dev/null)" = 0 ] ||
			breach critical cpu-without-snp-en "CPU $lacking is online without SNP_EN while SNP is initialised"
	done
}

# Prints the breaches of this step. That nobody sees who requested a CPU change hides no breach
# (the fact "asked"), so this one blind spot is only a note.
report_breaches() {
	last=$(wc -l <$json)
	head -n "$last" $json | tail -n +$((mark + 1)) | sed -n '
		/"event":"uncovered","fact":"asked"/ {
			n
			s/.*"breach":"blind","severity":"\([^"]*\)","text":"\([^"]*\)".*/note \1 blind: \2/p
			d
		}
		s/.*"breach":"\([^"]*\)","severity":"\([^"]*\)","text":"\([^"]*\)".*/breach \2 \1 \3/p'
	mark=$last
	judge_by_records
}
