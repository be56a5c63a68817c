"""The files that a configuration names: beside it, or provided by systemd; never in the current folder."""

from __future__ import annotations

import os
from pathlib import Path

from eink_monitor import places
from eink_monitor.config.scalars import MissingFileError, read
from eink_monitor.nearest import nearest

_LARGEST_SECRET = 64 * 1024


class Files:
    """Looks files up for the configuration in ``folder``: all that are ``used``, and which of them are ``secret``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.used: list[Path] = []
        self.secret: list[Path] = []

    def text(self, path: Path) -> str:
        """What a secret file holds, without the end of its last line. Raises ``ValueError`` with the reason."""
        for candidate in self._candidates(path):
            try:
                text = read(candidate, _LARGEST_SECRET)
            except MissingFileError:
                continue
            except ValueError as error:
                raise ValueError(f"{places.origin(candidate)} cannot be read: {error}") from None
            self.used.append(candidate)
            self.secret.append(candidate)
            if not text.strip():
                raise ValueError(f"{places.origin(candidate)} is empty; write the value into it")
            return text.rstrip("\r\n")
        raise ValueError(f"there is no file {path}{self._searched(path)}")

    def _searched(self, path: Path) -> str:
        """Where a file was looked for, and an existing file of a similar name."""
        folders = [] if path.is_absolute() else [places.home(folder) for folder in self._folders()]
        where = " or ".join(dict.fromkeys(str(folder.absolute()) for folder in folders))
        where = f" in {where}" if where else ""
        near = nearest(path.name, self._beside(path), 0.7)
        return f"{where}; did you mean {path.with_name(near)}?" if near else f"{where}; write the value into one"

    def _beside(self, path: Path) -> list[str]:
        """The names of the files that are where that one should be."""
        wanted, lent = self._folder / path, places.origin(self._folder / path)
        try:  # systemd puts all files into one folder
            files = [file for file in (wanted.parent if lent == wanted else self._folder).iterdir() if file.is_file()]
        except OSError:
            return []
        return [origin.name for file in files if (origin := places.origin(file)).parent == lent.parent]

    def find(self, path: Path, *, secret: bool) -> Path:
        """Where a file to be read is, in full; where there is none yet, beside the configuration."""
        candidates = self._candidates(path)
        found = next((candidate for candidate in candidates if _is_file(candidate)), candidates[0])
        self.used.append(found)  # a changed key is a reason to try again
        if secret:
            self.secret.append(found)
        return found.absolute()

    def anchored(self, path: Path) -> Path:
        """A path in full; a relative one begins at the folder of the configuration."""
        return (self._folder / path).absolute()

    def writable(self, path: Path) -> Path:
        """A folder to write into, in full; a service may write in places of its own, not beside its configuration."""
        folders = (os.environ.get(name, "").partition(":")[0] for name in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY"))
        lent = next(filter(None, folders), "")
        return (Path(lent) / path).absolute() if lent else self.anchored(path)

    def _folders(self) -> list[Path]:
        lent = os.environ.get("CREDENTIALS_DIRECTORY")
        return [self._folder, *([Path(lent)] if lent else [])]

    def _candidates(self, path: Path) -> list[Path]:
        """Where a file may be: beside the configuration, then among systemd's credentials.

        A full path stays as it is.
        """
        folders = self._folders()
        lent = ["_".join(path.parts), "_".join(("credentials", *path.parts))]  # how systemd names a folder's files
        beside = [folder / path for folder in folders]
        return beside + [folder / name for folder in folders[1:] for name in lent if not path.is_absolute()]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be looked into
        return False
