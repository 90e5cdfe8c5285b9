#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# A host on which all that may happen to a guard happens, at random: windows, hotplug storms, suspends,
# CPUs that lose SNP_EN, kills, stops, settings read again, outputs that fail, clocks that are set. In
# the end the books agree: the kernel's own log, the lab's firmware, what this script did, and what the
# guards reported. /lab/soak has the seconds, the seed and, if not all, what may happen; without it 30 s,
# and a seed of its own.
# Needs --firmware full.
. /lab/lib.sh
modprobe msr
read -r seconds seed what_happens 2>/dev/null </lab/soak || {
	seconds=30
	seed=$(od -An -N3 -tu4 /dev/urandom)
	seed=$((seed))
}
small=/tmp/small # the file system that is full at times
conf=/etc/snp-guard.conf
[ -n "${what_happens-}" ] ||
	what_happens='reload reload reload reload storm storm storm loses_snp_en loses_snp_en suspend killed restarted
		stopped settings_change reader_stops reader_goes disk_fills directory_goes clock_steps scraped rest'
state=$seed
loud=$(cat /lab/loud 2>/dev/null) # for who looks for an error in here
window='' reader='' stdout_works='' record_works=1
windows=0 refused=0 losses=0 guards=0 actions=0
did=/tmp/did # which action, how often

# random N: sets r to one of 0 to N-1
random() {
	state=$(((state * 1103515245 + 12345) & 0x7fffffff))
	r=$(((state >> 8) % $1))
}

# ---- what the guards reported ----

# Records have numbers of their own, so it is the same if two outputs have them.
extract() {
	sed -nE 's/.*"event":"(cpu-up|cpu-down|command)","seq":([0-9]+),.*("cpu":[0-9]+|"command_name":"[A-Z_]*").*/\2 \1 \3/p'
}

# Of the guard that ended: both outputs, one of which may have failed for a while.
digest() {
	extract <"$json" >>/tmp/book
	snp-guard replay --format json "$trace" 2>/dev/null | extract >>/tmp/book
	sed -n 's/.*"type":"summary".*/&/p' "$json" | tail -n 1 >/tmp/summary
	cat "$json" >>/tmp/all.json
	tail -c 2000000 /tmp/all.json >/tmp/last.json
	mv /tmp/last.json /tmp/all.json
	rm -f "$trace"
}

# booked TEXT: how many records have it
booked() {
	sort -u /tmp/book | grep -c -- "$1"
}

# What the recording has led to so far; how replay ends it is no part of that.
recording() {
	snp-guard replay --format json "$trace" 2>/dev/null |
		grep -v -e "what came after the recording's cut" -e '"type":"summary"'
}

# says TEXT: an output that works has it, after the mark
says() {
	if [ -n "$stdout_works" ]; then
		tail -n +$((seen + 1)) "$json" | grep -q -- "$1"
	else
		recording | tail -n +$((recorded + 1)) | grep -q -- "$1"
	fi
}

mark_both() {
	mark
	[ -n "$stdout_works" ] || recorded=$(recording | wc -l)
}

# ---- the guard ----

guard_up() {
	guards=$((guards + 1))
	trace="$small/$guards.trace"
	: >"$json"
	rm -f /tmp/stdout
	mkfifo /tmp/stdout
	cat </tmp/stdout >>"$json" &
	reader=$!
	guard_begin run --pin --config "$conf" --record "$trace" --textfile "$small"/metrics/guard.prom \
		--listen 127.0.0.1:9464 >/tmp/stdout 2>>"$err"
	stdout_works=1 age=0
	guard_ready
}

field() {
	sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" /proc/"$guard"/status
}

# Memory in KiB, descriptors, mappings.
measure() {
	echo "$(field VmRSS) $(find /proc/"$guard"/fd -type l | wc -l) $(wc -l </proc/"$guard"/maps)"
}

warm=6 # actions after which a guard has all that it needs

judge_growth() {
	[ $age -gt $((warm * 2)) ] || return 0
	# shellcheck disable=SC2046,SC2086 # three words each
	set -- $measured $(measure)
	checked
	# The queues of stdout and of the recording take up to 4 MiB each where these fail.
	[ "$4" -le $(($1 + 9 * 1024)) ] || fail "guard $guards: memory grew from $1 to $4 KiB in $age actions"
	# A scrape or a file that is just written may be under way; and the three write hooks may be
	# attached, or the three descriptors open by which symbols are read.
	[ "$5" -le $(($2 + 5)) ] || fail "guard $guards: descriptors grew from $2 to $5"
	[ "$6" -le $(($3 + 4)) ] || fail "guard $guards: mappings grew from $3 to $6"
	measures=$((measures + 1))
}

