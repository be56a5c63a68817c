"""Pictures in a folder: for a first look, a web server, or a digital picture frame."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eink_monitor.displays._any_glass import AnyGlass
from eink_monitor.draw.pictures import made_by, png, write_whole
from eink_monitor.errors import DisplayError
from eink_monitor.finding import Finding, fault, good
from eink_monitor.model.frame import Frame
from eink_monitor.settings import OutputFolder

_REASONS = {
    errno.EACCES: "this user may not write to it; change its owner or choose another path",
    errno.EPERM: "this user may not write to it; change its owner or choose another path",
    errno.EROFS: "it is on a read-only file system; choose another path",
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "this user's disk quota is used up; make room",
    errno.ENOTDIR: "part of the path is a file, not a folder; choose another path",
    errno.EEXIST: "there is a file of that name; choose another path",
}


@dataclass
class Png(AnyGlass):
    """Writes each panel as PATH/<panel>.png and the one that shows now as PATH/now.png.

    Without a ``path`` a service uses its own folder, /run/eink-monitor, which is memory; elsewhere it is out.
    """

    path: OutputFolder = field(default_factory=lambda: Path(_lent() or "out"))

    _made: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def where(self) -> str:
        """The folder, in full."""
        return f"pictures in {self.path.absolute()}"

    def examine(self) -> Iterator[Finding]:
        """Whether the folder, or the nearest one above it, can be written."""
        from tempfile import TemporaryFile  # noqa: PLC0415 - only a doctor asks; the daemon does without

        lent = _lent()
        if lent and self.path.is_relative_to(lent) and not os.access(lent, os.W_OK):  # as for a verb beside a service
            yield good("pictures", f"they go to {self.path}, which is there while the daemon runs")
            return
        there = next(folder for folder in (self.path, *self.path.absolute().parents) if folder.exists())
        try:
            with TemporaryFile(dir=there):
                yield good("pictures", f"they go to {self.path}")
        except OSError as error:
            yield fault("pictures", self._trouble(error))

    def _trouble(self, error: OSError) -> DisplayError:
        reason = _REASONS.get(error.errno or 0, f"the system reports: {error.strerror}")
        return DisplayError(f"the picture folder {self.path} cannot be used", reason)

    def show(self, frame: Frame, *, urgent: bool = False) -> None:  # noqa: ARG002 - a picture needs no sparing
        """Write both pictures atomically. Raises ``DisplayError`` where the folder cannot be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_whole(self._file(frame), self.path / "now.png")
        except OSError as error:
            raise self._trouble(error) from error

    def collect(self, frames: Iterable[Frame]) -> None:
        """Write a picture of each panel, and remove our pictures of panels that no longer exist."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for frame in frames:
                self._file(frame)
            for file in self.path.glob("*.png"):  # a sign-in card shown meanwhile stays
                if file.stem not in self._made and made_by(file) == _signature(file.stem):
                    file.unlink(missing_ok=True)
        except OSError as error:
            raise self._trouble(error) from error

    def _file(self, frame: Frame) -> bytes:
        """Write the picture of a panel, and return it."""
        name = frame.name.replace("/", "-") or "frame"
        picture = png(frame, _signature(name))
        write_whole(picture, self.path / f"{name}.png")
        self._made.add(name)
        return picture


def _lent() -> str:
    """The folder that systemd provides for a service; empty elsewhere."""
    return os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]


def _signature(name: str) -> str:
    """What only a picture that we made of the panel of that name holds: a copy under another name is a person's."""
    return f"eink-monitor {name.encode('unicode_escape').decode()}"
