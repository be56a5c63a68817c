"""What somebody may have meant: of known words the one that is most like a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], least: float = 0.5) -> str:
    """The nearest of the known words, empty where none is like it; ``least`` is how like, from 0 to 1."""
    import difflib  # noqa: PLC0415 - only ever needed to complain

    return next(iter(difflib.get_close_matches(word, sorted(set(known)), 1, least)), "")
