# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # opt, work, base_modules: the parts before this one
# A kernel that was just built: its image and its modules in the tree, or in the tree's output directory.

# tree_module BUILD NAME: the module's file below BUILD, if it is one; names may have - or _.
tree_module() {
	sed 's/\.o$/.ko/' "$1/modules.order" |
		awk -F / -v name="${2//-/_}.ko" '{ file = $NF; gsub(/-/, "_", file) } file == name { print; exit }'
}

# stage_modules BUILD DIR NAME...: copies the modules, and those they depend on, to DIR as modules_install
# would, without what is for debuggers alone.
stage_modules() {
	local build=$1 dir=$2 file depends
	shift 2
	while [ $# -gt 0 ]; do
		file=$(tree_module "$build" "$1")
		shift
		[ "$file" ] || continue # built in
		[ ! -e "$dir/$file" ] || continue
		mkdir -p "$dir/$(dirname "$file")"
		strip --strip-debug -o "$dir/$file" "$build/$file" ||
			no_kernel "$build/$file is listed in modules.order, but can't be read: call make modules"
		depends=$(modinfo -F depends "$build/$file")
		# shellcheck disable=SC2086 # names are words
		set -- "$@" ${depends//,/ }
	done
}

# use_tree BUILD: sets opt[bzimage] and opt[modules] to those of the tree.
use_tree() {
	local build names name
	build=$(readlink -f "$1")
	if [ ! -f "$build/arch/x86/boot/bzImage" ] || [ ! -f "$build/modules.order" ]; then
		no_kernel "no kernel in $1: call make bzImage modules, or name its output directory by O=DIR"
	fi
	need strip binutils
	name=$(cat "$build/include/config/kernel.release")
	opt[bzimage]=$build/arch/x86/boot/bzImage
	opt[modules]=$work/tree/lib/modules/$name
	mkdir -p "${opt[modules]}"
	mapfile -t names < <(printf '%s\n' "${base_modules[@]}" && each module)
	stage_modules "$build" "${opt[modules]}" "${names[@]}"
	cp "$build"/modules.{order,builtin,builtin.modinfo} "${opt[modules]}"
	depmod -b "$work/tree" "$name"
}

# kernel_config: the file with the kernel's configuration, if there is one
kernel_config() {
	local file name=${opt[modules]##*/}
	for file in "$tree/.config" "${opt[modules]}/config" "${opt[modules]}/build/.config" "$(dirname "${opt[bzimage]}")/config-$name"; do
		[ ! -f "$file" ] || { echo "$file" && return; }
	done
}

# missing_options FILE [SECTION]: what the configuration lacks of kernel.config, or of one section of it. "=y" will
# do where kernel.config has "=m", and any larger number. BTF needs DWARF, whichever version.
missing_options() {
	awk -F = -v section="# ${2-}" '
		NR == FNR { has[$1] = $2; next }
		/^#/ { inside = $0 == section }
		!/^CONFIG/ || (section != "# " && !inside) || $1 == "CONFIG_DEBUG_INFO_DWARF5" { next }
		has[$1] == $2 || ($2 == "m" && has[$1] == "y") || ($2 ~ /^[0-9]+$/ && has[$1] + 0 >= $2 + 0) { next }
		{ print $1 }' "$1" "$here/kernel.config" | xargs
}

# check_config: names what is missing before anything boots, if the configuration is there to be read.
check_config() {
	local file missing
	file=$(kernel_config)
	[ "$file" ] || return 0
	missing=$(missing_options "$file" SNP)
	[ -z "$missing" ] || no_kernel "no SNP without $missing in $file: see snp-lab kconfig"
	missing=$(missing_options "$file")
	[ -z "$missing" ] || say "$file lacks $missing: the kernel may not boot, or steps may be left out; see snp-lab kconfig"
}

# in_tree: whether this directory is the source of a kernel, or where one was built.
in_tree() { [ -f arch/x86/boot/Makefile ] || [ -f arch/x86/boot/bzImage ]; }
