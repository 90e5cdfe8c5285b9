#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091,SC2154
# The units under a real systemd, sandbox and all: the guard is enabled, and ccp and kvm_amd are
# loaded at boot. Needs --systemd, --firmware full, and what `make install` installs.
. /lab/lib.sh
unit=snp-guard.service

# entries MATCH...: those of the journal that have all of these fields, as JSON
entries() {
	journalctl -q -o json --output-fields=MESSAGE,MESSAGE_ID,PRIORITY,SNP_GUARD_BREACH,SNP_GUARD_CPU,SNP_GUARD_WINDOW,SNP_GUARD_SEVERITY,SNP_GUARD_REMEDY,SNP_GUARD_FILE,SNP_GUARD_REFUSED,OBJECT_SYSTEMD_UNIT,OBJECT_COMM,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT \
		${journal:+--since="$journal"} "$@" >/tmp/entries
	[ -s /tmp/entries ]
}

# The id that the catalog has for a subject.
id_of() {
	awk -v subject="Subject: $1" '/^-- / { id = $2 } index($0, subject) == 1 { print id }' \
		/usr/lib/systemd/catalog/snp-guard.catalog
}

# The journal after its last entry is what entries and said look at. By time: with matches,
# --after-cursor of systemd 252 skips the first entry that matches.
mark_journal() {
	local us
	us=$(journalctl -q -n 1 -o export --output-fields=MESSAGE | sed -n 's/^__REALTIME_TIMESTAMP=//p')
	journal=@$(((us + 1) / 1000000)).$(printf %06d $(((us + 1) % 1000000)))
}
journal=

# said TEXT: a line of the unit's
said() { journalctl -q -o cat ${journal:+--since="$journal"} -u "$unit" | grep -q -- "$1"; }

