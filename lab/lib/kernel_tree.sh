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

# in_tree: whether this directory is the source of a kernel, or where one was built.
in_tree() { [ -f arch/x86/boot/Makefile ] || [ -f arch/x86/boot/bzImage ]; }