# down SIGNAL
down() {
	judge_growth
	[ "$1" = KILL ] || resume_reader
	kill -"$1" "$guard"
	wait "$guard" 2>/dev/null
	guard_status=$?
	# 3: an output lacks something, as it failed for a while.
	[ "$1" = KILL ] || [ $guard_status -le 3 ] || fail "guard $guards ended with $guard_status: $(tail -n 1 "$err")"
	kill -CONT "$reader" 2>/dev/null
	wait "$reader" 2>/dev/null
	make_room
	digest
}

guard_lives() {
	checked
	is_gone || return 0
	wait "$guard"
	fail "guard $guards ended by itself after \"$action\", with $?: $(tail -n 1 "$err")"
}

# ---- what happens ----

# move CPU 0|1: by a user, whom the gate refuses in a window
move() {
	if { echo "$2" >$cpus/cpu"$1"/online; } 2>/dev/null; then
		[ -z "$window" ] || fail "CPU $1 moved to $2 in a window, after \"$action\""
	elif [ -n "$window" ]; then
		refused=$((refused + 1))
	fi
}

all_online() {
	for n in 1 2 3; do
		[ "$(cat $cpus/cpu$n/online)" = 1 ] || move $n 1
	done
}

reload() {
	if [ -n "$window" ]; then
		window=
		expect "SNP ends" snp_unload
	else
		all_online
		expect "SNP is initialised" snp_load
		window=1 windows=$((windows + 1))
	fi
}

storm() {
	random 12
	left=$((r + 3))
	while [ $left -gt 0 ]; do
		random 3
		move $((r + 1)) 0
		move $((r + 1)) 1
		left=$((left - 1))
	done
}

loses_snp_en() {
	[ -n "$window" ] || return 0
	mark_both
	expect "CPU 3 loses SNP_EN" lab snp-en 3 off
	losses=$((losses + 1))
	await_that "the guard names CPU 3, after \"$before\"" says '"cpu":3,"breach":"snp-en-lost"'
	mark_both
	expect "CPU 3 has SNP_EN" lab snp-en 3 on
	await_that "the guard sees it" says '"event":"cpu-state".*"cpu":3,'
}

# As long as no user and no test of the kernel's needs its hardware: processors go and come.
suspend() {
	[ -w /sys/power/pm_test ] || return 0
	grep -q mem /sys/power/state || return 0
	if [ -n "$window" ]; then
		{ echo mem >/sys/power/state; } 2>/dev/null && fail "a suspend passed in a window"
		refused=$((refused + 1))
		return 0
	fi
	echo 0 >/sys/module/suspend/parameters/pm_test_delay 2>/dev/null
	echo processors >/sys/power/pm_test
	echo mem >/sys/power/state 2>/dev/null
	echo none >/sys/power/pm_test
}

killed() {
	down KILL
	random 5
	sleep 0."$r"
	storm
	guard_up
}

restarted() {
	down TERM
	storm
	guard_up
}

stopped() {
	kill -STOP "$guard"
	storm
	random 25
	sleep $((r / 10)).$((r % 10))
	kill -CONT "$guard"
}

settings_change() {
	random 4
	printf '[run]\ninterval = %s\n' "0.$((r * 2 + 3))" >"$conf"
	kill -HUP "$guard"
}

# One output at a time fails, so that the other one has all that is reported.
resume_reader() {
	[ -z "$stopped_reader" ] || kill -CONT "$reader"
	stopped_reader=
}

reader_stops() {
	[ -n "$record_works" ] && [ -n "$stdout_works" ] || return 0
	kill -STOP "$reader"
	stopped_reader=1
	storm
	random 20
	sleep $((r / 10)).$((r % 10))
	storm
	resume_reader
}

reader_goes() {
	[ -n "$record_works" ] && [ -n "$stdout_works" ] || return 0
	kill -KILL "$reader"
	wait "$reader" 2>/dev/null
	stdout_works=
	storm
	sleep 0.5
}

make_room() {
	rm -f "$small"/fill
	record_works=1
}

