"""The database: intact, of this layout, writable, with room to grow."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor import places
from eink_monitor.clock import AHEAD, DAY, Clock, stamp
from eink_monitor.config import Config
from eink_monitor.draw import words
from eink_monitor.errors import Damaged, StoreError, WrongFile
from eink_monitor.finding import BAD, Finding, doubt, fault, good
from eink_monitor.libraries import SERVICE
from eink_monitor.store import Store
from eink_monitor.store.future import Dated
from eink_monitor.store.repair.inspection import Inspection, inspect

_RESCUE = "start the daemon: it sets the file aside and saves what can be read"
_READ_ONLY = "look in dmesg whether the card is worn out; if not, sudo mount -o remount,rw /"
_REMEMBERED = 7 * DAY  # how long a removed file is reported
_LITTLE, _NOTHING = 200_000_000, 20_000_000  # bytes


def findings(config: Config, clock: Clock) -> Iterator[Finding]:
    """One line each."""
    file = config.database
    folder = next(parent for parent in file.parents if parent.exists())
    forbidden = list(_writable(file if file.exists() else folder, folder))
    yield from _whole(file, ours=not forbidden)
    yield from forbidden
    yield from _stored(config, clock)
    yield space(shutil.disk_usage(folder).free, folder)


def space(free: int, folder: Path) -> Finding:
    """Whether so many bytes are enough for the database to grow."""
    told, mend = f"{words.size(free)} free at {folder}", f"make room: du -xh {folder} | sort -h | tail"
    if free < _NOTHING:
        return fault("space", StoreError(f"only {told}"), mend)
    return doubt("space", f"only {told}", mend) if free < _LITTLE else good("space", told)


def _stored(config: Config, clock: Clock) -> Iterator[Finding]:
    """Its own state."""
    try:
        with closing(Store(config.database, config.zone, writes=False)) as store:
            future = store.dating.dated_after(clock.now() + AHEAD)
            mishap, at = store.facts.mishap, store.facts.mishap_at
    except StoreError:  # reported above
        return
    if mishap and clock.now() - at < _REMEMBERED:
        told = f"{stamp(at, config.zone)}: {mishap}"
        yield doubt("database", told, "find out what did it: a script, a backup, somebody with rm or mv?")
    if future and clock.trusted() is not False:  # else nobody knows what is in the future
        yield _dated(future, config)


def _dated(future: list[Dated], config: Config) -> Finding:
    """Rows dated in the future."""
    first = min((dated.row[0] for dated in future if dated.what != "day"), default=0)
    subjects = ", ".join(sorted({dated.subject for dated in future if dated.subject})) or "series that are lost"
    rows = f"{words.count(len(future), 'row')} of {subjects} {'is' if len(future) == 1 else 'are'}"
    begin = f", the first {stamp(first, config.zone)}" if first else ""
    told = f"{rows} dated in the future{begin}"
    return doubt("database", told, "if the clock is right: eink-monitor forget --after now")


def _whole(file: Path, *, ours: bool) -> Iterator[Finding]:
    if not file.exists():
        yield good("database", f"{file} does not exist yet; the daemon or the first poll creates it")
        return
    if not file.stat().st_size and not file.with_name(f"{file.name}-wal").exists():
        yield good("database", f"{file} is empty; the daemon or the first poll fills it")
        return
    try:
        found = inspect(file)
    except Damaged as error:
        yield fault("database", error, _RESCUE)
        return
    except WrongFile as error:
        yield fault("database", error, f"{error.cure}, or move that file away")
        return
    except StoreError as error:
        if ours:  # else whose it is says more
            yield fault("database", error, "run eink-monitor doctor again")
        return
    yield from _layout(file, found)


def _layout(file: Path, found: Inspection) -> Iterator[Finding]:
    """The result of the inspection."""
    for problem in found.problems:
        yield Finding("database", BAD, f"{file}: {problem}", _RESCUE, StoreError.exit_code)
    if found.newer:
        newer = StoreError(f"{file} was written by a newer eink-monitor")
        yield fault("database", newer, SERVICE if places.served() else "pip install --upgrade eink-monitor")
    elif found.older and not found.problems:
        yield doubt("database", f"{file} was written by an older eink-monitor", "start the daemon: it upgrades it")
    elif not found.problems:
        yield good("database", f"{file} is intact, {words.size(file.stat().st_size)}")


def _writable(thing: Path, folder: Path) -> Iterator[Finding]:
    """SQLite writes beside the database, too."""
    if os.access(thing, os.W_OK) and os.access(folder, os.W_OK):
        return
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield fault("database", StoreError(f"the file system of {folder} is read-only"), _READ_ONLY)
        return
    owner = str(thing.stat().st_uid)
    with suppress(KeyError):
        owner = thing.owner()
    told = f"{thing} is not writable by this user; it belongs to {owner}"
    yield doubt("database", told, f"sudo -u {owner} eink-monitor ..., or sudo chown -R USER {folder}")
