# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # opt: options.sh; functions are called by name
# What verify found, in one table, and the formats that the table is printed in.

# ---- the table ----

# A run is a kind of firmware. A run has steps, and a step has findings. Each index is counted from 0.
run_name=() run_note=()
# step_result: pass, fail, skip or unverified. step_outcome: what happened, or why the step was skipped.
step_run=() step_name=() step_result=() step_outcome=()
# finding_kind: critical, warning or notice, which are breaches and have a name; unverified; note.
finding_step=() finding_kind=() finding_name=() finding_text=()
run=-1 step=-1 finding=-1 # the newest of each

# Each kind of breach once, as "SEVERITY NAME", in the order in which they were found; the finding that was
# the first of its kind, and how many there were.
breaches=()
declare -A breach_first breach_times
# What the verdict does not cover, each once.
unverified=()

verdict=sound # sound, warning, critical or unverified

# tell EVENT [ARGUMENT]: shows what was just added, if the format has a function for this event.
tell() {
	if [ "$(type -t "${opt[format]}_on_$1")" = function ]; then "${opt[format]}_on_$1" "${@:2}"; fi
}

# begin_run NAME NOTE
begin_run() {
	run=$((run + 1))
	run_name[run]=$1 run_note[run]=$2
	tell run
}

end_run() { tell run_end; }

# begin_step NAME: a name that its run had before gets a number, since test systems tell steps by their names.
begin_step() {
	local i times=1
	for ((i = 0; i <= step; i++)); do
		[ "${step_run[i]}" != "$run" ] || [[ ${step_name[i]} != "$1" && ${step_name[i]} != "$1 ("*")" ]] || times=$((times + 1))
	done
	step=$((step + 1))
	step_run[step]=$run step_name[step]=$1 step_result[step]=pass step_outcome[step]=
	[ $times = 1 ] || step_name[step]="$1 ($times)"
	tell step
}

# end_step pass|skip OUTCOME
end_step() {
	[ "$1" = pass ] || step_result[step]=$1
	step_outcome[step]=$2
	tell outcome
}

# add_finding KIND NAME TEXT
add_finding() {
	local kind="$1 $2" line
	finding=$((finding + 1))
	finding_step[finding]=$step finding_kind[finding]=$1 finding_name[finding]=$2 finding_text[finding]=$3
	case $1 in
	critical | warning | notice)
		if [ ! -v "breach_times[$kind]" ]; then
			breaches+=("$kind")
			breach_first[$kind]=$finding
			breach_times[$kind]=0
		fi
		breach_times[$kind]=$((breach_times[$kind] + 1))
		;;
	unverified)
		line="$(where_of "$finding"): $3"
		[[ $'\n'$(printf '%s\n' "${unverified[@]}")$'\n' == *$'\n'"$line"$'\n'* ]] || unverified+=("$line")
		;;
	esac
	case $1:${step_result[step]}:$verdict in
	critical:*) step_result[step]=fail verdict=critical ;;
	warning:*:critical) step_result[step]=fail ;;
	warning:*) step_result[step]=fail verdict=warning ;;
	unverified:fail:*) ;;
	unverified:*:sound) step_result[step]=unverified verdict=unverified ;;
	unverified:*) step_result[step]=unverified ;;
	esac
	tell finding
}

where_of() {
	local i=${finding_step[$1]}
	echo "${run_name[step_run[i]]}, \"${step_name[i]}\""
}

# The steps of a run, and the findings of a step.
steps_of() {
	local i
	for i in "${!step_run[@]}"; do [ "${step_run[i]}" != "$1" ] || echo "$i"; done
}

findings_of() {
	local i
	for i in "${!finding_step[@]}"; do [ "${finding_step[i]}" != "$1" ] || echo "$i"; done
}

# line_of FINDING: the finding, as people read it
line_of() {
	case ${finding_kind[$1]} in
	note) echo "${finding_text[$1]}" ;;
	unverified) echo "could not verify: ${finding_text[$1]}" ;;
	*) echo "${finding_kind[$1]} ${finding_name[$1]}: ${finding_text[$1]}" ;;
	esac
}

