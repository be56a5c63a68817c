"""A configuration while it is changed: locked, tried beside the file itself, and no trace of it unless it is kept."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eink_monitor import config as configuration
from eink_monitor import files, places
from eink_monitor.config import Config
from eink_monitor.editing import handover
from eink_monitor.editing.emission import FromFile
from eink_monitor.editing.keeping import guard, is_free, put, set_aside
from eink_monitor.editing.tree import UneditableError
from eink_monitor.errors import Complaint, ConfigError, StoreError

_LARGEST = 1024 * 1024


class Draft:
    """The text of ``file`` as it shall be. ``path`` is a copy of it in ``folder``, to be loaded and polled with.

    ``made`` are files of secrets that exist for its sake only. A service may not write its configuration: then the
    folder is one of its own, and what is kept is handed over (see ``handover``).
    """

    def __init__(self, file: Path, before: bytes | None, text: str, folder: Path) -> None:
        self.file = places.origin(file)
        self.folder = folder
        self.path = folder / f".{file.name}.draft"
        self.text = text
        self.made: list[Path] = []
        self._source = file
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
        usual = places.served() or (self.folder / "credentials").is_dir()
        folder = "credentials" if usual else "secrets"
        place = self.folder / folder
        files.make_folder(place)
        guard(place)
        path = next(one for number in range(1, 1000) if is_free(one := place / f"{name}{f'-{number}' * (number > 1)}"))
        with files.replacing(path) as file:
            file.write(f"{text}\n".encode())
        self.made.append(path)
        return FromFile(f"{folder}/{path.name}")

    def forget(self, named: object) -> None:
        """Remove a file of a secret that was made for its sake, by how the configuration would have named it."""
        for path in [one for one in self.made if isinstance(named, FromFile) and self.folder / named == one]:
            path.unlink(missing_ok=True)
            self.made.remove(path)

    def keep(self, what: str) -> list[str]:
        """Replace the file, of which a copy is kept under a name with ``what`` in it; returns sentences about both.

        Raises ``StoreError``; then the file is as it was.
        """
        try:
            if _content(self._source) != self._before:
                raise StoreError(f"{self.file} was changed meanwhile", "nothing was written; try again")
            if places.served():
                handover.give(self.folder, what, self._before or b"", self.text, self.made)
                return []
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
        for folder in ("secrets", *(["credentials"] if places.served() else [])):
            with suppress(OSError):
                (self.folder / folder).rmdir()  # only an empty one goes


@contextmanager
def drafted(file: Path, blank: Callable[[], str] | None = None) -> Iterator[Draft]:
    """A draft of a file, which nobody else changes meanwhile; of ``blank`` where there is none yet.

    Raises ``ConfigError`` and ``StoreError``.
    """
    file = file.absolute()
    folder = places.database().parent / handover.FOLDER if places.served() else file.parent
    if places.served():
        files.make_folder(folder)
    with _locked(file, folder):
        if places.served():
            handover.forget(folder)
        before = _content(file)
        if before is None and blank is None:
            raise ConfigError([Complaint("cannot be read: there is no such file", str(places.origin(file)))])
        draft = Draft(file, before, before.decode("utf-8") if before is not None else blank() if blank else "", folder)
        try:
            yield draft
        finally:
            draft.close()


@contextmanager
def _locked(file: Path, folder: Path) -> Iterator[None]:
    """Alone with the folder of a draft. Nothing lasts of a lock but the open folder."""
    guard(folder)
    guard(Path(os.path.realpath(file)).parent)
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{folder} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreError(f"another eink-monitor is changing {file}", "wait until that one is done") from None
    finally:
        os.close(lock)


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
