# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Runs jobs side by side, $JOBS at once, and keeps each job's output together. The script that
# sources this sets logs and defines job_ended NAME STATUS: the job's output is in $logs/NAME.out.

# Each job in a process group of its own, so that a signal reaches all of its processes.
set -m

running=()
declare -A job_of

# side_by_side NAME COMMAND...: begins it, once one of the $JOBS places is free
side_by_side() {
	local name=$1
	shift
	while [ ${#running[@]} -ge "$JOBS" ]; do
		await_job
	done
	"$@" </dev/null >"$logs/$name.out" 2>&1 &
	running+=("$!")
	job_of[$!]=$name
}

await_job() {
	local pid status=0 still=() other
	wait -n -p pid "${running[@]}" || status=$?
	for other in "${running[@]}"; do
		[ "$other" = "$pid" ] || still+=("$other")
	done
	running=("${still[@]}")
	job_ended "${job_of[$pid]}" $status
}

await_jobs() {
	while [ ${#running[@]} -gt 0 ]; do
		await_job
	done
}

end_jobs() {
	local pid
	trap - EXIT INT TERM HUP
	for pid in "${running[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null
	done
	wait
}
trap end_jobs EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
