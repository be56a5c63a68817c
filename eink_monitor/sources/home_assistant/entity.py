"""What of Home Assistant becomes which reading: the values of ``entities:``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

from eink_monitor.metrics import METRICS
from eink_monitor.model.reading import Metric
from eink_monitor.nearest import nearest
from eink_monitor.settings import insist
from eink_monitor.sources._declared import Declared
from eink_monitor.units import converted, countable

_TARGET = re.compile(r"(?:(?P<subject>[^\W\d][\w:-]*)\.)?(?P<metric>[a-z][a-z0-9_]*)")
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_ON = frozenset({"on", "true", "yes", "home", "open"})
_OFF = frozenset({"off", "false", "no", "not_home", "closed"})
_PLACES = frozenset({"person", "device_tracker"})
"""Domains whose state is the name of a zone."""


@dataclass(frozen=True, kw_only=True)
class Entity(Declared):
    """A value of an entity: which subject's which metric it is, ``to: zoe.soc``; a metric alone is the source's own.

    ``path`` points elsewhere than to its state ("attributes.current_temperature"), and then ``unit`` says what that
    counts in. Else Home Assistant says it; ``unit`` is for an entity of which it does not.
    """

    to: str

    def __post_init__(self) -> None:
        """Raises ``ValueError``."""
        super().__post_init__()
        insist((_TARGET.fullmatch(self.to) is not None, f'"{self.to}" names no metric; write for example zoe.soc'))
        metric = self.kind
        insist((
            not self.path or bool(self.unit) or countable(metric),
            f"unit is missing: Home Assistant does not say what `{self.path}` counts in",
        ))  # fmt: skip

    @property
    def name(self) -> str:
        """The name of the metric."""
        return self.to.rpartition(".")[2]

    @cached_property
    def kind(self) -> Metric:
        """The metric."""
        return self.metric(self.name)

    def on(self, subject: str) -> str:
        """The subject of its readings, where its source's is ``subject``."""
        return super().on(self.to.rpartition(".")[0] or subject)

    def figure(self, raw: object, unit: str, domain: str) -> float | None:
        """A state or attribute in the metric's unit; None for what is no number.

        ``unit`` is what Home Assistant says that it counts in. Raises ``KeyError`` for one of another dimension.
        """
        metric = self.kind
        if isinstance(raw, str):
            text = raw.strip()
            if text in self.values:
                return self.values[text]
            if metric.unit == "0/1" and (switched := _switched(text.casefold(), domain)) is not None:
                return switched
            raw = float(text) if _NUMBER.fullmatch(text) else None
        if not isinstance(raw, int | float):
            return None
        try:
            value = float(raw) * self.scale + self.offset
        except OverflowError:  # an integer beyond a double
            return None
        value = converted(value, unit, metric) if unit and not countable(metric) else value
        return value if math.isfinite(value) else None


@dataclass(frozen=True, kw_only=True)
class Short(Entity):
    """The same in one line: "zoe.soc", or with the unit of a metric of one's own, "home.damp %"."""

    @classmethod
    def parse(cls, text: str) -> Short:
        """Read a line. Raises ``ValueError``."""
        to, _, unit = text.strip().partition(" ")
        short = cls(to=to, unit=unit.strip())
        if short.name not in METRICS and not short.unit:
            near = nearest(short.name, METRICS)
            hint = f"did you mean `{near}`? One of your own" if near else "one of your own"
            message = f"unknown metric `{short.name}`; {hint} needs a unit: `{to} °C`; for one without, write a block"
            raise ValueError(message)
        return short

    def __str__(self) -> str:
        return f"{self.to} {self.unit}".strip()


def _switched(text: str, domain: str) -> float | None:
    """1 or 0 of a word for it; somebody in any other zone is not at home."""
    if domain in _PLACES:
        return float(text == "home")
    return 1.0 if text in _ON else 0.0 if text in _OFF else None
