# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # opt, takes, children: the parts before this one
# The command verify: is SNP sound on a kernel? This is the host's side: it boots guest/verify.sh
# on both kinds of firmware, shows each step, and gives the verdict.

# The options that verify takes: those that choose the kernel and its machine.
verify_takes=(kernel bzimage modules cpus threads memory rmpopt firmware append lsm module timeout out quick time help)
# Seconds for each kind of firmware, of which a run on two idle cores takes about 110.
verify_timeout=600
# What a run takes, on two idle cores.
verify_takes_long="about 4 minutes" verify_takes_quick="about 45 s"

verify_usage() {
	local names
	names=$(IFS='|' && echo "${verify_takes[*]}")
	echo "usage: snp-lab verify [O=DIR] [OPTION...]   in the tree of a kernel that was built; O=DIR as for make"
	echo "       snp-lab verify --bzimage FILE --modules DIR [OPTION...]"
	echo "       snp-lab verify --kernel NAME [OPTION...]"
	echo "Initialises SNP and shuts it down on this kernel, on legacy and on full firmware and"
	echo "across kexec and a panic, with snp-guard watching, and says whether the kernel kept SNP sound."
	echo "Takes $verify_takes_long on two idle cores; with --quick, $verify_takes_quick."
	options | grep -E "^  --($names)[ ]" | sed "s/(default 180)/(default $verify_timeout)/
		s/(default legacy)/(default: first one, then the other; --quick: full)/
		/^  --threads/s/(default 1)/(default: 1 on legacy and 2 on full firmware)/"
	echo "Exit status: 0 sound; 1 unsound, the worst breach is a warning; 2 unsound, a breach is critical;"
	echo "3 could not verify; 126 snp-lab itself failed."
}

# ---- what was found ----

# found: each kind of breach once, as "SEVERITY NAME"; the others: where it was first seen, the
# guard's text there, and how often it was seen.
found=()
declare -A found_where found_text found_times
# What the verdict does not cover, and why.
unverified=()

# note_breach SEVERITY NAME WHERE TEXT
note_breach() {
	local kind="$1 $2" where=$3 text=$4
	if [ ! -v "found_times[$kind]" ]; then
		found+=("$kind")
		found_where[$kind]=$where
		found_text[$kind]=$text
		found_times[$kind]=0
	fi
	found_times[$kind]=$((found_times[$kind] + 1))
}

note_unverified() {
	local line
	for line in "${unverified[@]}"; do
		[ "$line" != "$1" ] || return 0
	done
	unverified+=("$1")
}

# ---- one kind of firmware ----

# verify_line MACHINE WORD REST: handles one line from guest/verify.sh, which lists the words.
verify_line() {
	local machine=$1 word=$2 rest=$3 severity name
	case $word in
	kernel)
		[ "$kernel_shown" = "$rest" ] || echo "$rest"
		kernel_shown=$rest
		;;
	step) step=$rest && printf '  %-46s ' "$rest" ;;
	did) echo "$rest" ;;
	skip) echo "not applicable: $rest" ;;
	note) echo "    $rest" ;;
	breach)
		read -r severity name rest <<<"$rest"
		printf '    %s %s: %s\n' "$severity" "$name" "$rest"
		# A blind spot may hide a breach, and is none by itself.
		if [ "$name" = blind ]; then
			note_unverified "$machine: $rest"
		else
			note_breach "$severity" "$name" "$machine, \"$step\"" "$rest"
		fi
		;;
	unverified)
		echo "    could not verify: $rest"
		note_unverified "$machine: $rest"
		;;
	panic)
		panic=$rest
		# Without a crash kernel, the machine ends here.
		[[ $rest == *yes ]] || { finished=1 && echo "the machine ends"; }
		;;
	done) finished=1 ;;
	*) echo "    $word $rest" ;;
	esac
}

# judge_panic MACHINE LOG TIME NOTIFIER: what the firmware was asked in the panic, by its log after that
# time. A crash kernel may initialise SNP again: that ends the search.
judge_panic() {
	local machine=$1 asked text
	step="the firmware ends SNP in the panic"
	printf '  %-46s ' "$step"
	asked=$(awk -v time="$3" '$1 <= time { next } $3 ~ /^SNP_INIT/ { exit } $3 ~ /^SNP_SHUTDOWN/' "$2" |
		tail -n 1 | cut -d ' ' -f 3-)
	if [ "$4" = no ]; then
		echo "not applicable: the kernel has no panic notifier for it"
		return
	fi
	text="${asked:-the kernel did not ask for it}"
	echo "$text"
	[[ $asked != *" status=0x00 "* ]] || return 0
	[ -z "$asked" ] || text="firmware refused $text"
	verify_line "$machine" breach "warning panic-without-shutdown $text"
}

