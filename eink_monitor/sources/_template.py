"""Texts with ``{{names}}`` in them, filled when a poll runs: settings of a recipe, and words for moments.

- ``{{now}}``, ``{{hours_ago_2}}``, ``{{minutes_ago_15}}``: that instant, ISO 8601 with the offset of the zone
- ``{{today}}``, ``{{yesterday}}``, ``{{tomorrow}}``, ``{{days_ago_7}}``, ``{{days_ahead_7}}``, ``{{month}}`` and
  ``{{year}}`` (their first day): 2026-11-28
- with ``_start`` behind a day: its first instant, ISO 8601 with the offset
- with ``_s``, ``_ms`` or ``_utc``: epoch seconds, milliseconds, ISO 8601 in UTC; of a day its first instant
- with a pattern, ``{{today:%d.%m.%Y}}``: of ``%Y %m %d %H %M %S %y %j``
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from eink_monitor.clock import HOUR, MINUTE, iso, local, midnight
from eink_monitor.errors import BadAnswer
from eink_monitor.settings import Mistake, MistakesError, Secret

_NAME = re.compile(r"\{\{\s*(?P<name>[a-z][a-z0-9_]*)(?::(?P<form>[^{}]*?))?\s*\}\}")
_MOMENT = re.compile(
    r"(?:(?P<day>today|yesterday|tomorrow|month|year|days_(?P<back>ago|ahead)_(?P<days>\d{1,4}))(?P<start>_start)?"
    r"|(?P<time>now|(?P<unit>hours|minutes)_ago_(?P<count>\d{1,6})))(?P<kind>_s|_ms|_utc)?"
)
_FORM = re.compile(r"(?:%[YmdHMSyj]|[-./:, TZ_])+")
_HOST = re.compile(r"[A-Za-z0-9._\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")

Values = Mapping[str, str | Secret]
"""What names stand for: the settings of a recipe, and what earlier answers said."""


class TemplateError(MistakesError):
    """A text holds a name in braces that cannot be read."""

    noun = "template"


class Placeholder(NamedTuple):
    """A name in braces: from and up to which character it stands, and the pattern of a moment or an empty text."""

    name: str
    form: str
    start: int
    end: int

    @property
    def is_moment(self) -> bool:
        """Whether it is a word for a moment, and no setting."""
        return _MOMENT.fullmatch(self.name) is not None


@dataclass(frozen=True)
class Scope:
    """What may be said when a text is filled: the ``values``, and what time it is where."""

    now: int
    zone: ZoneInfo
    values: Values = field(default_factory=dict, repr=False)
    who: str = ""

    def word(self, name: Placeholder) -> str | None:
        """What a name stands for; None where nobody said so."""
        if name.is_moment:
            return moment(name.name, self.now, self.zone, name.form)
        value = self.values.get(name.name)
        return value.reveal() if isinstance(value, Secret) else value


Escape = Callable[[str, str, int], str]
"""Makes a value fit for where it goes: the value, the whole text, and at which character of it."""


def names(text: str) -> list[Placeholder]:
    """The names of a text. Raises ``TemplateError``."""
    found = [Placeholder(one["name"], one["form"] or "", *one.span()) for one in _NAME.finditer(text)]
    mistakes = [
        Mistake(one.start, f"`{one.form}` is no pattern of a moment; write for example {{{{today:%d.%m.%Y}}}}")
        for one in found
        if one.form and not (one.is_moment and _FORM.fullmatch(one.form))
    ]
    if mistakes:
        raise TemplateError(mistakes)
    return found


def filled(text: str, scope: Scope, escape: Escape | None = None) -> str:
    """The text with what its names stand for; names that nobody knows stay as they are.

    Raises ``BadAnswer`` where a value does not fit: values may come from an earlier answer.
    """
    if "{{" not in text:
        return text
    pieces, end = [], 0
    for name in names(text):
        word = scope.word(name)
        if word is not None:
            said = escape(word, text, name.start) if escape else word
            pieces += [text[end : name.start], said]
            end = name.end
    return "".join(pieces) + text[end:]


def in_url(value: str, text: str, at: int) -> str:
    """Percent-encoded, but for the slashes of a path; as a part of the host only what is one, else ``BadAnswer``."""
    scheme = text.find("://")
    path = text.find("/", scheme + 3) if scheme >= 0 else 0
    if at >= path >= 0:
        climbs = {".", ".."} & set(value.split("/"))
        return quote(value, safe="" if climbs or "?" in text[:at] else "/")
    value = value.strip()
    if _HOST.fullmatch(value):
        return value
    raise BadAnswer("a name in the host of url stands for something that is no host", "check the settings")


def in_json(value: str, text: str, at: int) -> str:
    """Escaped inside quotes; outside them a value of its own: a number, true, false, null (of nothing), else a text."""
    if quoting(text, at) == '"':
        return json.dumps(value)[1:-1]
    if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?|true|false|null", value, re.ASCII):
        return value
    return json.dumps(value) if value else "null"


def quoting(text: str, at: int) -> str:
    """The quotation mark (``"``, ``'`` or a backtick) that is open before a character; empty for none."""
    mark, escaped = "", False
    for sign in text[:at]:
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = bool(mark)
        elif mark:
            mark = "" if sign == mark else mark
        elif sign in "\"'`":
            mark = sign
    return mark


def is_json(body: str) -> bool:
    """Whether a body is meant to be JSON."""
    return body.lstrip()[:1] in {"{", "["}


@dataclass(frozen=True)
class Template:
    """A part of an address, with names in braces; it is no place for a secret, because servers log it."""

    text: str

    public: ClassVar[str] = "servers log addresses and queries; put it into a header"

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a text. Raises ``TemplateError``."""
        names(text)
        return cls(text)

    def fill(self, scope: Scope, escape: Escape | None = None) -> str:
        """The text with what its names stand for."""
        return filled(self.text, scope, escape)

    def __str__(self) -> str:
        return self.text


def settings_of(text: str) -> Iterator[str]:
    """The names of a text that stand for settings, not for moments."""
    return (name.name for name in names(text) if not name.is_moment)


def moment(word: str, now: int, zone: ZoneInfo, form: str = "") -> str | None:
    """What a word for a moment becomes; None for any other word."""
    found = _MOMENT.fullmatch(word)
    if found is None:
        return None
    if found["day"]:
        day = _day(found, local(now, zone).date())
        at = midnight(day, zone)
        plain = day.isoformat()
    else:
        at = now - int(found["count"] or 0) * (HOUR if found["unit"] == "hours" else MINUTE)
        plain = ""
    if form:
        return local(at, zone).strftime(form)
    match found["kind"]:
        case "_s":
            return str(at)
        case "_ms":
            return str(1000 * at)
        case "_utc":
            return iso(at)
    return plain if plain and not found["start"] else local(at, zone).isoformat(timespec="seconds")


def _day(found: re.Match[str], today: date) -> date:
    match found["day"]:
        case "today":
            return today
        case "yesterday":
            return today - timedelta(1)
        case "tomorrow":
            return today + timedelta(1)
        case "month":
            return today.replace(day=1)
        case "year":
            return today.replace(month=1, day=1)
    days = int(found["days"])
    return today + timedelta(days if found["back"] == "ahead" else -days)
