"""What is known of one subject, and how old each figure of it is."""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.clock import SKEW, day_bounds, local
from eink_monitor.draw import words
from eink_monitor.locale import say
from eink_monitor.model.history import History
from eink_monitor.model.reading import Metric, Reading


class Figure(NamedTuple):
    """A value, when it was measured, and its own age in words where the header does not tell it."""

    value: float
    at: int
    tag: str = ""


class Known:
    """Figures of a subject, each judged by its own measurement and the source it came from.

    ``at`` is the age that is told for all of them, in a header, and ``stale`` whether that is old; until somebody sets
    them each figure speaks for itself.
    """

    def __init__(self, history: History, now: int, subject: str) -> None:
        self.history = history
        self.now = now
        self.subject = subject
        self.at = now
        self.stale = False

    def reading(self, metric: Metric) -> Reading | None:
        """The newest reading of the panel's subject."""
        return self.history.latest(self.subject, metric)

    def figure(self, metric: Metric, fields: int = 0, within: int | None = None) -> Figure | None:
        """The newest value, with its own age where the header does not tell it.

        ``fields`` is for sums that start anew with a year (1), a month (2) or a day (3): one of before is not known.
        ``within`` is for what goes with the main figure: older by more seconds than that, it has an age of its own.
        """
        reading = self.reading(metric)
        if reading is None or (fields and self._date(reading.at)[:fields] != self._date(self.now)[:fields]):
            return None
        apart = within is not None and reading.at < self.at - within
        return Figure(reading.value, reading.at, words.span(self.now - reading.at) if apart else self._tag(reading))

    def _date(self, at: int) -> tuple[int, int, int]:
        """Year, month and day of an instant."""
        when = local(at, self.history.zone)
        return when.year, when.month, when.day

    def today(self, metric: Metric) -> Figure | None:
        """As ``figure``, of a sum that starts anew at midnight."""
        return self.figure(metric, 3)

    def value(self, metric: Metric, within: int | None = None) -> float | None:
        """The newest value if it is as young as the header says: what may decide how the rest is drawn."""
        figure = self.figure(metric, within=within)
        return figure.value if figure and not figure.tag else None

    @property
    def day(self) -> tuple[int, int]:
        """First instant of the local day and of the next one."""
        return day_bounds(local(self.now, self.history.zone).date(), self.history.zone)

    def is_fresh(self, reading: Reading) -> bool:
        """Whether a measurement is within the patience of the source it came from."""
        age = self.now - reading.at
        return -SKEW <= age <= self.history.patience(reading.subject, reading.metric)

    def _tag(self, reading: Reading) -> str:
        """The own age of a measurement that is neither fresh nor about as old as a stale header says."""
        future = self.now + SKEW
        if self.is_fresh(reading) or (self.stale and self.at > future and reading.at > future):
            return ""
        if self.stale and self.at - self.history.gap(reading.subject) <= reading.at <= future:
            return ""
        # TRANSLATORS: at most 9 letters; in place of an age, where something was measured in the future
        return words.span(self.now - reading.at) if reading.at <= future else say("clock?")
