# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# run and check source this and set top. Boots the lab with its instruction counter on, for bench.sh,
# and finds the figures in the output.
built=$top/build
logs=$built/test/bench
log=

# boot WHAT OPTION...: for bench.sh's $BENCH; from then on figures are this boot's
boot() {
	local what=$1 status=0
	shift
	mkdir -p "$logs"
	log=$logs/$what.log
	"$top/lab/snp-lab" --count --firmware full --append "BENCH=$what" --timeout 1800 \
		--add "$built/test/count" --add "$built/test/gates" \
		--run "$top/tests/bench/bench.sh" "$@" >"$log" 2>&1 </dev/null || status=$?
	[ $status -eq 0 ] || {
		tail -n 20 "$log" >&2
		echo "bench: the run in the lab ended with $status; all it said: $log" >&2
		exit 1
	}
}

# figure WHERE NAME: the least, if it was measured more than once
figure() {
	local value
	value=$(awk -v where="$1" -v name="$2" '$1 == "=" && $2 == where && $3 == name { print $4 }' "$log" | sort -n | head -n 1)
	[ "$value" ] || { echo "bench: no figure \"$1 $2\" in $log" >&2; exit 1; }
	echo "$value"
}

# more WHERE BASE NAME: how much more it costs than in the other case
more() {
	local this base
	this=$(figure "$1" "$3") && base=$(figure "$2" "$3") && echo $((this - base))
}

# Runs at two sweep rates differ in their sweeps only; all other work is in both.
sweep() {
	local sweeps
	sweeps=$(more every-0.01 every-1 sweeps)
	[ "$sweeps" -gt 0 ] || { echo "bench: too few sweeps were counted" >&2; exit 1; }
	echo $(($(more every-0.01 every-1 instructions) / sweeps))
}
