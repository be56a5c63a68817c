"""The words of the house: its language, and how it writes numbers, dates and times.

A drawing is made in one locale: whoever draws says ``with speaking(locale):``, and all that is written within is in the
words of that house. Everywhere else it is English with points, as machines, the log and the terminal read it.
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
    "say",
    "say_many",
    "say_of",
    "speaking",
    "spoken",
]

_SPOKEN = ContextVar("locale", default=ENGLISH)


@contextmanager
def speaking(locale: Locale) -> Iterator[None]:
    """What is written within is in the words of that locale."""
    token = _SPOKEN.set(locale)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> Locale:
    """The locale in which is written now."""
    return _SPOKEN.get()


def marked(text: str) -> str:
    """The text itself: it is said later, and translators find it here."""
    return text


def marked_many(one: str, many: str) -> tuple[str, str]:
    """As ``marked``, of what ``say_many`` will say."""
    return one, many


def say(text: str, **fields: object) -> str:
    """A text in the language of the house, each ``{name}`` in it replaced by the field of that name."""
    return _filled(spoken().texts.gettext(text), fields)


def say_of(what: str, text: str, **fields: object) -> str:
    """As ``say``, of a word that means several things: "full" of a battery is not "full" of a refresh."""
    return _filled(spoken().texts.pgettext(what, text), fields)


def say_many(one: str, many: str, number: int, **fields: object) -> str:
    """As ``say``, in the form that goes with a number, which is the field ``{n}``."""
    return _filled(spoken().texts.ngettext(one, many, number), {"n": number, **fields})


def _filled(text: str, fields: dict[str, object]) -> str:
    return text.format(**fields) if fields else text
