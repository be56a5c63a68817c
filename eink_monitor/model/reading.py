"""What is measured: metrics, readings, and their aggregates.

A reading has four parts: subject, metric, value, at. ``at`` is when the *thing* measured it (UTC), never when we
fetched it. Missing means no reading; a failed poll never writes one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_STATES = re.compile(r"\d+-\d+")


@dataclass(frozen=True, slots=True)
class Metric:
    """One quantity.

    ``step`` is the finest difference worth keeping (values are stored as whole multiples of it); ``low`` and ``high``
    bound what is physically plausible in a home: anything outside is a wrong answer, not a reading. ``hourly`` asks for
    hourly rows besides the daily ones: for what goes up and down within a day. A ``daily`` counter starts anew at
    midnight; a ``counter`` only ever rises.
    """

    name: str
    unit: str
    step: float
    low: float
    high: float
    words: str
    hourly: bool = False
    daily: bool = False
    counter: bool = False

    @property
    def names(self) -> dict[float, str]:
        """The names of its values, where its unit says that they are only numbers of states ("0-3")."""
        found = re.findall(r"(\d+) (.+?)(?=, \d|$)", self.words) if _STATES.fullmatch(self.unit) else ()
        return {float(value): name for value, name in found}

    def rounded(self, value: float) -> float:
        """The value as it is kept: a whole multiple of ``step``."""
        return round(value / self.step) * self.step


class Reading(NamedTuple):
    """``subject``'s ``metric`` was ``value`` (in the metric's unit) ``at`` that instant (epoch seconds UTC)."""

    subject: str
    metric: Metric
    value: float
    at: int


class Run(NamedTuple):
    """A value that held from ``start`` to ``end`` without a gap; a single measurement has ``start == end``."""

    start: int
    end: int
    value: float


class Bucket(NamedTuple):
    """The aggregate of one hour or local day of a series; ``n`` counts measurements, ``at`` is its first instant."""

    n: int
    low: float
    high: float
    mean: float
    last: float
    at: int
