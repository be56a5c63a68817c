#!/usr/bin/env bash
# Remove the service: `sudo make uninstall`. The configuration and the readings stay. Safe to repeat.
#
#   ROOT=DIR   as for install.sh
set -euo pipefail

ROOT=${ROOT:-${DESTDIR:-}}

[ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || {
	echo "uninstall: this must be run as root: sudo make uninstall" >&2
	exit 1
}
systemctl disable --quiet --now eink-monitor.service 2>/dev/null || true
for thing in /etc/systemd/system/eink-monitor.service /usr/local/bin/eink-monitor /opt/eink-monitor; do
	if [ -e "$ROOT$thing" ] || [ -L "$ROOT$thing" ]; then
		rm -rf "$ROOT$thing"
		echo "removed  $ROOT$thing"
	fi
done
systemctl daemon-reload
systemctl reset-failed eink-monitor.service 2>/dev/null || true # or systemd would remember its last state
for thing in /etc/eink-monitor /etc/systemd/system/eink-monitor.service.d /var/lib/eink-monitor; do
	if [ -e "$ROOT$thing" ]; then
		echo "kept     $ROOT$thing"
	fi
done