# first_line STEP KIND...: the step's first finding of one of these kinds
first_line() {
	local i
	for i in $(findings_of "$1"); do
		[[ " ${*:2} " != *" ${finding_kind[i]} "* ]] || { line_of "$i" && return; }
	done
}

# count_of RUN RESULT: how many steps of the run have this result
count_of() {
	local i n=0
	for i in $(steps_of "$1"); do [ "${step_result[i]}" != "$2" ] || n=$((n + 1)); done
	echo $n
}

verdict_text() {
	case $verdict in
	sound) echo sound ;;
	unverified) echo "could not verify" ;;
	*) echo unsound ;;
	esac
}

# breaches_by_severity: indexes of breaches, the worst ones first
breaches_by_severity() {
	local severity i
	for severity in critical warning notice; do
		for i in "${!breaches[@]}"; do [ "${breaches[i]%% *}" != $severity ] || echo "$i"; done
	done
}

times_of() {
	if [ "${breach_times[$1]}" = 1 ]; then echo "once"; else echo "${breach_times[$1]} times, first"; fi
}

# ---- text, for people: each line as soon as it is known ----

text_on_run() { echo "${run_name[run]}: ${run_note[run]}"; }
text_on_step() { printf '  %-46s ' "${step_name[step]}"; }
text_on_finding() { printf '    %s\n' "$(line_of "$finding")"; }

text_on_outcome() {
	if [ "${step_result[step]}" = skip ]; then echo "not applicable: ${step_outcome[step]}"; else echo "${step_outcome[step]}"; fi
}

text_on_verdict() {
	local i kind first
	printf '\n%s\n' "$(verdict_text)"
	for i in $(breaches_by_severity); do
		kind=${breaches[i]} first=${breach_first[${breaches[i]}]}
		printf '  %-8s %s, %s on %s\n           %s\n' "${kind% *}" "${kind#* }" "$(times_of "$kind")" \
			"$(where_of "$first")" "${finding_text[first]}"
	done
	[ ${#unverified[@]} -eq 0 ] || printf '  not verified: %s\n' "${unverified[@]}"
	echo "exit status ${exit_status[$verdict]}, after $SECONDS s"
}

# ---- KTAP (kernel Documentation/dev-tools/ktap.rst): a subtest for each run, once it has ended ----

# ktap_on_begin RUNS
ktap_on_begin() { printf '%s\n' "KTAP version 1" "1..$1"; }

# ktap_result INDENT NUMBER NAME RESULT REASON. What is unknown is neither ok nor not ok: KTAP calls it skipped.
ktap_result() {
	local word=ok directive=
	case $4 in
	fail) word="not ok" ;;
	skip) directive=" # SKIP $5" ;;
	unverified) directive=" # SKIP ${5:-could not verify}" ;;
	esac
	echo "$1$word $2 $3$directive"
}

ktap_on_run_end() {
	local i j number=0 steps reason result=pass
	mapfile -t steps < <(steps_of "$run")
	printf '    %s\n' "KTAP version 1" "# Subtest: ${run_name[run]}" "1..${#steps[@]}" "# ${run_note[run]}"
	for i in "${steps[@]}"; do
		number=$((number + 1))
		reason=${step_outcome[i]}
		[ "${step_result[i]}" = skip ] || [ -z "$reason" ] || echo "    # $reason"
		for j in $(findings_of "$i"); do echo "    # $(line_of "$j")"; done
		[ "${step_result[i]}" != unverified ] || reason=$(first_line "$i" unverified)
		ktap_result "    " $number "${step_name[i]}" "${step_result[i]}" "$reason"
		case ${step_result[i]}:$result in
		fail:*) result=fail ;;
		unverified:pass) result=unverified ;;
		esac
	done
	ktap_result "" $((run + 1)) "${run_name[run]}" $result ""
}

ktap_on_verdict() { text_on_verdict | sed -n 's/^./# &/p'; }

# ---- JSON: one object, as docs/schema/verify.schema.json has it ----

