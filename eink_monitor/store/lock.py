"""One daemon per database, whatever happens to the files around it.

The lock is on the folder itself, so there is no lock file that somebody could remove: a read lock (fcntl(2), "open file
description locks") on one byte of the folder, whose place the name of the database gives. Several databases may
therefore share a folder. A folder can only be opened for reading and read locks exclude nobody, so a daemon first
checks whether the byte is taken; a short ``flock`` on the same folder keeps two from checking at once.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import weakref
from pathlib import Path
from zlib import crc32

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.errors import InUse

_SHAPE = "hhqqi0q"  # struct flock: type, whence, start, length, process; padded to whole words
_PATIENCE = 5.0  # seconds; nobody of ours holds the whole folder for longer than it takes to look
_NAP = 0.01
_UNKNOWN = {errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}  # a file system without such locks


class Lock:
    """Held from the moment it is made until ``close`` or the end of this process; a fork does not have it."""

    def __init__(self, path: Path) -> None:
        """Raises ``InUse`` if another daemon uses the database at ``path``, ``OSError`` without its folder."""
        real = path.resolve()
        self._byte = crc32(os.fsencode(real.name))
        self._folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        _held.add(self)
        try:
            self._take(path)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                self.close()
                raise
        except BaseException:
            self.close()
            raise

    def _take(self, path: Path) -> None:
        self._look_alone(path)
        try:
            taken = fcntl.fcntl(self._folder, fcntl.F_OFD_GETLK, self._lock(fcntl.F_WRLCK))
            if struct.unpack(_SHAPE, taken)[0] != fcntl.F_UNLCK:
                way_out = "stop that one, or give this one a `database` of its own"
                raise InUse(f"another eink-monitor already uses {path}", way_out)
            fcntl.fcntl(self._folder, fcntl.F_OFD_SETLK, self._lock(fcntl.F_RDLCK))
        finally:
            fcntl.flock(self._folder, fcntl.LOCK_UN)

    def _look_alone(self, path: Path) -> None:
        began = stopwatch()
        while True:
            try:
                fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if stopwatch() - began > _PATIENCE:
                    raise InUse(
                        f"another program has locked the folder of {path}", "stop it, then start again"
                    ) from None
                SystemClock().wait(_NAP)
            else:
                return

    def _lock(self, kind: int) -> bytes:
        return struct.pack(_SHAPE, kind, os.SEEK_SET, self._byte, 1, 0)

    def holds(self, path: Path) -> bool:
        """Whether the locked folder is still the one at that path."""
        try:
            return os.path.samestat(path.resolve().parent.stat(), os.fstat(self._folder))
        except OSError:
            return False

    def close(self) -> None:
        """Release."""
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


def held(path: Path) -> bool:
    """Whether a daemon uses the database at ``path``, as far as this system can tell. Takes no lock."""
    real = path.resolve()
    try:
        folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        asked = struct.pack(_SHAPE, fcntl.F_WRLCK, os.SEEK_SET, crc32(os.fsencode(real.name)), 1, 0)
        told = fcntl.fcntl(folder, fcntl.F_OFD_GETLK, asked)
    except OSError:
        return False
    finally:
        os.close(folder)
    return bool(struct.unpack(_SHAPE, told)[0] != fcntl.F_UNLCK)


_held: weakref.WeakSet[Lock] = weakref.WeakSet()


def _let_go() -> None:
    for lock in _held:
        lock.close()


os.register_at_fork(after_in_child=_let_go)
