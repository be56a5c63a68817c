"""The notes of a successful poll: plain sentences, and which values were left out and why.

They are stored with the outcome, so they are short, one line, and quote only numbers of a vendor's answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from eink_monitor.clock import iso
from eink_monitor.outside import clean

_NAMED = 4  # values that are told one by one; the rest is counted
_LONGEST = 60  # characters of one value's name and figure
_NONE = "not a number"
_LARGEST = 400  # characters of the whole


@dataclass(slots=True)
class Remarks:
    """Sentences of a source, and the values that were left out, each with how often."""

    _sentences: list[str] = field(default_factory=list)
    _left_out: dict[str, list[str]] = field(default_factory=dict)  # by name, what was said of each

    def add(self, sentence: str) -> None:
        """Note a plain sentence of ours ("the car sleeps"), once."""
        if sentence and sentence not in self._sentences:
            self._sentences.append(sentence)

    def leave_out(self, name: str, value: object, unit: str = "") -> None:
        """Note that ``name`` was left out because ``value`` is impossible."""
        told = figure(value)
        self._left_out.setdefault(name, []).append(told if told == _NONE else f"{told} {unit}".strip())

    def leave_out_date(self, name: str, at: object) -> None:
        """Note that ``name`` was left out because its date ``at`` (epoch seconds) is impossible."""
        self._left_out.setdefault(name, []).append(f"dated {_date(at)}")

    @property
    def left_out(self) -> str:
        """The values left out: "storage_power -6304 W (3 times), soc no number and 2 more"; empty for none."""
        told = [_entry(name, figures) for name, figures in list(self._left_out.items())[:_NAMED]]
        more = len(self._left_out) - _NAMED
        return ", ".join(told) + (f" and {more} more" if more > 0 else "")

    def clear(self) -> None:
        """Start again: the notes on one batch of a stream do not apply to the next."""
        self._sentences.clear()
        self._left_out.clear()

    def __str__(self) -> str:
        """All of it in one line."""
        said = [*self._sentences, *([f"left out: {self.left_out}"] if self._left_out else [])]
        return clean("; ".join(said), _LARGEST)


def figure(value: object) -> str:
    """A number in few characters, whatever it is; anything else is not quoted, because it may be a secret."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _NONE
    if isinstance(value, int) and not -(1 << 64) < value < 1 << 64:
        return "an infinite number"
    if not math.isfinite(value):
        return _NONE
    return f"{value:.0f}" if abs(value) < 1e15 and float(value).is_integer() else f"{value:.6g}"


def _entry(name: str, figures: list[str]) -> str:
    times = f" ({len(figures)} times)" if len(figures) > 1 else ""
    return clean(f"{name} {figures[0]}", _LONGEST) + times


def _date(at: object) -> str:
    return iso(at) if type(at) is int and 0 <= at < 1 << 36 else "an impossible time"
