"""Replacing a configuration, with its owner and mode, and the earlier versions that are kept beside it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from eink_monitor import files
from eink_monitor.errors import StoreError

KEPT = 20  # earlier versions of a file


def guard(folder: Path) -> None:
    """Root does nothing by name in a folder where somebody else could exchange the names. Raises ``StoreError``."""
    if os.geteuid():
        return
    folder, real = folder.absolute(), folder.resolve()
    for one in {folder, *folder.parents, real, *real.parents}:  # those that only a link on the way stands in, too
        with suppress(FileNotFoundError):
            found = one.stat()
            shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
            if found.st_uid or shared:
                raise StoreError(f"others may write in {one}", "run this as their owner, not as root")


def put(file: Path, content: bytes) -> None:
    """Replace a file, where a link leads too, with its owner and mode. Raises ``OSError`` and ``StoreError``."""
    target = Path(os.path.realpath(file))
    found = target.stat() if target.exists() else None
    if found and not os.access(target, os.W_OK):
        raise StoreError(f"{target} is read-only", f"chmod u+w {target}")
    with files.replacing(target, stat.S_IMODE(found.st_mode) if found else files.PRIVATE) as draft:
        if found:
            os.fchmod(draft.fileno(), stat.S_IMODE(found.st_mode))
            mine = os.fstat(draft.fileno())
            if (mine.st_uid, mine.st_gid) != (found.st_uid, found.st_gid):
                os.fchown(draft.fileno(), found.st_uid, found.st_gid)
        draft.write(content)


def set_aside(file: Path, what: str) -> list[str]:
    """Keep a copy of a file beside it; the oldest of many goes. Returns a sentence about each. Raises ``OSError``."""
    stem = f"{file.name}.before-{what}"
    names = (file.with_name(f"{stem}{f'-{number}' * (number > 1)}") for number in range(1, 10_000))
    copy = next(name for name in names if is_free(name))
    mode = stat.S_IMODE(file.stat().st_mode)
    with files.replacing(copy, mode) as draft:
        draft.write(file.read_bytes())
    told = [f"{file} as it was is {copy}"]
    for old in earlier(file)[KEPT:]:
        old.unlink()
        told.append(f"{old} was the oldest of {KEPT + 1} such files, and is deleted")
    return told


def earlier(file: Path) -> list[Path]:
    """The earlier versions of a file that were kept, the newest first."""
    found = [one for one in file.parent.glob(f"{file.name}.before-*") if not files.kind(one)]
    return sorted(found, key=lambda one: one.stat().st_mtime_ns, reverse=True)


def is_free(path: Path) -> bool:
    """Whether nothing has that name, not even a link to nowhere."""
    return not os.path.lexists(path)
