# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# What tests/packages/run and tests/packages/rpm do with trees of Debian below $work; the lab's store is $store.
passed=0 failed=0

pass() { passed=$((passed + 1)); echo "  ok $*"; }
fail() { failed=$((failed + 1)); echo "  not ok $*"; }

# step WHAT COMMAND...: counts it, says how long it took, and shows the end of what failed
step() {
	local what=$1 start=$SECONDS log
	shift
	log=$work/$suite-$((passed + failed + 1)).log
	if "$@" >"$log" 2>&1; then
		pass "$what, $((SECONDS - start)) s"
	else
		fail "$what, $((SECONDS - start)) s: $log"
		tail -n 25 "$log" | sed 's/^/    /'
		return 1
	fi
}

# in_tree TREE COMMAND...: its mounts and processes end with it. $lab is the directory to mount at /srv.
lab=
in_tree() {
	# shellcheck disable=SC2016 # for the shell inside
	unshare --mount --pid --fork --kill-child sh -ec '
		tree=$1 lab=$2
		shift 2
		mount -t proc proc "$tree/proc"
		mount --rbind /dev "$tree/dev"
		mount -t tmpfs tmpfs "$tree/dev/shm"
		[ -z "$lab" ] || mount --bind "$lab" "$tree/srv"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive chroot "$tree" "$@"' sh "$work/$1" "$lab" "${@:2}"
}

# make_tree TREE SUITE VARIANT PACKAGE,...
make_tree() {
	mmdebstrap --variant="$3" --include="$4" --skip=cleanup/apt/lists --aptopt='Acquire::Languages "none"' \
		--aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io "$2" "$work/$1"
}

# part COMMAND...: prints lines ok and not ok, which are counted
part() {
	local log
	log=$work/$suite-$((passed + failed + 1)).log
	"$@" 2>&1 | tee "$log" | grep -E '^ *(ok|not ok|#) '
	passed=$((passed + $(grep -c '^  ok ' "$log")))
	failed=$((failed + $(grep -c '^  not ok ' "$log")))
	grep -q '^done$' "$log" || fail "$* comes to its end: $log"
}

# make_host NAME INSTALL PACKAGE: a host that has the older guard enabled, by the command INSTALL in the
# tree NAME-install, without what apt keeps for itself, and the newer PACKAGE beside it
# shellcheck disable=SC2086 # PACKAGE is a pattern
make_host() {
	local host=$work/$1-host
	in_tree "$1-install" sh -ec "$2 && systemctl enable snp-guard.service" &&
		rm -rf --one-file-system "$host" && mkdir -p "$host/debs" &&
		tar -C "$work/$1-install" --one-file-system -c --exclude=./debs --exclude=./var/lib/apt --exclude=./var/cache \
			--exclude=./etc/machine-id --exclude=./dev --exclude=./usr/share/doc --exclude=./usr/share/locale . |
		tar -C "$host" -x &&
		cp "$work/$1-install/debs/first/"$3 "$host/debs"
}

# boot_host NAME INSTALL PACKAGE: it boots with the systemd of its own suite
boot_host() {
	make_host "$@" &&
		lab/snp-lab --systemd --firmware full --memory 2G --timeout 600 --append modules_load=ccp,kvm_amd \
			--append kvm_amd.sev_snp=1 --add "$work/$1-host:/" --add tests/lab/lib.sh:/lab/lib.sh \
			--out "$work/$1-host.out" --run tests/packages/host.sh
}
