"""Which panel comes next: pure functions of each panel's conditions, weight and last turn.

| Rule, the first that decides                                                                              |
|-----------------------------------------------------------------------------------------------------------|
| nobody waits for more than a day: if somebody would, whoever has waited longest comes now                 |
| a panel whose `first` has begun to hold comes before its turn                                             |
| turns go round in order; a panel of ``weight`` 3 has three where others have one, spread evenly          |

Only those take part whose `when` holds and that have something to say. Where there are none, `when` is not asked; where
nobody has anything to say, all take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple


class Why(Enum):
    """Why a panel was chosen."""

    TURN = "its turn"
    FIRST = "its `first` began to hold"
    OWED = "it had waited for most of a day"
    ASKED = "requested"
    PRESSED = "a button was pressed"


class Candidate(NamedTuple):
    """One panel before a choice: it stays for ``dwell`` seconds and has ``weight`` turns where others have one.

    ``may`` is whether its `when` holds, ``speaks`` whether it has anything to say, ``calls`` whether its `first` has
    begun to hold since it last stood. ``credit`` is how much of a turn it is owed (see ``settled``),
    ``waited`` the seconds since the last one ended, or since it takes part.
    """

    name: str
    dwell: float
    weight: int = 1
    may: bool = True
    speaks: bool = True
    calls: bool = False
    credit: float = 0.0
    waited: float = 0.0


class Choice(NamedTuple):
    """A panel, and why it was chosen."""

    name: str
    why: Why


def able(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that take part."""
    speaking = [one for one in candidates if one.speaks]
    return [one for one in speaking if one.may] or speaking or [one for one in candidates if one.may] or [*candidates]


def choose(candidates: Sequence[Candidate], owed: float) -> Choice:
    """The panel that comes next; nobody is to wait for more than ``owed`` seconds, if their dwells allow that.

    ``candidates`` are in the order of the configuration, and at least one.
    """
    return _chosen(able(candidates), owed)


def _chosen(ours: Sequence[Candidate], owed: float) -> Choice:
    """The one of those that take part."""
    calling = [one for one in ours if one.calls]
    choice = calling[0] if calling else max(ours, key=lambda one: one.credit + one.weight)
    most = max(ours, key=lambda one: one.waited)
    if most is not choice and _too_late(ours, choice, most.waited, owed):
        return Choice(most.name, Why.OWED)
    return Choice(choice.name, Why.FIRST if calling else Why.TURN)


def fill(
    candidates: Sequence[Candidate], owed: float, cells: int, asked: str = ""
) -> tuple[list[Choice], dict[str, float]]:
    """What comes next on a display that shows several panels at once, and the credits after that turn of each.

    Fewer than its cells if no more take part. The panel that a person ``asked`` for is the first.
    """
    ours = able(candidates)
    credit = {one.name: one.credit for one in ours}
    choices: list[Choice] = []
    rest = ours
    while len(choices) < cells and (rest or asked):
        choices.append(Choice(asked, Why.ASKED) if asked else _chosen(rest, owed))
        credit, asked = settled(ours, choices[-1].name), ""
        if len(choices) < cells:
            ours = [one._replace(credit=credit[one.name]) for one in ours]
            rest = [one for one in ours if one.name not in {choice.name for choice in choices}]
    return choices, credit


def settled(ours: Sequence[Candidate], name: str) -> dict[str, float]:
    """What is owed to whom of those that take part, after a turn of one: all gain their weight, and that one pays.

    This is smooth weighted round robin: equal weights go round in order, larger ones are spread. Nobody saves up more
    than a round, nor owes more.
    """
    total = sum(one.weight for one in ours)
    owed = {one.name: one.credit + one.weight for one in ours}
    if name not in owed:
        return {one.name: one.credit for one in ours}
    owed[name] -= total
    return {one: min(max(credit, -total), total) for one, credit in owed.items()}


def _too_late(ours: Sequence[Candidate], choice: Candidate, longest: float, owed: float) -> bool:
    """Whether somebody would wait too long if ``choice`` came now, and then all others by how long they have waited.

    ``longest`` is how long the first of these has waited.
    """
    if longest + sum(one.dwell for one in ours) <= owed:
        return False
    ahead = choice.dwell
    for one in sorted(ours, key=lambda one: -one.waited):
        if one is not choice:
            if one.waited + ahead > owed:
                return True
            ahead += one.dwell
    return False
