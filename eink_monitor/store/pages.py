"""What the pages of a database file hold, read without SQLite: for a file whose tree is broken.

Every page of a table ``WITHOUT ROWID`` speaks for itself (sqlite.org/fileformat2.html, 1.6 and 2.1), so rows come back
whatever became of the pages above theirs. Ours can be told by their shape: four integers are a reading, seven an hour
or a day, two texts and an integer the name of a series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SIZE = 1024  # bytes of a page; set in migrations.py
_WAL_HEADER, _FRAME_HEADER = 32, 24
_LEAF, _INNER = 0x0A, 0x02  # index b-tree pages: these tables are stored as indexes are
_OTHERS = (0x05, 0x0D)  # tables with a rowid: not read here, but sound
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # serial type to bytes
_CONSTANTS = {8: 0, 9: 1}  # serial type to value
_FIRST_TEXT = 13

Record = list[int | str]


@dataclass
class Scan:
    """Every record of one file, and what could not be read: whole pages, and single cells of others."""

    pages: int = 0
    full: int = 0
    records: int = 0
    lost_pages: int = 0
    lost_cells: int = 0

    @property
    def lost(self) -> int:
        """About how many records are missing."""
        return self.lost_cells + self.lost_pages * self.records // max(self.full, 1)

    def records_of(self, path: Path) -> Iterator[Record]:
        """The records of a database and of the log beside it, in no order."""
        for page in pages(path):
            self.pages += 1
            if not _holds_rows(page):
                self.lost_pages += page[0] not in _OTHERS and not _is_spare(page)
                continue
            self.full += 1
            for record in _cells(page):
                if record is None:
                    self.lost_cells += 1
                else:
                    self.records += 1
                    yield record
        self.lost_pages += max(0, _expected(path) - self.pages)


def names(path: Path) -> dict[int, tuple[str, str]]:
    """The subject and the metric of every series, by its number, from the index over them."""
    found: dict[int, tuple[str, str]] = {}
    for page in pages(path):
        if not _holds_rows(page):
            continue
        for record in _cells(page):
            if record is None:
                continue
            if len(record) != 3 or not isinstance(record[0], str) or not isinstance(record[1], str):
                break  # a page has one table's records only
            found[int(record[2])] = (record[0], record[1])
    return found


def pages(path: Path) -> Iterator[bytes]:
    """The pages of a database and of the log beside it, without the headers of either."""
    with path.open("rb") as file:
        while len(page := file.read(SIZE)) == SIZE:
            yield page
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        with log.open("rb") as file:
            file.seek(_WAL_HEADER + _FRAME_HEADER)
            while len(frame := file.read(SIZE + _FRAME_HEADER)) >= SIZE:
                yield frame[:SIZE]


def _expected(path: Path) -> int:
    """How many pages the header says there are, where there is a header."""
    with path.open("rb") as file:
        head = file.read(100)
    return int.from_bytes(head[28:32]) if head.startswith(b"SQLite format 3\0") else 0


def _holds_rows(page: bytes) -> bool:
    return page[0] in {_LEAF, _INNER}


def _cells(page: bytes) -> Iterator[Record | None]:
    """The record of every cell of a page, None for one that cannot be read."""
    head, child = (8, 0) if page[0] == _LEAF else (12, 4)
    for number in range(min(int.from_bytes(page[3:5]), (SIZE - head) // 2)):
        at = int.from_bytes(page[head + 2 * number : head + 2 * number + 2])
        yield _record(page, at + child)


def _is_spare(page: bytes) -> bool:
    """Whether it may be a page that holds no rows of its own: the first, one of free pages, the rest of a long text."""
    return any(page) and (page[0] == 0 or page[:4] == b"SQLi")


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer and where it ends; all ours are short."""
    value = 0
    for at in range(at, min(at + 4, len(page))):  # noqa: PLR1704, B020 - where it ends
        value = value << 7 | page[at] & 0x7F
        if page[at] < 0x80:
            return value, at + 1
    return -1, at


def _record(page: bytes, at: int) -> Record | None:
    """The record of the cell at an offset; None when it is not one of ours, or not whole."""
    length, start = _varint(page, at)
    head, here = _varint(page, start)
    body, end = start + head, start + length
    if not start < body <= end <= len(page):
        return None
    values: Record = []
    while here < start + head:
        kind, here = _varint(page, here)
        if kind in _CONSTANTS:
            values.append(_CONSTANTS[kind])
            continue
        text = kind >= _FIRST_TEXT and kind % 2 == 1
        size = (kind - _FIRST_TEXT) // 2 if text else _INTEGERS.get(kind, -1)
        piece = page[body : body + size]
        if size < 0 or len(piece) < size:
            return None
        values.append(piece.decode("utf-8", "replace") if text else int.from_bytes(piece, signed=True))
        body += size
    return values if body == end and values else None
