"""One poll of a block, wherever it stands: in the configuration, or in a recipe that fills it with its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eink_monitor.clock import DAY
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.said import Said
from eink_monitor.sources._template import Values
from eink_monitor.sources.http.block import HttpBlock
from eink_monitor.sources.http.found import Answers
from eink_monitor.sources.http.kept import digest
from eink_monitor.sources.http.talk import HttpPage, Talk


def polled(block: HttpBlock, visit: Visit, values: Values, who: str) -> Iterator[Said]:
    """What the vendor, called ``who`` in sentences, says now; ``values`` are what the names of the block stand for.

    An answer that has not changed since the last poll says nothing new, or that all of it still holds.
    """
    talk = Talk(block, visit, values, who)
    name = f"tag {digest(repr(block), who)}"
    condition = _condition(talk, name)
    pages = talk.pages(condition)
    if not pages:
        visit.remarks.add("unchanged since the last poll")
        yield from _confirmed(talk)
        return
    said = list(Answers(talk, pages).said())
    _remember(talk, name, pages[0], said)
    yield from said


def _condition(talk: Talk, name: str) -> Mapping[str, str]:
    """The header that asks for an answer only if it has changed, where all that the block says is stored by now."""
    if talk.block.next or any(talk.block.listed()) or talk.visit.explained is not None or not _known(talk):
        return {}
    tag = talk.kept.get(name, talk.visit.now)
    if not tag:
        return {}
    return {"If-None-Match": tag} if tag.startswith(('"', "W/")) else {"If-Modified-Since": tag}


def _known(talk: Talk) -> list[Reading]:
    """The newest of each reading, none where one is missing."""
    found = [
        talk.visit.last(declared.metric(name), declared.on(talk.visit.subject))
        for name, declared in talk.block.readings.items()
    ]
    return [reading for reading in found if reading] if None not in found else []


def _confirmed(talk: Talk) -> Iterator[Said]:
    """Readings that hold on: those that are dated by the Date header, which this answer has, too."""
    if talk.block.at or not talk.visit.heard:
        return
    undated = [
        talk.visit.last(declared.metric(name), declared.on(talk.visit.subject))
        for name, declared in talk.block.readings.items()
        if not declared.at
    ]
    at = talk.visit.now if talk.block.live else talk.visit.heard
    yield from (reading._replace(at=at) for reading in undated if reading and reading.at < at)


def _remember(talk: Talk, name: str, page: HttpPage, said: list[Said]) -> None:
    """Keep the tag of an answer that repeats itself; one that is new at each poll would only wear the card."""
    values = [(one.subject, one.metric.name, one.metric.rounded(one.value)) for one in said if isinstance(one, Reading)]
    known = [(one.subject, one.metric.name, one.metric.rounded(one.value)) for one in _known(talk)]
    usable = page.tag.isascii() and page.tag.isprintable() and page.tag != talk.kept.get(name, talk.visit.now)
    if page.tag and usable and sorted(values) == sorted(known):
        talk.kept.put(name, page.tag, talk.visit.now + 31 * DAY)
