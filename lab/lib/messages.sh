# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # opt: options.sh
# What snp-lab prints about itself, all of it on standard error.

started=$EPOCHREALTIME

say() { printf 'snp-lab: %s\n' "$*" >&2; }

# Every failure of snp-lab itself ends here: one line that names cause and remedy, status 126.
die() {
	say "$*"
	exit 126
}

# failed STATUS PLACE COMMAND: for a command that fails unexpectedly. Status 126 comes from
# die() in a subshell, which has already printed its line.
failed() {
	[ "$1" = 126 ] || say "failed with $1 at $2: $3"
	exit 126
}

# slowly WHAT COMMAND...: for what takes long. Prints WHAT before and the duration after;
# the command's output goes to a log.
slowly() {
	local what=$1 start=$SECONDS
	shift
	say "$what ..."
	"$@" >"$store/last.log" 2>&1 || {
		tail -5 "$store/last.log" >&2
		die "failed: $what (whole log: $store/last.log); it needs the network and Debian's archive"
	}
	say "$what: done in $((SECONDS - start)) s"
}

# With --time: what happened, and how long after the start.
phase() {
	[ -z "${opt[time]}" ] || say "$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%6.2f s", b - a }')  $*"
}
