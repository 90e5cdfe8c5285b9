# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The options: opt[NAME] is an option's value, empty if the option was not given.

# The one table of options: --help prints it, the parser and the defaults follow it.
options() {
	cat <<'TABLE'
  --kernel NAME              one of Debian's kernels: a name in kernels.txt, PACKAGE[/SUITE] (a "*" in PACKAGE matches the newest), or a SUITE, meaning its linux-image-amd64 (without --kernel: trixie-backports)
  --bzimage FILE             your own kernel instead; needs --modules
  --modules DIR              that kernel's modules: the directory lib/modules/RELEASE
  --cpus N                   number of CPUs (default 4)
  --threads N                threads of each core, 1 or 2 (default 1)
  --memory M                 size of the memory, 512M or more (default 1G)
  --rmp BASE:END|segmented   the RMP's first and last byte, or an RMP in segments (without --rmp: one table that covers the memory)
  --rmpopt                   the CPUs have RMPOPT; the RMP is then in segments
  --rmpread                  the CPUs have the instruction RMPREAD, with which the kernel reads the RMP
  --rmp-writers              notes which CPU writes to a page of the firmware or a guest, for "lab rmp-writers"
  --firmware KIND            legacy or full: whether the firmware has X86_SNP_SHUTDOWN and all else that the newest has (default legacy)
  --fail CMD=STATUS[:once]   the firmware answers CMD with STATUS, a name or a number; hang: never (repeatable)
  --dfflush-required         the firmware refuses to end SNP until SNP_DF_FLUSH follows the refusal
  --append STRING            more kernel parameters (repeatable)
  --lsm LIST                 the kernel's security modules (default landlock,lockdown,yama,integrity,apparmor,bpf)
  --run FILE                 the script to run in the guest, as root
  --shell                    a shell on this terminal instead of a script
  --add FILE[:DEST]          copies a file, a directory, or a program with its libraries into the guest (repeatable)
  --module NAME              one more kernel module, with the modules it depends on (repeatable)
  --package NAME[/SUITE]     adds the programs of a Debian package to the guest, e.g. snphost/sid (repeatable)
  --systemd                  systemd, from this machine's release, is the guest's init and runs the script as a unit
  --kexec                    adds kexec, and the kernel and initramfs in /boot, for "lab kexec"
  --timeout S                time limit for the guest, in seconds (default 180)
  --out DIR                  keeps kernel.log, firmware.log and what the script left in /out
  --count                    turns on the CPUs' instruction counters
  --gdb                      waits for gdb before the kernel starts, without a time limit, and prints the line to paste
  --qemu-opts STRING         more options for QEMU (repeatable)
  --time                     prints when each phase of the run began
  --quick                    verify: one kind of firmware, and no step that needs a second kernel
  --step NAME                verify: only this step, and what it needs; verify --help lists the names
  --repeat N                 verify: N times (default 1)
  --shell-on-failure         verify: a shell on this terminal after the first step of each kernel that has a breach; no time limit
  --format FORMAT            verify: text, ktap, or json (default text)
  --ktap                     verify: as --format ktap, the Kernel Test Anything Protocol
  --junit FILE               verify: also writes the results to FILE, as JUnit's XML
  --bisect                   verify: exit status for git bisect run: 125 for what can't be judged, 129 if snp-lab itself failed
  --kselftest                verify: exit status of kselftest: 0 pass, 1 fail, 4 skip
  --setup                    only makes the Debian tree, fetches the kernel and prints its release
  --help                     prints this help
TABLE
}

usage() {
	echo "usage: snp-lab [OPTION...] --run FILE"
	echo "       snp-lab verify --bzimage FILE --modules DIR   is SNP sound on this kernel? See snp-lab verify --help"
	echo "       snp-lab kconfig   prints the kernel options that the lab needs, for scripts/kconfig/merge_config.sh"
	options
	echo "Exit status: the script's; 124 time limit reached; 125 the kernel died; 126 snp-lab itself failed."
}

# takes[NAME]: what the option's argument is called, empty if it has none; repeats[NAME] is set
# if the option may be given more than once.
declare -A opt takes repeats

