"""The parcels of the demo house: four things that are ordered again and again, one of which customs holds for a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from eink_monitor.clock import HOUR, local, midnight
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.poll import Visit
from eink_monitor.sources.demo.roof import noise

LISTS = ("parcels",)
_THINGS = (
    ("Running shoes", "GLS"),
    ("Coffee grinder", "DHL"),
    ("Solar cable, 2 x 10 m", "FAN Courier"),
    ("Books", "Post"),
)
_ROUND = 9  # days from one order to the next
_UNDER_WAY = 4  # days from an order to the delivery
_APART = 2  # days between the orders of two things
_HELD = 2  # the thing that customs holds, and the day of its way
_HOURS = (10, 14)  # of the day of the delivery


def parcels(subject: str, visit: Visit) -> Iterator[Listing]:
    """What is under way now; each carrier says from when till when it will come."""
    today = local(visit.now, visit.zone).date()
    items = (_item(number, today, visit.now, visit.zone) for number in range(len(_THINGS)))
    yield Listing(subject, "parcels", visit.now, tuple(item for item in items if item))


def _item(number: int, today: date, now: int, zone: ZoneInfo) -> Item | None:
    """One of the things, or None while nobody has ordered it, or it is here."""
    day = (today.toordinal() + _APART * number) % _ROUND
    if day > _UNDER_WAY:
        return None
    title, carrier = _THINGS[number]
    arrival = midnight(today + timedelta(days=_UNDER_WAY - day), zone)
    late = HOUR * round(2 * noise(today.toordinal() * 7 + number))
    start, end = (arrival + hour * HOUR + late for hour in _HOURS)
    if now > end:
        return None
    if number == day == _HELD:
        return Item(title, "held at customs", None, None, "needs papers", stuck=True)
    state = "in delivery" if day == _UNDER_WAY else "in transit" if day else "ordered"
    return Item(title, carrier, start, end, state)
