"""Parsing the output of ``df`` on GNU, BusyBox, macOS and FreeBSD, in any language.

A row counts only if it ends in the very mount point that was asked for. If a disk is not mounted, ``df`` answers for
the disk beneath, and those numbers would be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from eink_monitor.errors import BadAnswer
from eink_monitor.sources.ssh_disk.mounts import plain

_SPACE = re.compile(r"(?:^|\s)(\d+)\s+(-?\d+)\s+(-?\d+)\s+(?:\d+%|-)$")  # blocks, used, available, capacity
_BOTH = re.compile(r"(?:^|\s)(\d+)\s+(-?\d+)\s+(-?\d+)\s+(?:\d+%|-)\s+\d+\s+\d+\s+(?:\d+%|-)$")  # macOS: and inodes
_INODES = re.compile(r"(?:^|\s)(\d+)\s+(\d+)\s+(?:\d+%|-)$")  # used, free, capacity: the last three everywhere
_DASHES = re.compile(r"(?:^|\s)-\s+-\s+-\s+-$")  # GNU df -a has no figures for what its user may not enter
_MOUNTED_ON = re.compile(r"\s(?:\d+%|-)\s+(/.*)$")
_ROUNDED = re.compile(r"\s\d[\d.,']*(?:[KMGTPE]i?B?|[.,']\d+)\s.*\s(?:\d+%|-)\s+/", re.IGNORECASE)
_UNIT = re.compile(r"(?<![\w.])(\d{1,6})([KMGTPE]?)(B?)(?![0-9A-Za-z])", re.IGNORECASE)
_FINEST = " KM"  # units that are fine enough to keep
_NO_KILOBYTES = {"size", "inodes", "ifree", "mb", "gb", "tb"}
_ROW = re.compile(r"\s\d\S*\s+-?\d\S*\s+-?\d\S*(\s|$)")  # at least three figures, whatever they are
_QUOTES = "'\"`‘’“”„«»"
_REASON = re.compile(r"^(?:\S*/)?df: (.+): ([^:]+)$")
_APPLE = re.compile(r"^/dev/disk\d+s\d")  # no other system names disks like that
_MOST = 1 << 60  # bytes; and files
_DIGITS = 25
_LONGEST = 80  # characters of a reason
NO_SIZE = "it has no size"
_CURE = "make that host run LC_ALL=C df -Pk, as the script in docs/ssh-disk.md does"


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes a file system has, uses, and leaves to an ordinary user."""

    size: int
    used: int
    free: int


@dataclass(frozen=True, slots=True)
class Inodes:
    """How many files there can be, and how many more."""

    total: int
    free: int


def space(text: str, places: Iterable[str], *, shared: bool | None = None) -> Space | str | None:
    """The row of ``df -Pk`` mounted at one of ``places``; the last with figures where mounts cover each other.

    In words why, where its figures are missing or cannot be; None without a row. ``shared`` is whether the file system
    shares its room with neighbours (None: not known): then whatever is not free is used. Raises ``BadAnswer`` for a
    table that cannot be read at all.
    """
    lines = [(line, block) for line, block, _ in _tables(text) if block]
    if not lines:
        _complain(text)
    found: Space | str | None = None
    for line, block in lines:
        if row := _match(_BOTH, line, places) or _match(_SPACE, line, places):
            size, used, free = (number * block for number in row)
            found = checked(size, used, free)
            if isinstance(found, Space) and (_APPLE.match(line) if shared is None else shared):
                found = replace(found, used=size - found.free)
        elif found is None:
            found = _no_figures(line, places)
    return found


def _no_figures(line: str, places: Iterable[str]) -> str | None:
    """Why a row that is mounted at one of ``places`` cannot be used; None for any other."""
    if _match(_DASHES, line, places) is not None:
        return "df shows no figures of it; can its user enter that folder?"
    return "its row in the table of df cannot be read" if _names(line, places) else None


def inodes(text: str, places: Iterable[str]) -> Inodes | None:
    """The row of ``df -Pki`` mounted at one of ``places``; None where there is none, or no fixed number of inodes."""
    found = None
    for line, _, wanted in _tables(text):
        if wanted and (row := _match(_INODES, line, places)) is not None:
            used, free = row
            found = Inodes(used + free, free) if 0 < used + free <= _MOST else None
    return found


