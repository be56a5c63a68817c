#!/usr/bin/env bash
# Install or upgrade eink-monitor as a service: `sudo make install`. Safe to repeat, safe to interrupt.
#
#   ROOT=DIR      put everything below DIR instead of / (for tests and images)
#   PYTHON=FILE   the interpreter to build on [python3]
#   WHEEL=FILE    install this wheel instead of the checkout around this script
#   YES=1         answer every question with yes
#
# Every version has its own folder in /opt/eink-monitor/versions; `current` and `previous` are links. A new version that
# does not start is replaced by the previous one, including its database.
set -euo pipefail
umask 022

ROOT=${ROOT:-${DESTDIR:-}}
PYTHON=${PYTHON:-python3}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(dirname "$here")
program=$source/eink_monitor
[ -d "$program" ] || program=$source # out of a wheel
opt=$ROOT/opt/eink-monitor
etc=$ROOT/etc/eink-monitor
state=$ROOT/var/lib/eink-monitor
unit=$ROOT/etc/systemd/system/eink-monitor.service
command=$ROOT/usr/local/bin/eink-monitor
config=$etc/config.yaml
stage=nothing new='' old=''

say() { printf '%s\n' "$*"; }
fail() {
	printf 'install: %s\n' "$*" >&2
	exit 1
}

ask() { # QUESTION; without a terminal the answer is no
	[ -z "${YES:-}" ] || return 0
	[ -t 0 ] || return 1
	local answer
	read -r -p "$1 [Y/n] " answer
	[[ $answer =~ ^([Yy].*)?$ ]]
}

point() { # LINK TARGET: one rename, so that there is no moment without a link
	ln -sfn "$2" "$1.new"
	mv -T "$1.new" "$1"
}

