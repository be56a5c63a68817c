"""Dates and times that a person writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click

from eink_monitor.clock import SystemClock, local, midnight
from eink_monitor.settings import Duration

WEEK, MONTH = "7d", "31d"


class AskedTime(NamedTuple):
    """The first and the last instant that are asked for, and whose days they lie in."""

    since: int
    until: int
    zone: ZoneInfo

    def days(self) -> tuple[date, date]:
        """The local days of both."""
        return local(self.since, self.zone).date(), local(self.until, self.zone).date()


def window_options(usual: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options ``--since``, ``--from`` and ``--to`` of a verb, which goes back so far unless it is told."""
    options = (
        click.option("--since", metavar="AGE", help=f"How far back: 12h, 7d, 1y  [default: {usual}]."),
        click.option(
            "--from", "first", metavar="WHEN", help="Instead: a date, or a date and time, in the configured time zone."
        ),
        click.option("--to", "last", metavar="WHEN", help="Until when; a date means its whole day  [default: now]."),
    )

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            verb = option(verb)
        return verb

    return decorate


def window(when: Mapping[str, str | None], zone: ZoneInfo, usual: str) -> AskedTime:
    """What is asked for by these options. Raises ``click.UsageError``."""
    now = SystemClock().now()
    context = click.get_current_context()
    if when["since"] and when["first"]:
        raise click.UsageError("give either --since or --from", context)
    option = "--to"
    try:
        until = instant(when["last"], zone, end=True) if when["last"] else now
        option = "--from" if when["first"] else "--since"
        if when["first"]:
            since = instant(when["first"], zone, end=False)
        else:
            since = now - Duration.parse(when["since"] or usual)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}", context) from None
    if since > until:
        raise click.UsageError("--to lies before the beginning", context)
    return AskedTime(since, until, zone)


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
