# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # opt, store, suite: the parts before this one
# The kernel: finds what --kernel names among Debian's packages, and unpacks it into the store.

# kernel_of_suite NAME SUITE: the package that a name means. For a pattern, the newest kernel that
# matches; for a metapackage, the kernel that its newest version depends on.
kernel_of_suite() {
	local name=$1 from=$2 known fitting=() version
	case $name in
	*"*"*)
		while read -r known; do
			# shellcheck disable=SC2053 # a pattern
			[[ $known != $name ]] || fitting+=("$known")
		done < <(suite_apt "$from" apt-cache pkgnames "${name%%\**}")
		in_suite "$from" "${fitting[@]}" | cut -d ' ' -f 1 | sort -V | tail -n 1
		;;
	*)
		version=$(in_suite "$from" "$name" | awk 'NR == 1 { print $2 }')
		[ -z "$version" ] || suite_apt "$from" apt-cache show "$name=$version" |
			sed -n 's/^Depends:.*\(linux-image-[0-9][^ ,]*\).*/\1/p' | sort -u
		;;
	esac
}

# The command by which a user lists a suite's kernels.
list_kernels() { echo "apt-cache -o Dir=$(suite_dir "$1") search --names-only linux-image lists all"; }

# Sets kernel_package and kernel_suite to what --kernel names. The answer for a pattern or a
# metapackage is kept until the package lists change.
name_kernel() {
	local asked=${opt[kernel]:-$suite-backports} known found renewed=
	known=$(awk -v name="$asked" '$1 == name { print $3 "/" $2 }' "$here/kernels.txt")
	kernel_package=${known:-$asked} kernel_suite=
	case $kernel_package in
	*/*) kernel_suite=${kernel_package#*/} kernel_package=${kernel_package%%/*} ;;
	linux-image-*) ;;
	*) kernel_suite=$kernel_package kernel_package=linux-image-amd64 ;;
	esac
	[[ $kernel_package == linux-image-* && $kernel_package != *[^a-z0-9.+*-]* && $kernel_suite != *[^a-z0-9-]* ]] ||
		die "--kernel takes a name in $here/kernels.txt, linux-image-..., linux-image-.../SUITE, or a SUITE, not '$asked'"
	locked ensure_suite "$kernel_suite"
	[[ $kernel_package == *"*"* || $kernel_package != linux-image-[0-9]* ]] || return 0
	found=$store/kernels/newest-${kernel_package//\*/_}-$kernel_suite
	mkdir -p "$store/kernels"
	until [ -s "$found" ] && [ "$found" -nt "$(suite_dir "$kernel_suite")/var/lib/apt/lists" ]; do
		kernel_of_suite "$kernel_package" "$kernel_suite" >"$found.$$" && mv "$found.$$" "$found"
		[ ! -s "$found" ] || break
		[ -z "$renewed" ] || die "${kernel_suite:-$suite} has no kernel $kernel_package: $(list_kernels "$kernel_suite")"
		locked suite_apt "$kernel_suite" apt-get update >/dev/null 2>&1 || true
		renewed=1
	done
	kernel_package=$(cat "$found")
}

