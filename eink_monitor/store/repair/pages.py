"""Reading the pages of a database file without SQLite, for a file whose tree is broken.

Every page of a table ``WITHOUT ROWID`` can be read alone (sqlite.org/fileformat2.html, 1.6 and 2.1), so rows survive
the loss of the pages above theirs. Ours have a recognisable shape: four integers are a reading, seven an hour or a day,
two texts and an integer the name of a series.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from eink_monitor.metrics import METRICS
from eink_monitor.store.repair.rows import table_of

SIZE = 1024  # bytes of a page where the header does not say another number; set in migrations.py
_SIZES = {1 << power for power in range(9, 16)}
_WAL_HEADER, _FRAME_HEADER = 32, 24
_LEAF, _INNER = 0x0A, 0x02  # index b-tree pages: these tables are stored as indexes are
_OTHERS = (0x05, 0x0D)  # tables with a rowid: not read here, but sound
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # serial type to bytes
_CONSTANTS = {8: 0, 9: 1}  # serial type to value
_NOTHING, _FLOAT, _FIRST_TEXT = 0, 7, 13
_MAGIC = b"SQLite format 3\0"
_USUAL = {bytes((way, way, 0, 64, 32, 32)) for way in (1, 2)}  # the header's bytes after the size of a page
_LARGEST = 1 << 34  # bytes; no database is so large

_TABLE_LEAF = 0x0D
_NO_LONG_ROW = 35  # bytes; a row that leaves so many of a page is whole on it (fileformat2.html, 1.6)
_LONGEST = 1 << 20  # bytes; no row of ours comes near
_SERIES, _INDEX = 8, 3  # columns
_STEPS = "eink-monitor"  # the name of our migrations, whose index looks like that over the series

Value = int | float | str | None
Record = list[Value]
Rest = Callable[[int, int], bytes | None]
"""Reads so many bytes of a long row, the second number, from the page with the first on; None where they are lost."""


@dataclass
class Scan:
    """Every record of one file, and what could not be read: whole pages and single cells."""

    pages: int = 0
    full: int = 0
    records: int = 0
    lost_pages: int = 0
    lost_cells: int = 0
    in_log: int = 0  # how many of the pages are in the log, which come first

    @property
    def lost(self) -> int:
        """About how many records are missing."""
        return self.lost_cells + self.lost_pages * self.records // max(self.full, 1)

    def records_of(self, path: Path) -> Iterator[Record]:
        """The records of a database and of the log beside it, in no order."""
        self.in_log = sum(1 for _ in log_pages(path))
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
        self.lost_pages += max(0, _expected(path) - self.pages + self.in_log)


def names(path: Path) -> dict[int, list[tuple[str, str]]]:
    """The subject and the metric of every series, by its number: from its row, and from the index over them.

    A broken file may know several names for one number; those with a metric that exists come first.
    """
    found: dict[int, list[tuple[str, str]]] = {}
    for page in pages(path):
        for number, name in names_in(page).items():
            known = found.setdefault(number, [])
            if name not in known:
                known.insert(0 if name[1] in METRICS else len(known), name)
    return found


def names_in(page: bytes) -> dict[int, tuple[str, str]]:
    """The same for one page."""
    found: dict[int, tuple[str, str]] = {}
    if page[0] == _TABLE_LEAF:
        for number, record in _rows(page):
            if len(record) == _SERIES and record[0] is None:
                _, subject, metric, *_ = record
                _take(found, subject, metric, number)
    for cell in _cells(page) if _holds_rows(page) else ():
        if cell is not None and len(cell) == _INDEX:
            _take(found, *cell)
    return found


def rows_in(page: bytes, width: int, rest: Rest = lambda *_: None) -> Iterator[Record]:
    """The rows of so many columns of a page, where it is a leaf of tables with a number, which is the first column.

    A row longer than a page goes on on others, which ``rest`` reads; texts of which it finds no end are None.
    """
    if page[0] == _TABLE_LEAF:
        for number, record in _rows(page, rest):
            if len(record) == width and record[0] is None:
                yield [number, *record[1:]]


def _take(found: dict[int, tuple[str, str]], subject: object, metric: object, number: object) -> None:
    if isinstance(subject, str) and isinstance(metric, str) and isinstance(number, int) and subject != _STEPS:
        found[number] = (subject, metric)


def readings_in(page: bytes) -> int:
    """How many rows of a page make sense as readings, hours or days."""
    if not _holds_rows(page):
        return 0
    return sum(record is not None and bool(table_of(record)) for record in _cells(page))


def pages(path: Path) -> Iterator[bytes]:
    """The pages of a database and of the log beside it, whichever is there, the latest version of each first."""
    yield from log_pages(path)
    yield from file_pages(path)


def file_pages(path: Path) -> Iterator[bytes]:
    """The pages of a database itself, if it is there."""
    size = _size(path)
    if path.exists():
        with path.open("rb") as file:
            while len(page := file.read(size)) == size:
                yield page


def log_pages(path: Path) -> Iterator[bytes]:
    """The pages in the log beside a database, the last first."""
    log, size = path.with_name(f"{path.name}-wal"), _size(path)
    if not log.exists():
        return
    step = size + _FRAME_HEADER
    with log.open("rb") as file:
        for number in reversed(range((log.stat().st_size - _WAL_HEADER) // step)):
            file.seek(_WAL_HEADER + number * step + _FRAME_HEADER)
            if len(page := file.read(size)) == size:
                yield page


def frames(path: Path) -> Iterator[bytes]:
    """The heads of the pages in that log, the first first: number of the page, of a commit the size, salt, checksum."""
    log, step = path.with_name(f"{path.name}-wal"), _size(path) + _FRAME_HEADER
    if log.exists():
        with log.open("rb") as file:
            for number in range((log.stat().st_size - _WAL_HEADER) // step):
                file.seek(_WAL_HEADER + number * step)
                yield file.read(_FRAME_HEADER)


def page_at(path: Path, page: int, frame: int | None) -> bytes:
    """One page, from a frame of the log or else from the database itself; short or empty where that ends before it."""
    size, source = _size(path), path if frame is None else path.with_name(f"{path.name}-wal")
    at = (page - 1) * size if frame is None else _WAL_HEADER + frame * (size + _FRAME_HEADER) + _FRAME_HEADER
    if at < 0 or not source.exists():
        return b""
    with source.open("rb") as file:
        file.seek(at)
        return file.read(size)


def differs_from_log(path: Path) -> bool:
    """Whether a log holds other pages than the database beside it does: not if all of it was put there."""
    log, size = path.with_name(f"{path.name}-wal"), _size(path)
    newest: dict[int, bytes] = {}
    with log.open("rb") as file:
        salt = file.read(_WAL_HEADER)[16:24]
        while len(frame := file.read(size + _FRAME_HEADER)) == size + _FRAME_HEADER and frame[8:16] == salt:
            newest[int.from_bytes(frame[:4])] = frame[_FRAME_HEADER:]
    with path.open("rb") as file:
        for number, page in newest.items():
            file.seek((number - 1) * size)
            if file.read(size) != page:
                return True
    return False


def _size(path: Path) -> int:
    head = _head(path)
    size = int.from_bytes(head[16:18])
    return size if head.startswith(_MAGIC) and size in _SIZES and head[18:24] in _USUAL else SIZE


def _head(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        return file.read(100)


def _expected(path: Path) -> int:
    """How many pages the header says there are, where there is a header that can be believed."""
    head = _head(path)
    said = int.from_bytes(head[28:32]) if head.startswith(_MAGIC) else 0
    return said if said * SIZE < _LARGEST else 0


def _holds_rows(page: bytes) -> bool:
    return page[0] in {_LEAF, _INNER}


def _cells(page: bytes) -> Iterator[Record | None]:
    """The record of every cell of a page, None for one that cannot be read."""
    head, child = (8, 0) if page[0] == _LEAF else (12, 4)
    for at in _offsets(page, head):
        yield _record(page, at + child)


def _rows(page: bytes, rest: Rest = lambda *_: None) -> Iterator[tuple[int, Record]]:
    """The rows that can be read of a table's leaf, each with its number."""
    for at in _offsets(page, 8):
        length, start = _varint(page, at)
        number, body = _varint(page, start)
        if length <= len(page) - _NO_LONG_ROW:
            record = _record(page, at, body)
        else:
            record = _long(page[at:], body - at, length, len(page), rest)
        if record is not None:
            yield number, record


