"""Answers: from what a person types to what a configuration holds, and back."""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import yaml

from eink_monitor import places
from eink_monitor.config.scalars import scalar
from eink_monitor.verbs._talk import refuse


def text_of(file: str) -> str:
    """The text of a file, or of standard input. Raises ``click.UsageError``."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        way_out = "; the service cannot see your folders: use - and a pipe" if places.served() else ""
        refuse(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}{way_out}")
    return text.strip("\r\n")


def bare(kind: Any) -> Any:  # noqa: ANN401 - a type
    """The kind of a value that may be left out."""
    if get_origin(kind) in (Union, types.UnionType):
        return next((one for one in get_args(kind) if one is not types.NoneType), kind)
    return kind


def is_block(kind: Any) -> bool:  # noqa: ANN401 - a type
    """Whether a value is written as more than one word."""
    one = bare(kind)
    origin = get_origin(one)
    return origin in (list, tuple, dict, Mapping) or (dataclasses.is_dataclass(one) and not hasattr(one, "parse"))


def typed(kind: Any, text: str) -> Any:  # noqa: ANN401 - whatever the kind says
    """An answer as it is best written: numbers without quotes, blocks and lists as they were typed."""
    one = bare(kind)
    if one in (int, float, bool):
        try:
            number = scalar(one, text)
            return int(number) if one is float and number == int(number) else number
        except ValueError:
            return text
    if is_block(kind):
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return text
    return text


def said(value: object) -> str:
    """A value as a person types it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list | tuple):
        return yaml.safe_dump(value, default_flow_style=True, width=10**9, sort_keys=False).strip()
    return repr(value) if isinstance(value, float) else str(value)


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - whatever a block holds
    """Both: blocks key by key, lists joined; else the new one."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}
    return [*old, *new] if isinstance(old, list) and isinstance(new, list) else new


def is_needed(field: dataclasses.Field[Any]) -> bool:
    """Whether a field has no default."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
