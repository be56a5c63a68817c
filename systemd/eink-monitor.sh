#!/bin/sh
# `sudo eink-monitor VERB`: the command line as the service's own user, with its configuration, secrets and database.
#
# Files that root wrote among the daemon's own could not be read by it. A file for you comes through the pipe:
#   sudo eink-monitor dump - > dump.txt
program=/opt/eink-monitor/current/bin/eink-monitor
if [ "$(id -u)" != 0 ]; then
	case "${1:-}" in
	'' | -h | --help | --version | demo | simulate | sources | panels) exec "$program" "$@" ;;
	esac
	echo "the readings belong to the service; say: sudo eink-monitor $*" >&2
	exit 77
fi
tie=--pipe
if [ -t 0 ] && [ -t 1 ]; then
	tie=--pty
fi
exec systemd-run --quiet --collect --wait $tie \
	--property=DynamicUser=yes --property=User=eink-monitor \
	--property=SupplementaryGroups="spi gpio systemd-journal" \
	--property=StateDirectory=eink-monitor --property=StateDirectoryMode=0700 \
	--property=LoadCredential=config.yaml:/etc/eink-monitor/config.yaml \
	--property=LoadCredential=credentials:/etc/eink-monitor/credentials \
	--property=LoadCredentialEncrypted=eink-monitor-token-key \
	--property=WorkingDirectory=/var/lib/eink-monitor --property=UMask=0077 \
	--setenv=SSL_CERT_DIR=/etc/ssl/certs --setenv=TERM="${TERM:-dumb}" --setenv=COLUMNS="${COLUMNS:-}" \
	/bin/sh -c "export EINK_MONITOR_CONFIG=\$CREDENTIALS_DIRECTORY/config.yaml; exec $program \"\$@\"" eink-monitor "$@"
