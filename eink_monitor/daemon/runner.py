"""The interface of whatever runs polls: forked (``polls``), or simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from eink_monitor.config import Feed
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading

Company = Sequence[tuple[Feed, Visit]]
"""The feeds that share one line; most have one of their own."""

GRACE = 5  # seconds past its deadline before a poll is killed


@dataclass(slots=True)
class Result:
    """The result of a poll's child: whatever it said, or the word and sentence of an error.

    Of a stream, ``feed`` is whom it is for: where nobody is named, for everyone on the line, and it is the last.
    """

    readings: list[Reading]
    what: str = "ok"
    detail: str = ""
    took: float = 0.0
    spent: int | None = None  # None: the child died and cannot say
    until: int = 0
    account_wide: bool = True
    heard: int = 0  # what time it was by the vendor's clock
    outlooks: list[Outlook] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    feed: str = ""
    explained: list[str] = field(default_factory=list)  # how each value was found, where a person asked


class Running(Protocol):
    """A poll under way."""

    @property
    def watch(self) -> Sequence[int]:
        """File descriptors that become readable when there is something to collect."""

    def result(self) -> Result | None:
        """What it came to, or None while it still runs."""

    def kill(self) -> object:
        """End it now, with everything it started."""


class Stream(Protocol):
    """A vendor's stream, read in another process."""

    @property
    def watch(self) -> Sequence[int]:
        """File descriptors that become readable when there is something to collect."""

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""

    def results(self) -> list[Result]:
        """What has come since the last time; the last one of all says why it ended."""

    def kill(self) -> object:
        """End it now, with everything it started."""


class Runner(Protocol):
    """Runs polls and follows streams."""

    def start(self, feed: Feed, visit: Visit) -> Running:
        """Begin one poll and return at once."""

    def follow(self, company: Company) -> Stream:
        """Start following what everyone of a line hears and return at once."""
