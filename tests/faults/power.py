"""Power cuts: what a database's files may hold after one, from a record of every write and every sync.

What was synced is there. Of what was not, each write is there, gone, or torn at a sector, whatever came after it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults.syscalls import vfs

SECTOR = 512
_METHODS = 19  # pointers in sqlite3_io_methods, version 3, the version number with its padding counted as one
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass(frozen=True)
class Write:
    """Bytes for a place in a file; ``data`` None cuts the file off there."""

    file: str
    at: int
    data: bytes | None


@dataclass(frozen=True)
class Sync:
    """Everything written to the file so far is on the card, if the card tells the truth."""

    file: str


@dataclass(frozen=True)
class Promise:
    """The program said so far that it has stored ``count`` things."""

    count: int


@dataclass
class Record:
    """Everything SQLite did to the card, in order."""

    events: list[Write | Sync | Promise] = field(default_factory=list)
    _alive: list[object] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Record what is done to files opened meanwhile; they may be used until they are closed."""
        table = vfs().contents
        real, shape = table.open, ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 3, ctypes.c_int, ctypes.c_void_p)

        def opened(this: int, name: int, file: int, flags: int, told: int) -> int:
            code = int(shape(real)(this, name, file, flags, told))
            if code == 0 and name:
                self._overhear(file, Path(ctypes.string_at(name).decode()).name)
            return code

        stand_in = shape(opened)
        table.open = ctypes.cast(stand_in, ctypes.c_void_p).value
        try:
            yield
        finally:
            table.open = real

    def _overhear(self, file: int, name: str) -> None:
        """Put our own xWrite, xTruncate and xSync (sqlite.org/c3ref/io_methods.html) before those of an open file."""
        methods = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
        ours = (ctypes.c_void_p * _METHODS).from_buffer_copy(ctypes.string_at(methods[0] or 0, 8 * _METHODS))
        write, truncate, sync = (kind(ours[place] or 0) for place, kind in ((3, _WRITE), (4, _TRUNCATE), (5, _SYNC)))

        def on_write(this: int, data: int, size: int, at: int) -> int:
            self.events.append(Write(name, at, ctypes.string_at(data, size)))
            return int(write(this, data, size, at))

        def on_truncate(this: int, size: int) -> int:
            self.events.append(Write(name, size, None))
            return int(truncate(this, size))

        def on_sync(this: int, flags: int) -> int:
            self.events.append(Sync(name))
            return int(sync(this, flags))

        for place, deed in ((3, _WRITE(on_write)), (4, _TRUNCATE(on_truncate)), (5, _SYNC(on_sync))):
            ours[place] = ctypes.cast(deed, ctypes.c_void_p).value
            self._alive.append(deed)
        self._alive.append(ours)
        methods[0] = ctypes.addressof(ours)

    def cut(self, folder: Path, chance: Random, lies: int = 0) -> int:
        """Cut the power at a random moment; writes the files as they are then, and returns what had been promised.

        ``lies`` is how many of its last synced writes per file the card had in truth not written yet.
        """
        moment = chance.randrange(len(self.events) + 1)
        promised = max((event.count for event in self.events[:moment] if isinstance(event, Promise)), default=0)
        files: dict[str, tuple[list[Write], list[Write]]] = {}
        for event in self.events[:moment]:
            if isinstance(event, Promise):
                continue
            synced, loose = files.setdefault(event.file, ([], []))
            if isinstance(event, Sync):
                synced += loose
                loose.clear()
            else:
                loose.append(event)
        for name, (synced, loose) in files.items():
            if name.endswith("-shm"):
                continue
            kept = len(synced) - lies if lies else len(synced)
            content = _written(synced[: max(kept, 0)], [*synced[max(kept, 0) :], *loose], chance)
            (folder / name).write_bytes(content)
        return promised


def _written(synced: list[Write], loose: list[Write], chance: Random) -> bytes:
    content = bytearray()
    for write in synced:
        _put(content, write)
    for write in chance.sample(loose, len(loose)) if chance.random() < 0.5 else loose:
        fate = chance.random()
        if fate < 0.4:
            continue
        if fate < 0.6 and write.data:
            for start in range(0, len(write.data), SECTOR):
                if chance.random() < 0.5:
                    _put(content, Write(write.file, write.at + start, write.data[start : start + SECTOR]))
            continue
        _put(content, write)
    return bytes(content)


def _put(content: bytearray, write: Write) -> None:
    if write.data is None:
        del content[write.at :]
        content.extend(bytes(write.at - len(content)))
        return
    content.extend(bytes(max(0, write.at + len(write.data) - len(content))))
    content[write.at : write.at + len(write.data)] = write.data
