#!/usr/bin/env bash
# Install locked libraries into a virtual environment, created if needed: locks/environment.sh FOLDER SET...
#
#   PYTHON=FILE   the interpreter to make it with [python3]
#   LOCKS=FOLDER  the lock files to use [those beside this script]
#   SITE=yes      let it see the system's libraries, too
#
# Nothing is installed whose hash is not in the lock files. There are no 32-bit wheels of compiled libraries: there apt's
# packages are used instead.
set -euo pipefail

PYTHON=${PYTHON:-python3}
LOCKS=${LOCKS:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
SITE=${SITE:-}
folder=$1
shift

# its name in the lock files, a module of it, Debian's package; - if the tests do without
compiled='bcrypt bcrypt python3-bcrypt
cffi _cffi_backend python3-cffi-backend
cryptography cryptography python3-cryptography
lgpio lgpio python3-lgpio
pillow PIL python3-pil
pynacl nacl python3-nacl
pyyaml yaml python3-yaml
rpi-gpio RPi.GPIO python3-rpi.gpio
rpi-lgpio RPi.GPIO python3-rpi-lgpio
spidev spidev python3-spidev
zxing-cpp zxingcpp -'

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

find='import sys, importlib.util as i; sys.exit(not all(map(i.find_spec, sys.argv[1:])))'
from_apt() { "$PYTHON" -Ic "$find" "$1" 2>/dev/null; }

missing() { # MODULE PACKAGE lines: the packages whose module is not there
	local module package
	while read -r module package; do
		from_apt "$module" || printf ' %s' "$package"
	done
}

leave_to_apt() { # removes compiled libraries from the lists, and makes sure that the system has them
	local name module package needed='' wanted
	while read -r name module package; do
		grep -q "^$name==" "$lists"/*.txt || continue
		sed -i -e "/^$name==/,/[^\\\\]\$/d" "$lists"/*.txt
		[ "$package" = - ] || needed+="$module $package"$'\n'
	done <<<"$compiled"
	wanted=$(printf %s "$needed" | missing)
	[ -n "$wanted" ] || return 0
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "installing$wanted with apt ..."
		# shellcheck disable=SC2086 # words
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $wanted; } >/dev/null ||
			fail "apt could not install$wanted; is the internet connection up? then try again"
	else
		fail "on 32 bits these libraries come from apt: sudo apt install$wanted; then try again"
	fi
	wanted=$(printf %s "$needed" | missing)
	[ -z "$wanted" ] || fail "$PYTHON does not see what apt has installed:$wanted; use Debian's own, PYTHON=/usr/bin/python3"
}

prefer() { # LIST: its release of a library replaces that of the program's own list
	local pin
	while read -r pin; do
		! grep -q "^${pin%%==*}==" "$lists/run.txt" || grep -qF "$pin " "$lists/run.txt" ||
			sed -i -e "/^${pin%%==*}==/,/[^\\\\]\$/d" "$lists/run.txt"
	done < <(grep -oE '^[a-z0-9-]+==[^ ;]+' "$1")
}

lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
for name; do cp "$LOCKS/$name.txt" "$lists"; done
for name; do [ "$name" = run ] || [ ! -e "$lists/run.txt" ] || prefer "$lists/$name.txt"; done
set --
if [ "$(getconf LONG_BIT)" = 32 ]; then
	leave_to_apt
	SITE=yes
fi
if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1 ||
	{ [ -n "$SITE" ] && ! grep -qs 'site-packages = true' "$folder/pyvenv.cfg"; }; then
	"$PYTHON" -m venv --clear ${SITE:+--system-site-packages} "$folder" ||
		fail "the venv module is missing: sudo apt install python3-venv"
fi
install() {
	local said
	said=$("$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--require-hashes "$@" 2>&1) && return
	printf '%s\n' "$said" >&2
	case $said in
	*'Failed building wheel'*) fail "a library has to be compiled: sudo apt install gcc python3-dev, then try again (the panel's are ready-made in apt: docs/install.md)" ;;
	esac
	fail "the libraries could not be fetched; is the internet connection up? then try again"
}
install --requirement "$LOCKS/build.txt" # first: what has no wheel is built with it
for name in "$lists"/*.txt; do set -- "$@" --requirement "$name"; done
install "$@"