status_says() { property StatusText | grep -q -- "$1"; }
is_recorded() { ls /var/lib/snp-guard/*-"$1".trace; }
is_state() { snp-guard status --format json 2>&1 | grep -q "\"state\":\"$1\""; }

scenario "enabled at boot, it is ready before modules are loaded, and sees the window open"
expect "it is active" systemctl is-active $unit
[ -z "$broken" ] || {
	systemctl status --no-pager -l $unit
	finish
}
ready=$(property ActiveEnterTimestampMonotonic)
loading=$(property ExecMainStartTimestampMonotonic systemd-modules-load.service)
expect "it is ready ($ready us) before modules are loaded ($loading us)" [ "$ready" -lt "$loading" ]
expect "it waits for no file system but its program's, since /var may wait for udev" \
	[ "$(property RequiresMountsFor)$(property WantsMountsFor)" = /usr/sbin ]
expect "... and until / is writable" sh -c "systemctl show -P After $unit | grep -qw systemd-remount-fs.service"
expect "what it writes comes with the first breach" [ ! -e /var/lib/snp-guard ]
await_that "SNP is initialised" entries SNP_GUARD_STATE=initialised
expect "the window's opening was seen" entries MESSAGE_ID="$(id_of 'An SNP window opened')" SNP_GUARD_WINDOW=1
expect "by the unit" entries _SYSTEMD_UNIT=$unit SYSLOG_IDENTIFIER=snp-guard SNP_GUARD_STATE=window-open
expect_not "nothing went unseen" entries SNP_GUARD_BREACH=blind
await_that "the status line" status_says '^Gate enforcing; window 1 is open; 1 breach, the worst notice; 0 denied$'
expect "all is pinned" sh -c "ls /sys/fs/bpf/snp-guard/links/gate_open*"
await_that "status finds all in place" is_state enforcing

scenario "a refusal is in the journal, with the unit that tried"
mark_journal
expect_not "no CPU goes" offline 3
await_that "the journal has it" entries MESSAGE_ID="$(id_of '@SNP_GUARD_COMM@ tried to move a CPU')" PRIORITY=5 \
	SNP_GUARD_FILE=cpu3/online SNP_GUARD_REFUSED=yes
expect "whose it was" entries SNP_GUARD_FILE=cpu3/online OBJECT_SYSTEMD_UNIT=lab.service

scenario "check, by its unit and by its timer"
expect "the timer" systemctl start snp-guard-check.timer
expect "it is waiting" sh -c 'systemctl list-timers --no-pager | grep -q snp-guard-check.service'
mark_journal
expect "the unit" systemctl start snp-guard-check.service
journalctl -q -o cat --since="$journal" -u snp-guard-check.service >/out/check.txt
expect "the CPUs were looked at" grep -q '^PASS *snp-en ' /out/check.txt
expect "the firmware was asked" grep -q '^PASS *firmware-state ' /out/check.txt

scenario "a breach is in the journal, and the catalog explains it"
mark_journal
expect "CPU 3 loses SNP_EN" lab snp-en 3 off
expect "a reload looks at the CPUs" systemctl reload $unit
await_that "the journal has it" entries MESSAGE_ID="$(id_of 'snp-en-lost')" PRIORITY=2 \
	SNP_GUARD_BREACH=snp-en-lost SNP_GUARD_SEVERITY=critical SNP_GUARD_CPU=3 SNP_GUARD_WINDOW=1
expect "with its remedy" grep -q '"SNP_GUARD_REMEDY":"stop the SNP guests, reboot, and report it' /tmp/entries
expect "the catalog is taken in" journalctl --update-catalog
journalctl -q -x --no-pager SNP_GUARD_BREACH=snp-en-lost >/tmp/explained
expect "journalctl -x says what it is" grep -q 'A CPU lost SNP_EN without a full shutdown' /tmp/explained
expect "... and what to do" grep -q 'Remedy: stop the SNP guests, reboot' /tmp/explained
await_that "the status line" status_says 'the worst critical; 1 denied$'
expect "CPU 3 has SNP_EN again" lab snp-en 3 on
await_that "a recording is kept" is_recorded snp-en-lost
expect "... which root alone may read" [ "$(stat -c %a /var/lib/snp-guard)" = 700 ]
expect_not "the check's unit fails" systemctl start snp-guard-check.service
expect "... as it is on record" sh -c "journalctl -q -o cat -u snp-guard-check.service | grep -q '^FAIL *recorded *snp-en-lost: named 1 time '"

scenario "reload: the configuration is read again"
mark_journal
printf '[run]\ninterval = 3\n' >/etc/snp-guard.conf
expect "reload" systemctl reload $unit
expect "it is active" systemctl is-active $unit
await_that "it says what changed" said 'configuration reloaded; changed: interval'
printf '[run]\nintervall = 3\n' >/etc/snp-guard.conf
expect "a reload with a mistake" systemctl reload $unit
expect "it is active" systemctl is-active $unit
await_that "the mistake is named" said 'reload failed, settings kept: /etc/snp-guard.conf:2'
rm /etc/snp-guard.conf

scenario "with the operator's drop-in it publishes by file and by HTTP"
published=/srv/published
mkdir -p $published /run/systemd/system/$unit.d
printf '[Service]\nReadWritePaths=-%s\nPrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_INET6\n' $published \
	>/run/systemd/system/$unit.d/publish.conf
printf '[run]\ntextfile = %s/snp_guard.prom\nlisten = 127.0.0.1:9817\n' $published >/etc/snp-guard.conf
ip link set lo up
expect "the drop-in is read" systemctl daemon-reload
expect "restart" systemctl restart $unit
await_that "the file" grep -qx 'snp_guard_gate_state{state="enforcing"} 1' $published/snp_guard.prom
expect "anybody may read it" [ "$(stat -c %a $published/snp_guard.prom)" = 644 ]
await_that "healthz" wget -q -O /tmp/healthz http://127.0.0.1:9817/healthz
rm -r /etc/snp-guard.conf /run/systemd/system/$unit.d
expect "the drop-in goes" systemctl daemon-reload
expect "restart" systemctl restart $unit

scenario "/var that is mounted after the guard's start has the recordings"
mount -t tmpfs tmpfs /var
expect "CPU 2 loses SNP_EN" lab snp-en 2 off
expect "a reload looks at the CPUs" systemctl reload $unit
await_that "a recording is kept" is_recorded snp-en-lost
expect "CPU 2 has SNP_EN again" lab snp-en 2 on
umount -l /var

scenario "a guard that hangs is killed and comes back, and the gate stays shut"
mkdir -p /run/systemd/system/$unit.d
printf '[Service]\nWatchdogSec=8\n' >/run/systemd/system/$unit.d/short.conf
expect "a shorter watchdog" systemctl daemon-reload
mark_journal
expect "restart" systemctl restart $unit
await_that "it took up what was pinned" entries MESSAGE_ID="$(id_of 'The guard resumed')"
sleep 12
expect "it lives as long as it works" [ "$(property NRestarts)" = 0 ]
pid=$(property MainPID)
kill -STOP "$pid"
expect_not "with no guard no CPU goes" offline 3
await_that "it is another" sh -c "[ \$(systemctl show -P NRestarts $unit) = 1 ] && systemctl is-active $unit"
await_that "by the watchdog" said 'Watchdog timeout'
expect_not "the old one is gone" kill -0 "$pid"
await_that "what was before is known" status_says 'window 1 is open; .* breaches, the worst critical; 2 denied$'
await_that "status finds all in place" is_state enforcing

scenario "stopped, it leaves the gate shut"
mark_journal
expect "stop" systemctl stop $unit
expect "a breach is no failure of the unit's" [ "$(property Result)/$(property ExecMainStatus)" = success/2 ]
await_that "the journal has the end" entries MESSAGE_ID="$(id_of 'The guard ended')" SNP_GUARD_STATUS=2
expect_not "no CPU goes" offline 3
expect "it is still enforced" is_state enforcing
expect "SNP ends" snp_unload
expect "all is removed" snp-guard detach

restarts_are() { [ "$(property Result)/$(property ExecMainStatus)/$(property NRestarts)" = "$1" ]; }
has_restarted() { [ "$(property NRestarts)" -ge "$1" ]; }

scenario "a mistake in the configuration is no reason to start again"
printf '[run]\nintervall = 3\n' >/etc/snp-guard.conf
expect_not "it can't start" systemctl start $unit
sleep 3
expect "it failed once" restarts_are exit-code/78/0
expect "it says why" sh -c "journalctl -q _SYSTEMD_INVOCATION_ID=$(property InvocationID) | grep -q 'no key of .run. is called .intervall.'"
rm /etc/snp-guard.conf
systemctl reset-failed $unit

scenario "what may pass is: it comes up by itself once it can"
printf '[run]\nlisten = :9000\n' >/etc/snp-guard.conf
mark_journal
expect_not "a port, which the sandbox does not allow" systemctl start $unit
expect "it ended with 3" [ "$(property ExecMainStatus)" = 3 ]
expect "it says why" said "can.t listen at :9000"
rm /etc/snp-guard.conf
sysctl -q -w kernel.kptr_restrict=2
await_that "it is tried again" has_restarted 1
await_that "addresses that the kernel hides" said "kernel.kptr_restrict=1"
sysctl -q -w kernel.kptr_restrict=1
await_that "it is active" systemctl is-active $unit

scenario "looking at a guard keeps none from starting"
(while :; do
	snp-guard status
	snp-guard check
done >/dev/null 2>&1) &
looking=$!
for _ in 1 2 3; do
	systemctl reset-failed $unit # or systemd's limit of starts a minute counts
	expect "restart" systemctl restart $unit
	expect "it started at once" [ "$(property NRestarts)" = 0 ]
done
kill $looking
expect "stop" systemctl stop $unit
expect "all is removed" snp-guard detach

scenario "systemd finds nothing wrong with the units"
systemd-analyze verify --man=no /usr/lib/systemd/system/snp-guard* >/tmp/verify 2>&1
expect "verify succeeds and says nothing: $(cat /tmp/verify)" [ $? -eq 0 -a ! -s /tmp/verify ]
systemd-analyze security --offline=true --threshold=35 --no-pager /usr/lib/systemd/system/$unit >/out/security.txt 2>&1
expect "the sandbox is no weaker than it was: $(tail -n 1 /out/security.txt)" [ $? -eq 0 ]
echo "    # $(tail -n 1 /out/security.txt)"

[ $failed -eq 0 ] || systemctl status --no-pager -l $unit
# No guard ran here that printed lines of JSON.
rm -f "$out"/*.json
finish
