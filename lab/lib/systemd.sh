# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # opt, store, lib: the parts before this one
# systemd as the guest's init (--systemd).

# systemd must be of this machine's release, since the guest has this machine's libraries for
# snp-guard.
machine_release() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# systemd runs unpacked too; dbus and udev are left out.
fill_systemd() {
	local dir=$1 from=$2 units=$1/etc/systemd/system name
	cp -a "$from/tree/." "$dir/"
	# As on an installed Debian, files are in /usr alone. /init makes the links from /bin and so
	# on, after all archives are unpacked.
	for name in bin sbin lib lib64; do
		[ -L "$dir/$name" ] || cp -a "$dir/$name/." "$dir/usr/$name/"
		rm -rf "${dir:?}/$name"
	done
	rm -rf "$dir"/usr/share/{doc,man,locale,info,lintian,perl*} "$dir/$library_dir"/{gconv,perl*}
	mkdir -p "$units/multi-user.target.wants"
	# systemd's units call /usr/sbin/modprobe; kmod comes with the base.
	ln -s ../bin/kmod "$dir/usr/sbin/modprobe"
	echo 5a1f00000000400080000000000001ab >"$dir/etc/machine-id"
	for name in systemd-logind.service getty.target; do
		ln -sf /dev/null "$units/$name"
	done
	ln -sf /lib/systemd/system/multi-user.target "$units/default.target"
	ln -sf ../lab.service "$units/multi-user.target.wants/lab.service"
	cat >"$units/lab.service" <<-'UNIT'
		[Unit]
		Description=The lab's script

		[Service]
		Type=oneshot
		ExecStart=/init
		TimeoutStartSec=infinity
	UNIT
}

add_systemd() {
	local from package
	[ "${opt[systemd]}" ] || return 0
	[ -z "${opt[kexec]}" ] || die "--systemd and --kexec exclude each other"
	from=$(machine_release)
	package=$store/packages/$from/systemd
	# Since Debian 13 systemd loads modules through libkmod, which it does not depend on.
	locked ensure_package systemd "$from" libkmod2
	cached systemd "$(key_of "$from $(declare -f fill_systemd)" "$package/files")" fill_systemd "$package"
}