# The options for a kind of firmware, one per line.
machine_options() {
	printf '%s\n' --firmware "$1" --run "$here/guest/verify.sh"
	if [ "${opt[quick]}" ]; then
		printf '%s\n' --append lab.verify=quick
	else
		printf '%s\n' --kexec --append crashkernel=900M-:256M --add "$devices/snp-ioctl"
	fi
	# Threads of a core share SYSCFG, so one kind of machine does without.
	[ "${opt[threads]}" ] || [ "$1" = legacy ] || [ $((opt[cpus] % 2)) = 1 ] || printf '%s\n' --threads 2
}

# verify_on FIRMWARE OPTION...: runs guest/verify.sh on one kind of firmware.
verify_on() {
	local firmware=$1 word rest status=0 step="the machine starts" finished="" panic="" kept options
	shift
	kept=${opt[out]:-$work}/$firmware
	mapfile -t options < <(machine_options "$firmware")
	echo "$firmware firmware: $([ "$firmware" = full ] && echo "a shutdown clears SNP_EN" || echo "a shutdown leaves SNP_EN set")"
	exec 7< <(
		trap - ERR EXIT
		exec "$0" --timeout "$verify_timeout" "$@" --out "$kept" "${options[@]}"
	)
	machine=$!
	children+=("$machine")
	while read -r word rest <&7; do verify_line "$firmware firmware" "$word" "$rest"; done
	exec 7<&-
	wait "$machine" || status=$?
	[ "$status" != 126 ] || exit 126
	[ "$status:$finished" = 0:1 ] || ended_early "$firmware firmware" "$status"
	# shellcheck disable=SC2086 # words
	[ -z "$panic" ] || judge_panic "$firmware firmware" "$kept/firmware.log" $panic
}

# ended_early MACHINE STATUS
ended_early() {
	local why
	case $2 in
	0) why="verify.sh ended early" ;;
	124) why="the time limit was reached" ;;
	125) why="the kernel died" ;;
	*) why="it ended with status $2" ;;
	esac
	echo "$why"
	note_unverified "$1, \"$step\": $why"
}

# ---- the verdict ----

verdict() {
	local kind severity status=0
	for kind in "${found[@]}"; do
		case $kind in
		critical*) status=2 ;;
		warning*) [ $status -ge 1 ] || status=1 ;;
		esac
	done
	echo
	if [ $status -gt 0 ]; then
		echo "unsound"
	elif [ ${#unverified[@]} -gt 0 ]; then
		status=3
		echo "could not verify"
	else
		echo "sound"
	fi
	for severity in critical warning notice; do
		for kind in "${found[@]}"; do
			[ "${kind%% *}" = "$severity" ] || continue
			printf '  %-8s %s, %s on %s\n           %s\n' "$severity" "${kind#* }" \
				"$([ "${found_times[$kind]}" = 1 ] && echo once || echo "${found_times[$kind]} times, first")" \
				"${found_where[$kind]}" "${found_text[$kind]}"
		done
	done
	[ ${#unverified[@]} -eq 0 ] || printf '  not verified: %s\n' "${unverified[@]}"
	echo "exit status $status, after $SECONDS s"
	exit $status
}

# set_arguments ARGUMENT...: sets arguments to those for the machines. --firmware and --quick are verify's own.
set_arguments() {
	arguments=()
	while [ $# -gt 0 ]; do
		case $1 in
		--firmware) shift ;;
		--quick) ;;
		*) arguments+=("$1") ;;
		esac
		shift
	done
	[ -z "$tree" ] || arguments+=(--bzimage "${opt[bzimage]}" --modules "${opt[modules]}")
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

verify() {
	local name kind kinds=(legacy full) tree output='' arguments takes_long=$verify_takes_long
	if [[ ${1-} == O=* ]]; then
		output=${1#O=}
		shift
	fi
	for name in "${!takes[@]}"; do
		[[ " ${verify_takes[*]} " == *" $name "* ]] || unset "takes[$name]"
	done
	opt[firmware]='' opt[threads]='' opt[verify]=1
	parse_options "$@"
	if [ "${opt[help]}" ]; then
		verify_usage
		exit 0
	fi
	[ -x "$guard" ] || die "no program $guard: call make first, or install snp-guard"
	opt[run]=$here/guest/verify.sh
	if [ "${opt[firmware]}" ]; then
		kinds=("${opt[firmware]}")
	elif [ "${opt[quick]}" ]; then
		kinds=(full)
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/snp-lab.XXXXXX")
	set_traps
	find_tree "$output"
	check_options
	set_arguments "$@"
	kernel_shown=
	[ -z "${opt[quick]}" ] || takes_long=$verify_takes_quick
	say "this takes $takes_long on two idle cores"
	for kind in "${kinds[@]}"; do verify_on "$kind" "${arguments[@]}"; done
	verdict
}
