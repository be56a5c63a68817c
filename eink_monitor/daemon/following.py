"""Streams: feeds whose vendor pushes data, read in long-lived child processes.

Feeds that name the same line share one child; what comes, and how each of them fares, stays apart. A stream that ends
is restarted with backoff. One that must send something every interval and is silent for three of them is ended first:
a half-open connection looks like a quiet house.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
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
class _Listening:
    """One feed on a line. ``turn`` says when to begin."""

    feed: Feed
    turn: Turn

    @property
    def name(self) -> str:
        """The name of its outcomes: the feed's own if the feed is not polled."""
        return f"{self.feed.name} stream" if self.feed.source.polls else self.feed.name


@dataclass(slots=True)
class _Company:
    """The feeds of one line, and the child that reads it. ``heard`` is when it last sent something (monotonic)."""

    listeners: dict[str, _Listening]
    stream: Stream | None = None
    began: float = 0.0
    heard: float = 0.0

    @property
    def due(self) -> float:
        """When to begin: as soon as one of them may; the others, even those that wait for a person, come along."""
        return min(_NEVER if one.turn.stopped else one.turn.due for one in self.listeners.values())

    @property
    def limit(self) -> float:
        """When the stream must be ended for its silence or its age."""
        feeds = [one.feed for one in self.listeners.values() if not one.feed.source.polls]
        silent = min((self.heard + 3 * feed.every + feed.deadline for feed in feeds), default=_NEVER)
        return min(self.began + _RENEWED, silent)


class Following:
    """All streams."""

    def __init__(self, intake: Intake, clock: Clock, runner: Runner) -> None:
        self.steps = 0  # streams begun, heard or ended
        self._clock = clock
        self._runner = runner
        self._intake = intake
        now, mono = clock.now(), clock.monotonic()
        self._lines = [
            _Company({feed.name: _Listening(feed, Turn(mono)) for feed in feeds}) for feeds in _shared(intake)
        ]
        for line in self._lines:
            for one in line.listeners.values():
                one.turn = intake.first(one.feed, one.name, now, mono)

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return [number for line in self._lines if line.stream for number in line.stream.watch]

    def next_due(self) -> float:
        """The monotonic instant at which there is something to do again."""
        return min((line.limit if line.stream else line.due for line in self._lines), default=_NEVER)

    def advance(self, now: int) -> None:
        """Take in what came, end what is silent, start what is due; whatever breaks is an outcome of its feeds."""
        mono = self._clock.monotonic()
        for line in self._lines:
            with Fence(partial(self._break, line, now, mono)):
                self._advance(line, now, mono)

    def _advance(self, line: _Company, now: int, mono: float) -> None:
        if line.stream:
            self._collect(line, line.stream, now, mono)
        else:
            for one in line.listeners.values():
                if (one.turn.stopped or one.turn.refusals) and self._intake.changed_since(one.feed, one.name):
                    one.turn = Turn(mono)
        if line.stream is None and line.due <= mono:
            self.steps += 1
            feeds = [one.feed for one in line.listeners.values()]
            line.stream = self._runner.follow([(feed, self._intake.visit(feed, now)) for feed in feeds])
            line.began = line.heard = mono

    def _break(self, line: _Company, now: int, mono: float, error: BaseException) -> None:
        """A bug was met: it costs this line."""
        stream, line.stream = line.stream, None
        if stream:
            stream.kill()
        for one in line.listeners.values():
            words = f"{one.name}: a bug, please report it: {bug(error)}"
            self._take(one, Result([], Bug.what, words), now, mono)

    def kill(self) -> None:
        """End all of them."""
        for line in self._lines:
            if line.stream:
                line.stream.kill()
                line.stream = None

    def _collect(self, line: _Company, stream: Stream, now: int, mono: float) -> None:
        for result in stream.results():
            line.heard = mono
            for one in _meant(line, result):
                self._take(one, result, now, mono)
        limit = line.limit
        if stream.over or mono >= limit:
            stream.kill()
            line.stream = None
            if not stream.over and limit < line.began + _RENEWED:
                for one in line.listeners.values():
                    silent = f"{one.feed.name}: the stream has been silent for {int(mono - line.heard)} s"
                    self._take(one, Result([], "unavailable", silent), now, mono)

    def _take(self, one: _Listening, result: Result, now: int, mono: float) -> None:
        """Store what a stream sent, or plan what follows from its end."""
        self.steps += 1
        feed = one.feed
        self._intake.keep(feed, result.readings, now - JUMP)
        rhythm = rhythm_of(feed, min(MINUTE, feed.every) if feed.source.local else MINUTE)
        went_on = result.what == "ok"
        one.turn = Turn(mono) if went_on else one.turn.after(result.what, mono, rhythm, result.until - now)
        due = None if went_on or one.turn.stopped else int(now + one.turn.due - mono)
        self._intake.note(feed, Outcome(one.name, now, result.took, result.what, result.detail), mono, due)


def _shared(intake: Intake) -> Iterable[list[Feed]]:
    """The feeds that follow, those of one line together."""
    lines: dict[Hashable, list[Feed]] = {}
    for feed in intake.feeds.values():
        if feed.source.follows:
            line = feed.source.line
            lines.setdefault((feed.name,) if line is None else line.key, []).append(feed)
    return lines.values()


def _meant(line: _Company, result: Result) -> list[_Listening]:
    """Whom a result is for: the feed that it names, else everyone on the line."""
    return [line.listeners[result.feed]] if result.feed else list(line.listeners.values())
