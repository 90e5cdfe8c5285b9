# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # opt, work, qemu_status: the parts before this one
# How a run ended: keeps its logs, and turns its outcome into snp-lab's exit status.

# Whatever the outcome, --out DIR gets the logs and what the script left in /out.
keep_out() {
	[ "${opt[out]}" ] || return 0
	mkdir -p "${opt[out]}"
	cp "$work/kernel.log" "${opt[out]}/kernel.log"
	[ ! -f "$work/resets.log" ] || cp "$work/resets.log" "${opt[out]}/resets.log"
	[ ! -f "$work/firmware.log" ] || cp "$work/firmware.log" "${opt[out]}/firmware.log"
	[ ! -s "$work/out.tar.gz" ] ||
		gzip -dc "$work/out.tar.gz" | tar --ignore-zeros --no-same-owner --no-overwrite-dir -x -C "${opt[out]}" ||
		say "what the script left in /out arrived incomplete"
}

# last_lines FILE N: the last N lines that are not empty.
last_lines() { tr -d '\r' <"$1" | sed '/^ *$/d' | tail -n "$2"; }

# last_words FILE N: the kernel's first complaint, and its last N lines
last_words() {
	grep -m 1 -E 'Kernel panic|BUG:|Oops:' "$1" | tr -d '\r' || true
	last_lines "$1" "$2"
}

# The script's exit status, if the guest reported one.
result_status() {
	[ ! -f "$work/result" ] || sed -n 's/^exit \([0-9]*\)$/\1/p' "$work/result" | tail -1
}

# end_of_kernel STATUS LOG: in words, how a kernel ended that leaves no status of the script
end_of_kernel() {
	local text="the kernel died"
	[ "$1" = 125 ] || text="no end after ${opt[timeout]} s"
	[ "$(last_lines "$2" 1)" ] || text+="; the kernel printed nothing: has it CONFIG_SERIAL_8250_CONSOLE, and no loglevel=0?"
	echo "$text"
}

finish() {
	local status
	status=$(result_status)
	phase "the guest ended"
	keep_out
	if [ "$status" ]; then
		exit "$status"
	elif [ "$qemu_status" = 124 ] || [ "$qemu_status" = 137 ]; then
		last_words "$work/kernel.log" 10 >&2
		say "$(end_of_kernel 124 "$work/kernel.log")"
		exit 124
	elif [ ! -s "$work/kernel.log" ] && [ -s "$work/qemu.log" ]; then
		die "QEMU ended: $(last_lines "$work/qemu.log" 1)"
	fi
	[ "$qemu_status" = 0 ] || die "QEMU ended with $qemu_status: $(last_lines "$work/qemu.log" 3)"
	last_words "$work/kernel.log" 10 >&2
	say "$(end_of_kernel 125 "$work/kernel.log")"
	exit 125
}
