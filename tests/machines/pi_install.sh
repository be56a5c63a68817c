#!/usr/bin/env bash
# On an emulated Pi: the real installer with every source that needs more than Python, below a folder; only systemctl
# is a stand-in. Then whatever was installed must be there to import, and the command must run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
machine=$(mktemp -d)
trap 'rm -rf "$machine"' EXIT
mkdir -p "$machine/bin" "$machine/root/etc/eink-monitor" "$machine/root/etc/credstore.encrypted"
printf '#!/bin/sh\nexit 0\n' >"$machine/bin/systemctl"
chmod +x "$machine/bin/systemctl"
touch "$machine/root/etc/credstore.encrypted/eink-monitor-token-key"
cat >"$machine/root/etc/eink-monitor/config.yaml" <<'YAML'
display: {type: 'null'}
sources:
  nas: {type: ssh_disk, host: nas.local, user: eink, mounts: {root: /}}
  roof: {type: solaredge_modbus, host: inverter.local}
  car: {type: vw_eu_data_act, brand: volkswagen, username: u, password: p, vin: WVWZZZE1ZMP000001}
  mini: {type: bmw_cardata, client_id: 5b7c9a10-1111-2222-3333-444455556666, vin: WBA53FJ0X0CH00001, stream: true}
panels:
  health: {type: health}
YAML
PATH=$machine/bin:$PATH ROOT=$machine/root YES=1 systemd/install.sh
program=$machine/root/opt/eink-monitor/current/bin
"$program/python" -c 'import PIL.Image, yaml, paramiko, pymodbus, paho.mqtt.client, carconnectivity, cryptography.fernet'
"$program/eink-monitor" check --config "$machine/root/etc/eink-monitor/config.yaml"
