"""EU Data Act files put together: each file holds some fields, captured at different times.

Typing, enum indices and the copies that charging jobs leave behind are the connector's knowledge (``Dataset``). Dates
and merging are ours: a value is as old as its own ``timestampUtc``, else as the ``car_captured_time`` of its file, and
never newer than the file; neither the time of the download nor the connector's ``last_updated`` counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from eink_monitor.errors import BadAnswer
from eink_monitor.sources._http.answer import rows, table

WHO = "The EU Data Act portal"

_ODD = f"{WHO} sent an entry that makes no sense; nothing of it is kept"


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


class Deliveries:
    """Some deliveries, oldest first, as one. Raises ``BadAnswer`` if one of them is not what it should be."""

    def __init__(self, files: list[File]) -> None:
        self._points = [point for file in files for point in _points(file)]

    def field(self, name: str) -> Found:
        """The newest value of a field. What a charging job recorded counts only where nothing else is known."""
        named = [point for point in self._points if point.name == name]
        return _newest([point for point in named if not point.copy] or _stand_ins(named))

    def key(self, key: str) -> Found:
        """The newest value of a field that only its key tells apart, because its name is empty or "value"."""
        return _newest([point for point in self._points if point.key == key])

    def highest(self, name: str) -> Found:
        """The highest of the newest numbers: two snapshots in one file may share a date."""
        found = self.field(name)
        sizes = [
            point.value
            for point in self._points
            if (point.name, point.at) == (name, found.at) and isinstance(point.value, (int, float))
        ]
        return Found(max(sizes), found.at) if sizes else Found(None, None)


def _newest(points: list[_Point]) -> Found:
    """Of equally old ones that with the smallest key, so that the choice does not flutter."""
    best = min(points, key=lambda point: (-point.at, point.key), default=None)
    return Found(best.value, best.at) if best else Found(None, None)


def _stand_ins(copies: list[_Point]) -> list[_Point]:
    """A charging job's state of charge is that at its start, which says nothing about now."""
    from carconnectivity_connectors.vw_eu_data_act.dataset import REPORT_COPIES_DIFFER

    return [point for point in copies if point.name not in REPORT_COPIES_DIFFER]


def _points(file: File) -> list[_Point]:
    """The entries of one file that say something, each with its date."""
    from carconnectivity_connectors.vw_eu_data_act.dataset import REPORT_COPY_KEYS, Dataset

    entries = rows(table(file.content, WHO, "a file").get("Data"), WHO, "Data")
    for entry in entries:
        _check(table(entry, WHO, "an entry of Data"))
    try:
        dataset = Dataset.from_json({"Data": entries})
        captured = min(_epoch(dataset.captured_at) or file.made_at, file.made_at)
        return [
            _Point(
                key,
                point.field_name,
                point.value,
                _epoch(point.timestamp) or captured,
                key in REPORT_COPY_KEYS.get(point.field_name, ()),
            )
            for key, point in dataset.points.items()
            if point.value is not None
        ]
    except (ValueError, TypeError, AttributeError, OverflowError):
        pass
    raise BadAnswer(_ODD)


def _check(entry: Mapping[str, object]) -> None:
    """The connector takes texts for granted."""
    if not all(isinstance(entry.get(name, ""), (str, type(None))) for name in _TEXTS):
        raise BadAnswer(_ODD)


_TEXTS = ("key", "dataFieldName", "value", "timestampUtc")


def _epoch(moment: datetime | None) -> int | None:
    """UTC where no offset is named."""
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
