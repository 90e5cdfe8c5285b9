# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # opt, takes, children: the parts before this one
# The command verify: is SNP sound on a kernel? This is the host's side: it boots guest/verify.sh
# on both kinds of firmware, shows each step, and gives the verdict.

# The options that verify hands on to each machine, and verify's own.
verify_hands_on=(kernel bzimage modules cpus threads memory rmpopt append lsm module timeout gdb shell-on-failure qemu-opts time)
verify_takes=("${verify_hands_on[@]}" firmware out quick step repeat format ktap junit bisect kselftest help)
# Seconds for each kind of firmware, of which a run on two idle cores takes about 100.
verify_timeout=600
# What a run takes, on two idle cores.
verify_takes_long="about 100 s" verify_takes_quick="about 30 s"

# The stages of guest/verify.sh, which --step takes.
stages() { sed -n 's/^stage_\([a-z]*\)() .*/\1/p' "$here/guest/verify.sh" | xargs; }

verify_usage() {
	local names
	names=$(IFS='|' && echo "${verify_takes[*]}")
	echo "usage: snp-lab verify [O=DIR] [OPTION...]   in the tree of a kernel that was built; O=DIR as for make"
	echo "       snp-lab verify --bzimage FILE --modules DIR [OPTION...]"
	echo "       snp-lab verify --kernel NAME [OPTION...]"
	echo "Initialises SNP and shuts it down on this kernel, on legacy and on full firmware and"
	echo "across kexec and a panic, with snp-guard watching, and says whether the kernel kept SNP sound."
	echo "Takes $verify_takes_long on two idle cores; with --quick, $verify_takes_quick."
	options | grep -E "^  --($names)[ ]" | sed "s/(default 180)/(default $verify_timeout)/; s/ verify: / /
		s/(default legacy)/(default: first one, then the other; --quick: full)/
		/^  --threads/s/(default 1)/(default: 1 on legacy and 2 on full firmware)/"
	echo "The steps that --step takes, in several parts each: $(stages)."
	echo "Exit status: 0 sound; 1 unsound, the worst breach is a warning; 2 unsound, a breach is critical;"
	echo "3 could not verify; 126 snp-lab itself failed. With --bisect 0, 1, 1, 125 and 129; with --kselftest 0, 1, 1, 4 and 126."
}

# ---- one kind of firmware ----

# verify_line WORD REST: handles one line from guest/verify.sh, which lists the words.
verify_line() {
	local word=$1 rest=$2 severity name
	case $word in
	kernel) end_step pass "$rest" ;;
	step) begin_step "$rest" ;;
	did) end_step pass "$rest" ;;
	skip) end_step skip "$rest" ;;
	breach)
		read -r severity name rest <<<"$rest"
		# A blind spot may hide a breach, and is none by itself.
		[ "$name" != blind ] || severity=unverified name=
		add_finding "$severity" "$name" "$rest"
		;;
	unverified) add_finding unverified "" "$rest" ;;
	panic)
		panic=$rest
		# Without a crash kernel, the machine ends here.
		[[ $rest == *yes ]] || { finished=1 && end_step pass "the machine ends"; }
		;;
	shell) give_shell ;;
	done) finished=1 ;;
	note) add_finding note "" "$rest" ;;
	*) add_finding note "" "$word${rest:+ $rest}" ;;
	esac
}

# give_shell: hands the terminal's keys to the guest, and shows the guest's output, until a shell of the guest ends.
give_shell() {
	local character hand
	say "a shell in the machine, as the step has left it; exit goes on with the next step"
	terminal_state=$(stty -g <&"$terminal")
	stty raw -echo <&"$terminal"
	cat <&"$terminal" >&"$keys" &
	hand=$!
	children+=("$hand")
	while IFS= read -r -N 1 character && [ "$character" != $'\x1e' ]; do printf %s "$character" >&2; done
	kill "$hand"
	stty "$terminal_state" <&"$terminal"
	terminal_state=
}

# judge_panic LOG TIME NOTIFIER CRASH: what the firmware was asked in the panic, by its log after that time. A
# crash kernel may initialise SNP again: that ends the search.
judge_panic() {
	local asked text
	begin_step "the firmware ends SNP in the panic"
	asked=$(awk -v time="$2" '$1 <= time { next } $3 ~ /^SNP_INIT/ { exit } $3 ~ /^SNP_SHUTDOWN/' "$1" |
		tail -n 1 | cut -d ' ' -f 3-)
	if [ "$3" = no ]; then
		end_step skip "the kernel has no panic notifier for it"
		return
	fi
	text="${asked:-the kernel did not ask for it}"
	end_step pass "$text"
	[[ $asked != *" status=0x00 "* ]] || return 0
	[ -z "$asked" ] || text="firmware refused $text"
	add_finding warning panic-without-shutdown "$text"
}

