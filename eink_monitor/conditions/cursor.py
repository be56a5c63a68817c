"""A place among the tokens of a condition, and the mistakes that were found up to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from eink_monitor.conditions import ConditionError
from eink_monitor.conditions.tokens import Token
from eink_monitor.nearest import nearest
from eink_monitor.settings import Mistake

_MOST_NAMED = 12  # of what is known, where nothing is like what was written


class Cursor:
    """Moves over tokens from left to right; ``mistakes`` are those that did not end the reading."""

    def __init__(self, found: list[Token]) -> None:
        self.mistakes: list[Mistake] = []
        self._tokens = found
        self._at = 0

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._here
        if token.kind != "end":
            self._at += 1
        return token

    def _take(self, word: str) -> bool:
        found = self._here.says(word)
        self._at += found
        return found

    def _need(self, word: str, message: str, at: Token | None = None) -> None:
        if not self._take(word):
            self._lost(message, at)

    def _close(self) -> None:
        self._need(")", f"expected `)` before {self._here}")

    def _skip(self) -> None:
        """Skip to the closing parenthesis: the content belongs to an unknown function."""
        open_ones = 1
        while open_ones and self._here.kind != "end":
            token = self._next()
            open_ones += token.says("(") - token.says(")")

    def _wrong(self, token: Token, message: str) -> None:
        self.mistakes.append(Mistake(token.at, message))

    def _lost(self, message: str, token: Token | None = None) -> NoReturn:
        self._wrong(token or self._here, message)
        raise ConditionError(sorted(self.mistakes))

    def _unknown(self, token: Token, word: str, known: Iterable[str], noun: str) -> None:
        known = list(known)
        near = next((one for one in known if one.casefold() == word.casefold()), "") or nearest(word, known)
        hint = f"did you mean `{near}`?" if near else f"known are {', '.join(known)}"
        self._wrong(token, f"unknown {noun} `{word}`{f'; {hint}' if near or len(known) <= _MOST_NAMED else ''}")
