"""The half that fetches: whose turn it is, one poll at a time, and what follows from how it ended.

The timetable runs on the monotonic clock: a beat that was missed is skipped, never replayed, and a jump of the wall
clock moves nothing. Vendor calls are booked in the ledger before a poll starts and settled after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eink_monitor import quota as planning
from eink_monitor.clock import HOUR, JUMP, MINUTE, Clock
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.booking import Bookings, Need
from eink_monitor.daemon.runner import GRACE, Result, Runner, Running
from eink_monitor.daemon.telling import Telling
from eink_monitor.errors import StoreError, Throttled
from eink_monitor.house.invented import Invented
from eink_monitor.house.sharing import Sharing
from eink_monitor.model import Outcome, Quota, Reading, Visit
from eink_monitor.store import Store
from eink_monitor.store.ledger import AHEAD

_LONGEST_BACKOFF = HOUR
_REFUSALS = 2  # after so many a person must act before we knock again


@dataclass(slots=True)
class Turn:
    """One feed's place on the timetable. ``due`` is monotonic; ``failures`` counts in a row."""

    feed: Feed
    due: float
    failures: int = 0
    stopped: bool = False


@dataclass(slots=True)
class _Poll:
    """A poll under way; ``started`` is monotonic, ``now`` what the wall clock said then."""

    turn: Turn
    running: Running
    booking: int | None
    started: float
    now: int


