"""Dates and times that a person writes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from eink_monitor.clock import midnight


def instant(text: str, zone: ZoneInfo, *, end: bool) -> int:
    """A date (its first or last second) or a date and time, local unless it says otherwise. Raises ``ValueError``."""
    try:
        if len(text) <= len("2026-11-27"):
            day = date.fromisoformat(text)
            return midnight(day + timedelta(days=1), zone) - 1 if end else midnight(day, zone)
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError(f'"{text}" is not a date; write for example 2026-11-27, or "2026-11-27 14:30"') from None
