# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Boots the lab for one scenario script and counts its results: for run and kernels, which
# source it and set top and logs.

boot() {
	local name=$1 script=$2
	shift 2
	"$top/lab/snp-lab" --add "$top/tests/lab/lib.sh:/lab/lib.sh" --timeout 400 \
		--run "$top/tests/lab/$script" --out "$logs/$name" "$@" >"$logs/$name.log" 2>&1
}

# boot_and_count NAME SCRIPT OPTION...: sets status, passed_here, failed_here and, if the script
# did not end as one that counts its own results does, why; all that it says is in NAME.log.
boot_and_count() {
	local name=$1 log=$logs/$1.log
	status=0 why=
	mkdir -p "$logs"
	rm -rf "${logs:?}/$name"
	boot "$@" </dev/null || status=$?
	if { [ $status -eq 124 ] || [ $status -eq 125 ]; } &&
		! grep -q 'the script starts' "$logs/$name/kernel.log" 2>/dev/null; then
		# An emulated machine that stalls as it boots says nothing of the guard.
		echo "    $name: the machine did not come up (status $status), booting it once more"
		status=0
		boot "$@" </dev/null || status=$?
	fi
	passed_here=$(grep -c '^ok ' "$log" || true)
	failed_here=$(grep -c '^not ok ' "$log" || true)
	if [ $((passed_here + failed_here)) -eq 0 ]; then
		# A script that counts nothing by itself is one result.
		passed_here=$((status == 0)) failed_here=$((status != 0))
		[ $status -eq 0 ] || why="status $status"
	elif [ $status -ne 0 ] && [ "$failed_here" -eq 0 ]; then
		# An end before the last scenario would look like success.
		failed_here=1 why="ended with status $status"
	fi
}
