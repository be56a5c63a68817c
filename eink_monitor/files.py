"""Writing our own files without touching anybody else's: new, private, atomic, and never through a link.

What is written may hold positions, sign-ins and habits, so nobody but its owner may read it (0600, folders 0700).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind(path: Path, *, follow: bool = False) -> str:
    """What is at ``path`` instead of a regular file ("a link", "a pipe"); empty for a regular file, or for none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        found = path.stat() if follow else path.lstat()
        return _KINDS.get(stat.S_IFMT(found.st_mode), "")
    return ""


def create(path: Path, mode: int = PRIVATE) -> int:
    """Make a new, empty file and return its descriptor; whatever has the name is removed, a link without its target.

    Raises ``OSError``, for example if another process was faster.
    """
    path.unlink(missing_ok=True)
    return os.open(path, _NEW, mode)


def draft_of(path: Path, sign: str = "") -> Path:
    """The name of a draft beside ``path``: an unused one, or the one with that ``sign``."""
    return path.with_name(f".{path.name}.{sign or os.urandom(4).hex()}")


@contextmanager
def replacing(path: Path, mode: int = PRIVATE, *, durable: bool = True, alone: bool = False) -> Iterator[BinaryIO]:
    """Write a file atomically: it replaces ``path`` once it is complete and on disk, or leaves no trace.

    It need not be ``durable`` if it may be lost in a power cut; a reader sees the old one or the new one all the same.
    With ``alone``, under a lock, the draft has a fixed name, so that killed writers leave no others behind.
    """
    draft = draft_of(path, "new" if alone else "")
    try:
        with os.fdopen(create(draft, mode), "wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        settle(path.parent)


def put(draft: Path, path: Path) -> bool:
    """Give a complete file its name unless that is taken; returns whether. The draft is gone afterwards."""
    try:
        os.link(draft, path)
    except FileExistsError:
        draft.unlink()
        return False
    except OSError as error:  # FAT and exFAT have no hard links
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK}:
            raise
        if os.path.lexists(path):
            draft.unlink()
            return False
        draft.rename(path)
    else:
        draft.unlink()
    settle(path.parent)
    return True


def make_folder(path: Path) -> None:
    """Make a private folder; an existing one stays as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def settle(place: Path) -> None:
    """Make the contents of a file, or the names in a folder, survive a power cut.

    Raises ``OSError`` where they may not.
    """
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:  # some network file systems cannot
        if error.errno not in {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}:
            raise
    finally:
        os.close(descriptor)
