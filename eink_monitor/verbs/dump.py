"""``eink-monitor dump``: one file for a bug report."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import distributions
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from eink_monitor import __version__, files
from eink_monitor.clock import Clock, SystemClock, iso
from eink_monitor.config import Config
from eink_monitor.draw.words import count
from eink_monitor.errors import StoreError, Trouble
from eink_monitor.model.frame import Wear
from eink_monitor.store import Store
from eink_monitor.verbs._house import config_option, load, opened, within_reach
from eink_monitor.verbs._masks import masking
from eink_monitor.verbs._table import outlook_told
from eink_monitor.verbs.check import lines
from eink_monitor.verbs.quota import accounts

_LINES = 50
_RUNS = 20
_JOURNAL = (
    "journalctl",
    "--unit=eink-monitor",
    f"--lines={_LINES}",
    "--no-pager",
    "--no-hostname",
    "--quiet",
    "--output=short-iso",
)
_PATIENCE = 10  # seconds for the journal

Section = tuple[str, Callable[[], Iterator[str]]]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="eink-monitor-dump.txt")
@config_option
def command(file: Path, config_file: Path | None) -> int:
    """Write one file for a bug report, with secrets masked.

    FILE may be - for standard output. It contains versions, the configuration, the outcomes of the last polls,
    quotas, the findings of `doctor`, the panel's refreshes and the last log lines. Secrets, VINs, e-mail addresses,
    network names and addresses, the names you gave your devices, and mount points are masked; read it anyway before
    you send it.
    """
    clock = SystemClock()
    config, broken = None, ""
    try:
        config = load(config_file)
    except Trouble as error:
        broken = str(error)
    mask = masking(config)
    text = mask("\n".join(_told(config, broken, config_file, clock))) + "\n"
    if str(file) == "-":
        click.echo(text, nl=False)
        return 0
    within_reach(file, f"eink-monitor dump - > {file}")
    if other := files.kind(file):
        raise StoreError(f"{file} is {other}", "name a regular file, or one that does not exist yet")
    try:
        with files.replacing(file) as target:
            target.write(text.encode())
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}", "try `eink-monitor dump - > FILE`") from None
    click.echo(f"{file}: {len(text.splitlines())} lines; read it before you send it")
    return 0


def _told(config: Config | None, broken: str, file: Path | None, clock: Clock) -> Iterator[str]:
    """Every section; one that fails says so and costs the others nothing."""
    sections: list[Section] = [("versions", _versions), ("packages", _packages)]
    if config is None:
        sections.append(("configuration", lambda: iter(broken.splitlines())))
    else:
        house = config
        sections += [
            ("configuration", lambda: lines(house)),
            ("last outcomes", lambda: _stored(house, _outcomes)),
            ("quota", lambda: _stored(house, lambda store: iter([accounts(house, store, clock.now())]))),
            ("outlooks", lambda: _stored(house, lambda store: _outlooks(store, house.zone))),
            ("listings and events", lambda: _stored(house, lambda store: _listed(store, clock.now()))),
            ("wear of the panel", lambda: _stored(house, _wear)),
        ]
    sections += [("doctor", lambda: _doctor(file, clock)), ("log", _log)]
    for title, section in sections:
        yield f"== {title} =="
        try:
            yield from section()
        except Trouble as error:
            yield f"({error})"
        except Exception as error:  # noqa: BLE001 - a report on what is broken must not break
            yield f"(this section failed: {type(error).__name__})"
        yield ""


def _versions() -> Iterator[str]:
    yield f"eink-monitor {__version__}"
    yield f"Python {sys.version.split()[0]} ({platform.machine()}, {sys.maxsize.bit_length() + 1} bit)"
    with suppress(OSError):
        yield f"system {platform.freedesktop_os_release().get('PRETTY_NAME', 'unknown')}"
    yield f"kernel {platform.release()}"
    with suppress(OSError):
        yield f"board {Path('/proc/device-tree/model').read_text(encoding='utf-8', errors='replace').rstrip(chr(0))}"


def _packages() -> Iterator[str]:
    yield from sorted({f"{package.metadata['Name']} {package.version}" for package in distributions()}, key=str.lower)


def _stored(config: Config, section: Callable[[Store], Iterator[str]]) -> Iterator[str]:
    with opened(config, writes=False) as store:
        yield from section(store)


def _outcomes(store: Store) -> Iterator[str]:
    open_runs = [past for feed in store.outcomes.names() if (past := store.outcomes.get(feed))]
    for past in (*open_runs, *store.outcomes.recent(_RUNS)):
        times = "once" if past.polls == 1 else f"{past.polls} times"
        yield f"{iso(past.since)} to {iso(past.at)}  {past.feed}: {past.what} {times}, {past.took:.1f} s  {past.detail}"


def _outlooks(store: Store, zone: ZoneInfo) -> Iterator[str]:
    for outlook in store.outlooks.all():
        yield f"{iso(outlook.issued_at)}  {outlook_told(outlook, zone)}"


def _listed(store: Store, now: int) -> Iterator[str]:
    """How many, and never which: titles and words may be about people."""
    for listing in store.listings.all():
        stuck = sum(item.stuck for item in listing.items)
        yield f"{iso(listing.at)}  {listing.subject} {listing.name}: {count(len(listing.items), 'item')}, {stuck} stuck"
    for subject, kind in store.events.kinds():
        yield f"{subject} {kind}: {count(len(store.events.get(subject, kind, 0, now + 1)), 'event')}"


def _wear(store: Store) -> Iterator[str]:
    yield ", ".join(f"{name} {value}" for name, value in asdict(Wear(**store.wear.counts())).items())


def _doctor(file: Path | None, clock: Clock) -> Iterator[str]:
    from eink_monitor.doctor import Doctor  # noqa: PLC0415 - it looks at everything; only here is it wanted

    yield from map(str, Doctor(file, clock).findings())


def _log() -> Iterator[str]:
    try:
        said = subprocess.run(  # noqa: S603 - a constant
            _JOURNAL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        yield "(there is no journal on this machine; add the last lines of what `eink-monitor run` wrote)"
        return
    yield from said.stdout.splitlines()[-_LINES:] or ["(the journal has no line of eink-monitor, or may not be read)"]
