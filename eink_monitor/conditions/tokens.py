"""The text of a condition, cut into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from eink_monitor.conditions import ConditionError
from eink_monitor.settings import Mistake

LONGEST = 1000
"""Characters of a condition; anything longer is unreadable."""

WORDS = frozenset({"and", "or", "not", "for", "between"})
"""What is no name, unless it stands in quotes."""

_TOKEN = re.compile(
    r"""(?P<clock>\d{1,2}:\d{2}(?![\w:]))
      | (?P<number>[-\N{MINUS SIGN}+]?\d+(?:\.\d+)?) (?P<unit>[^\W\d_]*)
      | (?P<name>[^\W\d][\w:-]*)
      | (?P<quoted>"[^"]*"|'[^']*')
      | (?P<sign><=|>=|==|!=|[<>=≤≥≠().,/%€£$₺₴₹₪₩]|°[CF]?)""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """One word, number, time of day or sign; ``at`` is its first letter. ``unit`` is what is glued to a number."""

    kind: str
    text: str
    at: int
    unit: str = ""

    def says(self, *words: str) -> bool:
        """Whether it is one of some words or signs; a word in quotes is none."""
        return self.kind in {"name", "sign"} and self.text in words

    def __str__(self) -> str:
        return f"`{self.text}{self.unit}`" if self.text else "the end"


def tokens(text: str) -> Iterator[Token]:
    """Every token, and one of kind "end" behind them. Raises ``ConditionError``."""
    if len(text) > LONGEST:
        raise ConditionError([Mistake(LONGEST, f"a condition has at most {LONGEST} characters")])
    at = 0
    while (at := _next(text, at)) < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConditionError([Mistake(at, f"`{text[at]}` means nothing in a condition{_hint(text[at])}")])
        kind = next(kind for kind, part in found.groupdict().items() if part is not None)
        word = found["quoted"][1:-1] if kind == "quoted" else found[kind]
        yield Token(kind, word.replace("\N{MINUS SIGN}", "-") if kind == "number" else word, at, found["unit"] or "")
        at = found.end()
    yield Token("end", "", len(text.rstrip()))


def _next(text: str, at: int) -> int:
    """Where the next letter stands that is no space."""
    return len(text) - len(text[at:].lstrip())


def _hint(letter: str) -> str:
    return {"&": "; write `and`", "|": "; write `or`", "!": "; write `not`", '"': ": the quote is never closed"}.get(
        letter, ""
    )
