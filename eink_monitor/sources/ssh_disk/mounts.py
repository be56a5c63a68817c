"""What the tables of mounts say: /proc/mounts on Linux, ``mount`` elsewhere, our own mountinfo. Pure parsing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_BSD_MOUNT = re.compile(r" on (/.*?)(?: type (\S+))? \(([^()]*)\)$")
_OCTAL = re.compile(r"\\([0-7]{3})")
# Linux says ro, the BSDs and macOS read-only; ext4 since Linux 6.15 keeps "rw" and adds one of the others.
_READ_ONLY = {"ro", "read-only", "emergency_ro", "shutdown"}
_HIDDEN = "hidden by systemd"


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: its type ("ext4", "apfs") and its options."""

    kind: str
    options: frozenset[str]

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written to it."""
        return bool(self.options & _READ_ONLY)

    @property
    def waits(self) -> bool:
        """Whether it is only an automount, with nothing mounted over it yet."""
        return self.kind == "autofs"

    @property
    def hidden(self) -> bool:
        """Whether a sandbox of systemd (ProtectHome=) has put an empty folder over what is there."""
        return self.kind == _HIDDEN

    @property
    def shared(self) -> bool:
        """Whether it shares its free space with its neighbours, so that what it uses itself says little."""
        return self.kind == "apfs"


def find(text: str, places: Iterable[str]) -> Mount | None:
    """What is mounted at one of ``places``, the last where mounts cover each other; None when nothing is."""
    found = None
    known = {plain(place) for place in places}
    for line in text.split("\n"):
        fields = line.split(" ")
        if len(fields) == 6 and _place(fields[1]) in known:
            found = Mount(fields[2], frozenset(fields[3].split(",")))
        elif (row := _BSD_MOUNT.search(line)) and plain(row[1]) in known:
            options = re.split(r",\s*", row[3])
            found = Mount(row[2] or options[0], frozenset(options))
    return found


def own(mountinfo: str, places: Iterable[str]) -> Mount | None:
    """The same of this machine, with the options of the file system itself.

    Those of the mount say nothing about the disk: a service looks at every disk through mounts that are read-only.
    """
    found = None
    known = {plain(place) for place in places}
    for line in mountinfo.split("\n"):
        mounted, _, held = line.partition(" - ")
        where, what = mounted.split(" "), held.split(" ")
        if len(where) > 5 and len(what) == 3 and _place(where[4]) in known:
            kind = _HIDDEN if where[3].endswith("/inaccessible/dir") else what[0]
            found = Mount(kind, frozenset(what[2].split(",")))
    return found


def _place(written: str) -> str:
    return plain(_OCTAL.sub(lambda code: chr(int(code[1], 8)), written))


def plain(path: str) -> str:
    """A path as df prints it (control characters as question marks), in one of Unicode's two spellings."""
    return unicodedata.normalize("NFC", "".join("?" if char < " " or char == "\x7f" else char for char in path))
