# SPDX-License-Identifier: GPL-2.0-only
# Turns the sections on breaches in docs/contract.md into rows of a C table, which explain.c includes.
# An unknown line is an error, so that the page and the table can't drift apart.
function fail(what) {
	print FILENAME ":" FNR ": " what >"/dev/stderr"
	failed = 1
	exit 1
}
function flush() {
	if (field != "") {
		gsub(/\\/, "\\\\&", text)
		gsub(/"/, "\\\"", text)
		printf "\t.%s = \"%s\",\n", field, text
	}
	field = text = ""
}
function leave() {
	flush()
	if (breach)
		print "},"
	breach = 0
}
/^## / {
	leave()
	inside = $0 == "## Breaches"
}
!inside { next }
/^### / {
	leave()
	if ($0 !~ /^### [a-z-]+ \([a-z]+\)$/)
		fail("a section is headed `### BREACH (SEVERITY)`")
	symbol = toupper($2)
	gsub(/-/, "_", symbol)
	printf "[SNP_BREACH_%s] = {\n\t.severity = SNP_%s,\n", symbol, toupper(substr($3, 2, length($3) - 2))
	breach = 1
	field = "paragraph"
	next
}
!breach { next }
/^\* / {
	flush()
	if (sub(/^\* Named: /, ""))
		field = "named"
	else if (sub(/^\* Not named: /, ""))
		field = "not_named"
	else if (sub(/^\* Shown by: /, ""))
		field = "shown_by"
	else
		fail("a point begins with Named, Not named or Shown by")
}
NF {
	sub(/^ +/, "")
	text = text (text == "" ? "" : " ") $0
}
END {
	if (failed)
		exit 1
	leave()
}