def _long(cell: bytes, body: int, length: int, size: int, rest: Rest) -> Record | None:
    """The record of a row of ``length`` bytes that goes on on other pages; what is lost of it reads as zeros."""
    least = (size - 12) * 32 // 255 - 23
    here = least + (length - least) % (size - 4)
    end = body + (here if here <= size - _NO_LONG_ROW else least)
    left = length + body - end
    if end + 4 > len(cell) or length > _LONGEST:
        return None
    found = rest(int.from_bytes(cell[end : end + 4]), left) or bytes(left)
    record = _record(cell[:end] + found, 0, body)
    return record and [None if isinstance(value, str) and "\0" in value else value for value in record]


def _offsets(page: bytes, head: int) -> Iterator[int]:
    for number in range(min(int.from_bytes(page[3:5]), (len(page) - head) // 2)):
        yield int.from_bytes(page[head + 2 * number : head + 2 * number + 2])


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


def _record(page: bytes, at: int, body: int = 0) -> Record | None:
    """The record of the cell at an offset; None when it is not one of ours, or not whole.

    ``body`` is where it begins, if not right after its length.
    """
    length, start = _varint(page, at)
    start = body or start
    head, here = _varint(page, start)
    body, end = start + head, start + length
    if not start < body <= end <= len(page):
        return None
    values: Record = []
    while here < start + head:
        kind, here = _varint(page, here)
        size = _width(kind)
        piece = page[body : body + size]
        if size < 0 or len(piece) < size:
            return None
        values.append(_value(kind, piece))
        body += size
    return values if body == end and values else None


def _width(kind: int) -> int:
    """How many bytes a value takes; -1 for a kind that we never write."""
    if kind >= _FIRST_TEXT:
        return (kind - _FIRST_TEXT) // 2 if kind % 2 else -1
    return {_NOTHING: 0, _FLOAT: 8, **dict.fromkeys(_CONSTANTS, 0), **_INTEGERS}.get(kind, -1)


def _value(kind: int, piece: bytes) -> Value:
    if kind == _NOTHING:
        return None
    if kind == _FLOAT:
        return float(struct.unpack(">d", piece)[0])
    if kind >= _FIRST_TEXT:
        return piece.decode("utf-8", "replace")
    return _CONSTANTS[kind] if kind in _CONSTANTS else int.from_bytes(piece, signed=True)