# The options for a kind of firmware, one per line.
machine_options() {
	printf '%s\n' --firmware "$1" --run "$here/guest/verify.sh" --add "$here/guest/observe.sh:/lab/observe.sh"
	[ -z "${opt[step]}" ] || printf '%s\n' --append "lab.stage=${opt[step]}"
	[ -z "${opt[shell-on-failure]}" ] || printf '%s\n' --append lab.shell
	if [ "${opt[quick]}" ]; then
		printf '%s\n' --append lab.verify=quick
	else
		printf '%s\n' --kexec --append crashkernel=900M-:256M --add "$devices/snp-ioctl"
	fi
	# Threads of a core share SYSCFG, so one kind of machine does without.
	[ "${opt[threads]}" ] || [ "$1" = legacy ] || [ $((opt[cpus] % 2)) = 1 ] || printf '%s\n' --threads 2
}

# The machines, by their number: what is kept of one goes to the directory machine_name. Its lines wait in a
# pipe, machine_lines, so that the next machine can run meanwhile; keys for its shell go into machine_keys.
machine_name=() machine_firmware=() machine_pid=() machine_lines=() machine_keys=()
terminal=

# start_machine NUMBER OPTION...: starts guest/verify.sh on one kind of firmware.
start_machine() {
	local options lines own keys
	options=$(machine_options "${machine_firmware[$1]}")
	mapfile -t options <<<"$options"
	mkfifo "$work/$1.lines" "$work/$1.keys"
	# Opening a pipe for one direction would wait for the other.
	exec {lines}<>"$work/$1.lines"
	exec {own}<"$work/$1.lines"
	exec {keys}<>"$work/$1.keys"
	machine_lines[$1]=$own machine_keys[$1]=$keys
	(
		trap - ERR EXIT
		exec "$0" "${@:2}" --out "${opt[out]:-$work}/${machine_name[$1]}" "${options[@]}"
	) <&"$keys" >&"$lines" {lines}>&- &
	machine_pid[$1]=$!
	children+=("$!")
	exec {lines}>&-
}

# follow_machine NUMBER: shows what its guest prints, up to its end.
follow_machine() {
	local word rest status=0 finished="" panic="" keys=${machine_keys[$1]} kept=${opt[out]:-$work}/${machine_name[$1]}
	local firmware=${machine_firmware[$1]} name="${machine_firmware[$1]} firmware"
	[ "${machine_name[$1]}" = "$firmware" ] || name+=", run ${machine_name[$1]#"$firmware"-}"
	begin_run "$name" "$([ "$firmware" = full ] && echo "a shutdown clears SNP_EN" || echo "a shutdown leaves SNP_EN set")"
	begin_step "the kernel boots"
	while read -r word rest; do verify_line "$word" "$rest"; done <&"${machine_lines[$1]}"
	wait "${machine_pid[$1]}" || status=$?
	[ "$status" != 126 ] || exit "$own_failure"
	[ "$status:$finished" = 0:1 ] || ended_early "$status" "$kept/kernel.log"
	# shellcheck disable=SC2086 # words
	[ -z "$panic" ] || judge_panic "$kept/firmware.log" $panic
	end_run
}

# run_machines: on two CPUs, two machines run side by side; where gdb waits, one after the other.
run_machines() {
	local i started=0 at_once=1 count=${#machine_name[@]}
	[ "$(nproc)" = 1 ] || [ "${opt[gdb]}" ] || at_once=2
	tell begin "$count"
	for ((i = 0; i < count; i++)); do
		for (( ; started < count && started < i + at_once; started++)); do start_machine $started "${arguments[@]}"; done
		follow_machine $i
	done
}

# ended_early STATUS LOG: what is not known for that, with the kernel's last words.
ended_early() {
	local why line
	case $1 in
	0) why="verify.sh ended early" ;;
	124 | 125) why=$(end_of_kernel "$1" "$2") ;;
	*) why="it ended with status $1" ;;
	esac
	[ "${step_outcome[step]}" ] || end_step pass "$why"
	add_finding unverified "" "$why"
	[ ! -f "$2" ] || while read -r line; do add_finding note "" "kernel: $line"; done < <(last_words "$2" 3)
}

# ---- the verdict ----

# The exit statuses of each convention. failed: snp-lab itself failed; absent: there is no kernel that could boot.
# With those of git bisect run, a commit that can't be judged is skipped (125), and a failure of snp-lab ends
# the bisection (129).
statuses() {
	cat <<'TABLE'
snp-lab    sound=0 warning=1 critical=2 unverified=3   absent=126 failed=126
bisect     sound=0 warning=1 critical=1 unverified=125 absent=125 failed=129
kselftest  sound=0 warning=1 critical=1 unverified=4   absent=4   failed=126
TABLE
}

