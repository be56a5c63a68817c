"""What follows once a configuration has changed: the daemon reads it, and a person is told the way back."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from eink_monitor import config as configuration
from eink_monitor import places
from eink_monitor.daemon.control import Request, address, ask
from eink_monitor.errors import ConfigError, StoreError

BLANK = "# Written by `eink-monitor add`; change it as you like. Every key: config.example.yaml.\n"
_BOARD = Path("/proc/device-tree/model")


def file_of(given: Path | None, *, new: bool = False) -> Path:
    """The configuration that a person means; with ``new`` the one to be made where there is none.

    Raises ``ConfigError``.
    """
    try:
        return places.configuration(given)
    except ConfigError:
        if not new:
            raise
        return Path(os.environ.get("EINK_MONITOR_CONFIG") or "config.yaml")


def is_pi() -> bool:
    """Whether this is a Raspberry Pi, to which a panel may be plugged."""
    try:
        return b"Raspberry Pi" in _BOARD.read_bytes()
    except OSError:
        return False


def blank(model: str = "") -> str:
    """A configuration without sources and panels: for a panel of that model, else for pictures in a folder."""
    display = f"{{type: waveshare, model: {model}}}" if model else "{type: png, path: out}"
    return f"{BLANK}display: {display}\nsources: {{}}\npanels: {{}}\n"


def tell(sentence: str) -> None:
    """What was written; where that is still to be handed over, the one who takes it says so."""
    if not places.served():
        click.echo(sentence)


def tell_daemon(file: Path) -> None:
    """Have the daemon, if one runs, read the configuration; say what it does next.

    A service is restarted afterwards, by its command.
    """
    if places.served() or os.environ.get("EINK_MONITOR_RELOADS"):
        return
    try:
        config = configuration.load(file)
        answer = ask(address(config.database), Request("reload"))
    except (ConfigError, StoreError) as error:
        click.echo(f"The daemon was not told: {error}", err=True)
        return
    if answer is None:
        click.echo(places.sayable("No daemon runs; `eink-monitor run` starts one.", _named(file)))
    else:
        click.echo(f"The daemon: {answer.words}", err=bool(answer.code))


def tell_way_back(told: Iterable[str], file: Path) -> None:
    """Where the previous file is, and how it comes back."""
    for sentence in told:
        tell(f"{sentence}.")
    if told:
        tell(places.sayable("To undo this: eink-monitor undo", _named(file)))


def _named(file: Path) -> Path | None:
    """What commands must name: nothing where they would find that file by themselves."""
    try:
        found = places.configuration(None)
    except ConfigError:
        return file
    return None if found.absolute() == file.absolute() else file
