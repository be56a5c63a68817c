"""The newest of the backups that match a pattern, on SFTP or the local disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from eink_monitor.clock import DAY
from eink_monitor.errors import BadAnswer

_MOST_ENTRIES = 20_000
_MOST_BUNDLES = 200


class Entry(NamedTuple):
    """A file or folder: its name, when it changed (epoch seconds), whether it is a folder."""

    name: str
    changed: int
    folder: bool


class Unlisted(Exception):  # noqa: N818 a lister's word, caught right here
    """A lister could not list that folder (not there, not allowed)."""


Lister = Callable[[str], Iterable[Entry]]


def newest(lister: Lister, root: str, pattern: str, now: int) -> int | None:
    """When the newest match changed, None without one; ``pattern`` may lead through folders ("*/*.tar.gz").

    A folder (a sparse bundle is one) is as new as itself or anything directly inside it. Entries dated more than a day
    in the future are ignored. Raises ``Unlisted`` when ``root`` cannot be listed, ``BadAnswer`` beyond 20,000 entries.
    """
    budget = _Budget(lister)
    folders, parts = [root], [part for part in pattern.split("/") if part]
    for part in parts[:-1]:
        folders = [
            f"{folder}/{entry.name}" for folder in folders for entry in budget.matches(folder, part) if entry.folder
        ]
    times = (changed for folder in folders for changed in budget.times(folder, parts[-1]))
    return max((changed for changed in times if 0 <= changed <= now + DAY), default=None)


def other_root(lister: Lister, folder: str) -> str:
    """What to say where listing works, but the first part of ``folder`` is not to be seen; empty where it is."""
    try:
        there = sorted(entry.name for entry in lister("/") if entry.folder and not entry.name.startswith("."))
    except Unlisted:
        return ""
    if folder.strip("/").partition("/")[0] in there:
        return ""
    shown = f" with {', '.join(there[:5])}" if there else ""
    return f"; SFTP has another root there{shown}: name it in sftp_mounts:"


class _Budget:
    """Lists folders as long as there are not too many entries."""

    def __init__(self, lister: Lister) -> None:
        self._lister = lister
        self._left = _MOST_ENTRIES

    def matches(self, folder: str, part: str) -> list[Entry]:
        return [
            entry
            for entry in self._entries(folder)
            if fnmatchcase(entry.name, part) and (part.startswith(".") or not entry.name.startswith("."))
        ]

    def times(self, folder: str, part: str) -> Iterator[int]:
        """When each match changed, and what is inside the newest of them."""
        for n, entry in enumerate(sorted(self.matches(folder, part), key=lambda entry: -entry.changed)):
            yield entry.changed
            if entry.folder and n < _MOST_BUNDLES:
                yield from (inner.changed for inner in self._inside(f"{folder}/{entry.name}"))

    def _inside(self, folder: str) -> list[Entry]:
        try:
            return list(self._entries(folder))
        except Unlisted:
            return []

    def _entries(self, folder: str) -> Iterable[Entry]:
        for entry in self._lister(folder):
            self._left -= 1
            if self._left < 0:
                message = f"more than {_MOST_ENTRIES} files to look through for the newest backup; narrow newest:"
                raise BadAnswer(message)
            if entry.name not in {".", ".."}:
                yield entry
