"""Merging EU Data Act files: each holds some fields, captured at different times.

Typing, enum indices and the copies that charging jobs leave behind are the connector's knowledge (``Dataset``). Dates
and merging are ours. A value is as old as its own ``timestampUtc``; if that is missing or impossible, as old as the
oldest ``car_captured_time`` of its file, else as the oldest date in it; where there is no date at all it is left out,
for neither the time of the file nor that of the download says when the car measured. Where dates contradict the order
in which files were delivered, that order counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from eink_monitor.clock import DAY, MINUTE
from eink_monitor.errors import BadAnswer
from eink_monitor.sources._http.answer import rows, table

if TYPE_CHECKING:
    from carconnectivity_connectors.vw_eu_data_act.dataset import DataPoint

WHO = "The EU Data Act portal"

_SLOT = 15 * MINUTE
_OLDEST = 946_684_800  # 2000-01-01; an instant before that was never set
_ODD = f"{WHO} sent an entry that makes no sense; it is ignored"


class File(NamedTuple):
    """The JSON of one delivery and when the portal made it (epoch seconds)."""

    content: object
    made_at: int


class Found(NamedTuple):
    """A field's value, if there is one, and when the car measured it."""

    value: object
    at: int | None


class _Point(NamedTuple):
    key: str
    name: str
    value: object
    at: int
    copy: bool


class _Delivery(NamedTuple):
    """What a file said, when it was made, and whether all of it is dated before an earlier one: the clock ran back."""

    points: list[_Point]
    made_at: int
    back: bool


class Deliveries:
    """Some deliveries, oldest first, as one. Raises ``BadAnswer`` if one of them is not what it should be."""

    def __init__(self, files: list[File]) -> None:
        self.odd = 0
        """How many entries made no sense."""
        self._files: list[_Delivery] = []
        newest = 0
        for file in files:
            points, odd = _points(file)
            last = max((point.at for point in points), default=newest)
            self._files.append(_Delivery(points, file.made_at, back=last < newest))
            self.odd, newest = self.odd + odd, max(newest, last)

    def field(self, name: str) -> Found:
        """The newest value of a field. What a charging job recorded counts only where nothing else is known."""
        named = [point for file in self._files for point in file.points if point.name == name]
        wanted = {id(point) for point in [point for point in named if not point.copy] or _stand_ins(named)}
        return self._last(lambda point: id(point) in wanted)

    def key(self, key: str) -> Found:
        """The newest value of a field that only its key tells apart, because its name is empty or "value"."""
        return self._last(lambda point: point.key == key)

    def highest(self, name: str) -> Found:
        """The newest number of a counter: two snapshots in one file may share a date, and no car drives back."""
        return self._last(lambda point: point.name == name and isinstance(point.value, int | float), rises=True)

    def ending(self, name: str) -> Found:
        """The newest value of the field whose name ends so; platforms put different words before it."""
        return self._last(lambda point: point.name.endswith(name))

    def _last(self, wanted: Callable[[_Point], bool], *, rises: bool = False) -> Found:
        """What was delivered last: within a file by date, from file to file by order, dated so that it is true."""
        found = Found(None, None)
        for file in self._files:
            best = _newest([point for point in file.points if wanted(point)], rises=rises)
            if best is not None:
                found = _after(found, best, file, rises=rises)
        return found


def _newest(points: list[_Point], *, rises: bool) -> _Point | None:
    """Of equally old ones the higher, if it is a counter, else that with the smallest key: no choice may flutter."""
    newest = max((point.at for point in points), default=0)
    points = [point for point in points if point.at == newest]
    if rises and points:
        return max(points, key=lambda point: point.value)  # type: ignore[arg-type,return-value] # numbers only
    return min(points, key=lambda point: point.key, default=None)


def _after(found: Found, best: _Point, file: _Delivery, *, rises: bool) -> Found:
    """What stands after a later delivery."""
    if found.at is None or best.at >= found.at:
        return Found(best.value, best.at)
    new = best.value > found.value if rises else best.value != found.value  # type: ignore[operator] # numbers only
    if file.back and new and found.at - best.at <= DAY and found.at < file.made_at:
        return Found(best.value, found.at + 1)
    return found


def _stand_ins(copies: list[_Point]) -> list[_Point]:
    """A charging job's state of charge is that at its start, which says nothing about now."""
    from carconnectivity_connectors.vw_eu_data_act.dataset import REPORT_COPIES_DIFFER

    return [point for point in copies if point.name not in REPORT_COPIES_DIFFER]


def _points(file: File) -> tuple[list[_Point], int]:
    """The entries of one file that say something, each with its date, and how many made no sense."""
    from carconnectivity_connectors.vw_eu_data_act.dataset import REPORT_COPY_KEYS

    told, stamped, odd = _entries(rows(table(file.content, WHO, "a file").get("Data"), WHO, "Data"))
    dates = {key: _date(point.timestamp, file.made_at) for key, point in told.items()}
    captured = [_date(moment, file.made_at) for point in told.values() for moment in _captured(point)]
    otherwise = min(filter(None, captured), default=0) or min(filter(None, dates.values()), default=0)
    points = []
    for key, point in told.items():
        if point.value is None:
            continue
        if at := dates[key] or otherwise:
            copy = key in REPORT_COPY_KEYS.get(point.field_name, ())
            points.append(_Point(key, point.field_name, point.value, at, copy))
        elif key in stamped:
            odd += 1  # it has a date, which is unreadable or impossible
    return points, odd


def _entries(entries: list[object]) -> tuple[dict[str, DataPoint], set[object], int]:
    """What they say by key, which keys have a date, and how many of them make no sense. Raises ``BadAnswer``."""
    told: dict[str, DataPoint] = {}
    stamped: set[object] = set()
    odd, said = 0, _ODD
    for each in entries:
        try:
            entry = table(each, WHO, "an entry of Data")
            told.update(_told(entry))
            stamped |= {entry.get("key")} if entry.get("timestampUtc") else set()
        except BadAnswer as trouble:
            odd, said = odd + 1, str(trouble)
        except (ValueError, TypeError, AttributeError, OverflowError, OSError):
            odd += 1
    if entries and odd == len(entries):
        raise BadAnswer(said)
    return told, stamped, odd


def _told(known: Mapping[str, object]) -> dict[str, DataPoint]:
    """What the connector reads in one entry, by key; it takes texts for granted."""
    from carconnectivity_connectors.vw_eu_data_act.dataset import Dataset

    if not all(isinstance(known.get(name, ""), (str, type(None))) for name in _TEXTS):
        raise TypeError
    points: dict[str, DataPoint] = Dataset.from_json({"Data": [known]}).points
    for point in points.values():
        _ = point.value  # a number too long to read shows here
    return points


_TEXTS = ("key", "dataFieldName", "value", "timestampUtc")


def _captured(point: DataPoint) -> list[datetime]:
    """When the car says that a whole report was captured."""
    from carconnectivity_connectors.vw_eu_data_act.dataset import parse_timestamp

    moment = parse_timestamp(point.raw_value) if point.field_name == "car_captured_time" else None
    return [moment] if moment else []


def _date(moment: datetime | None, made_at: int) -> int:
    """Epoch seconds (UTC where no offset is named); 0 for none, and for one that cannot be true.

    Nothing in a file was measured after it was made; a name that stands for a quarter of an hour may be its beginning.
    """
    if moment is None:
        return 0
    at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return min(at, made_at) if _OLDEST <= at <= made_at + _SLOT else 0
