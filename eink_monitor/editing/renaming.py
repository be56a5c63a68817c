"""A new name for a source or a panel: its key, and wherever the configuration refers to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from eink_monitor.conditions import Condition, ConditionError
from eink_monitor.editing.tree import Extent, UneditableError, parsed
from eink_monitor.metrics import METRICS

_BOM = "\ufeff"
_SUBJECTS = {"subject", "roof"}  # keys whose value is a subject
_CONDITIONS = {"when", "first"}


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def renamed(text: str, section: str, old: str, new: str, *, subject: bool) -> str:
    """The text with another key for a block; with ``subject`` everything that its readings are about follows.

    Raises ``UneditableError``.
    """
    bom, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    root = parsed(text)
    blocks = root.entry(section)
    entry = blocks[1].entry(old) if blocks else None
    if entry is None:
        raise UneditableError(f"`{old}` does not stand below `{section}:` itself")
    edits = [_rewritten(text, entry[0], old, new)]
    if section == "sources":
        edits += _Mentions(text, old, new, subject=subject).of(root)
    for start, end, said in sorted(set(edits), reverse=True):
        text = text[:start] + said + text[end:]
    return bom + text


def _rewritten(text: str, place: Extent, old: str, new: str) -> _Edit:
    """The first occurrence of a word in a value, as it is written."""
    raw = text[place.start : place.end]
    at = raw.find(old)
    if at < 0:
        raise UneditableError(f"`{old}` is written in a way that cannot be changed alone")
    return _Edit(place.start + at, place.start + at + len(old), new)


class _Mentions:
    """Where a source is referred to by its name, which its subject has, too, if ``subject`` says so."""

    def __init__(self, text: str, old: str, new: str, *, subject: bool) -> None:
        self._text, self._old, self._new, self._subject = text, old, new, subject
        word = re.escape(old)
        self._bare = re.compile(rf"{word}(:.*)?")
        self._figure = re.compile(rf"{word}(:[^.]*)?\.(\w+)(?: .*)?")  # in a unit
        self._word = re.compile(rf"(?<![\w.:-]){word}(?![\w-])")

    def of(self, root: Extent) -> list[_Edit]:
        """All of them."""
        found = []
        for section in ("sources", "panels"):
            if blocks := root.entry(section):
                for _, block in blocks[1].pairs() if blocks[1].kind == "map" else ():
                    found += list(self._below(block, ""))
        return found

    def _below(self, place: Extent, key: str) -> Iterator[_Edit]:
        if place.kind == "map":
            for name, value in place.pairs():
                if self._subject and key == "measured_at" and name.text == self._old:
                    yield _rewritten(self._text, name, self._old, self._new)
                yield from self._below(value, name.text)
        elif place.kind == "list":
            for item in place.items:
                yield from self._below(item, key)
        elif place.kind == "text" and "!" not in place.lead:
            yield from self._in_text(place, key)

    def _in_text(self, place: Extent, key: str) -> Iterator[_Edit]:
        if key in _CONDITIONS:
            yield from self._in_condition(place)
        elif self._subject:
            figure = self._figure.fullmatch(place.text)
            is_bare = key in _SUBJECTS and self._bare.fullmatch(place.text)
            if is_bare or (figure and figure[2] in METRICS):
                yield _rewritten(self._text, place, self._old, self._new)

    def _in_condition(self, place: Extent) -> Iterator[_Edit]:
        """Every mention; the condition must say afterwards what it said before, of the new name."""
        kinds = {"subject", "trouble"} if self._subject else {"trouble"}
        try:
            before = Condition.parse(place.text).mentions
            wanted = [self._after(one.subject) if one.what in kinds else one.subject for one in before]
            if wanted == [one.subject for one in before]:
                return
            after = Condition.parse(self._word.sub(self._new, place.text)).mentions
        except ConditionError:
            raise UneditableError(f"a condition speaks of `{self._old}` in a way that cannot be changed") from None
        if [one.subject for one in after] != wanted:
            raise UneditableError(f"a condition speaks of `{self._old}` in a way that cannot be changed")
        for found in self._word.finditer(self._text, place.start, place.end):
            yield _Edit(found.start(), found.end(), self._new)

    def _after(self, subject: str) -> str:
        return self._new + subject[len(self._old) :] if self._bare.fullmatch(subject) else subject
