"""The language of the panels, and how they write numbers, dates and times.

A drawing is made in one locale: inside ``with speaking(locale):`` everything is written in that language. Everywhere
else it is English with decimal points, for machines, the log and the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from eink_monitor.locale.table import ENGLISH, Language, Locale, Units, load

__all__ = [
    "ENGLISH",
    "Language",
    "Locale",
    "Units",
    "load",
    "marked",
    "marked_many",
    "marked_of",
    "say",
    "say_many",
    "say_of",
    "speaking",
    "spoken",
]

_SPOKEN = ContextVar("locale", default=ENGLISH)


@contextmanager
def speaking(locale: Locale) -> Iterator[None]:
    """Everything written inside is in that locale."""
    token = _SPOKEN.set(locale)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> Locale:
    """The current locale."""
    return _SPOKEN.get()


def marked(text: str) -> str:
    """The text itself: it is translated later, and marked for translators here."""
    return text


def marked_of(what: str, text: str) -> str:  # noqa: ARG001 - what is for the translator
    """As ``marked``, of what ``say_of`` will say."""
    return text


def marked_many(one: str, many: str) -> tuple[str, str]:
    """As ``marked``, of what ``say_many`` will say."""
    return one, many


def say(text: str, **fields: object) -> str:
    """A text in the current language, each ``{name}`` in it replaced by the field of that name."""
    return _filled(spoken().texts.gettext(text), fields)


def say_of(what: str, text: str, **fields: object) -> str:
    """As ``say``, for a word with several meanings: "full" of a battery is not "full" of a refresh."""
    return _filled(spoken().texts.pgettext(what, text), fields)


def say_many(one: str, many: str, number: int, **fields: object) -> str:
    """As ``say``, in the form that goes with a number, which is the field ``{n}``."""
    return _filled(spoken().texts.ngettext(one, many, number), {"n": number, **fields})


def _filled(text: str, fields: dict[str, object]) -> str:
    return text.format(**fields) if fields else text
