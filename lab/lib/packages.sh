# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # opt, store, tree, suite: the parts before this one
# Programs of Debian packages in the guest, unpacked and not installed (--package).

# A suite other than the tree's own has package lists of its own: in the tree, apt would prefer
# the stable package to the one from backports.
package_apt() {
	if [ "$1" = "$suite" ]; then tree_apt "${@:2}"; else apt_in "$store/suites/$1" "${@:2}"; fi
}

# fetch_package NAME SUITE DIR [PACKAGE...]: unpacks the package NAME into DIR/tree, with all that
# it depends on and the further packages; DIR/files lists NAME's own files.
fetch_package() {
	local name=$1 from=$2 new=$3.new dir=$3 deb options=(-y --no-install-recommends --download-only)
	local packages=("$1" "${@:4}")
	[ "$from" = "$suite" ] || make_suite "$from" || return
	rm -rf "$new"
	mkdir -p "$new"/{deb/partial,tree/usr/{bin,sbin,lib,lib64}}
	for deb in bin sbin lib lib64; do ln -s "usr/$deb" "$new/tree/$deb"; done
	options+=(-o "Dir::Cache::archives=$new/deb")
	package_apt "$from" apt-get "${options[@]}" install "${packages[@]}" ||
		{ package_apt "$from" apt-get update && package_apt "$from" apt-get "${options[@]}" install "${packages[@]}"; } || return
	for deb in "$new"/deb/*.deb; do
		dpkg-deb -x "$deb" "$new/tree" || return
		[ "$(dpkg-deb -f "$deb" Package)" != "$name" ] ||
			dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's/^\.//' >"$new/files"
	done
	[ -s "$new/files" ] || return
	rm -rf "$new/deb"
	mv "$new" "$dir"
}

ensure_package() {
	local name=$1 from=$2 dir=$store/packages/$2/$1
	[ -d "$dir" ] && return
	mkdir -p "$store/packages/$from"
	slowly "fetching the package $name of $from (once)" fetch_package "$name" "$from" "$dir" "${@:3}"
}

package_programs() { grep -E '^(/usr)?/s?bin/[^/]+$' "$1/files"; }

is_elf() { [ "$(head -c 4 "$1" | tail -c 3)" = ELF ]; }

# tree_libraries DIR PROGRAM: the libraries that a program loads, as DIR's own loader finds them.
tree_libraries() {
	"$1/$loader" --library-path "$1/$library_dir" --list "$2" | sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p'
}

# The guest's C library may be older than the one that the program needs, so the program brings
# its own, and a wrapper on the PATH starts the program through the matching loader.
fill_package() {
	local dir=$1 from=$2 at=/trees/$3 program file library
	mkdir -p "$dir$at/lib64" "$dir$at/$library_dir" "$dir/usr/local/bin"
	cp -L "$from/tree/$loader" "$dir$at/$loader"
	while read -r program; do
		file=$from/tree$program
		if ! is_elf "$file"; then
			cp "$file" "$dir/usr/local/bin/${program##*/}"
			continue
		fi
		install -D -m 755 "$file" "$dir$at$program"
		while read -r library; do
			cp -L "$library" "$dir$at/$library_dir/"
		done < <(tree_libraries "$from/tree" "$file")
		# shellcheck disable=SC2016 # $0 and $@ are the wrapper's
		printf '#!/bin/sh\nexec %s --library-path %s --argv0 "$0" %s "$@"\n' \
			"$at/$loader" "$at/$library_dir" "$at$program" >"$dir/usr/local/bin/${program##*/}"
		chmod 755 "$dir/usr/local/bin/${program##*/}"
	done < <(package_programs "$from")
}

# add_package NAME[/SUITE]
add_package() {
	local name=${1%%/*} from=$suite
	[[ $1 != */* ]] || from=${1#*/}
	locked ensure_package "$name" "$from"
	package_programs "$store/packages/$from/$name" >/dev/null ||
		die "the package $name of $from holds no program"
	cached package "$(key_of "$name/$from $(declare -f fill_package)" "$store/packages/$from/$name/files")" \
		fill_package "$store/packages/$from/$name" "$from/$name"
}

add_packages() {
	local package
	[ -z "${opt[kexec]}" ] || opt[package]+="kexec-tools"$'\n'
	while read -r package; do add_package "$package"; done < <(each package | sort -u)
}