declare -A exit_status

# use_statuses CONVENTION
use_statuses() {
	local pair
	for pair in $(statuses | sed -n "s/^$1 //p"); do exit_status[${pair%=*}]=${pair#*=}; done
	own_failure=${exit_status[failed]} absent_kernel=${exit_status[absent]}
}

# set_arguments: sets arguments to those for each machine.
set_arguments() {
	local name value
	arguments=()
	for name in "${verify_hands_on[@]}"; do
		if [ -z "${takes[$name]}" ]; then
			[ -z "${opt[$name]}" ] || arguments+=("--$name")
		elif [ "${repeats[$name]-}" ]; then
			while read -r value; do arguments+=("--$name" "$value"); done < <(each "$name")
		elif [ "${opt[$name]}" ]; then
			arguments+=("--$name" "${opt[$name]}")
		fi
	done
}

# find_tree OUTPUT: sets tree to the directory of the kernel to verify, if no option names one. As for make,
# OUTPUT (O=DIR) comes before KBUILD_OUTPUT.
find_tree() {
	tree=
	[ -z "${opt[kernel]}${opt[bzimage]}${opt[modules]}" ] || return 0
	if [ "$1" ]; then
		tree=$1
	elif in_tree; then
		tree=${KBUILD_OUTPUT:-.}
	else
		die "which kernel? Give --bzimage FILE and --modules DIR, or --kernel NAME, or start it in a kernel tree"
	fi
	use_tree "$tree"
}

# read_arguments ARGUMENT...: the options, after those that decide how a wrong one is reported.
read_arguments() {
	local name convention=snp-lab
	for name; do [[ $name != --bisect && $name != --kselftest ]] || convention=${name#--}; done
	use_statuses "$convention"
	for name in "${!takes[@]}"; do
		[[ " ${verify_takes[*]} " == *" $name "* ]] || unset "takes[$name]"
	done
	opt[firmware]='' opt[threads]='' opt[verify]=1 opt[timeout]=$verify_timeout opt[run]=$here/guest/verify.sh
	parse_options "$@"
	[ -z "${opt[ktap]}" ] || opt[format]=ktap
	[[ ${opt[format]} =~ ^(text|ktap|json)$ ]] || die "--format takes text, ktap or json, not '${opt[format]}'"
	[[ -z ${opt[step]} || " $(stages) " == *" ${opt[step]} "* ]] || die "--step takes one of: $(stages); not '${opt[step]}'"
	[[ ${opt[repeat]} =~ ^[1-9][0-9]*$ ]] || die "--repeat takes a number, not '${opt[repeat]}'"
	[[ -z ${opt[bisect]} || -z ${opt[kselftest]} ]] || die "--bisect and --kselftest exclude each other"
}

verify() {
	local kind kinds=(legacy full) i tree output='' arguments takes_long=$verify_takes_long
	if [[ ${1-} == O=* ]]; then
		output=${1#O=}
		shift
	fi
	read_arguments "$@"
	if [ "${opt[help]}" ]; then
		verify_usage
		exit 0
	fi
	[ -x "$guard" ] || die "no program $guard: call make first, or install snp-guard"
	if [ "${opt[shell-on-failure]}" ]; then
		[ -t 0 ] || die "--shell-on-failure needs a terminal"
		exec {terminal}<&0
	fi
	[ -z "${opt[junit]}" ] || { : >"${opt[junit]}"; } 2>/dev/null || die "--junit: can't write ${opt[junit]}"
	if [ "${opt[firmware]}" ]; then
		kinds=("${opt[firmware]}")
	elif [ "${opt[quick]}" ]; then
		kinds=(full)
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/snp-lab.XXXXXX")
	set_traps
	trap 'failed $? "${BASH_SOURCE[0]##*/}:$LINENO" "$BASH_COMMAND"' ERR
	find_tree "$output"
	check_options
	[ -z "${opt[bzimage]}" ] || check_config
	set_arguments
	[ -z "${opt[quick]}" ] || takes_long=$verify_takes_quick
	say "this takes $takes_long on two idle cores"
	for ((i = 1; i <= opt[repeat]; i++)); do
		for kind in "${kinds[@]}"; do
			machine_firmware+=("$kind")
			if [ "${opt[repeat]}" = 1 ]; then machine_name+=("$kind"); else machine_name+=("$kind-$i"); fi
		done
	done
	run_machines
	tell verdict
	[ -z "${opt[junit]}" ] || junit_report >"${opt[junit]}"
	exit "${exit_status[$verdict]}"
}
