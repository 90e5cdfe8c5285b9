# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # opt, work, release, module_dir: the parts before this one
# The guest's kernel modules.

base_modules=(ccp kvm-amd msr loop)

# module_files DIR MODULE: the files of a module and of those it depends on, one per line; none if
# the kernel has the module built in.
module_files() {
	modprobe --dirname "$1" --set-version "$release" --ignore-install --show-depends "$2" 2>/dev/null |
		awk '$1 == "insmod" { print $2 }'
}

known_module() {
	modprobe --dirname "$1" --set-version "$release" --ignore-install --show-depends "$2" >/dev/null 2>&1
}

# Prints a directory for modprobe's --dirname: modprobe reads lib/modules/RELEASE below it, so a
# module directory with any other path gets a link there.
modules_view() {
	mkdir -p "$work/modules/lib/modules"
	ln -sfn "$module_dir" "$work/modules/lib/modules/$release"
	echo "$work/modules"
}

# Uncompresses a module: the emulated CPUs would take long to do it.
copy_module() {
	local from=$1 to=$2
	case $from in
	*.xz) xz -dc "$from" >"${to%.xz}" ;;
	*.zst) zstd -qdc "$from" >"${to%.zst}" ;;
	*.gz) gzip -dc "$from" >"${to%.gz}" ;;
	*) cp "$from" "$to" ;;
	esac
}

fill_modules() {
	local dir=$1 view module file to
	shift
	view=$(modules_view)
	to=$dir/lib/modules/$release
	mkdir -p "$to"
	for module; do
		known_module "$view" "$module" ||
			die "$module_dir has no module $module, nor is it built in: see \"Your own kernel\" in the lab's README.md"
		while read -r file; do
			copy_module "$file" "$to/${file##*/}"
		done < <(module_files "$view" "$module")
	done
	for file in modules.order modules.builtin modules.builtin.modinfo; do
		[ ! -f "$module_dir/$file" ] || cp "$module_dir/$file" "$to/"
	done
	depmod -b "$dir" "$release"
}

add_modules() {
	local modules
	mapfile -t modules < <(printf '%s\n' "${base_modules[@]}" && each module)
	cached "modules" "$kernel_key-$(key_of "${modules[*]} $(declare -f fill_modules copy_module)" "$module_dir/modules.dep")" \
		fill_modules "${modules[@]}"
}
