#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC1091
# Hosts on which the guard can't work: it writes one clear line and ends with status 3 or, where
# another boot or another start is what it takes, 78.
# Boot it with --lsm without bpf.
. /lab/lib.sh

# refused TEXT COMMAND...: ends with 3 and one line on stderr that has TEXT; refused_for_good: with 78
refused() { refused_with 3 "$@"; }
refused_for_good() { refused_with 78 "$@"; }

refused_with() {
	expected=$1 text=$2
	shift 2
	checked
	"$@" >/dev/null 2>"$err"
	status=$?
	[ $status -eq "$expected" ] || fail "\`$*\` ended with $status"
	[ "$(wc -l <"$err")" -eq 1 ] || fail "\`$*\` said $(wc -l <"$err") lines"
	grep -q "^snp-guard: .*$text" "$err" || fail "\`$*\` did not say $text"
}

# without "CAPABILITY..." ARGUMENT...: snp-guard less those capabilities
without() {
	# shellcheck disable=SC2086 # names are words
	less=$(printf -- ',-%s' $1)
	shift
	/usr/local/bin/setpriv --bounding-set "${less#,}" snp-guard "$@"
}

scenario "no msr driver, and none to be loaded"
mkdir -p /etc/modprobe.d
echo "install msr /bin/false" >/etc/modprobe.d/msr.conf
refused "modprobe msr" snp-guard run --for 1
rm /etc/modprobe.d/msr.conf

scenario "an msr driver that is not loaded is loaded"
expect "it isn't" [ ! -e /dev/cpu/0/msr ]
guard_start --audit
guard_stop
expect "it is" [ -e /dev/cpu/0/msr ]
expect_status 0

scenario "no bpf in lsm=: it refuses by fmod_ret"
guard_start
guard_stop
expect_breaches
expect_status 0
expect "it says so" grep -q '"gate":"fmod_ret"' "$json"

scenario "no hook for the gate"
refused_for_good "no hook (lsm: avoided by --avoid; fmod_ret: avoided by --avoid)" \
	snp-guard run --for 1 --avoid lsm --avoid fmod_ret

scenario "no hook for the gate, and only auditing: it runs"
guard_start --audit --avoid lsm --avoid fmod_ret
guard_stop
expect_breaches
expect_status 0

echo "nobody:x:65534:65534::/:/bin/sh" >>/etc/passwd
as_nobody() {
	start-stop-daemon -S -q -c 65534:65534 -x "$(command -v snp-guard)" -- "$@"
}

scenario "no root"
refused_for_good "not root" as_nobody run --for 1
refused "run as root" as_nobody hooks

scenario "no BTF"
mkdir -p /tmp/empty
mount --bind /tmp/empty /sys/kernel/btf
refused_for_good "CONFIG_DEBUG_INFO_BTF" snp-guard run --for 1
refused "CONFIG_DEBUG_INFO_BTF" snp-guard hooks
umount /sys/kernel/btf

scenario "without tracefs and securityfs it mounts its own, which nobody else sees"
umount /sys/kernel/tracing /sys/kernel/security
guard_start --audit
expect "tracefs is not there for others" [ ! -e /sys/kernel/tracing/kprobe_events ]
guard_stop
expect_breaches
expect_status 0

scenario "no tracefs, and none can be mounted"
umount /sys/kernel/debug
refused "mount -t tracefs" without sys_admin run --for 1 --audit
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
mount -t securityfs securityfs /sys/kernel/security

scenario "kprobes that are switched off"
echo 0 >/sys/kernel/debug/kprobes/enabled
refused "kprobes are switched off" snp-guard run --for 1 --audit
echo 1 >/sys/kernel/debug/kprobes/enabled

scenario "a container without the host's namespaces"
refused_for_good "hostPID" unshare -p -f --mount-proc snp-guard run --for 1 --audit
refused_for_good "hostUsers" unshare -U -r snp-guard run --for 1 --audit

scenario "capabilities that are missing"
refused_for_good "CAP_SYS_RAWIO" without sys_rawio run --for 1 --audit
refused_for_good "CAP_SYSLOG" without syslog run --for 1 --audit
refused_for_good "CAP_BPF" without "sys_admin bpf" run --for 1 --audit

scenario "no ccp"
mount --bind /tmp/empty "/lib/modules/$(uname -r)"
refused "no ccp driver" snp-guard run --for 1
umount "/lib/modules/$(uname -r)"

scenario "no SNP on the CPU"
echo "flags : fpu sme sev sev_es" >/tmp/cpuinfo
echo "processor : 0" | cat - /tmp/cpuinfo >/tmp/cpuinfo.intel
mount --bind /tmp/cpuinfo.intel /proc/cpuinfo
refused_for_good "no sev_snp" snp-guard run --for 1
umount /proc/cpuinfo

scenario "a damaged recording"
snp-guard run --audit --for 1 --record /tmp/t >/dev/null
dd if=/tmp/t of=/tmp/cut bs=1 count=300 2>/dev/null
refused "cut off inside record" snp-guard replay /tmp/cut
echo no recording >/tmp/none
refused "shorter than its header" snp-guard replay /tmp/none
refused "No such file" snp-guard replay /tmp/nowhere

scenario "a mistake in the options ends with 64"
for options in "run --interval x" "run --buffer 5" "run --nonsense" "run what" "replay" "nonsense" ""; do
	# shellcheck disable=SC2086
	snp-guard $options >/dev/null 2>"$err"
	expect "snp-guard $options" [ $? -eq 64 ]
done

finish