# json_text TEXT
json_text() {
	local text=${1//\\/\\\\}
	text=${text//\"/\\\"}
	text=${text//$'\t'/\\t}
	echo "\"${text//[[:cntrl:]]/}\""
}

# json_list VALUE...
json_list() {
	local IFS=,
	echo "[$*]"
}

json_finding() {
	local kind=${finding_kind[$1]} members=
	case $kind in
	critical | warning | notice) members="\"kind\":\"breach\",\"severity\":\"$kind\",\"breach\":\"${finding_name[$1]}\"" ;;
	*) members="\"kind\":\"$kind\"" ;;
	esac
	echo "{$members,\"text\":$(json_text "${finding_text[$1]}")}"
}

json_step() {
	local i findings=()
	for i in $(findings_of "$1"); do findings+=("$(json_finding "$i")"); done
	echo "{\"name\":$(json_text "${step_name[$1]}"),\"result\":\"${step_result[$1]}\",\"outcome\":$(json_text "${step_outcome[$1]}"),\"findings\":$(json_list "${findings[@]}")}"
}

json_run() {
	local i steps=()
	for i in $(steps_of "$1"); do steps+=("$(json_step "$i")"); done
	echo "{\"name\":$(json_text "${run_name[$1]}"),\"steps\":$(json_list "${steps[@]}")}"
}

json_breach() {
	local kind=${breaches[$1]} first=${breach_first[${breaches[$1]}]} i
	i=${finding_step[first]}
	echo "{\"breach\":\"${kind#* }\",\"severity\":\"${kind% *}\",\"times\":${breach_times[$kind]},\"run\":$(json_text "${run_name[step_run[i]]}"),\"step\":$(json_text "${step_name[i]}"),\"text\":$(json_text "${finding_text[first]}")}"
}

json_on_verdict() {
	local i runs=() found=() not=()
	for i in "${!run_name[@]}"; do runs+=("$(json_run "$i")"); done
	for i in $(breaches_by_severity); do found+=("$(json_breach "$i")"); done
	for i in "${unverified[@]}"; do not+=("$(json_text "$i")"); done
	echo "{\"type\":\"verify\",\"schema\":1,\"verdict\":\"$(verdict_text)\",\"status\":${exit_status[$verdict]},\"seconds\":$SECONDS,\"breaches\":$(json_list "${found[@]}"),\"unverified\":$(json_list "${not[@]}"),\"runs\":$(json_list "${runs[@]}")}"
}

# ---- JUnit's XML, beside any other format ----

xml_text() {
	local text=${1//&/"&amp;"}
	text=${text//</"&lt;"} text=${text//>/"&gt;"} text=${text//\"/"&quot;"}
	printf '%s' "${text//[[:cntrl:]]/ }"
}

junit_step() {
	local i=$1 kind=$2 message lines=() j
	for j in $(findings_of "$i"); do lines+=("$(line_of "$j")"); done
	printf '<testcase classname="snp-lab.%s" name="%s">\n' "$(xml_text "${run_name[step_run[i]]// /-}")" "$(xml_text "${step_name[i]}")"
	case ${step_result[i]} in
	fail) kind=failure message=$(first_line "$i" critical warning) ;;
	unverified) kind=error message=$(first_line "$i" unverified) ;;
	skip) kind=skipped message=${step_outcome[i]} ;;
	esac
	[ -z "$kind" ] || printf '<%s message="%s"/>\n' "$kind" "$(xml_text "$message")"
	printf '<system-out>'
	for j in "${step_outcome[i]}" "${lines[@]}"; do xml_text "$j" && echo; done
	printf '</system-out>\n</testcase>\n'
}

junit_report() {
	local i j
	echo '<?xml version="1.0" encoding="utf-8"?>'
	echo "<testsuites name=\"snp-lab verify\">"
	for i in "${!run_name[@]}"; do
		printf '<testsuite name="%s" tests="%s" failures="%s" errors="%s" skipped="%s">\n' "$(xml_text "${run_name[i]}")" \
			"$(steps_of "$i" | wc -l)" "$(count_of "$i" fail)" "$(count_of "$i" unverified)" "$(count_of "$i" skip)"
		for j in $(steps_of "$i"); do junit_step "$j" ''; done
		echo '</testsuite>'
	done
	echo '</testsuites>'
}
