#!/bin/sh
# `sudo eink-monitor VERB`: the command line as the service's own user, with its configuration, secrets and database, in
# the same sandbox and with the same limits: they are read from its unit.
#
# The daemon could not read files that root wrote into its folder, and cannot see your folders. So a file for you comes
# through a pipe:
#   sudo eink-monitor dump - > dump.txt
current=/opt/eink-monitor/current
program=$current/bin/eink-monitor
asks_help() {
	for word; do
		case $word in -h | --help) return 0 ;; esac
	done
	return 1
}
if [ "$(id -u)" != 0 ]; then
	if asks_help "$@"; then exec "$program" "$@"; fi
	case "${1:-}" in
	'' | --version | demo | simulate | sources | panels) exec "$program" "$@" ;;
	esac
	echo "the readings belong to the service; use: sudo eink-monitor $*" >&2
	exit 77
fi
if [ "${1:-}" = demo ]; then # it needs no service and writes to the current folder, so it runs as the person
	[ -z "${SUDO_UID:-}" ] || exec setpriv --reuid="$SUDO_UID" --regid="${SUDO_GID:-$SUDO_UID}" --init-groups "$program" "$@"
	exec "$program" "$@"
fi
if [ "${1:-}" = reload ]; then # only a restart hands the files over again; a bad configuration must not get that far
	if ! said=$("$0" check 2>&1); then
		printf '%s\n' "$said" "rejected; fix that and try again: a running daemon keeps the configuration it read before" >&2
		exit 78
	fi
	systemctl reset-failed eink-monitor.service 2>/dev/null # only a daemon's own starts count among the twenty of an hour
	if [ -n "${MAINPID:-}" ]; then # systemd's own reload must not wait for the restart, nor fail when that ends it
		trap '' TERM
		exec systemctl restart --no-block eink-monitor.service
	fi
	systemctl restart eink-monitor.service || exit
	echo "the daemon restarted with /etc/eink-monitor/config.yaml"
	exit
fi
case ${1:-} in
undo) # it concerns root's own files only
	if ! asks_help "$@"; then
		EINK_MONITOR_CONFIG=/etc/eink-monitor/config.yaml EINK_MONITOR_RELOADS=1 STATE_DIRECTORY=/var/lib/eink-monitor "$program" "$@" || exit
		exec "$0" reload
	fi
	;;
add | remove | rename) # asked and tried in the sandbox, which may not write the configuration: that comes through a pipe
	if [ -z "${EINK_MONITOR_ASKS:-}" ] && ! asks_help "$@"; then
		EINK_MONITOR_ASKS=1 "$0" "$@" || exit
		code=0
		"$0" hand-over </dev/null 2>/dev/null | "$current/bin/python" -I -m eink_monitor.editing.handover /etc/eink-monitor || code=$?
		[ "$code" != 3 ] || exit 0 # nothing was agreed to
		[ "$code" = 0 ] || exit "$code"
		[ "$1" = rename ] || echo "To undo this: sudo eink-monitor undo"
		exec "$0" reload
	fi
	;;
esac
settings() { # of the service, except how it is started, watched and stopped, and its runtime folder
	sed -n '/^\[Service\]/,/^\[Install\]/{/^[A-Z][A-Za-z]*=/p}' "$current/eink-monitor.service" |
		grep -vE '^(Type|NotifyAccess|Exec[A-Za-z]*|Restart[A-Za-z]*|Timeout[A-Za-z]*|WatchdogSec|KillMode|OOMPolicy)=' |
		grep -vE '^(RuntimeDirectory[A-Za-z]*|WorkingDirectory|SupplementaryGroups)='
}
found=$(settings) || found=''
case $found in
*DynamicUser=yes*NoNewPrivileges=yes*) ;;
*)
	echo "$current/eink-monitor.service cannot be read: install again with sudo make install" >&2
	exit 78
	;;
esac
if [ "${1:-}" = hand-over ]; then
	set -- /bin/sh -c 'cat change/change.json && rm -r change'
else
	set -- /bin/sh -c "export EINK_MONITOR_CONFIG=\$CREDENTIALS_DIRECTORY/config.yaml; exec $program \"\$@\"" eink-monitor "$@"
fi
while IFS= read -r setting; do # prepended, so the list is reversed: the order counts
	set -- "--property=$setting" "$@"
done <<SETTINGS
$(printf '%s\n' "$found" | tac)
SETTINGS
tie=--pipe
if [ -t 0 ] && [ -t 1 ]; then
	tie=--pty
fi
exec systemd-run --quiet --collect --wait $tie \
	--property=SupplementaryGroups="spi gpio systemd-journal" --property=WorkingDirectory=/var/lib/eink-monitor \
	--setenv=RUNTIME_DIRECTORY=/run/eink-monitor --setenv=TERM="${TERM:-dumb}" --setenv=COLUMNS="${COLUMNS:-}" "$@"