disk_fills() {
	[ -n "$stdout_works" ] || return 0
	record_works=
	dd if=/dev/zero of="$small"/fill bs=4096 2>/dev/null
	storm
	random 15
	sleep $((r / 10)).$((r % 10))
	make_room
}

directory_goes() {
	mv "$small"/metrics "$small"/gone
	storm
	sleep 0.6
	mv "$small"/gone "$small"/metrics
}

clock_steps() {
	random 7200
	date -s "@$(($(date +%s) + r - 3600))" >/dev/null
}

# busybox's wget has a time limit of its own, which ends it by SIGSEGV.
scraped() {
	{ timeout 10 wget -q -O /tmp/scraped http://127.0.0.1:9464/metrics &&
		grep -q ^snp_guard_window_state /tmp/scraped; } || fail "nobody answers at /metrics, after \"$before\""
}

rest() {
	random 10
	sleep 0."$r"
}

# ---- the soak ----

act() {
	# shellcheck disable=SC2086 # words
	set -- $what_happens
	random $#
	shift "$r"
	# Without a window little can go wrong.
	[ $windows -gt 0 ] || set -- reload
	before=$action action=$1
	[ -z "$loud" ] || echo "    # $(cut -d. -f1 /proc/uptime) s: $1"
	$1
	echo "$1" >>$did
	actions=$((actions + 1)) age=$((age + 1))
	guard_lives
	[ $age -ne $warm ] || measured=$(measure)
}

# agree WHAT A B: two books
agree() {
	expect "$1: $2 and $3" [ "$2" -eq "$3" ]
}

scenario "$seconds s of all that may happen, seed $seed"
action=none before=none measured='' measures=0 stopped_reader=
mkdir -p "$small"
mount -t tmpfs -o size=24m none "$small"
mkdir -p "$small"/metrics
printf '[run]\ninterval = 0.5\n' >"$conf"
: >/tmp/book
: >$did
cat /dev/kmsg >/tmp/kmsg &
kmsg=$!
end=$(($(cut -d. -f1 /proc/uptime) + seconds))
guard_up
while [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] && [ -z "$broken" ]; do
	act
	[ $((actions % 500)) -ne 0 ] || echo "    # $actions actions, $windows windows, $guards guards"
done
cp /tmp/all.json "$out"/soak.lines 2>/dev/null
[ -z "$broken" ] || {
	echo "    # the last actions: $(tail -n 20 $did | tr '\n' ' ')"
	finish
}
# The last guard says all that it knows.
[ -n "$stdout_works" ] || restarted
[ -z "$window" ] || reload
all_online
sleep 1
down TERM
sleep 0.2
kill $kmsg

summary=$(cat /tmp/summary)
# count_in MEMBER: of the last guard's summary, not of its outputs
count_in() {
	echo "${summary%%,\"faults\"*}" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}
lost=$(count_in lost)
sort $did | uniq -c | awk '{ printf "%s%s %d", (NR > 1 ? ", " : "    # "), $2, $1 } END { print "" }'
echo "    # $actions actions, $guards guards, $windows windows, $refused refused, $losses losses of SNP_EN, $lost records lost"
expect "the last guard has a summary" [ -n "$lost" ]
agree "windows, by this script and by the guard" $windows "$(count_in windows)"
agree "refusals, by this script and by the guard" $refused "$(count_in denied)"
[ $losses -eq 0 ] || agree "losses of SNP_EN, by this script and by the guard" $losses "$(count_in snp-en-lost)"
if [ "${lost:-1}" -eq 0 ]; then
	for command in SNP_INIT_EX SNP_DF_FLUSH SNP_SHUTDOWN_EX; do
		agree "$command, by the firmware and by the guards" "$(lab log | grep -c " $command ")" "$(booked "\"$command\"")"
	done
	for cpu in 1 2 3; do
		agree "CPU $cpu went, by the kernel's log and by the guards" \
			"$(grep -c "smpboot: CPU $cpu is now offline" /tmp/kmsg)" "$(booked "cpu-down \"cpu\":$cpu$")"
		agree "CPU $cpu came, by the kernel's log and by the guards" \
			"$(grep -c "smpboot: Booting Node .* Processor $cpu " /tmp/kmsg)" "$(booked "cpu-up \"cpu\":$cpu$")"
	done
else
	expect "what was lost was told" grep -q '"breach":"blind"' /tmp/all.json
fi
expect "all is removed" snp-guard detach

finish
