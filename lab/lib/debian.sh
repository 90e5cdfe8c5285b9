# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # store: snp-lab; functions are called by name
# Debian's archive: the Debian tree that QEMU runs from, package lists, downloads. Nothing here
# changes the packages that are installed on this machine.

mirror=http://deb.debian.org/debian
security_mirror=http://deb.debian.org/debian-security
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
suite=trixie # of the Debian tree
tree=$store/tree
library_dir=usr/lib/x86_64-linux-gnu # in the Debian tree and in unpacked packages
loader=lib64/ld-linux-x86-64.so.2

# ---- what this machine must have ----

need() {
	local program=$1 package=$2
	type -P "$program" >/dev/null || die "$program is missing: apt-get install $package"
}

check_host() {
	[ "$(uname -m)" = x86_64 ] || die "this machine is $(uname -m): the lab runs on x86_64 only"
	need mmdebstrap mmdebstrap
	need busybox busybox-static
	need kmod kmod
	need depmod kmod
	need cpio cpio
	need xz xz-utils
	need flock util-linux
	need apt-get apt
	need dpkg-deb dpkg
	! ldd "$(type -P busybox)" >/dev/null 2>&1 || die "this busybox needs libraries: apt-get install busybox-static"
	[ -f "$keyring" ] || die "$keyring is missing: apt-get install debian-archive-keyring"
}

# ---- the Debian tree ----

# Runs a command under the store's lock: only one snp-lab at a time adds to the store.
locked() {
	mkdir -p "$store"
	(
		flock 9
		"$@" 9>&-
	) 9>"$store/lock"
}

# QEMU comes from backports, everything else from the stable suite.
tree_preferences() {
	printf '%s\n' "Package: src:qemu src:seabios" "Pin: release n=$suite-backports" "Pin-Priority: 990"
}

make_tree() {
	rm -rf "$tree".new "$store/preferences"
	tree_preferences >"$store/preferences"
	mmdebstrap --variant=apt --include=qemu-system-x86 --keyring="$keyring" \
		--skip=cleanup/apt/lists \
		--setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\"; cp '$store/preferences' \"\$1/etc/apt/preferences.d/lab\"" \
		--aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$tree.new" \
		"deb $mirror $suite main" \
		"deb $mirror $suite-updates main" \
		"deb $security_mirror $suite-security main" \
		"deb $mirror $suite-backports main" || return
	mv "$tree.new" "$tree"
}

ensure_tree() {
	if [ ! -e "$tree" ]; then
		slowly "making the Debian tree (about 30 s, once)" make_tree
	fi
	[ -x "$tree/usr/bin/qemu-system-x86_64" ] || die "$tree has no QEMU: remove it and call snp-lab again"
	has_lists "$tree" || slowly "fetching the package lists (once)" tree_apt apt-get update
}

# ---- package lists and downloads ----

has_lists() { compgen -G "$1/var/lib/apt/lists/*_Packages*" >/dev/null; }

# apt_in DIR PROGRAM ARGUMENT...: runs apt in DIR, not on this machine. apt sees no package as
# installed and takes no lock, since the store's lock is enough. A mirror may serve lists that
# are past their date; their signature still proves them.
apt_in() {
	local dir=$1 program=$2
	shift 2
	[ -e "$store/nothing-installed" ] || touch "$store/nothing-installed"
	"$program" -q -o Dir="$dir" -o Dir::State::status="$store/nothing-installed" -o APT::Sandbox::User= \
		-o Acquire::Check-Valid-Until=false -o Debug::NoLocking=true -o Acquire::Languages=none "$@"
}

tree_apt() { apt_in "$tree" "$@"; }

# The directory with a suite's package lists. The tree has the lists of its own suite, with
# updates, security and backports; every other suite has a directory of its own. An empty name
# means all of the tree's.
suite_dir() {
	case $1 in
	"" | "$suite" | "$suite"-*) echo "$tree" ;;
	*) echo "$store/suites/$1" ;;
	esac
}

suite_apt() { apt_in "$(suite_dir "$1")" "${@:2}"; }

make_suite() {
	local from=$1 dir=$store/suites/$1
	mkdir -p "$dir"/etc/apt/{apt.conf.d,preferences.d,trusted.gpg.d} "$dir"/var/lib/apt/lists/partial "$dir"/var/cache/apt/archives/partial
	echo "deb [signed-by=$keyring arch=amd64] $mirror $from main" >"$dir/etc/apt/sources.list"
	apt_in "$dir" apt-get update
}

ensure_suite() {
	if has_lists "$(suite_dir "$1")"; then return; fi
	slowly "fetching the package lists of $1 (once)" make_suite "$1"
}

# in_suite SUITE PACKAGE...: which of the packages the suite has, as lines "NAME VERSION"; the
# newest version of a name comes first.
in_suite() {
	local from=$1 pattern=${1:-.*}
	shift
	[ $# -gt 0 ] || return 0
	[ "$from" != "$suite" ] || pattern="$suite(-security|-updates)?"
	{ suite_apt "$from" apt-cache madison "$@" 2>/dev/null || true; } |
		awk -v from="^($pattern)/main\$" '$6 ~ from { print $1, $3 }'
}

# download DIR SUITE PACKAGE...: downloads packages; if that fails, the package lists may be too
# old, so it updates them and tries again.
download() {
	local dir=$1 from=$2
	shift 2
	(cd "$dir" && suite_apt "$from" apt-get download "$@") && return
	suite_apt "$from" apt-get update && (cd "$dir" && suite_apt "$from" apt-get download "$@")
}
