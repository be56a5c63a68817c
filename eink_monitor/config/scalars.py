"""One value of a setting: where its text comes from, and its conversion to the wanted type.

Every function raises ``ValueError`` with a reason a person can act on; ``schema`` adds the place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TRUE = {"true", "yes", "on"}
_FALSE = {"false", "no", "off"}


class MissingFileError(ValueError):
    """There is no file of that name."""


def read(file: Path, largest: int) -> str:
    """The text of a file. Raises ``ValueError`` with the reason, ``MissingFileError`` where there is none."""
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for, a device never ends
            raise ValueError("it is a folder" if file.is_dir() else "it is not a regular file")
        with file.open("rb") as opened:
            content = opened.read(largest + 1)
    except FileNotFoundError:
        raise MissingFileError("there is no such file") from None
    except PermissionError:
        raise ValueError("permission denied; use sudo, or run this as its owner") from None
    except OSError as error:
        raise ValueError(error.strerror or "unknown error") from None
    if len(content) > largest:
        raise ValueError(f"it is larger than {largest // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None


def path(text: str) -> Path:
    """A path, with ``~`` spelt out."""
    if not text or "\0" in text:
        raise ValueError(f'"{text}" is not a path')
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f'"{text}" is in the home of an unknown user') from None


def from_environment(name: str) -> str:
    """The value of an environment variable."""
    value = os.environ.get(name)
    if value is None:
        raise ValueError(f"the environment variable {name} is not set")
    if not value.strip():
        raise ValueError(f"the environment variable {name} is empty")
    return value


def scalar(kind: Any, text: str, *, hidden: bool = False) -> Any:  # noqa: ANN401 - whatever `kind` says
    """A text as a ``kind``: text, number, truth, path, time zone, one of a Literal, or what has a ``parse``.

    A ``hidden`` text, from where secrets live, is refused by a kind that says why it is ``public``.
    """
    if hidden and hasattr(kind, "public"):
        message = f"no secret belongs here: {kind.public}"
        raise ValueError(message)
    if hasattr(kind, "parse"):
        return kind.parse(text)
    if get_origin(kind) is Literal:
        return _choice(get_args(kind), text)
    reader = _READERS.get(kind)
    if reader is None:
        raise TypeError(f"settings cannot hold a {kind!r}")
    return reader(text)


def _choice(choices: tuple[Any, ...], text: str) -> Any:  # noqa: ANN401 - one of the choices
    for choice in choices:
        if str(choice) == text:
            return choice
    raise ValueError(f'"{text}" is not one of {", ".join(str(choice) for choice in choices)}')


def _integer(text: str) -> int:
    try:
        return int(text.replace("_", "") if text.lstrip("+-").isascii() else "?")
    except ValueError:
        raise ValueError(f'"{text}" is not a whole number') from None


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - not a number is unlike itself
        raise ValueError(f'"{text}" is not a number')
    return number


def _truth(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f'"{text}" is neither true nor false')


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{text}" is not a time zone; write for example Europe/Berlin') from None


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _integer,
    float: _number,
    bool: _truth,
    ZoneInfo: _zone,
}