ours() { # FOLDER: refuse it if others may write in it, or above: they could replace the program
	local folder owner mode
	folder=$(realpath -m "$1")
	until [ "$folder" = "$top" ]; do
		if [ -d "$folder" ]; then
			read -r owner mode < <(stat -c '%u %a' "$folder")
			[ "$owner" = 0 ] || [ "$owner" = "$(id -u)" ] || fail "$folder belongs to another user: sudo chown root $folder"
			(((8#$mode & 8#22) == 0)) || fail "others may write in $folder: sudo chmod go-w $folder"
		fi
		folder=$(dirname "$folder")
	done
}

check_folders() {
	local top folder
	top=$(realpath -m "${ROOT:-/}")
	for folder in "$opt/versions" "$etc/credentials" "$(dirname "$unit")"; do
		ours "$folder"
	done
}

check_machine() {
	[ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || fail "this must be run as root: sudo make install"
	command -v systemctl >/dev/null || fail "there is no systemd, which a service needs; without one: make run"
	# With ROOT an image is built that does not run here; otherwise, without systemd, the build would be useless.
	[ -n "$ROOT" ] || [ -d /run/systemd/system ] || fail "systemd does not run here, as in a container; without it: make run"
	"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
		fail "$PYTHON is missing or older than 3.11; try: sudo PYTHON=python3.11 make install"
	"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || fail "the venv module is missing: sudo apt install python3-venv"
	command -v setpriv >/dev/null || fail "setpriv is missing: sudo apt install util-linux"
	check_folders
	mkdir -p "$opt/versions"
	exec 9>"$opt/.lock"
	flock -n 9 || fail "another install is under way"
}

put_config() { # never replaces an existing one
	mkdir -p "$etc"
	install -d -m 711 "$etc/credentials" # the daemon may see how old its files are, and no more
	install -m 644 "$source/config.example.yaml" "$etc/config.example.yaml"
	if [ -e "$config" ]; then
		say "kept         $config"
		case $(stat -Lc %A "$config") in
		?????w???? | ????????w?) fail "others may write $config: sudo chmod 600 $config" ;;
		????r????? | ???????r??) say "open         others may read $config, and secrets in it: sudo chmod 600 $config" ;;
		esac
	else
		install -m 600 "$source/config.example.yaml" "$config"
		say "new          $config (a demo house; replace it with yours)"
	fi
}

types() { # the word after every `type:` that is not in a comment
	sed 's/#.*//' "$config" | grep -oE '\btype:[[:space:]]*"?[a-z0-9_]+' | sed -E 's/.*[^a-z0-9_]//' | sort -u
}

extras() { # the extras that the configured sources need, according to the program
	local names
	mapfile -t names < <(types)
	(cd "$(dirname "$program")" && "$PYTHON" -B -m eink_monitor.sources "${names[@]}") || return
	if [ -e "$ROOT/etc/credstore.encrypted/eink-monitor-token-key" ]; then
		say sealed
	fi
	if has_ink && ! from_apt spidev RPi.GPIO; then
		if is_five; then say pi5; else say pi; fi
	fi
}

has_ink() { types | grep -qx waveshare; }
is_five() { tr -d '\0' 2>/dev/null <"$ROOT/proc/device-tree/model" | grep -qE 'Pi 5|Compute Module 5'; } 2>/dev/null

find='import sys, importlib.util as i; sys.exit(not all(map(i.find_spec, sys.argv[1:])))'
from_apt() { # MODULE...: whether the system's Python has them
	"$PYTHON" -Ic "$find" "$@" 2>/dev/null
}

site() { # apt's spidev and RPi.GPIO need no compiler
	if has_ink && from_apt spidev RPi.GPIO; then say yes; fi
}

gpio_of_apt() { # Raspberry Pi OS has rpi-lgpio; Debian has RPi.GPIO, which does not work on a Pi 5
	local package
	for package in python3-rpi-lgpio python3-rpi.gpio; do
		if [ "$package" = python3-rpi.gpio ] && is_five; then continue; fi
		if apt-cache show "$package" >/dev/null 2>&1; then
			say "$package"
			return
		fi
	done
}

prepare_pins() {
	local group gpio
	for group in spi gpio; do
		getent group "$group" >/dev/null || groupadd --system "$group"
	done
	has_ink || return 0
	gpio=$(gpio_of_apt)
	if [ -n "$gpio" ] && ! from_apt spidev RPi.GPIO && ask "Install python3-spidev and $gpio with apt?"; then
		apt-get install -y python3-spidev "$gpio" || say "apt could not; trying pip"
	fi
	compgen -G "$ROOT/dev/spidev*" >/dev/null && return 0
	if command -v raspi-config >/dev/null && ask "SPI is off, and the panel needs it. Switch it on?"; then
		raspi-config nonint do_spi 0
		say "switched on  SPI (if the panel stays blank: reboot)"
	else
		say "SPI is off: switch it on with  sudo raspi-config nonint do_spi 0  and reboot"
	fi
}

build() { # a folder is only used once it holds the file `complete`
	local folder said wanted=()
	for folder in "$opt"/versions/*; do
		if [ -d "$folder" ] && [ ! -e "$folder/complete" ]; then
			rm -rf "$folder"
			say "removed      $folder, a version that was never finished"
		fi
	done
	new=$(mktemp -d "$opt/versions/$(date +%Y%m%d-%H%M%S)-XXXX")
	stage=building
	chmod 755 "$new"
	said=$(extras) || fail "the program does not report what its sources need"
	[ -z "$said" ] || mapfile -t wanted <<<"$said"
	say "building     $new${wanted:+ with $(IFS=, && say "${wanted[*]}")}"
	PYTHON=$PYTHON SITE=$(site) bash "$source/locks/environment.sh" "$new" run "${wanted[@]}"
	"$new/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "${WHEEL:-$source}"
	"$new/bin/eink-monitor" --version >/dev/null || fail "the new version cannot be run"
	if has_ink; then
		"$new/bin/python" -c "$find" spidev RPi.GPIO || fail "the new version cannot reach the panel's pins: no spidev or RPi.GPIO"
	fi
	install -m 644 "$here/eink-monitor.service" "$new/eink-monitor.service"
	install -m 755 "$here/eink-monitor.sh" "$new/eink-monitor.sh"
	touch "$new/complete"
}

use() { # VERSION: make it the one that runs
	point "$opt/current" "$1"
	mkdir -p "$(dirname "$unit")" "$(dirname "$command")"
	install -m 644 "$1/eink-monitor.service" "$unit"
	install -m 755 "$1/eink-monitor.sh" "$command"
	systemctl daemon-reload
}

among_readings() { # VERB of databases.sh, as the owner: root does nothing by name in somebody else's folder
	local owner group
	[ -d "$state" ] || return 0
	(
		cd -P -- "$state" # where that user cannot go alone
		read -r owner group < <(stat -c '%u %g' .)
		set -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C sh -s -- "$1"
		if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
			set -- setpriv --reuid "$owner" --regid "$group" --clear-groups --inh-caps=-all --no-new-privs "$@"
		fi
		exec timeout --kill-after=5 900 setsid --wait "$@" 9>&- # no terminal, and no file of ours that it could keep open
	) <"$here/databases.sh" 2>&1 | tr -cd '[:print:]\n'
}

start() { # manual starts do not count among the twenty an hour after which a crashing daemon is left alone
	systemctl reset-failed eink-monitor.service 2>/dev/null || true
	systemctl restart eink-monitor.service
}

set_aside() { # copies of the databases as the previous version left them; the daemon is stopped meanwhile
	systemctl stop eink-monitor.service
	among_readings aside
}

roll_back() {
	stage=over
	say "going back   to $old"
	systemctl stop eink-monitor.service || true
	among_readings back || say "the databases could not be put back; they are in $state as *.before"
	use "$old"
	rm -rf "$new"
	start || say "the previous version does not start either: sudo journalctl -u eink-monitor"
}

look() { # print what the new version says about the configuration; fails if it could not start with it
	local said code=0
	said=$({
		STATE_DIRECTORY=/var/lib/eink-monitor RUNTIME_DIRECTORY=/run/eink-monitor EINK_MONITOR_ORIGIN=/etc/eink-monitor \
			"$new/bin/eink-monitor" check --config "$config" >/dev/null
	} 2>&1) || code=$?
	[ -z "$said" ] || say "$said"
	# 78: it has mistakes; a drop-in of the unit, which only systemd knows, may still set a variable
	[ "$code" != 78 ] || ! grep -qv 'environment variable' <<<"$said"
}

switch() {
	local good=yes
	old=$(readlink "$opt/current" || true)
	if [ ! -e "$old/complete" ]; then
		old=''
	fi
	look || good=''
	[ -n "$good" ] || [ -z "$old" ] || fail "fix these mistakes in $config, then try again"
	stage=switching
	[ -z "$old" ] || set_aside
	use "$new"
	systemctl enable --quiet eink-monitor.service
	if [ -z "$good" ]; then
		stage=over
		fail "installed, but not started: mend these mistakes, then: sudo eink-monitor reload"
	fi
	say "starting     (until the first panel is drawn)"
	start || fail "the daemon did not come up; its last words: sudo journalctl -eu eink-monitor"
	stage=over
	[ -z "$old" ] || point "$opt/previous" "$old"
	among_readings forget || say "the copies of the databases could not be removed; they are in $state as *.before"
}

clean() { # keep the current and the previous version
	local folder
	for folder in "$opt"/versions/*; do
		[ "$folder" = "$new" ] || [ "$folder" = "$old" ] || rm -rf "$folder"
	done
}

leave() { # however it ends, a working version is in place
	local code=$?
	trap '' INT TERM HUP
	case $stage in
	building)
		rm -rf "$new"
		say "stopped; the version that runs has not changed"
		;;
	switching) [ -z "$old" ] || roll_back ;;
	esac
	exit "$code"
}

trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
check_machine
put_config
prepare_pins
build
switch
clean
say "running      $("$new/bin/eink-monitor" --version)"
say "Edit $config, then: sudo eink-monitor reload; look: sudo eink-monitor show"
