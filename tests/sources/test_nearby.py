"""Names of the house: what is said where one is not found, and whether Avahi is reached from the unit's sandbox."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doors.nas import new_visit
from eink_monitor.errors import Unreachable
from eink_monitor.settings import Duration
from eink_monitor.sources._nearby import no_address
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus
from eink_monitor.sources.ssh_disk import SshDisk
from machines import SYSTEMD, sandbox


@pytest.mark.parametrize(
    ("host", "hosts", "avahi", "words"),
    [
        ("nas.lan", "files dns", False, "check host: and the name server"),
        ("nas.local", "files dns", False, "for .local names: sudo apt install avahi-daemon libnss-mdns"),
        ("NAS.Local.", None, False, "for .local names: sudo apt install avahi-daemon libnss-mdns"),
        (
            "nas.local",
            "files mdns4_minimal [NOTFOUND=return] dns",
            False,
            "is not running: sudo apt install avahi-daemon",
        ),
        ("nas.local", "files mdns4_minimal [NOTFOUND=return] dns", True, "is it switched on, and on this network?"),
        ("nas.local", "files resolve [!UNAVAIL=return] dns", False, "is it switched on, and on this network?"),
    ],
)
def test_a_name_that_is_not_found(tmp_path: Path, host: str, hosts: str | None, avahi: bool, words: str) -> None:
    if hosts is not None:
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "nsswitch.conf").write_text(f"passwd: files\nhosts: {hosts}\n", encoding="utf-8")
    if avahi:
        (tmp_path / "run" / "avahi-daemon").mkdir(parents=True)
        (tmp_path / "run" / "avahi-daemon" / "socket").touch()
    said = no_address(host, "the inverter ", tmp_path)
    assert said.startswith(f'no address found for the inverter "{host}"; ')
    assert words in said


@pytest.mark.parametrize("kind", ["ssh_disk", "solaredge_modbus"])
def test_every_source_of_the_house_says_so(tmp_path: Path, kind: str) -> None:
    host = "nobody-at-all.local"
    source = (
        SshDisk(host, {"root": "/"}, user="eink") if kind == "ssh_disk" else SolarEdgeModbus(host, timeout=Duration(2))
    )
    with pytest.raises(Unreachable, match=r'no address found for .*"nobody-at-all\.local"; (?!check host)'):
        list(source.poll(new_visit(tmp_path)))


AVAHI = """\
[server]
host-name=the-wall-at-home
use-ipv6=no
enable-dbus=no
"""
NETWORK = """\
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add wall type veth peer name hall
ip link set hall up
ip address add 10.9.9.1/24 dev wall
ip link set wall up
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
avahi-daemon --file "$1/avahi.conf" --no-drop-root --no-chroot --no-rlimits 2>/dev/null &
trap 'kill $!' EXIT
shift
for i in 1 2 3 4 5 6 7 8 9 10; do getent hosts the-wall-at-home.local >/dev/null && break; sleep 0.5; done
"$@"
"""
NEEDED = ("avahi-daemon", "ip", "unshare")


@pytest.mark.skipif(
    os.geteuid() != 0
    or not all(map(shutil.which, NEEDED))
    or ctypes.util.find_library("seccomp") is None
    or not list(Path("/usr/lib").glob("*/libnss_mdns4_minimal.so.2")),
    reason="needs root, avahi-daemon, libnss-mdns and iproute2",
)
def test_a_real_avahi_is_reached_from_the_sandbox(tmp_path: Path) -> None:
    """In a network of its own, which ends with the test."""
    (tmp_path / "avahi.conf").write_text(AVAHI, encoding="utf-8")
    (tmp_path / "nsswitch.conf").write_text("hosts: files mdns4_minimal [NOTFOUND=return] dns\n", encoding="utf-8")
    code = "import socket; print(socket.getaddrinfo('the-wall-at-home.local', 22, type=socket.SOCK_STREAM)[0][4])"
    confined = [sys.executable, str(sandbox.__file__), str(SYSTEMD / "eink-monitor.service"), str(tmp_path)]
    command = ["unshare", "--net", "--mount", "bash", "-c", NETWORK, "bash", str(tmp_path), *confined]
    done = subprocess.run([*command, sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("('10.9.9.1', 22)\n", 0), done.stderr
