"""The nodes of a YAML text and where each begins and ends in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events


class UneditableError(ValueError):
    """The text is such that a change cannot be made without touching something else: a sentence for a person."""


@dataclass(slots=True)
class Extent:
    """A node: it takes ``text[start:end]``, and ``lead`` is what stands before its value: an anchor or a tag.

    ``kind`` is "text", "map", "list" or "alias"; maps and lists are ``flow`` in braces and brackets. ``items`` are the
    keys and values of a map in turn, or the items of a list. An alias has as ``text`` how what it repeats is written.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    flow: bool = False
    style: str = ""
    lead: str = ""
    items: list[Extent] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[Extent, Extent]]:
        """Keys and values of a map."""
        return zip(self.items[::2], self.items[1::2], strict=True)

    def entry(self, name: str) -> tuple[Extent, Extent] | None:
        """The entry of that key, as it stands in this map itself (merge keys bring none)."""
        found = (pair for pair in self.pairs() if pair[0].kind == "text" and pair[0].text == name)
        return next(found, None) if self.kind == "map" else None

    def meaning(self) -> object:
        """What it says, without how it is written: equal for texts that mean the same."""
        if self.kind == "map":
            return "map", self.lead, [(key.meaning(), value.meaning()) for key, value in self.pairs()]
        return self.kind, self.lead, self.text, [item.meaning() for item in self.items]


def parsed(text: str) -> Extent:
    """The root of a text without a byte order mark. Raises ``UneditableError``."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one that reads configurations
    try:
        yaml.compose(text, Loader=loader)  # parsing alone finds no alias without its anchor
        stream = iter(yaml.parse(text, Loader=loader))
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                return _Parser(text, stream).part(next(stream))
    except (yaml.YAMLError, RecursionError):
        raise UneditableError("it is not valid YAML") from None
    raise UneditableError("it is empty")


class _Parser:
    """From events to parts."""

    def __init__(self, text: str, stream: Iterator[Any]) -> None:
        self._text = text
        self._stream = stream
        self._anchors: dict[str, str] = {}

    def part(self, event: Any) -> Extent:  # noqa: ANN401 - one of yaml's events
        """The node that an event begins."""
        anchor = getattr(event, "anchor", None) or ""
        if isinstance(event, events.AliasEvent):
            alias: Any = event
            return Extent("alias", alias.start_mark.index, alias.end_mark.index, self._anchors.get(anchor, ""))
        found = self._node(event)
        found.lead = " ".join(filter(None, (anchor, getattr(event, "tag", None))))
        if anchor:
            self._anchors[anchor] = self._text[found.start : found.end]
        return found

    def _node(self, event: Any) -> Extent:  # noqa: ANN401 - as above
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, events.ScalarEvent):
            return Extent("text", start, end, event.value, style=event.style or "")
        kind = "map" if isinstance(event, events.MappingStartEvent) else "list"
        flow = bool(event.flow_style)
        items: list[Extent] = []
        for inner in self._stream:
            if isinstance(inner, events.CollectionEndEvent):
                closing: Any = inner.end_mark
                last = closing.index if flow else items[-1].end if items else end
                return Extent(kind, start, last, flow=flow, items=items)
            items.append(self.part(inner))
        raise UneditableError("it is not valid YAML")
