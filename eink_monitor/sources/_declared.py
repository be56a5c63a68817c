"""What the keys of ``readings:`` say: where a value stands in an answer, in which unit, and what metric it is.

A name of ``metrics.METRICS`` is that metric, and values are converted to its unit. Any other name declares a metric.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from eink_monitor.currencies import DECIMALS, currency
from eink_monitor.metrics import KNOWN, METRICS
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.outside import is_clean
from eink_monitor.settings import insist
from eink_monitor.sources._expression import NOTHING, Expression
from eink_monitor.units import canonical, converted, countable

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER, _LONGEST_UNIT, _LONGEST_WORDS = 40, 20, 60  # characters
_ABSENT = frozenset({"", "unavailable", "unknown", "none", "null", "n/a"})
_SWITCHES = {"on": 1.0, "off": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
_SWITCHED = frozenset({"", "0/1"})
_STEP, _PRICE_STEP = 0.01, 0.0001  # of what declares none; a price per kWh is told to a hundredth of a cent
_MOST = 1e15
"""Steps: as many as a double counts without a gap."""
_OWN = ("step", "min", "max", "words", "hourly", "resets", "counter")  # what a known metric says itself


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One value of an answer; its key in ``readings:`` is the metric's name.

    ``path`` is an expression (empty: the whole answer), ``at`` that of its own time, both for the source to read.
    ``unit`` is what the answer counts in ("°F", "EUR", "EUR minor", "orders"); a value is multiplied by ``scale``,
    ``offset`` is added, and then its unit is converted. ``values`` are texts that stand for numbers, as they are.
    ``subject`` names a part of the thing: readings of "rack" with "ups" are those of the subject "rack:ups".

    The rest is for a metric that is declared here: ``step`` is the finest difference worth keeping, ``min`` and ``max``
    bound what is plausible, ``words`` say what it is, ``resets: daily`` is a counter that starts anew at midnight,
    ``counter`` one that only rises, ``hourly`` asks for hourly rows beside the daily ones.
    """

    path: Expression = NOTHING
    unit: str = ""
    scale: float = 1
    offset: float = 0
    at: Expression = NOTHING
    subject: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    words: str = ""
    step: float | None = None
    min: float | None = None
    max: float | None = None
    hourly: bool = False
    resets: Literal["", "daily"] = ""
    counter: bool = False

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what contradicts itself."""
        numbers = (self.scale, self.offset, self.step, self.min, self.max, *self.values.values())
        texts = all(is_clean(text, _LONGEST_WORDS) and "," not in text for text in self.values)
        bounded = self.min is None or self.max is None or self.min < self.max
        insist(
            (
                all(map(math.isfinite, filter(None, numbers))),
                "scale, offset, values, step, min and max must be numbers",
            ),
            (self.scale != 0, "scale must not be 0"),
            (self.step is None or self.step > 0, "step must be above 0"),
            (bounded, "min must be below max"),
            (is_clean(self.unit, _LONGEST_UNIT), f"unit: at most {_LONGEST_UNIT} printable letters"),
            (is_clean(self.words, _LONGEST_WORDS), f"words: at most {_LONGEST_WORDS} letters"),
            (is_clean(self.subject, _LONGEST_WORDS), f"subject: at most {_LONGEST_WORDS} printable letters"),
            (texts, "values: texts without commas"),
            (not (self.resets and self.counter), "counter only rises, and resets starts anew: it cannot be both"),
        )

    def metric(self, name: str) -> Metric:
        """The metric of that name.

        Raises ``ValueError`` with a sentence for an impossible name, for a unit of another dimension than a known
        metric's, and for what a known metric says itself.
        """
        if name in KNOWN:
            self._fit(METRICS[name])
            return METRICS[name]
        if not _NAME.fullmatch(name):
            message = f"{name}: the name of a metric is lower-case letters, digits and _, at most 40, a letter first"
            raise ValueError(message)
        step = self.step or self._usual_step()
        low, high = self._range(step)
        if max(abs(low), abs(high)) > _MOST * step:
            message = f"{name}: min and max are too far apart for a step of {step:g}"
            raise ValueError(message)
        unit, words = self._said(name)
        return Metric(name, unit, step, low, high, words, self.hourly, daily=bool(self.resets), counter=self.counter)

    def on(self, subject: str) -> str:
        """The subject of its readings, where its source's is ``subject``."""
        return f"{subject}:{self.subject}" if self.subject else subject

    def reading(self, name: str, raw: object, at: int, visit: Visit) -> Reading | None:
        """What the answer says, in the metric's unit; None where that is nothing (null, "", "unavailable").

        Also None for what is no number (a list, NaN, "1,234", "12.5 €"): then the visit's remarks say so.
        """
        if raw is None or (isinstance(raw, str) and raw.strip().casefold() in _ABSENT and raw not in self.values):
            return None
        metric = self.metric(name)
        value = self._number(raw, metric)
        subject = self.on(visit.subject)
        if value is None or not math.isfinite(value / metric.step):
            visit.remarks.leave_out(name if not self.subject else f"{subject} {name}", raw)
            return None
        return Reading(subject, metric, value, at)

    def _fit(self, known: Metric) -> None:
        """Complain of what contradicts a metric that is known."""
        if own := next((key for key in _OWN if getattr(self, key)), ""):
            raise ValueError(f"{known.name} is known, and has its own {own}; leave {own} out, or name it otherwise")
        if self.unit:
            try:
                converted(1, self.unit, known)
            except KeyError:
                of = known.unit if not countable(known) else "no unit"
                message = f"{known.name} is known, and counted in {of}, not {self.unit}; name it otherwise"
                raise ValueError(message) from None

    def _said(self, name: str) -> tuple[str, str]:
        """Unit and words. States without a unit are as those of a known metric: "0-3", "0 idle, 1 charging"."""
        if not self._is_state or self.words:
            return canonical(self.unit), self.words or name.replace("_", " ")
        named = {int(number): text for text, number in reversed(list(self.values.items()))}
        return f"{min(named)}-{max(named)}", ", ".join(f"{number} {text}" for number, text in sorted(named.items()))

    @property
    def _is_state(self) -> bool:
        """Whether its numbers only stand for texts."""
        numbers = self.values.values()
        return bool(numbers) and not self.unit and all(number >= 0 and number == int(number) for number in numbers)

    def _usual_step(self) -> float:
        """A smallest coin of an amount; 1 of states, of yes and no."""
        if code := currency(self.unit):
            return _PRICE_STEP if "/" in self.unit else 10.0 ** -DECIMALS[code]
        return 1.0 if self.unit == "0/1" or self._is_state else _STEP

    def _range(self, step: float) -> tuple[float, float]:
        """The least and the most that is plausible."""
        usual = (0.0, 1.0) if self.unit == "0/1" else (-_MOST * step, _MOST * step)
        if self._is_state:
            usual = min(self.values.values()), max(self.values.values())
        return usual[0] if self.min is None else self.min, usual[1] if self.max is None else self.max

    def _number(self, raw: object, metric: Metric) -> float | None:
        """The value in the metric's unit, not always finite; None for what is no number."""
        if isinstance(raw, str):
            text = raw.strip()
            meaning = {said.casefold(): number for said, number in self.values.items()}
            if (known := self.values.get(text, meaning.get(text.casefold()))) is not None:
                return self._converted(known, metric)
            if metric.unit == "0/1" and text.casefold() in _SWITCHES:
                return _SWITCHES[text.casefold()]
            raw = float(text) if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) else None
        if not isinstance(raw, int | float) or (isinstance(raw, bool) and metric.unit not in _SWITCHED):
            return None  # false is no amount: an expression says it, too, where its condition does not hold
        try:
            return self._converted(float(raw) * self.scale + self.offset, metric)
        except OverflowError:  # an integer beyond a double
            return None

    def _converted(self, value: float, metric: Metric) -> float:
        return converted(value, self.unit, metric) if self.unit else value