class Fetching:
    """The timetable of a house.

    ``complain`` is told when something could not be written down, ``hear`` what time it was by a vendor's clock at some
    moment of so many seconds that have just passed.
    """

    def __init__(
        self, config: Config, store: Store, clock: Clock, runner: Runner, complain: Callable[[StoreError], None]
    ) -> None:
        self.polls = 0
        self.steps = 0  # polls begun, ended or put off: whoever watches over us looks for progress
        self.last = Result([])
        self._config = config
        self._store = store
        self._clock = clock
        self._runner = runner
        self._complain = complain
        self._telling = Telling(store)
        self._sharing = Sharing(config, store)
        self._quotas: dict[str, Quota | None] = {}
        self._states = {name: config.state / name for name in config.feeds}
        self._running: _Poll | None = None
        self.hear: Callable[[int, float], None] = lambda *_: None
        self._bookings = Bookings(store)
        self._invented = Invented(config, store)
        now, mono = clock.now(), clock.monotonic()
        self._turns = {
            feed.name: self._first_turn(feed, now, mono)
            for feed in config.feeds.values()
            if feed.source.polls or not feed.source.follows
        }

    @property
    def busy(self) -> bool:
        """Whether a poll is under way."""
        return self._running is not None

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return self._running.running.watch if self._running else ()

    def next_due(self) -> float:
        """The monotonic instant at which there is something to do again."""
        if self._running:
            return self._running.started + self._running.turn.feed.deadline + GRACE
        return min([turn.due for turn in self._turns.values() if not turn.stopped], default=float("inf"))

    def kill(self) -> None:
        """End the poll under way, whose reservation stands; others are given back."""
        self._bookings.give_back()
        if self._running:
            self._running.running.kill()
            self._running = None

    def _first_turn(self, feed: Feed, now: int, mono: float) -> Turn:
        """When a feed is due after a start: where it left off, so that restarts cost no calls."""
        past = self._store.outcomes.get(feed.name)
        # never longer than was meant when it was planned: the clock may have been ahead then
        wait = min(max(past.due - now, 0), max(past.due - past.at, 0), 6 * HOUR) if past and past.due else 0
        turn = Turn(feed, mono + wait)
        if past and past.what == "auth" and past.polls >= _REFUSALS and past.stamp == self._stamp(feed):
            turn.failures, turn.stopped = past.polls, True
        return turn

    def launch(self, now: int, mono: float) -> None:
        """Start the poll that has been due longest, if none is under way."""
        if self._running:
            return
        due = []
        for turn in self._turns.values():
            if turn.stopped and turn.failures and self.mended(turn.feed, turn.feed.name):
                turn.stopped, turn.failures, turn.due = False, 0, mono
            if turn.due <= mono and not turn.stopped:
                due.append(turn)
        if due:
            first = min(due, key=lambda turn: turn.due)
            self._start(first, now, mono, self._soon(now, mono, first))

    def poll_now(self, name: str, *, force: bool = False) -> Result:
        """Poll one feed in the foreground, whatever the timetable says; ``force`` spends calls meant to be kept."""
        self._start(self._turns[name], self._clock.now(), self._clock.monotonic(), force=force)
        while self._running:
            self._clock.wait(max(0.0, self.next_due() - self._clock.monotonic()), self.watch())
            self.collect(self._clock.now())
        return self.last

    def flush(self, now: int, mono: float) -> None:
        """Write what is only in memory; the calls that are due soon are booked with it. Raises ``StoreError``."""
        self._bookings.flush(self._soon(now, mono), now, mono)

    def _soon(self, now: int, mono: float, first: Turn | None = None) -> Iterator[Need]:
        """What the others need that are due before a booking made now runs out."""
        for turn in self._turns.values():
            feed = turn.feed
            quota = self._quota(feed)
            if turn is not first and not turn.stopped and turn.due <= mono + AHEAD and quota:
                yield Need(feed.name, quota, feed.source.cost(self.visit(feed, now)))

    def _start(self, turn: Turn, now: int, mono: float, soon: Iterable[Need] = (), *, force: bool = False) -> None:
        self.steps += 1
        feed = turn.feed
        visit = self.visit(feed, now)
        quota, booking = self._quota(feed), None
        if quota and (cost := feed.source.cost(visit)):
            try:
                booking = self._bookings.book(Need(feed.name, quota, cost), now, mono, soon, force=force)
            except Throttled as error:
                self._settle(turn, Result([], error.what, f"{feed.name}: {error}", 0.0, 0, error.until), None, now, now)
                return
            except StoreError as error:  # a call that cannot be booked is a call not made
                self._complain(error)
                self.last = Result([], error.what, str(error))
                turn.due = mono + MINUTE
                return
            visit.allowance = cost
        self._running = _Poll(turn, self._runner.start(feed, visit), booking, mono, now)
        self.polls += 1
        self.collect(now)

    def collect(self, now: int) -> None:
        """Take in what a finished poll came to."""
        if not self._running:
            return
        poll, turn = self._running, self._running.turn
        result = poll.running.result()
        elapsed = self._clock.monotonic() - poll.started
        if result is None:
            if self._clock.monotonic() < self.next_due():
                return
            poll.running.kill()
            result = Result([], "unavailable", f"{turn.feed.name}: no answer within {turn.feed.deadline}", elapsed)
        self._running = None
        if result.heard:
            self.hear(result.heard, elapsed)
        jump = round(now - elapsed - poll.now)
        ours = poll.now + jump
        if abs(jump) > JUMP:  # the clock was set meanwhile: what it had dated goes along
            result.until += jump
            result.readings = [r._replace(at=r.at + jump) if r.at >= poll.now else r for r in result.readings]
        result.readings = self._invented.sift(turn.feed, result.readings)
        self._settle(turn, result, poll.booking, now, ours)

    def _settle(self, turn: Turn, result: Result, booking: int | None, now: int, ours: int) -> None:
        self.steps += 1
        feed = turn.feed
        self.last = result
        self.keep(feed, result.readings, ours)
        self._plan(turn, result, now)
        due = None if turn.stopped else int(now + turn.due - self._clock.monotonic())
        self.note(feed, Outcome(feed.name, now, result.took, result.what, result.detail), due)
        self._book(feed, result, booking)

    def keep(self, feed: Feed, readings: Sequence[Reading], ours: int) -> None:
        """Store what a feed brought; what is dated ``ours`` or later was dated by our own clock."""
        if kept := self._sharing.admit(feed, readings):
            self._store.add(kept, feed.spacing, ours)

    def _book(self, feed: Feed, result: Result, booking: int | None) -> None:
        """Settle the reservation and keep what the vendor said about waiting."""
        quota = self._quota(feed)
        if quota is None or booking is None:
            return
        if result.spent is not None:  # a child that died cannot say; its reservation stands
            self._store.ledger.settle(booking, result.spent)
        if result.what == "throttled" and result.account_wide:
            self._store.ledger.wait_until(quota.account, result.until, result.detail)
            try:
                self._store.flush()
            except StoreError as error:
                self._complain(error)

    def _plan(self, turn: Turn, result: Result, now: int) -> None:
        """When a feed is due again."""
        mono = self._clock.monotonic()
        turn.stopped = False
        if result.what == "throttled":
            turn.due = mono + max(result.until - now, 1)
            return
        pace = self._pace(turn.feed, now)
        if result.what == "ok":
            turn.failures = 0
            beat = turn.due + pace
            turn.due = beat if beat > mono else mono + pace
        elif result.what == "gone":
            turn.stopped, turn.failures = True, 0
        else:
            turn.failures += 1
            turn.stopped = result.what == "auth" and turn.failures >= _REFUSALS
            turn.due = mono + max(pace, min(pace * 2 ** min(turn.failures - 1, 8), _LONGEST_BACKOFF))

    def replan(self, now: int) -> None:
        """The wall clock has jumped: what was put off by the wrong calendar waits as long as the right one wants."""
        mono = self._clock.monotonic()
        for turn in self._turns.values():
            turn.due = min(turn.due, mono + self._pace(turn.feed, now))

    def _pace(self, feed: Feed, now: int) -> float:
        """Seconds until the next poll: the source's wish, spread so that the account's calls last."""
        pace = feed.source.pace(self.visit(feed, now))
        quota = self._quota(feed)
        if quota is None:
            return pace
        calls = self._store.ledger.calls(quota, now)
        recent = calls[-10:]
        each = sum(call.calls for call in recent) / len(recent) if recent else 1.0
        fellows = [other for other in self._config.feeds.values() if self._quota(other) == quota]
        wishes = [self._wish(fellow, each) for fellow in fellows]
        stretched = pace * planning.stretch(quota, calls, wishes, now, self._config.zone)
        return min(stretched, max(pace, planning.renewal(quota, now, self._config.zone)))

    def _quota(self, feed: Feed) -> Quota | None:
        """A feed's quota, asked for once: a source never changes."""
        if feed.name not in self._quotas:
            self._quotas[feed.name] = feed.source.quota()
        return self._quotas[feed.name]

    def _wish(self, feed: Feed, calls: float) -> Callable[[int], float]:
        """Calls per second a feed would like at an instant, if each of its polls takes so many."""
        visit = self.visit(feed, 0)

        def wish(at: int) -> float:
            visit.now = at
            return calls / max(feed.source.pace(visit), 1)

        return wish

    def visit(self, feed: Feed, now: int) -> Visit:
        """What a source may know about a poll at that instant."""
        latest = self._sharing.latest(feed, now)
        return Visit(feed.name, feed.subject, now, self._config.zone, feed.every, latest, self._states[feed.name])

    def _stamp(self, feed: Feed) -> int:
        """Changes when the configuration, a secret file or this feed's tokens do."""
        own = self._states[feed.name]
        folders = (own, *feed.source.shares(own))
        return max([self._config.stamp, *(when for folder in folders for when in _modified(folder))])

    def mended(self, feed: Feed, name: str) -> bool:
        """Whether a person has changed something since the outcome kept under ``name``."""
        past = self._store.outcomes.get(name)
        return past is not None and past.stamp != self._stamp(feed)

    def note(self, feed: Feed, outcome: Outcome, due: int | None) -> None:
        """Keep an outcome; one line in the log when a fault begins, one when it ends."""
        self._telling.tell(outcome, self._clock.monotonic())
        stamp = self._stamp(feed) if outcome.what == "auth" else 0  # only a refusal waits for something to be mended
        self._store.note(outcome, due, stamp)


def _modified(folder: Path) -> list[int]:
    """When the files a feed keeps were changed, in nanoseconds."""
    if not folder.is_dir():
        return []
    return [entry.stat().st_mtime_ns for entry in folder.iterdir() if entry.is_file()]
