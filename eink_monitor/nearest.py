"""Near-miss suggestions: the known word most like a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], least: float = 0.5) -> str:
    """The most similar known word, empty if none is similar; ``least`` is the similarity required, from 0 to 1.

    Of two as similar it is the one with the same first letter, which people seldom mistype.
    """
    import difflib  # noqa: PLC0415 - only ever needed to complain

    found = difflib.get_close_matches(word, sorted(set(known)), 3, least)
    alike = {one: difflib.SequenceMatcher(None, one, word).ratio() for one in found}
    return max(found, key=lambda one: (alike[one], one[:1] == word[:1]), default="")
