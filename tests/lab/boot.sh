# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Boots the lab for one scenario script and counts its results: for run and kernels, which
# source it and set top and logs.

# Rows that run side by side take longer than one alone, so the time limit is for what hangs.
boot() {
	local name=$1 script=$2
	shift 2
	"$top/lab/snp-lab" --add "$top/tests/lab/lib.sh:/lab/lib.sh" --timeout 1500 \
		--run "$top/tests/lab/$script" --out "$logs/$name" "$@" >"$logs/$name.log" 2>&1
}

# boot_and_count NAME SCRIPT OPTION...: sets status, passed_here, failed_here and, if the script
# failed otherwise than by the results that it printed, why; its output is in NAME.log.
boot_and_count() {
	local name=$1 log=$logs/$1.log counted
	status=0 why=
	mkdir -p "$logs"
	rm -rf "${logs:?}/$name"
	boot "$@" </dev/null || status=$?
	if { [ $status -eq 124 ] || [ $status -eq 125 ]; } &&
		! grep -q 'the script starts' "$logs/$name/kernel.log" 2>/dev/null; then
		# An emulated machine that stalls as it boots shows nothing about the guard.
		echo "    $name: the machine did not come up (status $status), booting it once more"
		status=0
		boot "$@" </dev/null || status=$?
	fi
	passed_here=$(grep -c '^ok ' "$log" || true)
	failed_here=$(grep -c '^not ok ' "$log" || true)
	counted=$(grep -Ex '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 || true)
	if [ $((passed_here + failed_here)) -eq 0 ]; then
		failed_here=1 why="no result, status $status"
	elif [ "$counted" != "$passed_here passed, $failed_here failed" ]; then
		# An end before the last scenario would look like success.
		failed_here=$((failed_here + 1)) why="ended before the last scenario, with status $status"
	elif [ $status -ne $((failed_here != 0)) ]; then
		failed_here=$((failed_here + 1)) why="ended with status $status"
	fi
}
