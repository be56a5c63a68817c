"""Rows longer than a page: the pages on which they go on (sqlite.org/fileformat2.html, 1.6), as they were at the time.

A log may hold several versions of a page: the beginning of a row and a later version of its end are no row that ever
was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eink_monitor.store.repair.pages import Record, file_pages, frames, log_pages, page_at, rows_in

_NEXT = 4  # bytes at the start of a page: the number of the page that follows, 0 on the last


def rows_of(path: Path, width: int) -> Iterator[Record]:
    """Every row of so many columns in tables with a number, those of the log first and the last of them before others.

    A text of which a part is lost is None.
    """
    log = _Log(path)
    for number, page in zip(reversed(range(len(log.ends))), log_pages(path), strict=False):
        yield from rows_in(page, width, partial(log.rest, number))
    for page in file_pages(path):
        yield from rows_in(page, width, partial(log.rest, None))


class _Log:
    """Which frames of a log hold which page; ``ends`` is the last frame of the transaction of each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.ends: list[int] = []
        self._salts: list[bytes] = []
        self._holding: dict[tuple[bytes, int], list[int]] = {}
        heads = list(frames(path))
        for number, head in enumerate(heads):
            self._salts.append(head[8:16])
            self._holding.setdefault((head[8:16], int.from_bytes(head[:4])), []).append(number)
            if any(head[4:8]) or number + 1 == len(heads):  # a commit
                self.ends += [number] * (number + 1 - len(self.ends))

    def rest(self, frame: int | None, page: int, length: int) -> bytes | None:
        """So many bytes from a page on, as they were for the row in a frame, or in the database itself."""
        found = b""
        while len(found) < length:
            content = page_at(self._path, page, self._newest(frame, page))
            if not content:
                return None
            page = int.from_bytes(content[:_NEXT])
            found += content[_NEXT:]
        return found[:length] if page == 0 else None

    def _newest(self, frame: int | None, page: int) -> int | None:
        """The frame that held a page when the transaction of a frame was over; None where only the database does."""
        if frame is None:
            return None
        held = self._holding.get((self._salts[frame], page), [])
        before = bisect_right(held, self.ends[frame])
        return held[before - 1] if before else None
