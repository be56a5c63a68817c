"""Which panels show what a source publishes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from eink_monitor.config import plugins
from eink_monitor.editing.draft import Draft
from eink_monitor.editing.surgery import inserted
from eink_monitor.errors import ConfigError
from eink_monitor.model.panel import Need, Panel
from eink_monitor.verbs._trial import Brought

_KEY = "fitting"
_MOST = 6  # panels of one figure that are offered
_NEVER = ("chart", "tiles", "overview", "health")  # they fit everything, and say nothing of this source alone
_FIRST = ("solar", "car", "disk", "price", "weather", "list")  # what most people want to see first


def fitting(draft: Draft, brought: Sequence[Brought]) -> list[dict[str, Any]]:
    """The blocks of panels that would show something of it, those made for its kind first."""
    known = set(brought)
    subjects = list(dict.fromkeys(one.subject for one in brought))
    special = [
        block
        for subject in subjects
        for kind in sorted(plugins.names(Panel), key=_rank)  # type: ignore[type-abstract]
        if kind not in _NEVER and _required(kind) <= {"subject"}
        for block in _good(draft, {"type": kind, "subject": subject}, known)
    ]
    figures = [(one.subject, one.metric) for one in brought if one.metric and not one.expected][:_MOST]
    single = [
        block
        for subject, metric in figures
        for block in _good(draft, {"type": "number", "subject": subject, "metric": metric.name}, known)
    ]
    return special + single


def _good(draft: Draft, block: dict[str, Any], known: Collection[Brought]) -> Iterator[dict[str, Any]]:
    """The block, if it is valid and any of each thing that it needs is known."""
    before = draft.text
    try:
        draft.change(lambda text: inserted(text, "panels", _KEY, block))
        needs = list(draft.load().slides[_KEY].panel.needs())
    except (ConfigError, KeyError):
        return
    finally:
        draft.text = before
    if needs and all(_is_met(need, known) for need in needs):
        yield block


def _is_met(need: Need, known: Collection[Brought]) -> bool:
    if need.listed is not None:
        names = {one.listed for one in known if one.listed and one.subject == need.subject}
        return need.listed in names if need.listed else bool(names)
    return any(Brought(need.subject, metric, need.expected) in known for metric in need.any_of)


def _rank(kind: str) -> int:
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def _required(kind: str) -> set[str]:
    panel = plugins.load(Panel, kind)  # type: ignore[type-abstract]
    fields = dataclasses.fields(panel)  # type: ignore[arg-type]
    missing = dataclasses.MISSING
    return {field.name for field in fields if field.default is missing and field.default_factory is missing}
