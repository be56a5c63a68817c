"""What ``df`` and the table of mounts say, on GNU, BusyBox, macOS and FreeBSD: pure parsing.

A row counts only if it ends in the very mount point that was asked for. A disk that is not mounted makes ``df`` answer
for the disk below it, and those numbers are nobody's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from eink_monitor.errors import BadAnswer

_SPACE = re.compile(r"(?:^|\s)(\d+)\s+(-?\d+)\s+(-?\d+)\s+(?:\d+%|-)$")  # blocks, used, available, capacity
_INODES = re.compile(r"(?:^|\s)(\d+)\s+(\d+)\s+(?:\d+%|-)$")  # used, free, capacity: the last three everywhere
_BLOCKS = re.compile(r"\b(\d+)(K?)-blocks", re.IGNORECASE)
_BSD_MOUNT = re.compile(r" on (/.*?)(?: type \S+)? \(([^()]*)\)$")
_OCTAL = re.compile(r"\\([0-7]{3})")
_MOST = 1 << 60  # bytes; and files


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


def space(text: str, places: Iterable[str]) -> Space | None:
    """The row of ``df -Pk`` mounted at one of ``places``; the last one where mounts cover each other.

    None when there is none. Raises ``BadAnswer`` for numbers that cannot be.
    """
    found, block = None, 0
    for line, header in _rows(text):
        if header:
            block = 0 if _counts_inodes(line) else _block(line)
        elif block and (row := _match(_SPACE, line, places)) is not None:
            size, used, free = (int(number) * block for number in row)
            if used < 0 or max(size, used, free) > _MOST:
                message = "df reports a disk size that cannot be; nothing of it was kept"
                raise BadAnswer(message)
            found = Space(size, used, max(0, free))  # free is negative where root has eaten the reserve
    return found


def inodes(text: str, places: Iterable[str]) -> Inodes | None:
    """The row of ``df -Pki`` mounted at one of ``places``; None where there is none, or no fixed number of inodes."""
    found, wanted = None, False
    for line, header in _rows(text):
        if header:
            wanted = _counts_inodes(line)
        elif wanted and (row := _match(_INODES, line, places)) is not None:
            used, free = row
            found = Inodes(used + free, free) if 0 < used + free <= _MOST else None
    return found


def options(text: str, places: Iterable[str]) -> frozenset[str] | None:
    """The mount options at one of ``places``, from /proc/mounts or ``mount``; None when nothing is mounted there."""
    found = None
    known = {_plain(place) for place in places}
    for line in text.split("\n"):
        fields = line.split(" ")
        if len(fields) == 6 and _plain(_OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[1])) in known:
            found = frozenset(fields[3].split(","))
        elif (row := _BSD_MOUNT.search(line)) and _plain(row[1]) in known:
            found = frozenset(re.split(r",\s*", row[2]))
    return found


def read_only(words: frozenset[str] | None) -> bool:
    """Whether mount options forbid writing (Linux says ro, the BSDs and macOS read-only)."""
    return bool(words and words & {"ro", "read-only"})


def has_table(text: str) -> bool:
    """Whether there is a table of ``df`` at all."""
    return any(header for _, header in _rows(text))


def _rows(text: str) -> Iterable[tuple[str, bool]]:
    """Every line, and whether it heads a table. A long name wrapped onto its own line matches nothing: harmless."""
    for line in text.split("\n"):
        yield line.rstrip("\r"), line.startswith("Filesystem")


def _counts_inodes(header: str) -> bool:
    """GNU, macOS and FreeBSD have a column "ifree"; BusyBox says "Inodes" and then the words of the other table."""
    return "ifree" in header.lower() or "inodes" in header.lower()


def _block(header: str) -> int:
    found = _BLOCKS.search(header)
    return int(found[1][:6]) * (1024 if found[2] else 1) if found else 1024


def _match(pattern: re.Pattern[str], line: str, places: Iterable[str]) -> tuple[int, ...] | None:
    """The numbers before the mount point; anchored at the end, so a name in front may hold spaces and digits."""
    line = _plain(line)
    for place in places:
        head = line.removesuffix(" " + _plain(place))
        if head != line and (found := pattern.search(head.rstrip())) and max(map(len, found.groups())) < 25:
            return tuple(int(number) for number in found.groups())
    return None


def _plain(path: str) -> str:
    """A path as df prints it (control characters as question marks), in one of Unicode's two spellings."""
    return unicodedata.normalize("NFC", "".join("?" if char < " " or char == "\x7f" else char for char in path))
