# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # opt, takes, children: the parts before this one
# The command verify: is SNP sound on a kernel? This is the host's side: it boots guest/verify.sh
# on both kinds of firmware, shows each step, and gives the verdict.

# The options that verify takes: those that choose the kernel and its machine.
verify_takes=(kernel bzimage modules cpus memory append lsm module timeout out time help)
# Seconds for each kind of firmware, of which a run on two idle cores takes about 60.
verify_timeout=400

verify_usage() {
	local names
	names=$(IFS='|' && echo "${verify_takes[*]}")
	echo "usage: snp-lab verify --bzimage FILE --modules DIR [OPTION...]"
	echo "Initialises SNP and shuts it down on this kernel, on legacy and on full firmware and"
	echo "across kexec, with snp-guard watching, and says whether the kernel kept SNP sound."
	options | grep -E "^  --($names)[ ]" | sed "s/(default 180)/(default $verify_timeout)/"
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
	done) finished=1 ;;
	*) echo "    $word $rest" ;;
	esac
}

# verify_on FIRMWARE OPTION...: runs guest/verify.sh on one kind of firmware.
verify_on() {
	local firmware=$1 word rest why status=0 step="the machine starts" finished="" kept=()
	shift
	echo "$firmware firmware: $([ "$firmware" = full ] && echo "a shutdown clears SNP_EN" || echo "a shutdown leaves SNP_EN set")"
	[ -z "${opt[out]}" ] || kept=(--out "${opt[out]}/$firmware")
	exec 7< <(
		trap - ERR EXIT
		exec "$0" --timeout "$verify_timeout" "$@" "${kept[@]}" --firmware "$firmware" --kexec --run "$here/guest/verify.sh"
	)
	machine=$!
	children+=("$machine")
	while read -r word rest <&7; do verify_line "$firmware firmware" "$word" "$rest"; done
	exec 7<&-
	wait "$machine" || status=$?
	[ "$status" != 126 ] || exit 126
	[ "$status" != 0 ] || [ -z "$finished" ] || return 0
	case $status in
	0) why="verify.sh ended early" ;;
	124) why="the time limit was reached" ;;
	125) why="the kernel died" ;;
	*) why="it ended with status $status" ;;
	esac
	echo "$why"
	note_unverified "$firmware firmware, \"$step\": $why"
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

verify() {
	local name arguments=("$@")
	for name in "${!takes[@]}"; do
		[[ " ${verify_takes[*]} " == *" $name "* ]] || unset "takes[$name]"
	done
	parse_options "$@"
	if [ "${opt[help]}" ]; then
		verify_usage
		exit 0
	fi
	[ -x "$guard" ] || die "no program $guard: call make first, or install snp-guard"
	opt[run]=$here/guest/verify.sh
	check_options
	set_traps
	kernel_shown=
	verify_on legacy "${arguments[@]}"
	verify_on full "${arguments[@]}"
	verdict
}
