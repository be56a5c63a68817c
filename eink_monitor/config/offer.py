"""What the sources publish, and whether it includes what panels and conditions need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from yaml.nodes import Node

from eink_monitor.conditions import Condition, Mention
from eink_monitor.config.inside import inside
from eink_monitor.config.recipes import UnreadSource
from eink_monitor.config.schema import Reader
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Metric
from eink_monitor.model.source import Source
from eink_monitor.nearest import nearest

T = TypeVar("T")


@dataclass
class Offer:
    """What the sources publish, expect and list, by subject.

    ``unsure`` are the subjects of those that could not be read. With ``anything``, one of them may publish any
    subject, so none can be called wrong. ``sources`` are the names of all, ``placed`` is whether one of them has a
    latitude.
    """

    metrics: dict[str, set[Metric]] = field(default_factory=dict)
    expected: dict[str, set[Metric]] = field(default_factory=dict)
    listed: dict[str, set[str]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    anything: bool = False
    sources: set[str] = field(default_factory=set)
    placed: bool = False

    def add(self, source: Source, subject: str) -> bool:
        """What a source publishes and expects of a subject; whether that can be told."""
        if isinstance(source, UnreadSource):
            return False
        published = asked(lambda: dict(source.publishes(subject)))
        for thing, metrics in (published or {}).items():
            self.metrics.setdefault(thing, set()).update(metrics)
        for thing, metrics in (asked(lambda: dict(source.expects(subject))) or {}).items():
            self.expected.setdefault(thing, set()).update(metrics)
        for thing, names in (asked(lambda: dict(source.lists(subject))) or {}).items():
            self.listed.setdefault(thing, set()).update(names)
        self.placed |= asked(lambda: getattr(source, "latitude", None)) is not None
        return published is not None

    @property
    def subjects(self) -> list[str]:
        """Everything that a panel may refer to."""
        return list(dict.fromkeys((*self.metrics, *self.expected, *self.listed, *self.unsure)))

    def lacks(self, subject: str) -> bool:
        """Whether no readable source publishes a subject: then nothing is known of it."""
        return subject not in {*self.metrics, *self.expected, *self.listed}

    def knows(self, subject: str) -> bool:
        """Whether there is, or may be, such a subject ("nas:backups" is one of "nas")."""
        known = {*self.metrics, *self.expected, *self.listed}
        return self.anything or subject in known or bool({subject, subject.partition(":")[0]} & self.unsure)


def asked(ask: Callable[[], T]) -> T | None:
    """What a plugin returns; None if it raises, which is no mistake in the configuration."""
    try:
        return ask()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a plugin raises anything
        return None


def check_needs(reader: Reader, block: Node, path: str, needs: Sequence[Need], offer: Offer) -> None:
    """Complain of a panel that asks for what no source publishes, or forecasts."""
    for need in needs:
        offered = offer.expected if need.expected else offer.metrics
        if not offer.knows(need.subject):
            reader.unknown(block, path, need.subject, offer.subjects, "subject")
        elif need.listed is not None:
            _check_list(reader, block, path, need, offer)
        elif not offer.lacks(need.subject) and not offered.get(need.subject, set()).intersection(need.any_of):
            wanted = " or ".join(metric.name for metric in need.any_of)
            does = "forecasts" if need.expected else "publishes"
            reader.complain(block, path, f"no source {does} {wanted} for `{need.subject}`")


def _check_list(reader: Reader, block: Node, path: str, need: Need, offer: Offer) -> None:
    names = offer.listed.get(need.subject, set())
    if offer.lacks(need.subject) or (names if not need.listed else need.listed in names):
        return
    if need.listed and names:
        reader.unknown(block, path, need.listed, sorted(names), "list")
    else:
        reader.complain(block, path, f"no source lists anything of `{need.subject}`")


def check_condition(reader: Reader, node: Node, path: str, condition: Condition, offer: Offer) -> None:
    """Complain of a condition that refers to something unknown, each time at its place."""
    for mention in condition.mentions:
        here = inside(reader.file, node, mention.at)
        if mention.what == "day":
            if not (offer.placed or offer.anything or offer.unsure):
                lacking = "no source has a latitude; use `between 22:00 and 06:00`"
                reader.complain(here, path, f"it cannot be known when it is {mention.subject}: {lacking}")
        elif mention.what == "trouble" and mention.subject in offer.sources:
            continue
        elif not offer.knows(mention.subject):
            names = offer.sources if mention.what == "trouble" else ()
            reader.unknown(here, path, mention.subject, [*offer.subjects, *names], "subject")
        elif mention.metric is not None:
            _check_metric(reader, inside(reader.file, node, mention.metric_at), path, mention, offer)


def _check_metric(reader: Reader, here: Node, path: str, mention: Mention, offer: Offer) -> None:
    published = offer.metrics.get(mention.subject, set()) | offer.expected.get(mention.subject, set())
    if not published or mention.metric is None or mention.metric in published:
        return
    near = nearest(mention.metric.name, [metric.name for metric in published])
    hint = f"; did you mean `{near}`?" if near else ""
    reader.complain(here, path, f"no source publishes {mention.metric.name} for `{mention.subject}`{hint}")
