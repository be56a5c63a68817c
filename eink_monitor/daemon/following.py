"""Streams: feeds whose vendor pushes data, each read in a long-lived child process.

A stream that ends is restarted with backoff. One that must send something every interval and is silent for three of
them is ended first: a half-open connection looks like a quiet house.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from eink_monitor.clock import DAY, JUMP, MINUTE, Clock
from eink_monitor.config import Feed
from eink_monitor.daemon.intake import Intake
from eink_monitor.daemon.pacing import rhythm_of
from eink_monitor.daemon.runner import Result, Runner, Stream
from eink_monitor.daemon.turns import Turn
from eink_monitor.errors import bug
from eink_monitor.house.fence import Bug, Fence
from eink_monitor.model.poll import Outcome

_NEVER = float("inf")
_RENEWED = DAY  # a child is replaced once a day, with whatever its libraries have leaked


@dataclass(slots=True)
class _Subscription:
    """One feed's stream. ``turn`` says when to begin; ``heard`` is when it last sent something (monotonic)."""

    feed: Feed
    turn: Turn
    stream: Stream | None = None
    began: float = 0.0
    heard: float = 0.0

    @property
    def name(self) -> str:
        """The name of its outcomes: the feed's own if the feed is not polled."""
        return f"{self.feed.name} stream" if self.feed.source.polls else self.feed.name


class Following:
    """All streams."""

    def __init__(self, intake: Intake, clock: Clock, runner: Runner) -> None:
        self.steps = 0  # streams begun, heard or ended
        self._clock = clock
        self._runner = runner
        self._intake = intake
        now, mono = clock.now(), clock.monotonic()
        self._lines = [_Subscription(feed, Turn(mono)) for feed in intake.feeds.values() if feed.source.follows]
        for line in self._lines:
            line.turn = intake.first(line.feed, line.name, now, mono)

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return [number for line in self._lines if line.stream for number in line.stream.watch]

    def next_due(self) -> float:
        """The monotonic instant at which there is something to do again."""
        return min((self._due(line) for line in self._lines), default=_NEVER) if self._lines else _NEVER

    def advance(self, now: int) -> None:
        """Take in what came, end what is silent, start what is due; whatever breaks is an outcome of its feed."""
        mono = self._clock.monotonic()
        for line in self._lines:
            with Fence(partial(self._break, line, now, mono)):
                self._advance(line, now, mono)

    def _advance(self, line: _Subscription, now: int, mono: float) -> None:
        if line.stream:
            self._collect(line, now, mono)
        elif (line.turn.stopped or line.turn.refusals) and self._intake.changed_since(line.feed, line.name):
            line.turn = Turn(mono)
        if line.stream is None and not line.turn.stopped and line.turn.due <= mono:
            self.steps += 1
            line.stream = self._runner.follow(line.feed, self._intake.visit(line.feed, now))
            line.began = line.heard = mono

    def _break(self, line: _Subscription, now: int, mono: float, error: BaseException) -> None:
        """A bug was met: it costs this stream."""
        stream, line.stream = line.stream, None
        if stream:
            stream.kill()
        self._take(line, Result([], Bug.what, f"{line.name}: a bug, please report it: {bug(error)}"), now, mono)

    def kill(self) -> None:
        """End all of them."""
        for line in self._lines:
            if line.stream:
                line.stream.kill()
                line.stream = None

    def _collect(self, line: _Subscription, now: int, mono: float) -> None:
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

    def _take(self, line: _Subscription, result: Result, now: int, mono: float) -> None:
        """Store what a stream sent, or plan what follows from its end."""
        self.steps += 1
        feed = line.feed
        self._intake.keep(feed, result.readings, now - JUMP)
        rhythm = rhythm_of(feed, min(MINUTE, feed.every) if feed.source.local else MINUTE)
        went_on = result.what == "ok"
        line.turn = Turn(mono) if went_on else line.turn.after(result.what, mono, rhythm, result.until - now)
        due = None if went_on or line.turn.stopped else int(now + line.turn.due - mono)
        self._intake.note(feed, Outcome(line.name, now, result.took, result.what, result.detail), mono, due)

    def _due(self, line: _Subscription) -> float:
        if line.turn.stopped:
            return _NEVER
        return self._limit(line) if line.stream else line.turn.due

    def _limit(self, line: _Subscription) -> float:
        """When a stream must be ended for its silence or its age."""
        renewal = line.began + _RENEWED
        if line.feed.source.polls:
            return renewal
        return min(renewal, line.heard + 3 * line.feed.every + line.feed.deadline)