def checked(size: int, used: int, free: int) -> Space | str:
    """Bytes that can be, or why not, in words. ``free`` is negative where root has eaten the reserve."""
    if not size:
        return NO_SIZE
    if not 0 <= used <= size <= _MOST or free > size:
        return "its sizes cannot be"
    return Space(size, used, max(0, free))


def sole(text: str) -> set[str]:
    """The mount point of all rows, where they have only one.

    BusyBox names the first of the mount points that share a device, whichever it was asked for.
    """
    found = {row[1] for line in text.split("\n") if (row := _MOUNTED_ON.search(line.rstrip("\r")))}
    return found if len(found) == 1 else set()


def reason(text: str, places: Iterable[str] = ()) -> str:
    """Why df has no figures, in its own words ("Stale file handle"); empty where it does not complain.

    Of one of ``places``, or of whatever it was asked for if none is given.
    """
    known = {plain(place) for place in places}
    for line in text.split("\n"):
        said = _REASON.match(plain(line.rstrip("\r")))
        if said and (not known or said[1].strip(_QUOTES) in known):
            return said[2].strip()[:_LONGEST]
    return ""


def has_table(text: str) -> bool:
    """Whether there is a table of ``df`` at all."""
    return any(line.startswith("Filesystem") or _MOUNTED_ON.search(line) for line in text.split("\n"))


def _tables(text: str) -> Iterator[tuple[str, int, bool]]:
    """Every line below a head, the bytes of the table's blocks (0: it counts none), and whether it counts inodes.

    A long name wrapped onto its own line matches nothing: harmless.
    """
    block, counts = 0, False
    for raw in text.split("\n"):
        line = raw.rstrip("\r")
        if _heads(line):
            block, counts = _block(line), "ifree" in line.lower() or "inode" in line.lower().replace("-", "")
        else:
            yield line, block, counts


def _heads(line: str) -> bool:
    """In any language: a few words, no path, and no number but the size of a block."""
    if line.startswith("Filesystem"):
        return True
    words = line.split()
    numbers = sum(any(char.isdecimal() for char in word) for word in words)
    return len(words) >= 5 and numbers <= 1 and "/" not in line and ": " not in line


def _block(head: str) -> int:
    """Bytes in a block; 0 where there are none, or too large ones to keep what was rounded to them."""
    if found := _UNIT.search(head):
        prefix = found[2].upper() or " "
        return int(found[1]) * (1000 if found[3] else 1024) ** _FINEST.index(prefix) if prefix in _FINEST else 0
    words = set(head.lower().replace("-", " ").split())  # BusyBox heads its table of inodes with the words of the other
    return 1024 if head.startswith("Filesystem") and not words & _NO_KILOBYTES else 0


def _complain(text: str) -> None:
    """Rows, but of no known unit: better no answer than "not mounted". Raises ``BadAnswer``."""
    lines = text.split("\n")
    if any(_ROUNDED.search(line) for line in lines):
        message = f"df prints sizes that are rounded or grouped; {_CURE}"
        raise BadAnswer(message)
    rows = [line[: row.end() - len(row[1])].rstrip() for line in lines if (row := _MOUNTED_ON.search(line))]
    if any(_SPACE.search(row) for row in rows):
        message = f"df prints a table without the size of its blocks; {_CURE}"
        raise BadAnswer(message)


def _names(line: str, places: Iterable[str]) -> bool:
    """Whether a row of at least three figures, however they are written, ends in one of ``places``."""
    line = plain(line)
    heads = (line.removesuffix(" " + plain(place)) for place in places)
    return any(head != line and _ROW.search(head) for head in heads)


def _match(pattern: re.Pattern[str], line: str, places: Iterable[str]) -> tuple[int, ...] | None:
    """The numbers before the mount point; anchored at the end, so a name in front may hold spaces and digits."""
    line = plain(line)
    for place in places:
        head = line.removesuffix(" " + plain(place))
        if head != line and (found := pattern.search(head.rstrip())):
            return tuple(int(number[:_DIGITS]) for number in found.groups())
    return None
