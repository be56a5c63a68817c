"""A configuration while it is changed: locked, tried beside the file itself, and no trace of it unless it is kept."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eink_monitor import config as configuration
from eink_monitor import files, places
from eink_monitor.config import Config
from eink_monitor.editing.emission import FromFile
from eink_monitor.editing.tree import UneditableError
from eink_monitor.errors import Complaint, ConfigError, StoreError

KEPT = 20  # earlier versions of a file
_LARGEST = 1024 * 1024


class Draft:
    """The text of ``file`` as it shall be. ``path`` is a copy of it in the same folder, to be loaded and polled with.

    ``made`` are files of secrets that exist for its sake only.
    """

    def __init__(self, file: Path, before: bytes | None, text: str) -> None:
        self.file = file
        self.path = file.with_name(f".{file.name}.draft")
        self.text = text
        self.made: list[Path] = []
        self._before = before

    @property
    def is_new(self) -> bool:
        """Whether there was no file yet."""
        return self._before is None

    def change(self, edit: Callable[[str], str]) -> None:
        """Change the text. Raises ``ConfigError`` where that is impossible."""
        try:
            self.text = edit(self.text)
        except UneditableError as error:
            raise ConfigError([Complaint(f"cannot be changed: {error}", str(self.file))]) from None

    def load(self) -> Config:
        """What it means. Raises ``ConfigError``, in which the file has its own name."""
        with files.replacing(self.path, durable=False) as file:
            file.write(self.text.encode())
        try:
            return configuration.load(self.path)
        except ConfigError as error:
            named = [
                one._replace(file=str(self.file)) if one.file == str(self.path) else one for one in error.complaints
            ]
            raise ConfigError(named) from None

    def secret(self, name: str, text: str) -> FromFile:
        """Put a secret into a file of its own, readable by nobody else; returns how the configuration names it."""
        folder = next((one for one in ("credentials", "secrets") if (self.file.parent / one).is_dir()), "secrets")
        place = self.file.parent / folder
        files.make_folder(place)
        guard(place)
        path = next(one for number in range(1, 1000) if _is_free(one := place / f"{name}{f'-{number}' * (number > 1)}"))
        with files.replacing(path) as file:
            file.write(f"{text}\n".encode())
        self.made.append(path)
        return FromFile(f"{folder}/{path.name}")

    def forget(self, named: object) -> None:
        """Remove a file of a secret that was made for its sake, by how the configuration would have named it."""
        for path in [one for one in self.made if isinstance(named, FromFile) and self.file.parent / named == one]:
            path.unlink(missing_ok=True)
            self.made.remove(path)

    def keep(self, what: str) -> list[str]:
        """Replace the file, of which a copy is kept under a name with ``what`` in it; returns sentences about both.

        Raises ``StoreError``; then the file is as it was.
        """
        try:
            if _content(self.file) != self._before:
                raise StoreError(
                    f"{self.file} was changed by somebody else meanwhile", "nothing was written; try again"
                )
            told = [] if self._before is None else set_aside(self.file, what)
            put(self.file, self.text.encode())
        except OSError as error:
            raise StoreError(f"{error.filename or self.file} cannot be written: {error.strerror}") from None
        self.made.clear()
        return told

    def close(self) -> None:
        """Leave no trace but what was kept."""
        for path in (self.path, *self.made):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            (self.file.parent / "secrets").rmdir()  # only an empty one goes


@contextmanager
def drafted(file: Path, blank: Callable[[], str] | None = None) -> Iterator[Draft]:
    """A draft of a file, which nobody else changes meanwhile; of ``blank`` where there is none yet.

    Raises ``ConfigError`` and ``StoreError``.
    """
    if places.served():
        raise StoreError("the service may not change its own configuration", "run `sudo make install` again")
    file = file.absolute()
    with _locked(file):
        before = _content(file)
        if before is None and blank is None:
            raise ConfigError([Complaint("cannot be read: there is no such file", str(file))])
        draft = Draft(file, before, before.decode("utf-8") if before is not None else blank() if blank else "")
        try:
            yield draft
        finally:
            draft.close()


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Alone with the folder of a file. Nothing lasts of a lock but the open folder."""
    guard(file.parent)
    guard(Path(os.path.realpath(file)).parent)
    try:
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{file.parent} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreError(f"another eink-monitor is changing {file}", "wait until that one is done") from None
    finally:
        os.close(folder)


def guard(folder: Path) -> None:
    """Root does nothing by name in a folder where somebody else could exchange the names. Raises ``StoreError``."""
    if os.geteuid():
        return
    for one in (folder.resolve(), *folder.resolve().parents):
        with suppress(FileNotFoundError):
            found = one.stat()
            shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
            if found.st_uid or shared:
                raise StoreError(f"others may write in {one}", "run this as their owner, not as root")


def _content(file: Path) -> bytes | None:
    """What a regular file holds; None where there is none. Raises ``ConfigError``."""
    if other := files.kind(file, follow=True):
        raise ConfigError([Complaint(f"cannot be changed: it is {other}", str(file))])
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
        content.decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise ConfigError([Complaint("cannot be changed: it is not UTF-8 text", str(file))]) from None
    except OSError as error:
        raise ConfigError([Complaint(f"cannot be read: {error.strerror}", str(file))]) from None
    if len(content) > _LARGEST:
        raise ConfigError([Complaint("cannot be changed: it is too large", str(file))])
    return content


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
    copy = next(name for name in names if _is_free(name))
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


def _is_free(path: Path) -> bool:
    return not os.path.lexists(path)
