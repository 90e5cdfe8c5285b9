# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's source of the newest 7.x kernel, below build/kernels. Sourced by the scripts of this folder.
here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$(dirname "$here")")
store=$top/build/kernels
source=$store/source
origin=$store/origin
tree=${SNP_LAB_DIR:-$top/build/lab}/tree
packages=(make gcc flex bison bc dwarves libelf-dev libssl-dev kmod xz-utils)

# shellcheck source=tests/kernels/forms.sh
. "$here/forms.sh"

say() { echo "kernels: $*"; }

die() {
	say "$*" >&2
	exit 1
}

ensure_packages() {
	local package missing=()
	for package in "${packages[@]}"; do
		dpkg-query -Wf '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "packages are missing: apt-get install ${missing[*]}"
	say "installing by apt: ${missing[*]}"
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
		>"$store/apt.log" 2>&1 || {
		tail -5 "$store/apt.log" >&2
		die "apt failed; all it said: $store/apt.log"
	}
}

# The package lists are those of the tree that the lab keeps.
tree_apt() {
	local program=$1
	shift
	touch "$store/nothing-installed"
	"$program" -q -o Dir="$tree" -o Dir::State::status="$store/nothing-installed" -o APT::Sandbox::User= \
		-o Debug::NoLocking=true -o Acquire::Check-Valid-Until=false "$@"
}

newest_source() {
	tree_apt apt-cache search --names-only '^linux-source-7\.[0-9]+$' | awk '{ print $1 }' | sort -V | tail -n 1
}

# Unpacks the kernel, and keeps beside it the original files that the forms change.
ensure_source() {
	local package version new
	[ -e "$tree" ] || "$top/lab/snp-lab" --setup
	package=$(newest_source)
	[ "$package" ] || die "the package lists in $tree have no linux-source-7.x"
	version=$(tree_apt apt-cache show "$package" | sed -n 's/^Version: //p' | sort -V | tail -n 1)
	[ "$(cat "$origin/version" 2>/dev/null)" != "$version" ] || return 0
	new=$store/unpacking
	rm -rf "$new" "$source" "$origin" "$store"/objects*
	mkdir -p "$new"/{deb,source,origin}
	say "fetching $package $version (170 MB, once)"
	(cd "$new/deb" && { tree_apt apt-get download "$package=$version" ||
		{ tree_apt apt-get update && tree_apt apt-get download "$package=$version"; }; }) >"$store/apt.log" 2>&1 || {
		tail -5 "$store/apt.log" >&2
		die "it can't be fetched; all that apt said: $store/apt.log"
	}
	say "unpacking it (20 s, 2 GB)"
	dpkg-deb --fsys-tarfile "$new"/deb/*.deb | tar -xO "./usr/src/$package.tar.xz" | tar -xJ --strip-components=1 -C "$new/source"
	(cd "$new/source" && cp --parents -t "$new/origin" "${kernel_files[@]}")
	echo "$version" >"$new/origin/version"
	mv "$new/source" "$source"
	mv "$new/origin" "$origin"
	rm -rf "$new"
}

# Runs COMMAND... while no other script of this folder builds.
alone() {
	mkdir -p "$store"
	exec 9>"$store/lock"
	flock 9
	"$@" 9>&-
}
