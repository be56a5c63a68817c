"""What of an answer is a list as it stands now, and what happened once: ``list:`` and ``events:`` of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypeVar

from eink_monitor.errors import BadAnswer
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.outside import clean
from eink_monitor.settings import insist
from eink_monitor.sources._expression import NOTHING, Answered, Expression, number
from eink_monitor.sources._times import instant
from eink_monitor.sources.http.asking import plain

if TYPE_CHECKING:
    from eink_monitor.sources.http.found import Answers

MOST_ITEMS = 200
"""Of a list, and of events in one answer; a panel shows a dozen."""
_LONGEST = 120  # characters of a title
_MOST_FIGURES = 12
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A list as it stands now: ``items`` finds it, the rest looks at one item.

    ``start`` and ``end`` find times, ``stuck`` holds where it needs a hand. ``more`` finds how many the vendor has
    beyond these, in the whole answer.
    """

    name: str
    items: Expression
    title: Expression
    detail: Expression = NOTHING
    start: Expression = NOTHING
    end: Expression = NOTHING
    state: Expression = NOTHING
    stuck: Expression = NOTHING
    more: Expression = NOTHING

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for a name that is none."""
        insist((_is_name(self.name), "name: lower-case letters, digits, dots, - and _"))


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What happened once: ``items`` finds all of it, the rest looks at one; ``key`` tells two of a kind apart for good.

    ``figures`` are numbers by names that end in their unit ("energy_wh"), ``words`` are texts by name.
    """

    kind: str
    items: Expression
    key: Expression
    start: Expression
    end: Expression = NOTHING
    figures: Mapping[str, Expression] = field(default_factory=dict)
    words: Mapping[str, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for a name that is none."""
        names = (*self.figures, *self.words)
        insist(
            (_is_name(self.kind), "kind: lower-case letters, digits, dots, - and _"),
            (all(map(_is_name, names)), "figures and words: names of lower-case letters, digits and _"),
            (len(names) <= _MOST_FIGURES, f"figures and words: at most {_MOST_FIGURES}"),
        )


Lists = Listed | tuple[Listed, ...]
Events = Happened | tuple[Happened, ...]


def several(one: Lists | Events | None) -> Iterator[Listed | Happened]:
    """One or several, as a block may say."""
    if isinstance(one, tuple):
        yield from one
    elif one is not None:
        yield one


def expressions(one: Listed | Happened) -> Iterator[Expression]:
    """All of its expressions."""
    for setting in fields(one):
        value = getattr(one, setting.name)
        if isinstance(value, Expression):
            yield value
        elif isinstance(value, Mapping):
            yield from value.values()


def said(one: Listed | Happened, answers: Answers) -> Iterator[Listing | Event]:
    """What it finds in an answer. Raises ``BadAnswer`` where there is no list: an empty one says something else."""
    found = one.items.find(answers.document, answers.answered)
    if not isinstance(found, list):
        raise BadAnswer(f"{answers.answered.scope.who}: `{one.items.text[:80]}` finds no list")
    if isinstance(one, Happened):
        yield from _events(one, found, answers)
        return
    items = tuple(_item(one, raw, answers.answered) for raw in found[:MOST_ITEMS])
    known = one.more.find(answers.document, answers.answered) if one.more else 0
    more = int(known) if isinstance(known, int | float) and 0 < known < 1 << 31 else 0
    yield Listing(answers.visit.subject, one.name, answers.at(), items, more + max(0, len(found) - MOST_ITEMS))


def _item(one: Listed, raw: object, answered: Answered) -> Item:
    def text(which: Expression) -> str:
        return clean(plain(which.find(raw, answered)), _LONGEST) if which else ""

    def when(which: Expression) -> int | None:
        return instant(which.find(raw, answered), answered.scope.zone) if which else None

    stuck = one.stuck.holds(raw, answered) if one.stuck else False
    return Item(text(one.title), text(one.detail), when(one.start), when(one.end), text(one.state), stuck)


def _events(one: Happened, found: list[object], answers: Answers) -> Iterator[Event]:
    """The events that have a key and a beginning."""
    answered, left_out = answers.answered, 0
    for raw in found[:MOST_ITEMS]:
        key = clean(plain(one.key.find(raw, answered)), _LONGEST)
        start = instant(one.start.find(raw, answered), answered.scope.zone)
        if not key or start is None:
            left_out += 1
            continue
        end = instant(one.end.find(raw, answered), answered.scope.zone) if one.end else None
        figures = _each(one.figures, raw, answered, number)
        words = _each(one.words, raw, answered, lambda value: clean(plain(value), _LONGEST) or None)
        yield Event(answers.visit.subject, one.kind, key, start, end, figures, words)
    if left_out:
        answers.visit.remarks.add(f"{one.kind}: {left_out} without a key or a beginning left out")


def _each(
    wanted: Mapping[str, Expression], raw: object, answered: Answered, read: Callable[[object], T | None]
) -> dict[str, T]:
    known = {name: read(which.find(raw, answered)) for name, which in wanted.items()}
    return {name: value for name, value in known.items() if value is not None}


def _is_name(name: str) -> bool:
    return (
        0 < len(name) <= 40 and name.isascii() and name.replace("_", "a").replace("-", "a").replace(".", "a").isalnum()
    )
