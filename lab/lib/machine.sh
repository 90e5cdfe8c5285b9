# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # opt, work, tree, image: the parts before this one
# The emulated machine: the firmware's process, QEMU with the processor's plugin, and their end.

children=() # process ids of what this run started
ram=        # the file with the guest's memory
rmp_base=   # the RMP's first and last byte, where the firmware has placed it
rmp_end=
terminal_state= # how the terminal was before a shell of the guest had it

# Ends what this run started, by process id, and removes the run's files.
clean_up() {
	local child
	trap - EXIT
	for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
	[ -z "$terminal_state" ] || stty "$terminal_state"
	wait 2>/dev/null || true
	[ -z "$ram" ] || rm -f "$ram"
	[ -z "$work" ] || rm -rf "$work"
}

ensure_devices() {
	local name missing=()
	for name in snp-psp snp-cpu.so snp-ivrs snp-ioctl; do
		[ -e "$devices/$name" ] || missing+=("build/lab/$name")
	done
	[ ${#missing[@]} -eq 0 ] || locked make_devices "${missing[@]}"
}

make_devices() {
	need make make
	make -C "$top" "$@" >"$work/make.log" 2>&1 && return
	tail -5 "$work/make.log" >&2
	die "cannot build $*: see above; 'make deps' installs what the build needs"
}

# QEMU and the firmware's process both map the file; on a tmpfs no write goes to a disk.
make_ram() {
	local dir=$work
	[ "$(stat -f -c %T /dev/shm 2>/dev/null)" != tmpfs ] || dir=/dev/shm
	ram=$(mktemp "$dir/snp-lab.XXXXXX")
	truncate -s "${opt[memory]}" "$ram"
}

start_firmware() {
	local failure options=(--socket "$work/psp" --ram "$ram" --state "$work/cpu" --control "$work/control"
		--qmp "$work/qmp" --result "$work/result" --log "$work/firmware.log"
		--firmware "${opt[firmware]}" --cpus "${opt[cpus]}" --threads "${opt[threads]}")
	[ -z "${opt[rmp]}" ] || options+=(--rmp "${opt[rmp]}")
	while read -r failure; do options+=(--fail "$failure"); done < <(each fail)
	[ -z "${opt[dfflush-required]}" ] || options+=(--dfflush-required)
	"$devices/snp-psp" "${options[@]}" </dev/null >"$work/psp.log" 2>&1 &
	firmware=$!
	children+=("$firmware")
	until [ -S "$work/psp" ] && [ -S "$work/control" ]; do
		kill -0 "$firmware" 2>/dev/null || die "the firmware emulator ended: $(tail -1 "$work/psp.log")"
		sleep 0.02
	done
	read -r rmp_base rmp_end < <(sed -n 's/^rmp //p' "$work/psp.log")
}

# lpj: emulated CPUs that share a core measure a wrong value, and then each of the kernel's delays
#   is too long, in some boots by seconds.
# no_timer_check: on a busy machine the kernel after kexec finds the timer too slow, and panics.
# intremap: the firmware's device bypasses the emulated IOMMU, and so do its interrupts.
# memmap: keeps the kernel off the RMP.
# cryptomgr.notests, init_on_alloc: the crypto library's tests of itself and the zeroing of pages are a
#   seventh of what a boot and a few starts of the guard execute, and nothing here is about them.
# NO_COLOR: the kernel passes it to init as an environment variable. The guest's programs always
#   write to a terminal, whether or not snp-lab's own output is one.
kernel_parameters() {
	local plain=
	[ -t 1 ] || plain=NO_COLOR=1
	[ -z "${opt[gdb]}" ] || plain+=" nokaslr"
	echo "console=ttyS0 8250.nr_uarts=4 loglevel=7 panic=-1 intremap=off no_timer_check lpj=12000000 cryptomgr.notests=1 init_on_alloc=0 memmap=$((rmp_end - rmp_base + 1))\$$rmp_base lsm=${opt[lsm]} $plain $(each append | tr '\n' ' ')"
}

# Where gdb finds the kernel's symbols.
kernel_symbols() {
	local file=${bzimage%arch/x86/boot/bzImage}vmlinux
	[ -f "$file" ] || file=vmlinux
	echo "$file"
}

# For speed, each a tenth: without SMAP, as QEMU leaves its translated code at each STAC and CLAC; without
# ERMS and FSRM, by which the kernel copies byte for byte.
# QEMU is the tree's, and so are its loader and libraries: none of this machine's are used.
qemu_command() {
	local smt='' last_leaf=0x8000001f
	[ "${opt[threads]}" = 1 ] || smt=,topoext=on # CPUID 8000_001Eh, the threads of a core
	[ "${opt[rmp]}" != segmented ] || last_leaf=0x80000025 # the sizes of segments
	# shellcheck disable=SC2054 # commas are QEMU's
	qemu=("$tree/$loader" --library-path "$tree/$library_dir" "$tree/usr/bin/qemu-system-x86_64"
		-L "$tree/usr/share/seabios" -L "$tree/usr/share/qemu"
		-accel tcg,thread=multi
		-cpu "EPYC-Milan,-hypervisor,-smap,-erms,-fsrm,xlevel=$last_leaf$smt"
		-smp "${opt[cpus]},maxcpus=$((opt[cpus] + 4)),threads=${opt[threads]}" -m "${opt[memory]}"
		-machine q35,hpet=off,default_bus_bypass_iommu=on,memory-backend=ram
		-object "memory-backend-file,id=ram,mem-path=$ram,size=${opt[memory]},share=on"
		-device AMDVI-PCI,id=iommu,addr=1e.0 -device amd-iommu,pci-id=iommu
		-device '{"driver":"vfio-user-pci","socket":{"path":"'"$work/psp"'","type":"unix"}}'
		-plugin "$devices/snp-cpu.so,state=$work/cpu${opt[count]:+,count=on}${opt[rmpopt]:+,rmpopt=on}${opt[rmpread]:+,rmpread=on}${opt[rmp-writers]:+,writers=on}"
		-kernel "$image" -initrd "$work/initrd" -append "$(kernel_parameters)"
		-d cpu_reset -D "$work/resets.log" -nodefaults -display none -no-reboot -qmp "unix:$work/qmp,server=on,wait=off"
		-chardev "file,id=console,path=$work/kernel.log" -device isa-serial,index=0,chardev=console
		-chardev stdio,id=script,signal=off -device isa-serial,index=1,chardev=script
		-chardev "socket,id=control,path=$work/control" -device isa-serial,index=2,irq=5,chardev=control
		-chardev "file,id=out,path=$work/out.tar.gz" -device isa-serial,index=3,irq=7,chardev=out)
	if [ "${opt[gdb]}" ]; then
		qemu+=(-S -chardev "socket,id=gdb,path=$work/gdb,server=on,wait=off" -gdb chardev:gdb)
		say "waiting for: gdb $(kernel_symbols) -ex 'target remote $work/gdb' -ex continue"
	fi
	mapfile -t -O ${#qemu[@]} qemu < <(each qemu-opts | xargs -r -n 1)
}

# Sets qemu_status to QEMU's exit status, or to timeout's.
run_qemu() {
	local status=0 limit=${opt[timeout]} keys
	exec {keys}</dev/null
	[ -z "${opt[shell-on-failure]}" ] || exec {keys}<&0
	touch "$work/kernel.log" "$work/out.tar.gz"
	qemu_command
	export QEMU_MODULE_DIR=$tree/$library_dir/qemu
	# In the background, since bash runs its traps only while it waits for no foreground command.
	if [ "${opt[shell]}" ]; then
		# The terminal belongs to the guest's shell: no time limit, and ^C goes into the guest.
		"${qemu[@]}" <&0 2>"$work/qemu.log" &
	else
		[ -z "${opt[gdb]}${opt[shell-on-failure]}" ] || limit=0
		timeout --kill-after=5 "$limit" "${qemu[@]}" <&"$keys" 2>"$work/qemu.log" &
	fi
	children+=("$!")
	wait "$!" || status=$?
	qemu_status=$status
}

# With --time: reports the guest's steps as they appear in kernel.log.
watch_phases() {
	local line first=1
	[ "${opt[time]}" ] || return 0
	touch "$work/kernel.log"
	tail -n +1 -s 0.05 -f "$work/kernel.log" > >(
		while read -r line; do
			[ -z "$first" ] || phase "the kernel's first line"
			first=
			[[ $line != *"snp-lab: "* ]] || phase "${line##*snp-lab: }"
		done
	) 2>/dev/null &
	children+=("$!")
}
