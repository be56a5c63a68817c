"""Cleans text from outside: what a vendor, a browser or a library wrote.

Such text reaches terminals, the journal, the database and the panel. There a control character is a command (ESC), a
lone surrogate an exception, a direction mark reverses what is shown, and a megabyte blocks everything.
"""

from __future__ import annotations

LONGEST = 500  # characters; no sentence of ours is longer


def clean(text: str, most: int = LONGEST) -> str:
    """The text in one line of printable characters, at most ``most`` of them; what is cut short ends in three dots.

    White space becomes single spaces; control and format characters, surrogates and what Unicode has not assigned are
    dropped.
    """
    if text.isprintable() and len(text) <= most and "  " not in text:
        return text
    kept = (" " if sign.isspace() else sign for sign in text[: 4 * most] if sign.isprintable() or sign.isspace())
    line = " ".join("".join(kept).split())
    return line if len(line) <= most and len(text) <= 4 * most else f"{line[: most - 3]}..."


def is_clean(text: str, most: int) -> bool:
    """Whether a text can be kept and sent as it is: for ids and tokens, which a cleaned copy would not replace."""
    return len(text) <= most and text.isprintable()


def legible(text: str, but: str = "") -> str:
    """The text with every control and format character, surrogate and line break spelled out: the way out.

    ESC becomes four characters, a backslash and "x1b". The characters ``but`` stay, and so do all spaces.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in but else _spelled(sign) for sign in text)


def _spelled(sign: str) -> str:
    return sign if sign in _SPACES else sign.encode("unicode_escape").decode()


_SPACES = "\xa0\u2007\u2009\u202f"  # not breaking, or thin
