"""Small facts that a source keeps between polls: a container id, when a key expires, a session.

All of it can be recovered, so a damaged notebook counts as empty.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from eink_monitor import files
from eink_monitor.errors import Unavailable


class Notebook:
    """The notes called ``name`` in the private directory ``folder`` (``Visit.state``), of texts and whole numbers."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name.replace('/', '_')}.notes"

    def read(self) -> dict[str, str | int]:
        """Everything noted; empty before the first note."""
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(known, dict):
            return {}
        return {key: value for key, value in known.items() if type(value) is int or _is_text(value)}

    def write(self, notes: Mapping[str, str | int]) -> None:
        """Replace the notes, atomically and readable by nobody else. ``Unavailable`` if the disk does not take them.

        Unchanged notes are not written again: an SD card wears.
        """
        if notes == self.read():
            return
        try:
            files.make_folder(self._path.parent)
            with files.replacing(self._path) as file:
                file.write(json.dumps(dict(notes)).encode())
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "unknown fault"
        else:
            return
        message = f"the state directory cannot be written ({reason}); check its owner and the card"
        raise Unavailable(message)


def _is_text(value: object) -> bool:
    """Whether it is a text that can be sent: no lone surrogate, which JSON may hold and no encoding can."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)
