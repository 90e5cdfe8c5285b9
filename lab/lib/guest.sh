# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # opt, store, work, devices: the parts before this one
# The guest's initramfs: cpio archives, one after another, since the kernel unpacks them all.
# Archives that do not depend on the run are cached in the store.

base_programs=(bash kmod flock) # beside busybox

parts=() # the archives' files, in order

# ---- archives ----

# Prints a directory as an archive, in which root owns everything.
pack() {
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --null --create --format=newc --owner=0:0 --reproducible --quiet)
}

# cached KIND KEY FILL [ARGUMENT...]: adds the archive KIND-KEY to the initramfs; makes the archive
# first, if the cache has none, from the directory that FILL DIR ARGUMENT... fills.
cached() {
	local kind=$1 fill=$3 dir archive=$store/cache/$1-$2.cpio
	shift 3
	if [ ! -f "$archive" ]; then
		mkdir -p "$store/cache"
		dir=$(mktemp -d "$work/part.XXXXXX")
		"$fill" "$dir" "$@"
		pack "$dir" >"$dir.cpio"
		# Two runs at once make the same archive: each replaces it as a whole.
		mv "$dir.cpio" "$archive.$$" && mv "$archive.$$" "$archive"
		rm -rf "$dir"
		find "$store/cache" -name "$kind-*.cpio" -mtime +1 -delete
	fi
	touch "$archive"
	parts+=("$archive")
}

# key_of TEXT FILE...: a key for cached() that changes with TEXT and with any of the files.
key_of() { { stat -L -c '%n %s %.9Y %i' "${@:2}" && echo "$1"; } | sha256sum | cut -c1-16; }

# ---- programs of this machine ----

# The shared libraries that a program loads, and its loader; also those that it may load later, which
# it names in notes (src/util/library.h).
libraries() {
	local soname later
	{ ldd "$1" 2>/dev/null || true; } | sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p; s/^[ \t]*\(\/[^ ]*\) (.*/\1/p'
	for soname in $({ LC_ALL=C grep -aoE '"soname":\["[^"]+"' "$1" || true; } | cut -d '"' -f 4); do
		later=$(/sbin/ldconfig -p | awk -v soname="$soname" '$1 == soname && !n++ { print $NF }')
		[ "$later" ] || die "$1 needs $soname, which this machine does not have"
		echo "$later"
		libraries "$later"
	done
}

# put_program DIR FILE DEST: copies FILE to DEST below DIR, and the libraries that FILE loads to
# the same places below DIR.
put_program() {
	local dir=$1 file=$2 dest=$3 library
	install -D -m "$(stat -L -c %a "$file")" "$file" "$dir$dest"
	while read -r library; do
		[ -e "$dir$library" ] || install -D -m 755 "$library" "$dir$library"
	done < <(libraries "$file")
}

# ---- the parts ----

fill_base() {
	local dir=$1 name program
	mkdir -p "$dir"/{bin,sbin,usr/bin,usr/sbin,usr/local/bin,dev,proc,sys,run,tmp,out,etc,root,lab,lib,lib64,mnt}
	install -m 755 "$(type -P busybox)" "$dir/bin/busybox"
	for name in $(busybox --list); do
		[ "$name" = busybox ] || ln -s busybox "$dir/bin/$name"
	done
	for program in "${base_programs[@]}"; do
		rm -f "$dir/bin/$program"
		put_program "$dir" "$(type -P "$program")" "/bin/$program"
	done
	for name in depmod insmod lsmod modinfo modprobe rmmod; do
		ln -sf kmod "$dir/bin/$name"
	done
	[ ! -x "$guard" ] || put_program "$dir" "$guard" /usr/sbin/snp-guard
	install -m 755 "$here/guest/init" "$dir/init"
	install -m 755 "$here/guest/labctl" "$dir/usr/bin/lab"
	echo 'root:x:0:0:root:/root:/bin/bash' >"$dir/etc/passwd"
	echo 'root:x:0:' >"$dir/etc/group"
}

add_base() {
	local program files=("$here/guest/init" "$here/guest/labctl" "$(type -P busybox)")
	for program in "${base_programs[@]}"; do files+=("$(type -P "$program")"); done
	if [ -x "$guard" ]; then
		mapfile -t -O "${#files[@]}" files < <(libraries "$guard")
		files+=("$guard")
	fi
	cached base "$(key_of "$(declare -f fill_base put_program)" "${files[@]}")" fill_base
}

put_added() {
	local dir=$1 file=${2%%:*} dest=
	[[ $2 != *:* ]] || dest=${2#*:}
	[ -e "$file" ] || die "--add: no file $file"
	if [ -z "$dest" ]; then
		dest=/root/$(basename "$file")
		[ -d "$file" ] || [ ! -x "$file" ] || dest=/usr/local/bin/$(basename "$file")
	fi
	if [ -d "$file" ]; then
		mkdir -p "$dir$dest"
		cp -a "$file/." "$dir$dest/"
	else
		put_program "$dir" "$file" "$dest"
	fi
}

# The script, and what --add names.
add_run() {
	local dir=$work/run file
	mkdir -p "$dir/lab"
	if [ "${opt[shell]}" ]; then
		touch "$dir/lab/shell"
	else
		install -m 755 "${opt[run]}" "$dir/lab/script"
	fi
	while read -r file; do put_added "$dir" "$file"; done < <(each add)
	pack "$dir" >"$work/run.cpio"
	parts+=("$work/run.cpio")
}

# The archive with the IVRS table must be first and uncompressed, or the kernel does not see the
# table (kernel Documentation/admin-guide/acpi/initrd_table_override.rst).
add_ivrs() {
	local dir=$work/acpi
	mkdir -p "$dir/kernel/firmware/acpi"
	"$devices/snp-ivrs" "$dir/kernel/firmware/acpi/IVRS.aml"
	pack "$dir" >"$work/ivrs.cpio"
	parts+=("$work/ivrs.cpio")
}

# For kexec: the kernel, and the initramfs so far, which is what the second kernel gets.
add_kexec() {
	local dir=$work/kexec
	[ "${opt[kexec]}" ] || return 0
	mkdir -p "$dir/boot"
	cp "$bzimage" "$dir/boot/vmlinuz"
	cat "${parts[@]}" >"$dir/boot/initrd"
	pack "$dir" >"$work/kexec.cpio"
	parts+=("$work/kexec.cpio")
}

make_initrd() {
	add_ivrs
	add_base
	add_modules
	add_packages
	add_systemd
	add_run
	add_kexec
	cat "${parts[@]}" >"$work/initrd"
}
