"""Default locations on this machine: the configuration, the database, the time zone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.errors import Complaint, ConfigError


def configuration(given: Path | None) -> Path:
    """The configuration to use: the given one, else the first that exists of the usual places.

    Raises ``ConfigError`` when there is none.
    """
    if given:
        return given
    places = list(_places())
    for place in places:
        if place.is_file():
            return place
    tried = ", ".join(str(origin(place)) for place in places)
    looked = f"no configuration found (looked for {tried})"
    raise ConfigError(
        [Complaint(looked, cure="make one with eink-monitor add, or copy config.example.yaml to config.yaml")]
    )


def _places() -> Iterator[Path]:
    if named := os.environ.get("EINK_MONITOR_CONFIG"):
        yield Path(named)
        return
    yield Path("config.yaml")
    yield _home("XDG_CONFIG_HOME", ".config") / "eink-monitor" / "config.yaml"
    yield Path("/etc/eink-monitor/config.yaml")


def database() -> Path:
    """Below systemd's $STATE_DIRECTORY, else below the state folder of the user."""
    if systemd := os.environ.get("STATE_DIRECTORY"):
        return Path(systemd.split(":")[0]) / "readings.db"
    return _home("XDG_STATE_HOME", ".local/state") / "eink-monitor" / "readings.db"


def token_key() -> Path | None:
    """Where systemd puts the key that seals sign-ins, if it was given one; None for who runs without credentials."""
    lent = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(lent) / "eink-monitor-token-key" if lent else None


def served() -> bool:
    """Whether we run as the service does: the daemon itself, or a verb in its sandbox."""
    return bool(os.environ.get("EINK_MONITOR_ORIGIN"))


def origin(file: Path) -> Path:
    """The original of a file that systemd has copied for us: people edit that one, and its date counts.

    Any other file is its own original.
    """
    lent, home = os.environ.get("CREDENTIALS_DIRECTORY"), os.environ.get("EINK_MONITOR_ORIGIN")
    if not lent or not home or not file.is_relative_to(lent):
        return file
    if file.parent != Path(lent):  # not in there: systemd copies no folders
        return Path(home) / file.relative_to(lent)
    folder, _, name = file.name.partition("_")  # how systemd names the files of a folder
    return Path(home) / folder / name if name else Path(home) / file.name


def home(folder: Path) -> Path:
    """The original folder of files that systemd has copied for us; any other folder is its own original."""
    return origin(folder / "x").parent


def sayable(text: str, config: Path | None = None) -> str:
    """The text with our commands as they must be typed here: with sudo for a service, and ``-c FILE``."""
    if not served() and config is None:
        return text
    import shlex  # noqa: PLC0415 - only ever needed to complain

    sudo, option = "sudo " * served(), f" -c {shlex.quote(str(config))}" if config else ""
    return re.sub(_COMMAND, lambda found: f"{sudo}{found[1]}{option}", text)


VERBS = (
    *("add", "backup", "check", "clear", "doctor", "dump", "events", "forget", "history", "latest", "login", "logout"),
    *("poll", "quota", "reload", "remove", "rename", "restore", "run", "show", "simulate", "sources", "undo"),
)
"""Those that take a configuration."""
_COMMAND = rf"(?:\bsudo )?\b(eink-monitor (?:{'|'.join(VERBS)}))\b(?! -c )"


def age(file: Path) -> int:
    """When a file was last changed, or its origin, in nanoseconds; 0 for one that is not there."""
    for place in (origin(file), file):
        with suppress(OSError):
            return place.stat().st_mtime_ns
    return 0


def _home(variable: str, below: str) -> Path:
    """The folder a variable names, else the one in the user's home; without a home, the root."""
    try:
        return Path(os.environ.get(variable) or Path.home() / below)
    except RuntimeError:
        return Path("/") / below


def time_zone() -> ZoneInfo:
    """The machine's time zone by name, so that its rules (not only today's offset) are known; UTC when in doubt."""
    for name in (os.environ.get("TZ", ""), _linked_zone(), _written_zone()):
        try:
            if name:
                return ZoneInfo(name.removeprefix(":"))
        except (KeyError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def _linked_zone() -> str:
    target = str(Path("/etc/localtime").resolve())
    return target.partition("/zoneinfo/")[2]


def _written_zone() -> str:
    try:
        return Path("/etc/timezone").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