# kernel_packages NAME SUITE: all packages of a kernel. Newer kernels are split into packages
# named after the release: modules, the image itself (linux-binary), and files about them
# (linux-base). The archive may have dropped any of them: without linux-base a kernel still
# boots, without the others it does not. The required ones come first.
kernel_packages() {
	local name=$1 from=$2 release=${1#linux-image-} part
	echo "$name"
	while read -r part; do
		if [ "$(in_suite "$from" "$part")" ]; then
			echo "$part"
		elif [[ $part == linux-base-* ]]; then
			say "$name: continuing without $part, which the archive does not have; image and modules are available"
		else
			die "$name is incomplete: the archive does not have $part, which it needs; choose another kernel, $(list_kernels "$from")"
		fi
	done < <(suite_apt "$from" apt-cache show "$name" | sed -n 's/^Depends: //p' | tr ',' '\n' |
		awk -v release="$release" '$1 ~ /^linux-(base|binary|modules)-/ && index($1, release) { print $1 }' | sort -ru)
}

fetch_kernel() {
	local name=$1 from=$2 dir=$store/kernels/$1 new=$store/kernels/$1.new deb
	shift 2
	rm -rf "$new"
	mkdir -p "$new/deb"
	download "$new/deb" "$from" "$@" || return
	for deb in "$new"/deb/*.deb; do
		dpkg-deb -x "$deb" "$new" || return
	done
	rm -rf "$new/deb"
	depmod -b "$(modules_root "$new")" "${name#linux-image-}" || return
	mv "$new" "$dir"
}

# The directory above lib/modules, which differs between packages.
modules_root() {
	if [ -d "$1/usr/lib/modules" ]; then echo "$1/usr"; else echo "$1"; fi
}

ensure_kernel() {
	local name=$1 from=$2 packages
	[ -d "$store/kernels/$name" ] && return
	mkdir -p "$store/kernels"
	[ "$(in_suite "$from" "$name")" ] || suite_apt "$from" apt-get update >/dev/null 2>&1 || true
	[ "$(in_suite "$from" "$name")" ] || die "${from:-$suite} has no kernel $name: $(list_kernels "$from")"
	packages=$(kernel_packages "$name" "$from")
	# shellcheck disable=SC2086 # names of packages
	slowly "fetching $name (once)" fetch_kernel "$name" "$from" $packages
}

# Sets bzimage; module_dir, which is lib/modules/RELEASE; release; and kernel_key, which stands
# for the modules in names of cached archives.
choose_kernel() {
	if [ "${opt[bzimage]}" ]; then
		bzimage=$(readlink -f "${opt[bzimage]}")
		module_dir=$(readlink -f "${opt[modules]}")
		kernel_key=$(stat -c '%n %s %.9Y' "$module_dir/modules.dep" | sha256sum | cut -c1-16)
	else
		local name dir kernel_package kernel_suite
		name_kernel
		name=$kernel_package
		locked ensure_kernel "$name" "$kernel_suite"
		dir=$store/kernels/$name
		bzimage=$dir/boot/vmlinuz-${name#linux-image-}
		[ -f "$bzimage" ] || bzimage=$(find "$dir" -name 'vmlinuz*' -type f -print -quit)
		[ "$bzimage" ] || die "$name holds no kernel image: give the name of a linux-image package, not of a metapackage"
		module_dir=$(modules_root "$dir")/lib/modules/${name#linux-image-}
		kernel_key=$name
	fi
	release=$(basename "$module_dir")
}

# number FILE OFFSET: the four bytes there, the lowest first
number() {
	od -An -tu4 -j "$2" -N 4 "$1"
}

# Prints the kernel that a bzImage holds: Documentation/arch/x86/boot.rst, payload_offset. The last
# four bytes are its size, which gzip has by itself.
payload() {
	local from length
	from=$((($(od -An -tu1 -j $((0x1f1)) -N 1 "$1") + 1) * 512 + $(number "$1" $((0x248)))))
	length=$(number "$1" $((0x24c)))
	tail -c +$((from + 1)) "$1" | head -c "$length"
}

# Prints it uncompressed, if it is compressed in one of these ways.
uncompressed() {
	case $(payload "$1" | head -c 4 | od -An -tx1 | tr -d ' ') in
	28b52ffd) payload "$1" | head -c -4 | zstd -qdc ;;
	fd377a58) payload "$1" | head -c -4 | xz -dc ;;
	1f8b*) payload "$1" | gzip -dc ;;
	*) return 1 ;;
	esac
}

# Sets image, which QEMU starts: the kernel itself, if it has Xen's note that says how to enter it
# (CONFIG_PVH), else the bzImage. The emulated CPUs uncompress a bzImage in three seconds.
choose_image() {
	image=$work/vmlinux
	uncompressed "$bzimage" >"$image" 2>/dev/null &&
		LC_ALL=C grep -qaP '\x04\0\0\0[\x04\x08]\0\0\0\x12\0\0\0Xen\0' "$image" || image=$bzimage
}
