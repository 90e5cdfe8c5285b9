#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The enabled unit on a host without SNP: it comes to rest, and so does one whose condition is
# taken away. Needs --systemd, a kernel that clears sev_snp, and what `make install` installs.
. /lab/lib.sh
unit=snp-guard.service
rests_as() {
	is=$(property ActiveState)/$(property Result)/$(property NRestarts)
	[ "$is" = "$1" ] || fail "the unit is $is, not $1"
}

scenario "without SNP the unit is skipped"
rests_as inactive/exec-condition/0
expect "so it is if it is asked for" systemctl start $unit
rests_as inactive/exec-condition/0

scenario "without its condition it fails once, and says why"
mkdir -p /run/systemd/system/$unit.d
printf '[Service]\nExecCondition=\n' >/run/systemd/system/$unit.d/any.conf
expect "a drop-in" systemctl daemon-reload
expect_not "it can't start" systemctl start $unit
sleep 3
rests_as failed/exit-code/0
expect "status 78" [ "$(property ExecMainStatus)" = 78 ]
expect "it says why" sh -c "journalctl -q -u $unit | grep -q 'not an SNP host'"

scenario "check has nothing to say"
expect "the unit" systemctl start snp-guard-check.service
expect "it was not applicable" sh -c 'journalctl -q -o cat -u snp-guard-check.service | grep -q ^NOT-APPLICABLE'

# No guard ran here that printed lines of JSON.
rm -f "$out"/*.json
finish
