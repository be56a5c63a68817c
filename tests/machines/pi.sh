#!/usr/bin/env bash
# A Raspberry Pi, emulated: `sudo make pi`. Debian for its processor is put into a folder, and there the demo, the
# installer with everything it may have to install, and the tests of what differs from machine to machine are run.
#
#   PIS="trixie-armhf ..."   which [bookworm-armhf, whose time_t has 32 bits, trixie-armhf and trixie-arm64]
#   PI=FOLDER                where they are kept for the next time [/var/cache/eink-monitor-pi]; 700 MB each
#   MIRROR=ADDRESS           where Debian comes from [as debootstrap likes it]
#
# Emulated it is ten times slower than a desktop: half an hour each. What it can't tell: anything of pins and systemd.
set -euo pipefail

PIS=${PIS:-bookworm-armhf trixie-armhf trixie-arm64}
PI=${PI:-/var/cache/eink-monitor-pi}
MIRROR=${MIRROR:-}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
declare -A emulator=([armhf]=qemu-arm [arm64]=qemu-aarch64)
tests=(tests/test_clock.py tests/test_vet.py tests/test_settings.py tests/draw tests/displays/test_png.py
	tests/panels/test_goldens.py tests/store/test_store.py tests/store/test_readings.py tests/sources/test_nearby.py
	tests/sources/test_ssh_disk_local.py tests/sources/test_ssh_disk_df.py tests/sources/test_seal.py)

fail() {
	printf 'pi: %s\n' "$*" >&2
	exit 1
}

ready() { # ARCHITECTURE: whether this machine can run programs of it
	[ "$(dpkg --print-architecture)" = "$1" ] || [ -e "/proc/sys/fs/binfmt_misc/${emulator[$1]}" ]
}

check_machine() {
	local pi missing=''
	[ "$(id -u)" = 0 ] || fail "a chroot needs root: sudo make pi"
	command -v debootstrap >/dev/null || missing+=" debootstrap"
	[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc ||
		fail "this kernel has no binfmt_misc, so that it cannot run another processor's programs"
	for pi in $PIS; do
		[ -n "${emulator[${pi#*-}]:-}" ] || fail "$pi is none of SUITE-armhf and SUITE-arm64"
		ready "${pi#*-}" || update-binfmts --enable "${emulator[${pi#*-}]}" 2>/dev/null || missing+=" qemu-user-static binfmt-support"
	done
	[ -z "$missing" ] || fail "this needs: sudo apt install$(tr ' ' '\n' <<<"$missing" | sort -u | paste -sd' ')"
}

inside() { # COMMAND...: in $root, which is left as it is when this ends
	# shellcheck disable=SC2016 # it expands in there
	unshare --mount --propagation private --fork --kill-child bash -c '
		root=$1; shift
		for place in proc sys dev; do mount --rbind "/$place" "$root/$place"; done
		exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' bash "$root" ${PIP_CERT:+PIP_CERT=/etc/ssl/host.crt} "$@"
}

make_root() { # SUITE ARCHITECTURE
	[ ! -e "$root/complete" ] || return 0
	rm -rf "$root"
	echo "Debian $1 for $2 ..."
	# shellcheck disable=SC2086 # nothing or one word
	debootstrap --variant=minbase --foreign --arch="$2" "$1" "$root" $MIRROR >/dev/null
	chroot "$root" /debootstrap/debootstrap --second-stage >/dev/null
	inside apt-get update -qq
	inside DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends git make python3-venv >/dev/null
	touch "$root/complete"
}

try() { # WHAT COMMAND...
	local began=$SECONDS what=$1
	shift
	echo "-- $pi: $what"
	inside bash -c "cd /root/eink-monitor && $*" || fail "$pi: $what went wrong"
	echo "-- $pi: $what took $((SECONDS - began)) s"
}

check_machine
for pi in $PIS; do
	root=$PI/$pi
	mkdir -p "$PI"
	make_root "${pi%-*}" "${pi#*-}"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	[ -z "${PIP_CERT:-}" ] || cp -L "$PIP_CERT" "$root/etc/ssl/host.crt"
	rm -rf "$root/root/eink-monitor"
	git clone --quiet --no-hardlinks "$checkout" "$root/root/eink-monitor"
	chown -R 0:0 "$root/root/eink-monitor"
	try "the demo" make demo
	try "the installer" tests/machines/pi_install.sh
	try "the tests" "locks/environment.sh .venv run modbus ssh stream vw sealed test && nice .venv/bin/python -m pytest -p no:cacheprovider ${tests[*]}"
	echo "-- $pi: all is well; $(du -sm "$root" | cut -f1) MB"
done
