"""Answers that somebody saved: one as it came, or a recording of several."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eink_monitor.config.scalars import read as text_of
from eink_monitor.settings import insist

Saved = tuple[int, Mapping[str, str], bytes]
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Recording:
    """``answers`` in the order of the requests, as they came ``now`` (0: just now) with these ``settings``."""

    now: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Saved, ...] = ()


def read(file: Path) -> Recording:
    """What a file holds. Raises ``ValueError`` with the reason."""
    text = text_of(file, _LARGEST)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("answers"), list):
        return Recording(answers=((200, {}, text.encode()),))
    settings, now = document.get("settings", {}), document.get("now", 0)
    insist(
        (isinstance(settings, dict), "settings must be an object"),
        (isinstance(now, int), "now must be epoch seconds"),
    )
    return Recording(now, {key: str(value) for key, value in settings.items()}, tuple(map(_saved, document["answers"])))


def _saved(answer: object) -> Saved:
    known: dict[str, Any] = answer if isinstance(answer, dict) else {"headers": None}
    body, status, headers = known.get("body", ""), known.get("status", 200), known.get("headers", {})
    insist((isinstance(headers, dict), "each of answers is an object with status, headers and body"))
    headers = {str(name).lower(): str(value) for name, value in headers.items()}
    content = body if isinstance(body, str) else json.dumps(body)
    return status if isinstance(status, int) else 200, headers, content.encode()
