from __future__ import annotations

import re

from eink_monitor.libraries import command
from machines import SYSTEMD

LOCKS = SYSTEMD.parent / "locks"
SERVES = re.compile(r"^(\S+) (\S+) (python3-\S+)$", re.MULTILINE)


def test_how_an_extra_is_installed() -> None:
    assert command("ssh", 64) == "pip install 'eink-monitor[ssh]'"
    assert command("modbus", 32) == "pip install 'eink-monitor[modbus]'"
    assert command("vw", 32) == "sudo apt install python3-cryptography && pip install 'eink-monitor[vw]'"


def test_what_it_names_for_32_bits_is_what_the_installer_takes() -> None:
    """Of each extra: the packages that stand for what its lock file holds, but for those that come with another."""
    text = (LOCKS / "environment.sh").read_text(encoding="utf-8").replace("compiled='", "")
    serves = {name: package.rstrip("'") for name, _, package in SERVES.findall(text)}
    brought = {"python3-cffi-backend", "python3-lgpio"}
    for extra in ("modbus", "ssh", "stream", "vw", "sealed", "pi", "pi5"):
        locked = re.findall(r"^([a-z0-9-]+)==", (LOCKS / f"{extra}.txt").read_text(encoding="utf-8"), re.MULTILINE)
        wanted = {serves[name] for name in locked if name in serves} - brought
        assert set(re.findall(r"python3-\S+", command(extra, 32))) == wanted, extra
