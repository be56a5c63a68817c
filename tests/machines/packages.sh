#!/usr/bin/env bash
# What the tests start and speak with, installed by apt where we are root: packages.sh
#
# Without the first few nothing is green in CI. Without the others some tests are skipped: login shells of every kind,
# what looks at our own scripts, and names as a home's network gives them.
set -euo pipefail

absent() { # FILE PACKAGE lines: the packages whose file is not there
	local file package
	while read -r file package; do
		compgen -G "$file" >/dev/null || printf ' %s' "$package"
	done
}

install() {
	# shellcheck disable=SC2086 # words
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $1 >/dev/null
}

needed=$(
	absent <<-'END'
		/usr/sbin/sshd openssh-server
		/usr/bin/ssh-agent openssh-client
		/usr/sbin/mosquitto mosquitto
		/usr/bin/systemd-analyze systemd
		/usr/bin/openssl openssl
		/bin/tcsh tcsh
	END
)
useful=$(
	absent <<-'END'
		/bin/busybox busybox
		/bin/ksh93 ksh93u+m
		/bin/mksh mksh
		/bin/zsh zsh
		/usr/bin/fish fish
		/usr/bin/shellcheck shellcheck
		/usr/sbin/avahi-daemon avahi-daemon
		/usr/lib/*/libnss_mdns4_minimal.so.2 libnss-mdns
		/bin/ip iproute2
		/sbin/mkfs.ext4 e2fsprogs
	END
)
[ -n "$needed$useful" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing$needed$useful ..."
	apt-get update -qq || [ -z "$needed" ]
	[ -z "$needed" ] || install "$needed"
	[ -z "$useful" ] || install "$useful" || for package in $useful; do
		install "$package" || echo "some tests will be skipped: there is no $package"
	done
elif [ -n "${CI:-}" ] && [ -n "$needed" ]; then
	echo "the tests need$needed"
	exit 1
else
	echo "some tests will be skipped; for all of them: sudo apt install$needed$useful"
fi
