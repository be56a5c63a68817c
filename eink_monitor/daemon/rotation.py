"""The rotation of the panels: conditions are evaluated at each turn, and each decision is kept with its reasons."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.conditions import Condition, Truth
from eink_monitor.config import Config, Slide
from eink_monitor.draw import words
from eink_monitor.errors import bug
from eink_monitor.house import House
from eink_monitor.house.attention import Candidate, Choice, Why, able, choose, fill

log = logging.getLogger("eink_monitor")

LOOK = 3 * MINUTE
"""How often a long `dwell` is checked for another panel whose `first` begins to hold."""

_SLACK = HOUR  # of a day: a refresh may have to wait, and a poll may be in the way


class Stand(NamedTuple):
    """What is on the display: since when (epoch seconds UTC), until when (monotonic), and why."""

    name: str
    why: str
    since: int
    until: float


class Page(NamedTuple):
    """The panels that come next, as many as the display shows at once; why each, and the credits after that."""

    slides: list[Slide]
    whys: list[str]
    credits: dict[str, float]


class Rotation:
    """Whose turn it is. Instants that only order turns are monotonic; conditions use the wall clock."""

    def __init__(self, config: Config, house: House, mono: float) -> None:
        self.stands: list[Stand] = []
        self._slides = config.slides
        self._cells = min(len(config.slides), config.display.board.panels)
        self._quiet = config.quiet_hours
        self._house = house
        length = (self._quiet.end - self._quiet.start) * MINUTE % DAY if self._quiet else 0
        self._owed = max(DAY - _SLACK - length, HOUR)
        self._credits = dict.fromkeys(self._slides, 0.0)
        self._waits = dict.fromkeys(self._slides, mono)  # since when
        self._ready = dict.fromkeys(self._slides, True)
        self._may: dict[str, Truth] = {}
        self._held: dict[str, Truth] = {}
        self._calls: set[str] = set()
        self._spoke: dict[str, float] = {}  # panels that had data, and until when that is believed

    @property
    def watches(self) -> bool:
        """Whether any panel may come before its turn."""
        return any(slide.first for slide in self._slides.values())

    def next(self, now: int, mono: float, asked: str = "") -> Page:
        """What comes next; ``asked`` is a panel that a person has requested."""
        candidates = self._look(now, mono)
        choices, credit = fill(candidates, self._owed, self._cells, asked)
        slides = [self._slides[choice.name] for choice in choices]
        return Page(slides, [self._words(choice, candidates) for choice in choices], credit)

    def interrupts(self, now: int, mono: float) -> bool:
        """Whether a panel's `first` began to hold while others are on the display."""
        choice = choose(self._look(now, mono), self._owed)
        return choice.why is Why.FIRST and choice.name not in {stand.name for stand in self.stands}

    def take(self, page: Page, now: int, mono: float) -> float:
        """These panels are on the display from now on; returns how long they stay.

        Where others wait, that is as long as any of them is to, else until the first is to be renewed.
        """
        longest = max if len(page.slides) < len(self._slides) else min
        dwell = longest(slide.dwell for slide in page.slides)
        self._credits.update(page.credits)
        for slide in page.slides:
            self._waits[slide.name] = mono + dwell
            self._calls.discard(slide.name)
        reasons = zip(page.slides, page.whys, strict=True)
        self.stands = [Stand(slide.name, why, now, mono + dwell) for slide, why in reasons]
        return dwell

    def explain(self, now: int, mono: float) -> Iterator[str]:
        """What is on the display and why, what comes next, and why others do not, line by line."""
        zone = self._house.zone
        for stand in self.stands:
            yield f"now: {stand.name}, since {words.stamp(stand.since, now, zone)} ({stand.why})"
        left = max((stand.until - mono for stand in self.stands), default=0.0)
        if self._quiet and self._quiet.covers(now, zone):
            yield f"quiet hours: nothing changes ({self._quiet})"
        elif self.stands:
            yield f"stays: {words.span(max(0.0, left))}"
        candidates = [one._replace(waited=one.waited + max(0.0, left)) for one in self._look(now, mono)]
        for choice in fill(candidates, self._owed, self._cells)[0]:
            yield f"next: {choice.name} ({self._words(choice, candidates)})"
        part = {one.name for one in able(candidates)}
        for one in candidates:
            if one.name not in part:
                yield f"not now: {one.name} ({self._lack(one)})"

    def _look(self, now: int, mono: float) -> list[Candidate]:
        """Evaluate every condition, once."""
        return [self._candidate(slide, now, mono) for slide in self._slides.values()]

    def _candidate(self, slide: Slide, now: int, mono: float) -> Candidate:
        name = slide.name
        speaks = mono < self._spoke.get(name, mono) or self._speaks(slide, mono)
        may = self._meets(slide, now) if slide.when or slide.first else True
        ready = speaks and may
        if ready and not self._ready[name]:
            self._waits[name] = mono
        self._ready[name] = ready
        waited = max(0.0, mono - self._waits[name])
        return Candidate(name, slide.dwell, slide.weight, may, speaks, name in self._calls, self._credits[name], waited)

    def _meets(self, slide: Slide, now: int) -> bool:
        """Whether its `when` holds; whether its `first` began to is kept."""
        name = slide.name
        may = self._may[name] = self._ask(slide.when, now) if slide.when else True
        holds = self._ask(slide.first, now) if slide.first else False
        if holds is not True:
            self._calls.discard(name)
        elif self._held.get(name) is not True:
            self._calls.add(name)
        self._held[name] = holds
        return may is True

    def _ask(self, condition: Condition, now: int) -> Truth:
        return condition.holds(self._house.hindsight, now)

    def _speaks(self, slide: Slide, mono: float) -> bool:
        """Whether a panel has data, which hardly ever goes away; one that breaks is drawn, and says so."""
        try:
            speaks = slide.panel.speaks(self._house)
        except Exception as error:  # noqa: BLE001 - a plugin raises anything
            log.debug("the panel %s cannot tell whether it has data: %s", slide.name, bug(error))
            speaks = True
        if speaks:
            self._spoke[slide.name] = mono + 6 * HOUR
        return speaks

    def _words(self, choice: Choice, candidates: Sequence[Candidate]) -> str:
        slide = self._slides[choice.name]
        reason = choice.why.value
        if choice.why is Why.ASKED:
            return reason
        if choice.why is Why.FIRST:
            reason = f"`first: {slide.first}` began to hold"
        elif choice.why is Why.TURN and slide.weight > 1:
            reason = f"its turn, `weight: {slide.weight}`"
        mine = next(one for one in candidates if one.name == choice.name)
        if not mine.may:
            return f"{reason}; no panel with data has a `when` that holds"
        if not mine.speaks:
            return f"{reason}; no panel has data"
        return f"{reason}; `when: {slide.when}` holds" if slide.when else reason

    def _lack(self, one: Candidate) -> str:
        slide = self._slides[one.name]
        if not one.may:
            truth = "is unknown" if self._may[one.name] is None else "does not hold"
            return f"`when: {slide.when}` {truth}"
        return "no data yet"
