"""Near-miss suggestions: the known word most like a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], least: float = 0.5) -> str:
    """The most similar known word, empty if none is similar; ``least`` is the similarity required, from 0 to 1."""
    import difflib  # noqa: PLC0415 - only ever needed to complain

    return next(iter(difflib.get_close_matches(word, sorted(set(known)), 1, least)), "")
