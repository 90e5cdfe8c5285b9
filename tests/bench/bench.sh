#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# In the guest: prints "= WHERE NAME NUMBER" for each figure; ../figures.sh reads them.
# $BENCH says what is measured: all, check (what tests/bench/check compares) or many (CPUs).
starts=2 # of the guard and of bpftrace, all measured
[ "$BENCH" = all ] || starts=1
span=5	 # seconds for which sweeps are counted
sysfs=/sys/module/printk/parameters/time
pci=0000:00:1f.3 # the chipset's SMBus, which no driver wants here
cd /tmp || exit # a path of one name: the kernel looks up each name of a path

die() {
	echo "bench: $*"
	tail -n 20 /tmp/*.out
	exit 1
}

# start NAME COMMAND...: runs it until `stop`; its figures are in /tmp/NAME.start
start() {
	name=$1
	shift
	count start /run/ready "/tmp/$name.out" "$@" >"/tmp/$name.start" || die "$1 did not start"
	pid=$(sed -n 's/^pid //p' "/tmp/$name.start")
}

# start_often NAME COMMAND...: each start is measured, the last one goes on
start_often() {
	n=1
	while start "$@" && sed "s/^/= $1-start /" "/tmp/$1.start" && [ $n -lt $starts ]; do
		stop
		n=$((n + 1))
	done
}

# A zombie has no exe.
stop() {
	kill "$pid"
	while readlink "/proc/$pid/exe" >/dev/null; do sleep 0.1; done
}

# figures WHERE COMMAND...
figures() {
	where=$1
	shift
	count "$@" >/tmp/figures || die "$where: can't count $1"
	sed "s/^/= $where /" /tmp/figures
}

calls() { figures "$1" calls file $sysfs; }
bind() { figures "$1" bind $pci pci-stub; }
hotplug() { figures "$1" hotplug 2; }

# The process's own memory, and that of its BPF maps and programs in the kernel.
memory() {
	sed -n "s/^\(VmRSS\|VmHWM\|RssAnon\):[^0-9]*\([0-9]*\) kB/= $1 \1 \2/p" "/proc/$pid/status"
	cat /proc/"$pid"/fdinfo/* | awk -v where="$1" '
		/^prog_type:/ { of = "programs" }
		/^map_type:/ { of = "maps" }
		/^memlock:/ { bytes[of] += $2 }
		END { for (of in bytes) print "=", where, of, bytes[of] }'
}

# says TEXT: waits up to 30 s until the guard writes it
says() {
	tries=0
	until grep -q "$1" "/tmp/$name.out"; do
		tries=$((tries + 1))
		[ $tries -le 300 ] || return 1
		sleep 0.1
	done
}

guard() { start_often guard snp-guard run --format json --ready-file /run/ready; }

# What `hooks` costs, which attaches nothing.
list() {
	before=$(count total)
	snp-guard hooks >/dev/null
	after=$(count total)
	echo "= closed list $((${after#total } - ${before#total }))"
}

load() { { modprobe ccp && modprobe kvm-amd sev_snp=1; } || die "no SNP"; }
unload() { { rmmod kvm_amd && rmmod ccp; } || die "SNP does not end"; }

# lives WHERE: SNP from the load of its modules to their unload, and what the guard still does in the
# second after that. The first load after boot costs more than any other, so it is not a figure.
lives() {
	load
	unload
	n=0
	while [ $n -lt $starts ]; do
		before=$(count total)
		load
		sleep 1
		unload
		sleep 1
		after=$(count total)
		echo "= $1 life $((${after#total } - ${before#total }))"
		n=$((n + 1))
	done
}

# Sweeps leave one record each; the instructions are those of all CPUs, idle ones too.
sweeps_at() {
	rm -f /tmp/trace
	start "every-$1" snp-guard run --interval "$1" --record /tmp/trace --ready-file /run/ready
	sleep 1
	cp /tmp/trace /tmp/trace.before
	before=$(count total)
	sleep $span
	after=$(count total)
	cp /tmp/trace /tmp/trace.after
	stop
	echo "= every-$1 instructions $((${after#total } - ${before#total }))"
	echo "= every-$1 sweeps $(($(truths after) - $(truths before)))"
}

# The copy of a recording has no end, so replay complains.
truths() {
	snp-guard replay --format json /tmp/trace."$1" 2>/dev/null | grep -c '"event":"truth"'
}

in_window() {
	load
	says '"state":"initialised"' || die "the guard does not say that SNP is initialised"
	calls open
	! echo 0 2>/dev/null >/sys/devices/system/cpu/cpu3/online || die "the gate is open"
}

echo "= kernel release $(uname -r)"
echo "= cpus online $(nproc)"
dmesg -n 1 # the console costs instructions
modprobe msr || die "no msr module"

nothing() {
	echo "nothing attached"
	calls nothing
}

empty_open() {
	start gates gates /run/ready empty_open
	calls empty-open
	stop
}

compared() {
	{ modprobe pci-stub && echo pci-stub >/sys/bus/pci/devices/$pci/driver_override; } || die "no pci-stub"
	bind nothing
	hotplug nothing
	lives nothing
	echo "empty programs, and a naive gate"
	empty_open
	start gates gates /run/ready empty_open empty_permission
	calls empty
	stop
	start gates gates /run/ready naive_open naive_permission
	calls naive
	stop
}

guarded() {
	echo "the guard"
	guard
	calls closed
	if [ "$BENCH" = all ]; then
		list
		bind closed
		hotplug closed
		lives closed
	fi
	in_window
	memory open
	if [ "$BENCH" = all ]; then
		bind open
	fi
	stop
	unload
}

traced() {
	echo "bpftrace"
	modprobe ccp || die "no ccp"
	printf 'touch /run/ready\nexec sleep 10000\n' >/tmp/attached
	# It starts the command, which must be an ELF file, once it has attached all.
	start_often bpftrace bpftrace -c '/bin/busybox sh /tmp/attached' /root/hooks.bt
	calls bpftrace
	memory bpftrace
	bind bpftrace
	hotplug bpftrace
	stop
	rmmod ccp
}

sweeps() {
	echo "sweeps"
	sweeps_at 0.01
	sweeps_at 1
}

# Last: a task that began while audit was on costs more for the rest of its life.
audited() {
	echo "an audit watch"
	mkdir -p /tmp/audit
	cat >/tmp/audit/auditd.conf <<-END
		log_file = /tmp/audit/audit.log
		log_group = root
		flush = NONE
		space_left = 2
		admin_space_left = 1
	END
	mkdir -p /var/run
	auditd -f -c /tmp/audit >/tmp/auditd.out 2>&1 &
	pid=$!
	until auditctl -s | grep -q "^pid $pid\$"; do
		kill -0 "$pid" || die "no auditd"
		sleep 0.1
	done
	{ auditctl -w /sys/devices/system/cpu -p wa && auditctl -e 1; } >/tmp/auditctl.out 2>&1 ||
		die "no audit"
	calls audit
	memory audit
	auditctl -D >/dev/null
	calls audit-no-rule
	stop
}

case $BENCH in
all)
	nothing
	compared
	guarded
	traced
	echo "nothing attached again"
	calls again
	sweeps
	audited
	;;
many)
	nothing
	guarded
	sweeps
	;;
check)
	nothing
	empty_open
	guarded
	;;
*) die "\$BENCH must be all, check or many" ;;
esac
