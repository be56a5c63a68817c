"""What panels share that show what is expected."""

from __future__ import annotations

from eink_monitor.model.outlook import Outlook
from eink_monitor.model.reading import Run


def expected(outlook: Outlook, since: int, until: int) -> list[Run]:
    """What is expected between two instants as a curve: each slot's value stands in its middle."""
    slots = outlook.between(since, until)
    return [Run(middle, middle, slot.value) for slot in slots for middle in [(slot.start + slot.end) // 2]]
