"""Streams: feeds whose vendor speaks up by itself, each listened to in a child process that lives long.

A stream that ends is begun again with growing pauses. One that must speak at every beat and is silent for three of them
is ended first: a half-open connection looks like a quiet house.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eink_monitor.clock import DAY, HOUR, JUMP, MINUTE, Clock
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.fetching import Fetching
from eink_monitor.daemon.runner import Result, Runner, Stream
from eink_monitor.model import Outcome
from eink_monitor.store import Store

_NEVER = float("inf")
_RENEWED = DAY  # a child is replaced once a day, with whatever its libraries have leaked


@dataclass(slots=True)
class _Line:
    """One feed's stream. ``due`` is when to begin (monotonic); ``heard`` when it last spoke."""

    feed: Feed
    due: float
    stream: Stream | None = None
    began: float = 0.0
    heard: float = 0.0
    failures: int = 0
    stopped: bool = False


class Following:
    """All streams of a house."""

    def __init__(self, config: Config, store: Store, clock: Clock, runner: Runner, fetching: Fetching) -> None:
        self.steps = 0  # streams begun, heard or ended
        self._store = store
        self._clock = clock
        self._runner = runner
        self._fetching = fetching
        mono = clock.monotonic()
        self._lines = [_Line(feed, mono) for feed in config.feeds.values() if feed.source.follows]

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return [number for line in self._lines if line.stream for number in line.stream.watch]

    def next_due(self) -> float:
        """The monotonic instant at which there is something to do again."""
        return min((self._due(line) for line in self._lines), default=_NEVER) if self._lines else _NEVER

    def advance(self, now: int) -> None:
        """Take in what came, end what is silent, begin what is due."""
        mono = self._clock.monotonic()
        for line in self._lines:
            if line.stream:
                self._collect(line, now, mono)
            elif line.stopped and self._fetching.mended(line.feed, self._name(line)):
                line.stopped, line.failures, line.due = False, 0, mono
            if line.stream is None and not line.stopped and line.due <= mono:
                self.steps += 1
                line.stream = self._runner.follow(line.feed, self._fetching.visit(line.feed, now))
                line.began = line.heard = mono

    def kill(self) -> None:
        """End all of them."""
        for line in self._lines:
            if line.stream:
                line.stream.kill()
                line.stream = None

    def _collect(self, line: _Line, now: int, mono: float) -> None:
        stream = line.stream
        if stream is None:
            return
        for result in stream.results():
            line.heard = mono
            self._take(line, result, now, mono)
        limit = self._limit(line)
        if stream.over or mono >= limit:
            stream.kill()
            line.stream = None
            if not stream.over and limit < line.began + _RENEWED:
                silent = f"{line.feed.name}: the stream has been silent for {int(mono - line.heard)} s"
                self._take(line, Result([], "unavailable", silent), now, mono)
            line.due = max(line.due, mono)

    def _take(self, line: _Line, result: Result, now: int, mono: float) -> None:
        """Store what a stream said, or plan what follows from how it ended."""
        self.steps += 1
        feed = line.feed
        self._fetching.keep(feed, result.readings, now - JUMP)
        if result.what == "ok":
            line.failures = 0
        else:
            line.failures += 1
            line.stopped = result.what in ("auth", "gone") and line.failures >= (2 if result.what == "auth" else 1)
            pause = max(result.until - now, 0) if result.what == "throttled" else 0
            line.due = mono + max(pause, min(MINUTE * 2 ** min(line.failures - 1, 6), HOUR))
        due = int(now + line.due - mono) if result.what != "ok" else None
        self._fetching.note(feed, Outcome(self._name(line), now, result.took, result.what, result.detail), due)

    def _name(self, line: _Line) -> str:
        """Whose outcome it is: the feed's own where nothing else asks the vendor."""
        return f"{line.feed.name} stream" if line.feed.source.polls else line.feed.name

    def _due(self, line: _Line) -> float:
        if line.stopped:
            return _NEVER
        return self._limit(line) if line.stream else line.due

    def _limit(self, line: _Line) -> float:
        """When a stream must be ended for its silence or its age."""
        renewal = line.began + _RENEWED
        if line.feed.source.polls:
            return renewal
        return min(renewal, line.heard + 3 * line.feed.every + line.feed.deadline)
