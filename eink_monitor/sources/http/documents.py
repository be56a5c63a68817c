"""The document that expressions look at, made of an answer's bytes: JSON, CSV, XML, plain text, Prometheus.

It raises ``BadAnswer`` for what is none, ``Unavailable`` for a web page; nothing in it is trusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.sources._http.answer import Answer
from eink_monitor.sources.http.asking import CHARSETS, Asking

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DEEPEST = 200  # of JSON and XML; vendors stay below 20
_MOST_ROWS = 20_000
_CHARSET = re.compile(r"(?i)charset\s*=\s*\"?([a-z0-9_.:-]{1,40})")
_COMMAS = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")
_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+(-?\d+))?", re.ASCII)
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"', re.ASCII)


def document(answer: Answer, asking: Asking) -> object:
    """What an answer says, as JSON would have it."""
    text = _text(answer, asking)
    start = text[:512].lstrip().lower()
    html = "html" in answer.headers.get("content-type", "").lower() or start.startswith(("<!doctype html", "<html"))
    if html or (asking.format == "json" and start.startswith("<")):
        page = f"{answer.who}: a web page came instead of {asking.format}"
        raise Unavailable(page, "is it under maintenance, or a portal in the way?")
    try:
        return _READERS[asking.format](text, asking)
    except (ValueError, RecursionError, MemoryError):
        trouble = f"{answer.who} sent something that is not {asking.format.upper()}; it is ignored"
    raise BadAnswer(trouble)  # out here: the original error holds the whole text


def _text(answer: Answer, asking: Asking) -> str:
    """The characters of an answer: by its own word, by a byte order mark, else UTF-8; a CSV may be from Windows."""
    body = answer.body
    named = _CHARSET.search(answer.headers.get("content-type", ""))
    said = asking.charset or (named[1] if named and CHARSETS.fullmatch(named[1]) else "")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        said = "utf-16"
    elif body.startswith(b"\xef\xbb\xbf"):
        said = "utf-8-sig"
    guesses = [said] if said else ["utf-8", "cp1252"] if asking.format in {"csv", "text"} else ["utf-8"]
    for guess in guesses:
        try:
            return body.decode(guess)
        except (ValueError, LookupError):
            continue
    raise BadAnswer(f"{answer.who} sent characters that are not {guesses[0].upper()}", "name the right charset")


def _json(text: str, _: Asking) -> object:
    found: object = json.loads(text)
    _check_depth(found)
    return found


def _check_depth(found: object) -> None:
    """Raise ``ValueError`` for what is nested too deeply for those that walk it."""
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, list | dict)
        ]


def _csv(text: str, asking: Asking) -> object:
    """A list of rows, each an object of texts by the names of the first line, or of ``columns``."""
    import csv

    lines = csv.reader(text.splitlines(), delimiter=asking.delimiter)
    rows: list[dict[str, str]] = []
    names: list[str] = list(asking.columns)
    try:
        for line in lines:
            if not line:
                continue
            if not names:
                names = [name.strip() for name in line]
                continue
            rows.append({name: _decimal(cell.strip(), asking) for name, cell in zip(names, line, strict=False)})
            if len(rows) > _MOST_ROWS:
                raise ValueError
    except csv.Error as error:
        raise ValueError from error
    if not names:
        raise ValueError
    return rows


def _plain(text: str, asking: Asking) -> object:
    return _decimal(text.strip(), asking)


def _decimal(text: str, asking: Asking) -> str:
    """A number with a decimal comma as JSON writes it; any other text as it is."""
    if asking.decimal == "," and len(text) < 40 and _COMMAS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text


def _xml(text: str, _: Asking) -> object:
    """Objects: children are lists by their names without namespaces, attributes have an ``@``; a leaf is its text."""
    from xml.etree.ElementTree import ParseError, fromstring

    if "<!doctype" in text.lower() or "<!entity" in text.lower():  # which may name files and multiply
        raise ValueError
    try:
        root = fromstring(text)  # noqa: S314 - without a document type there is nothing to expand
    except ParseError as error:
        raise ValueError from error
    return {_local(root.tag): _element(root, 1)}


def _element(element: Element, depth: int) -> object:
    if depth > _DEEPEST:
        raise ValueError
    found: dict[str, Any] = {f"@{_local(name)}": value for name, value in element.attrib.items()}
    for child in element:
        found.setdefault(_local(child.tag), []).append(_element(child, depth + 1))
    text = (element.text or "").strip()
    if not found:
        return text
    return found | {"text": text} if text else found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _prometheus(text: str, _: Asking) -> object:
    """By name, a list of ``{labels, value, time}``; what is not finite has no value."""
    found: dict[str, list[dict[str, object]]] = {}
    for name, sample in _samples(text):
        found.setdefault(name, []).append(sample)
    if not found:
        raise ValueError
    return found


def _samples(text: str) -> Iterator[tuple[str, dict[str, object]]]:
    for number, line in enumerate(text.splitlines()):
        if number > _MOST_ROWS:
            raise ValueError
        if not line.strip() or line.startswith("#"):
            continue
        sample = _SAMPLE.fullmatch(line.strip())
        if sample is None:
            raise ValueError
        labels = {label: value.replace('\\"', '"') for label, value in _LABEL.findall(sample[2] or "")}
        value = float(sample[3]) if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", sample[3], re.IGNORECASE) else None
        yield sample[1], {"labels": labels, "value": value, "time": sample[4]}


_READERS: Mapping[str, Callable[[str, Asking], object]] = {
    "json": _json,
    "csv": _csv,
    "text": _plain,
    "xml": _xml,
    "prometheus": _prometheus,
}
