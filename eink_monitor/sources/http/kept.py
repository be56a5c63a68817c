"""What a feed was issued or told and needs again: tokens, values of earlier requests, the tag of an answer.

One small file in the feed's folder, private, sealed where this machine has a key. All of it can be had again, so a
damaged file counts as empty, and so does one that another key has sealed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from eink_monitor import files
from eink_monitor.errors import AuthFailed, Unavailable
from eink_monitor.sources._http import seal

_LARGEST = 64 * 1024
_MOST = 20  # entries; a configuration that changes leaves old ones behind


class Kept:
    """Texts by name, each until an instant (epoch seconds); ``put`` and ``drop`` are on disk when they return."""

    def __init__(self, folder: Path, feed: str) -> None:
        self._feed = feed
        self._path = folder / f"{feed.replace('/', '_')}.issued"
        self._known: dict[str, tuple[str, int]] | None = None

    def get(self, name: str, now: int) -> str | None:
        """What is kept under a name, if it still holds."""
        text, until = self._entries().get(name, ("", 0))
        return text if until > now else None

    def put(self, name: str, text: str, until: int) -> None:
        """Keep a text. ``Unavailable`` where the disk does not take it."""
        self._replace({key: entry for key, entry in self._entries().items() if key != name} | {name: (text, until)})

    def drop(self, name: str) -> None:
        """Forget a text."""
        if name in self._entries():
            self._replace({key: entry for key, entry in self._entries().items() if key != name})

    def get_or(self, name: str, now: int, issue: Callable[[], tuple[str, int]]) -> str:
        """What is kept, or else what is issued now; that is on disk before it is used."""
        known = self.get(name, now)
        if known is None:
            known, until = issue()
            self.put(name, known, until)
        return known

    def texts(self) -> list[str]:
        """All that is kept: never to be shown."""
        return [text for text, _ in self._entries().values()]

    def _entries(self) -> dict[str, tuple[str, int]]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _read(self) -> dict[str, tuple[str, int]]:
        try:
            with self._path.open("rb") as file:
                known = json.loads(file.read(_LARGEST))
            if isinstance(known, dict) and isinstance(known.get("sealed"), str):
                known = json.loads(seal.opened(self._feed, known["sealed"]))
        except (OSError, ValueError, RecursionError, AuthFailed):
            return {}
        entries = known.items() if isinstance(known, dict) else ()
        return {name: (entry[0], entry[1]) for name, entry in entries if _is_entry(entry)}

    def _replace(self, entries: dict[str, tuple[str, int]]) -> None:
        newest = sorted(entries.items(), key=lambda item: item[1][1], reverse=True)[:_MOST]
        self._known = dict(newest)
        text = json.dumps(self._known)
        sealed = seal.closed(self._feed, text)
        try:
            files.make_folder(self._path.parent)
            with files.replacing(self._path) as file:
                file.write(text.encode() if sealed == text else json.dumps({"sealed": sealed}).encode())
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "unknown fault"
        else:
            return
        fact = f"{self._feed}: the state directory cannot be written ({reason})"
        raise Unavailable(fact, "check its owner and the card")


def _is_entry(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str) and type(entry[1]) is int


def digest(*parts: object) -> str:
    """A name for what depends on these texts, which says nothing of them."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:24]
