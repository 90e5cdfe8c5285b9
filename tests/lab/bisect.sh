# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A history of seven commits for git bisect run. The file state says what each commit is: good, broken or bad.

# bisect DIR COMMAND...: makes the history in DIR, and bisects it by the command, which reads the file state.
# Prints how git's log ends, as "found N" or "not found", then a line for each commit that was judged. The broken
# one is in the middle, so git takes it first; which one it takes after that depends on the commits' hashes.
bisect() {
	local dir=$1 state number=0
	shift
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
	export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
	git -c init.defaultBranch=main init -q "$dir"
	for state in good good good broken good bad bad; do
		number=$((number + 1))
		echo "$state" >"$dir/state"
		git -C "$dir" add state
		git -C "$dir" commit -q --allow-empty -m "commit $number"
	done
	git -C "$dir" bisect start main main~6 >"$dir/.git/start.log" 2>&1
	git -C "$dir" bisect run "$@" >"$dir/.git/run.log" 2>&1
	git -C "$dir" bisect log | sed -n 's/^# first bad commit: .* commit \([0-9]\)$/found \1/p' | grep . || echo "not found"
	git -C "$dir" bisect log | sed -n 's/^# \(good\|bad\|skip\): .* commit \([0-9]\)$/\1 \2/p' | sort -k 2
}
