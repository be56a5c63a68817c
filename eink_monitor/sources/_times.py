"""When something was measured, in whatever way a vendor writes it."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from eink_monitor.clock import midnight

_LAST = 253_370_764_800  # 9999-01-01
_LONGEST = 64  # characters
_NUMBER = re.compile(r"\d{9,20}(\.\d{1,9})?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")
_GERMAN = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})(?:,?[ T]+(\d\d?):(\d\d)(?::(\d\d))?)?")
_SPACED = re.compile(r"(?i)\s+(?=[+-]\d\d:?\d\d$)|\s*(?:utc|gmt)$")
_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # nanoseconds, microseconds, milliseconds: no year beyond 5000


def instant(value: object, zone: ZoneInfo) -> int | None:
    """Epoch seconds UTC of a time from outside; None for anything else, for 0 and for what lies before 1970.

    A number is seconds, milliseconds or finer, by its size. A text is such a number, ISO 8601, the date of an HTTP or
    e-mail header, or "28.11.2026 07:15". One without an offset is local to ``zone``, and the earlier of two where a
    clock goes back; a date alone is the beginning of that day there.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(value)
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip()
    try:
        return _read(text, zone)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _read(text: str, zone: ZoneInfo) -> int | None:
    if _NUMBER.fullmatch(text):
        return _epoch(float(text))
    if _DAY.fullmatch(text):
        return _plausible(midnight(date.fromisoformat(text), zone))
    if found := _GERMAN.fullmatch(text):
        day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
        return _moment(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    if text[:4].isdecimal():
        spaced = _SPACED.sub(lambda gap: "" if gap[0].isspace() else "+00:00", text).upper()
        return _moment(datetime.fromisoformat(spaced), zone)
    if text[:1].isalnum() and ":" in text:
        from email.utils import parsedate_to_datetime  # loaded with http.client

        named = UTC if text.endswith("-0000") else zone  # which is how RFC 5322 writes UTC
        return _moment(parsedate_to_datetime(text), named)
    return None


def _moment(moment: datetime, zone: tzinfo | None = None) -> int | None:
    return _plausible((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())


def _epoch(number: float) -> int | None:
    if not -_LAST * 1e9 < number < _LAST * 1e9:
        return None
    return _plausible(next((number / scale for least, scale in _SCALES if number >= least), number))


def _plausible(at: float) -> int | None:
    return int(at) if math.isfinite(at) and 0 < at < _LAST else None
