# SPDX-License-Identifier: GPL-2.0-only
# Turns the sections of docs/runbook.md that are headed by a check's name, ### `NAME`, into rows of a C
# table, which check_explain.c includes: a row for each paragraph, point, and line of code or of a table.
# Of links and emphasis the text remains; code is indented by four blanks.
function fail(what) {
	print FILENAME ":" FNR ": " what >"/dev/stderr"
	failed = 1
	exit 1
}
function plain(line,   from, link) {
	while (match(line, /\[[^]]*\]\([^)]*\)/)) {
		from = RSTART
		link = substr(line, RSTART, RLENGTH)
		line = substr(line, 1, from - 1) substr(link, 2, index(link, "](") - 2) substr(line, from + RLENGTH)
	}
	gsub(/\*\*/, "", line)
	return line
}
# blank: an empty line stands before this one
function put(text) {
	gsub(/\\/, "\\\\&", text)
	gsub(/"/, "\\\"", text)
	if (blank && lines)
		printf "\t{ \"%s\", \"\" },\n", name
	printf "\t{ \"%s\", \"%s\" },\n", name, text
	lines++
	blank = 0
}
function end_line() {
	if (line != "")
		put(line)
	line = ""
}
function leave() {
	end_line()
	if (name != "" && !lines)
		fail("nothing is said of " name)
	name = ""
	lines = 0
}
/^ *```/ {
	fenced = !fenced
	end_line()
	next
}
!fenced && /^#/ {
	leave()
	if ($0 ~ /^### `/ && $0 !~ /^### `[a-z0-9-]+`$/)
		fail("the section on a check is headed ### `NAME`")
	if ($0 ~ /^### `/) {
		name = substr($2, 2, length($2) - 2)
		if (name in seen)
			fail(name " has two sections")
		seen[name] = 1
	}
	next
}
name == "" { next }
fenced || /^    / || /^\|/ {
	end_line()
	put((fenced ? "    " : "") $0)
	next
}
!NF {
	end_line()
	blank = 1
	next
}
/^([*-]|[0-9]+[.]) / { end_line() }
{
	sub(/^ +/, "")
	line = line (line == "" ? "" : " ") $0
	line = plain(line)
}
END {
	if (!failed)
		leave()
	if (failed)
		exit 1
}