read_option_table() {
	local line name
	while IFS= read -r line; do
		[[ $line =~ ^\ \ --([a-z-]+)(\ ([A-Z][^ ]*))? ]] || die "the option table has a line without an option: $line"
		name=${BASH_REMATCH[1]}
		takes[$name]=${BASH_REMATCH[3]}
		opt[$name]=
		[[ $line != *"(repeatable)"* ]] || repeats[$name]=1
		[[ ! $line =~ \(default\ ([^\)]*)\) ]] || opt[$name]=${BASH_REMATCH[1]}
	done < <(options)
}

parse_options() {
	local name
	while [ $# -gt 0 ]; do
		name=${1#--}
		[[ $1 == --* && -v "takes[$name]" ]] || die "no option $1: see snp-lab --help"
		shift
		if [ -z "${takes[$name]}" ]; then
			opt[$name]=1
			continue
		fi
		[ $# -gt 0 ] || die "--$name needs ${takes[$name]}: see snp-lab --help"
		if [ "${repeats[$name]-}" ]; then
			opt[$name]+=$1$'\n'
		else
			opt[$name]=$1
		fi
		shift
	done
}

# The values of a repeatable option, one per line.
each() { printf '%s' "${opt[$1]}"; }

check_options() {
	local name
	for name in $(options | sed -n '/ verify: /{/(default/!s/^  --\([a-z]*\) .*/\1/p}'); do
		[[ ${opt[verify]-} || -z ${opt[$name]} ]] || die "--$name is an option of snp-lab verify"
	done
	[[ ${opt[cpus]} =~ ^[1-9][0-9]*$ ]] || die "--cpus takes a number, not '${opt[cpus]}'"
	[[ ${opt[threads]} == [12] || ${opt[verify]-} && -z ${opt[threads]} ]] || die "--threads takes 1 or 2, not '${opt[threads]}'"
	[ $((opt[cpus] % (opt[threads] ? opt[threads] : 1))) = 0 ] || die "--threads 2 needs an even number of --cpus"
	[[ -z ${opt[rmp]} || ${opt[rmp]} =~ ^(0x[0-9a-f]+:0x[0-9a-f]+|segmented)$ ]] || die "--rmp takes segmented, or BASE:END such as 0x30000000:0x30ffffff, not '${opt[rmp]}'"
	[[ -z ${opt[rmpopt]} || -z ${opt[rmp]} || ${opt[rmp]} == segmented ]] || die "--rmpopt needs an RMP in segments: leave out --rmp, or give --rmp segmented"
	[ -z "${opt[rmpopt]}" ] || opt[rmp]=segmented
	[[ ${opt[memory]} =~ ^[1-9][0-9]*[MG]$ ]] || die "--memory takes a size such as 1G or 1536M, not '${opt[memory]}'"
	[[ ${opt[timeout]} =~ ^[1-9][0-9]*$ ]] || die "--timeout takes seconds, not '${opt[timeout]}'"
	[[ ${opt[firmware]} == legacy || ${opt[firmware]} == full || ${opt[verify]-} && -z ${opt[firmware]} ]] || die "--firmware takes legacy or full, not '${opt[firmware]}'"
	if [ "${opt[bzimage]}${opt[modules]}" ]; then
		[[ ${opt[bzimage]} && ${opt[modules]} ]] || die "--bzimage and --modules need each other"
		[ -z "${opt[kernel]}" ] || die "--kernel and --bzimage exclude each other"
		[ -f "${opt[bzimage]}" ] || no_kernel "no kernel ${opt[bzimage]}"
		[ -f "${opt[modules]}/modules.dep" ] || no_kernel "no modules.dep in ${opt[modules]}: give lib/modules/RELEASE of 'make modules_install'"
	fi
	[ -z "${opt[setup]}" ] || return 0
	if [ "${opt[shell]}" ]; then
		[ -z "${opt[run]}" ] || die "--run and --shell exclude each other"
		[ -t 0 ] || die "--shell needs a terminal"
	else
		[ "${opt[run]}" ] || die "nothing to run: give --run FILE or --shell"
		[ -f "${opt[run]}" ] || die "no script ${opt[run]}"
	fi
}
