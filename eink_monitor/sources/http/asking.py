"""One request of a block, and how its answer is read."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from eink_monitor.settings import Personal, Secret, insist
from eink_monitor.sources._expression import NOTHING, Expression
from eink_monitor.sources._template import Scope, Template, filled, in_json, is_json, settings_of

Words = Template | tuple[Template, ...]
CHARSETS = re.compile(
    r"(?i)utf-?(8|16|32)([bl]e)?(-sig)?|(us-)?ascii|(iso-?8859|latin|windows|cp|koi8)[-_]?\w{1,5}"
    r"|shift_?jis|euc-?(jp|kr)|big5|gb\w{1,6}"
)
"""Charsets that an answer may have."""
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,80}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"})
"""Headers that say where a request goes and where it ends."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A request. ``{{names}}`` may stand in all of it; values of ``headers``, ``form`` and ``body`` are secrets.

    ``ok`` must hold, else the answer is refused with the words that ``error`` finds; where ``refused`` holds a person
    must act, where ``throttled`` holds we wait (a number is for how many seconds), where ``busy`` holds we try again.
    """

    url: Personal[Template]
    method: Literal["get", "post", "propfind", "report"] = "get"
    headers: Mapping[str, Secret] = field(default_factory=dict)
    query: Mapping[str, Words] = field(default_factory=dict)
    body: Secret | None = None
    form: Mapping[str, Secret] = field(default_factory=dict)
    format: Literal["json", "csv", "text", "xml", "prometheus"] = "json"
    charset: str = ""
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    decimal: Literal[".", ","] = "."
    ok: Expression = NOTHING
    error: Expression = NOTHING
    refused: Expression = NOTHING
    throttled: Expression = NOTHING
    busy: Expression = NOTHING

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what cannot be sent."""
        insist(
            (not (self.body and self.form), "body and form: a request has one of them"),
            (self.method != "get" or not (self.body or self.form), "method must be post for a body or a form"),
            (all(map(is_header, self.headers)), "headers: a name has letters, digits and dashes, and is none of ours"),
            (len(self.delimiter) == 1, 'delimiter must be one character, such as ";"'),
            (not self.charset or _is_charset(self.charset), "charset must be one such as utf-8 or iso-8859-1"),
            (not self.body or _is_whole(self.body.reveal()), "body begins like JSON, and is none"),
        )

    def shown(self) -> Iterator[str]:
        """The texts that servers log: no secret may stand in them."""
        yield self.url.text
        for words in self.query.values():
            yield from (word.text for word in (words if isinstance(words, tuple) else (words,)))

    def veiled(self) -> Iterator[str]:
        """The texts that may hold a secret."""
        yield from (value.reveal() for value in (*self.headers.values(), *self.form.values()))
        if self.body:
            yield self.body.reveal()

    def expressions(self) -> Iterator[Expression]:
        """Those of the answer's verdict."""
        yield from (self.ok, self.error, self.refused, self.throttled, self.busy)

    def names(self) -> set[str]:
        """The names in braces that stand for settings, anywhere in it."""
        texts = (*self.shown(), *self.veiled(), *(expression.text for expression in self.expressions()))
        return {name for text in texts for name in settings_of(text)}


def authority(url: str) -> str:
    """Scheme and host of an address as it is written, with names in it."""
    scheme, mark, rest = url.partition("://")
    return scheme + mark + re.split(r"[/?#]", rest, maxsplit=1)[0]


def is_header(name: str) -> bool:
    """Whether a header may have that name."""
    return _HEADER.fullmatch(name) is not None and name.lower() not in _OURS


def origin(url: str) -> str:
    """Scheme and ``place`` of an address; empty where it has none."""
    found = place(url)
    return f"{url.partition(':')[0].lower()}://{found}" if found else ""


def place(url: str) -> str:
    """The host of an address, in lower case, with its port where that is not the usual one; empty where it has none.

    Raises nothing: whatever a vendor sends as an address may come.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or not host or not _plain(url):
        return ""
    usual = 443 if parts.scheme == "https" else 80
    name = f"[{host}]" if ":" in host else host
    return name if port in {None, usual} else f"{name}:{port}"


def _plain(url: str) -> bool:
    """Whether an address has nothing in it that two readers might read differently."""
    return url.isascii() and url.isprintable() and not set(url) & set(' \\"<>^`{|}')


def _is_charset(name: str) -> bool:
    """Whether it is one of text that is read in one pass: Python knows others, some of which take for ever."""
    if not CHARSETS.fullmatch(name):
        return False
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _is_whole(body: str) -> bool:
    """Whether a body that begins like JSON is JSON, whatever its names stand for."""
    if not is_json(body):
        return True
    tried = re.sub(r"\{\{[^{}]*\}\}", "0", body)
    try:
        json.loads(tried)
    except (ValueError, RecursionError):
        return False
    return True


def plain(value: object) -> str:
    """A text or a number as it stands in an address; empty for anything else."""
    if isinstance(value, str):
        return value if value.isprintable() else ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return ""
    return str(int(value)) if value == int(value) else str(value)


_LONE = re.compile(r"\{\{(\w+)\}\}")


def query_of(asking: Asking, scope: Scope) -> list[tuple[str, str]]:
    """The parts of a request's query; one that is only a ``{{name}}``, and comes to nothing, is left out."""
    words = [
        (key, word)
        for key, listed in asking.query.items()
        for word in (listed if isinstance(listed, tuple) else (listed,))
    ]
    return [(key, word.fill(scope)) for key, word in words if not _is_empty(word, scope)]


def _is_empty(word: Template, scope: Scope) -> bool:
    lone = _LONE.fullmatch(word.text)
    return lone is not None and not scope.values.get(lone[1], lone[1] != "cursor")


def body_of(asking: Asking, scope: Scope) -> tuple[str, bytes | None]:
    """The content type of a request's body, and the body; an empty text and None for none."""
    from urllib.parse import urlencode

    if asking.form:
        form = {name: filled(value.reveal(), scope) for name, value in asking.form.items()}
        return "application/x-www-form-urlencoded", urlencode(form).encode()
    if asking.body is None:
        return "", None
    text = asking.body.reveal()
    if is_json(text):
        return "application/json", filled(text, scope, in_json).encode()
    kind = "application/xml" if text.lstrip().startswith("<") else "text/plain"
    return f"{kind}; charset=utf-8", filled(text, scope).encode()
