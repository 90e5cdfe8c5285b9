# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # opt: options.sh
# What snp-lab prints about itself, all of it on standard error.

started=$EPOCHREALTIME

say() { printf 'snp-lab: %s\n' "$*" >&2; }

# The exit status if snp-lab itself fails, and if the kernel that an option names is not there.
own_failure=126 absent_kernel=126

# Every failure of snp-lab itself ends here: one line that names cause and remedy.
die() {
	say "$*"
	exit "$own_failure"
}

no_kernel() {
	say "$*"
	exit "$absent_kernel"
}

# failed STATUS PLACE COMMAND: for a command that fails unexpectedly. die() in a subshell has already
# printed its line.
failed() {
	[ "$1" = "$own_failure" ] || say "failed with $1 at $2: $3"
	exit "$own_failure"
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
