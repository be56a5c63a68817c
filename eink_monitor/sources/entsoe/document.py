"""A price document: periods of points, without points that repeat the previous one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.model.outlook import Slot
from eink_monitor.sources._columns import finite
from eink_monitor.sources._http.answer import Answer, judge

_WHO = "ENTSO-E"
_LENGTHS = {"PT15M": 15 * MINUTE, "PT30M": 30 * MINUTE, "PT60M": HOUR, "PT1H": HOUR}
_PER_MWH = 1000
_LONGEST = 8 * DAY
_NOTHING = "No matching data found"
_NO_ORDER = 99


class PricePeriod(NamedTuple):
    """Prices of one period. Of several the one with the lowest ``order`` counts, then the finest."""

    order: int
    length: int
    slots: tuple[Slot, ...]


def prices(answer: Answer, now: int, verdicts: Mapping[int, Trouble]) -> list[Slot]:
    """Prices in EUR/kWh; none where nothing is published yet. Raises the error that says what to do next."""
    if answer.status not in {200, 400}:  # an acknowledgement comes with either
        judge(answer, now, verdicts)
    root = _root(answer.body)
    name = _name(root)
    if name == "Acknowledgement_MarketDocument":
        if any(_NOTHING in (one.text or "") for one in root.iter()):
            return []
        raise BadAnswer(f"{_WHO} does not accept the request", "check zone")
    if name != "Publication_MarketDocument":
        raise BadAnswer(f"{_WHO} sent something that is not a price document; it is ignored")
    return _best(period for series in _all(root, "TimeSeries") for period in _periods(series))


def _best(periods: Iterable[PricePeriod]) -> list[Slot]:
    """Of overlapping periods the one that counts."""
    found: list[Slot] = []
    for period in sorted(periods):
        first, last = period.slots[0].start, period.slots[-1].end
        if not any(slot.start < last and slot.end > first for slot in found):
            found += period.slots
    return sorted(found)


def _root(body: bytes) -> ET.Element:
    """Raises ``BadAnswer``; a DTD could expand entities without end."""
    try:
        text = body.decode("utf-8-sig")
        if "<!doctype" not in text.lower():
            return ET.fromstring(text)  # noqa: S314 - as above
    except (ET.ParseError, ValueError):
        pass
    message = f"{_WHO} sent something that is not a price document; it is ignored"
    raise BadAnswer(message)


def _name(element: ET.Element) -> str:
    """Without its namespace, which changes from version to version."""
    return element.tag.rpartition("}")[2]


def _all(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (one for one in element if _name(one) == name)


def _text(element: ET.Element, *path: str) -> str:
    """The text of an element below, or nothing."""
    found: ET.Element | None = element
    for name in path:
        found = next(_all(found, name), None) if found is not None else None
    return (found.text or "").strip() if found is not None else ""


def _periods(series: ET.Element) -> Iterator[PricePeriod]:
    """Those of one series with anything in them. Raises ``BadAnswer`` for another unit or currency."""
    if _text(series, "currency_Unit.name") != "EUR" or _text(series, "price_Measure_Unit.name") not in {"MWH", ""}:
        message = f"{_WHO} sent prices in a unit other than EUR/MWh; they are ignored"
        raise BadAnswer(message)
    order = _text(series, "classificationSequence_AttributeInstanceComponent.position")
    number = int(order) if order.isdecimal() and order.isascii() and len(order) < 4 else _NO_ORDER
    for period in _all(series, "Period"):
        length = _LENGTHS.get(_text(period, "resolution"), 0)
        if length and (slots := tuple(_slots(period, length))):
            yield PricePeriod(number, length, slots)


def _slots(period: ET.Element, length: int) -> Iterator[Slot]:
    """Every slot of a period: an omitted point equals the previous one."""
    start, end = (_instant(_text(period, "timeInterval", edge)) for edge in ("start", "end"))
    if not 0 < start < end <= start + _LONGEST:
        return
    known = {_text(point, "position"): _price(_text(point, "price.amount")) for point in _all(period, "Point")}
    price = None
    for number in range((end - start) // length):
        price = known.get(str(number + 1), price)
        if price is not None:
            yield Slot(start + number * length, start + (number + 1) * length, price / _PER_MWH)


def _price(text: str) -> float | None:
    try:
        return finite(float(text))
    except ValueError:
        return None


def _instant(text: str) -> int:
    """2026-05-27T22:00Z; 0 for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        return max(0, int(moment.timestamp())) if moment.tzinfo else 0
    except (ValueError, OverflowError):
        return 0
