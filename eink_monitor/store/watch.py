"""Whether the files of an open database have been removed or replaced.

A removed file lives on for whoever has it open, and nobody else sees what is written to it. SQLite does not check that;
this does, by three calls of ``stat``. It opens none of the files: closing one would drop SQLite's locks on it.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from eink_monitor import files

_SIDES = ("-wal", "-shm")
_PIECE = 1 << 20  # bytes


class FileIdentity(NamedTuple):
    """Which file it is, whatever its name."""

    device: int
    number: int


def identity(path: Path) -> FileIdentity | None:
    """Which file has a name now; None where none has."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileIdentity(found.st_dev, found.st_ino)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


class Watch:
    """The files of a database as they were when it was opened; its log may be made a little later."""

    def __init__(self, path: Path) -> None:
        self.database = identity(path)
        self._path = path
        self._real = path.resolve()
        self._sides: dict[str, FileIdentity | None] = dict.fromkeys(_SIDES)
        self._stamp = _stamp(path)

    def note(self) -> None:
        """Whatever has been written to the database itself was written by SQLite."""
        self._stamp = _stamp(self._path)

    def is_written(self) -> bool:
        """Whether anybody has written to the database itself since; SQLite does so when it empties the log."""
        return _stamp(self._path) != self._stamp

    def lost(self) -> str:
        """The name of a file that is gone or replaced; empty if none is."""
        if identity(self._path) != self.database:
            return self._path.name
        for end, known in self._sides.items():
            now = identity(self.side(end))
            if known is None:
                self._sides[end] = now
            elif now != known:
                return self.side(end).name
        return ""

    def side(self, end: str) -> Path:
        """Where SQLite keeps what belongs to the database: beside the file itself, not beside a link to it."""
        return self._real.with_name(self._real.name + end)

    def ours(self) -> list[Path]:
        """What of log and shared memory is still in its place."""
        return [self.side(end) for end, known in self._sides.items() if known and identity(self.side(end)) == known]

    def is_unlinked(self) -> bool:
        """Whether the database has no name any more: then it ends with the connection."""
        number = self._descriptor()
        return number is None or os.fstat(number).st_nlink == 0

    def copy_as_it_is(self, target: Path) -> None:
        """Write the bytes of the open database, as they are, to a new private file. Raises ``OSError``."""
        number = self._descriptor()
        if number is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self._path.name)
        at = 0
        with os.fdopen(files.create(target), "wb") as file:
            while data := os.pread(number, _PIECE, at):  # a partial copy is useful, too
                at += file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _descriptor(self) -> int | None:
        """That of SQLite: another of our own would drop its locks when it is closed."""
        for entry in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # that of the folder itself is gone by now
                found = os.fstat(int(entry.name))
                if FileIdentity(found.st_dev, found.st_ino) == self.database:
                    return int(entry.name)
        return None
