"""The computer itself: what it is, its memory and power, its clock and time zone."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

from eink_monitor import places
from eink_monitor.clock import Clock, disciplined, local
from eink_monitor.config import Config
from eink_monitor.finding import Finding, doubt, good

_NARROW = 40  # MiB; the daemon needs half of it, a poll child the other
_UNIVERSAL = ("UTC", "Etc/UTC", "Etc/UCT", "GMT")
_UNDER_VOLTAGE, _HAS_BEEN = 1, 1 << 16  # bits of the Raspberry Pi firmware's get_throttled


def findings(clock: Clock, config: Config | None, root: Path = Path("/")) -> Iterator[Finding]:
    """One line each; ``root`` is where the kernel's files lie."""
    model = _text(root / "proc/device-tree/model").rstrip("\0") or f"{platform.system()} on {platform.machine()}"
    yield good("machine", f"{model}, Python {platform.python_version()}")
    yield from _memory(root)
    yield from _power(root)
    synchronised = (root / "run/systemd/timesync/synchronized").exists()
    yield synchronisation(right=synchronised or disciplined())
    zone = config.zone if config else places.time_zone()
    here = local(clock.now(), zone)
    if zone.key in _UNIVERSAL:
        yield doubt("time zone", f"UTC, where it is {here:%H:%M}: days begin at its midnight", "set `timezone`")
    else:
        yield good("time zone", f"{zone.key}, where it is {here:%H:%M on %-d %b %Y}")


def _memory(root: Path) -> Iterator[Finding]:
    lines = dict(line.split(":", 1) for line in _text(root / "proc/meminfo").splitlines() if ":" in line)
    try:
        free, size = (int(lines[name].split()[0]) // 1024 for name in ("MemAvailable", "MemTotal"))
    except (KeyError, ValueError, IndexError):
        return
    if free < _NARROW:
        yield doubt("memory", f"only {free} of {size} MiB are free", "stop what else runs here: ps -A --sort=-rss")
    else:
        yield good("memory", f"{free} of {size} MiB are free")


def _power(root: Path) -> Iterator[Finding]:
    """Undervoltage, as reported by a Raspberry Pi's firmware; it ruins SD cards and refreshes."""
    for file in root.glob("sys/devices/platform/soc*/soc*:firmware/get_throttled"):
        try:
            bits = int(_text(file), 16)
        except ValueError:
            return
        if bits & (_UNDER_VOLTAGE | _HAS_BEEN):
            when = "is" if bits & _UNDER_VOLTAGE else "has been"
            yield doubt(
                "power", f"the supply voltage {when} too low", "use a supply and a cable that give 5.1 V at 2.5 A"
            )
        else:
            yield good("power", "the supply voltage is sufficient")


def synchronisation(*, right: bool | None) -> Finding:
    """Whether the clock is synchronised; None if unknown."""
    if right is None:
        return good("clock", "this system does not say whether it is synchronised")
    if not right:
        mend = "sudo timedatectl set-ntp true, and see that the network is up"
        return doubt("clock", "not synchronised: readings may get the wrong time", mend)
    return good("clock", "synchronised")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
