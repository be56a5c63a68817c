"""What happened once: a charging session, a trip, an alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """Something of a ``kind`` ("charging.session") that happened to ``subject``.

    ``key`` tells two of a kind apart for good: the same one again changes the event, never doubles it. ``start`` and
    ``end`` are epoch seconds UTC; ``end`` is None while it lasts. ``figures`` are numbers by name with their unit in
    the name ("energy_wh", "cost_eur"), ``words`` are texts by name ("vehicle").
    """

    subject: str
    kind: str
    key: str
    start: int
    end: int | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def rest(self) -> tuple[dict[str, float], dict[str, str]]:
        """Figures and words as plain values, to be stored or sent; ``rest_of`` checks them."""
        return dict(self.figures), dict(self.words)


def rest_of(rest: object) -> tuple[dict[str, float], dict[str, str]]:
    """What ``Event.rest`` made. Raises ``ValueError`` for anything else."""
    if isinstance(rest, list) and len(rest) == _PARTS and all(isinstance(part, dict) for part in rest):
        figures, words = rest
        plain = all(type(value) in {int, float} for value in figures.values())
        if plain and all(isinstance(word, str) for word in words.values()):
            return figures, words
    message = "these are no figures and words of an event"
    raise ValueError(message)


_PARTS = 2
