"""The half that polls: which source is due, one poll at a time, and what follows from how it ended.

The timetable runs on the monotonic clock: a missed poll is skipped, never made up for, and a jump of the wall clock
moves nothing. Vendor calls are booked in the ledger before a poll starts and settled after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from eink_monitor.clock import JUMP, MINUTE, Clock
from eink_monitor.config import Feed
from eink_monitor.daemon.booking import Bookings, Demand
from eink_monitor.daemon.intake import Intake
from eink_monitor.daemon.pacing import rhythm_of
from eink_monitor.daemon.runner import GRACE, Result, Runner, Running
from eink_monitor.daemon.turns import FOR_A_PERSON, Rhythm, Turn
from eink_monitor.errors import StoreError, Throttled, bug
from eink_monitor.house.fence import Bug, Fence
from eink_monitor.model.poll import Outcome
from eink_monitor.store import Store
from eink_monitor.store.ledger import AHEAD


@dataclass(slots=True)
class _Poll:
    """A poll under way; ``started`` is monotonic, ``now`` what the wall clock said then."""

    feed: Feed
    running: Running
    booking: int | None
    started: float
    now: int


class Fetching:
    """The timetable.

    ``complain`` is called when something could not be stored, ``hear`` with the time by a vendor's clock at some moment
    within so many seconds that have just passed.
    """

    def __init__(
        self, intake: Intake, store: Store, clock: Clock, runner: Runner, complain: Callable[[StoreError], None]
    ) -> None:
        self.polls = 0
        self.steps = 0  # polls begun, ended or put off: the watchdog's measure of progress
        self.last = Result([])
        self._explains = False
        self._intake = intake
        self._store = store
        self._clock = clock
        self._runner = runner
        self._complain = complain
        self._running: _Poll | None = None
        self.hear: Callable[[int, float], None] = lambda *_: None
        self._bookings = Bookings(store)
        now, mono = clock.now(), clock.monotonic()
        self._turns = {
            feed.name: intake.first(feed, feed.name, now, mono)
            for feed in intake.feeds.values()
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
            return self._running.started + self._running.feed.deadline + GRACE
        return min([turn.due for turn in self._turns.values() if not turn.stopped], default=float("inf"))

    def kill(self) -> None:
        """End the poll under way, whose reservation stands; others are given back."""
        self._bookings.give_back()
        if self._running:
            self._running.running.kill()
            self._running = None

    def launch(self, now: int, mono: float) -> None:
        """Start the poll that has been due longest, if none is under way."""
        if self._running:
            return
        for name, turn in self._turns.items():
            if turn.stopped or turn.refusals or self._intake.is_news(name):  # somebody may have changed something
                with Fence(partial(self._break, self._intake.feeds[name], now)):
                    self._turns[name] = self._again(name, turn, now, mono)
        due = [(turn.due, name) for name, turn in self._turns.items() if turn.due <= mono and not turn.stopped]
        if due:
            name = min(due)[1]
            with Fence(partial(self._break, self._intake.feeds[name], now)):
                self._start(self._intake.feeds[name], now, mono, self._soon(now, mono, name))

    def _again(self, name: str, turn: Turn, now: int, mono: float) -> Turn:
        """The turn of a feed that another process has polled, or whose fault may have been fixed."""
        feed = self._intake.feeds[name]
        if self._intake.is_news(name):
            self._intake.take_note(name)
            return self._intake.first(feed, name, now, mono)
        return Turn(mono) if self._intake.changed_since(feed, name) else turn

    def poll_now(self, name: str, *, force: bool = False, explain: bool = False) -> Result:
        """Poll one feed in the foreground, whatever the timetable says; ``force`` spends calls meant to be kept.

        With ``explain`` its result says how each value was found, if its source can.
        """
        self._explains = explain
        feed, now, mono = self._intake.feeds[name], self._clock.now(), self._clock.monotonic()
        self._turns.setdefault(name, self._intake.first(feed, name, now, mono))  # one that only listens has none
        self._start(feed, now, mono, force=force)
        while self._running:
            self._clock.wait(max(0.0, self.next_due() - self._clock.monotonic()), self.watch())
            self._collect(self._clock.now())
        return self.last

    def flush(self, now: int, mono: float) -> None:
        """Write what is only in memory; the calls that are due soon are booked with it. Raises ``StoreError``."""
        self._bookings.flush(self._soon(now, mono), now, mono)

    def settle(self) -> None:
        """Write what is only in memory, and of calls only those made: for a person to read. Raises ``StoreError``."""
        self._bookings.give_back()
        self._store.flush()

    @property
    def holds(self) -> bool:
        """Whether calls are booked for polls that are yet to begin."""
        return self._bookings.holds

    def _soon(self, now: int, mono: float, but: str = "") -> Iterator[Demand]:
        """What the other feeds need that are due before a booking made now expires."""
        for name, turn in self._turns.items():
            feed = self._intake.feeds[name]
            quota = self._intake.pacing.quota(feed)
            if name != but and not turn.stopped and turn.due <= mono + AHEAD and quota:
                with suppress(Bug):  # its own turn will say so
                    yield Demand(feed.name, quota, feed.source.cost(self._intake.visit(feed, now)))

    def _start(self, feed: Feed, now: int, mono: float, soon: Iterable[Demand] = (), *, force: bool = False) -> None:
        self.steps += 1
        visit = self._intake.visit(feed, now)
        visit.explained = [] if self._explains else None
        quota, booking = self._intake.pacing.quota(feed), None
        try:
            cost = feed.source.cost(visit)
            if quota and cost:
                booking = self._bookings.book(Demand(feed.name, quota, cost), now, mono, soon, force=force)
                visit.allowance = cost
        except Throttled as error:
            self._settle(feed, Result([], error.what, f"{feed.name}: {error}", 0.0, 0, error.until), None, now, now)
            return
        except Bug as error:
            self._settle(feed, Result([], error.what, str(error), spent=0), None, now, now)
            return
        except StoreError as error:  # a call that cannot be booked is a call not made
            self._complain(error)
            self.last = Result([], error.what, str(error))
            self._turns[feed.name] = replace(self._turns[feed.name], due=mono + MINUTE)
            return
        self._running = _Poll(feed, self._runner.start(feed, visit), booking, mono, now)
        self.polls += 1
        self._collect(now)

    def collect(self, now: int) -> None:
        """Take in the result of a finished poll; whatever breaks is an outcome of its feed."""
        if self._running:
            with Fence(partial(self._break, self._running.feed, now)):
                self._collect(now)

    def _break(self, feed: Feed, now: int, error: BaseException) -> None:
        """A bug was met at a feed's turn: it costs that turn. A reservation stands."""
        self.steps += 1
        poll, self._running = self._running, None
        if poll:
            poll.running.kill()
        self.last = Result([], Bug.what, f"{feed.name}: a bug, please report it: {bug(error)}")
        mono = self._clock.monotonic()
        turn = self._turns[feed.name] = self._turns[feed.name].after(Bug.what, mono, Rhythm(feed.every))
        outcome = Outcome(feed.name, now, 0.0, Bug.what, self.last.detail)
        self._intake.note(feed, outcome, mono, int(now + turn.due - mono))

    def _collect(self, now: int) -> None:
        if not self._running:
            return
        poll, feed = self._running, self._running.feed
        result = poll.running.result()
        elapsed = self._clock.monotonic() - poll.started
        if result is None:
            if self._clock.monotonic() < self.next_due():
                return
            poll.running.kill()
            result = Result([], "unavailable", f"{feed.name}: no answer within {feed.deadline}", elapsed)
        self._running = None
        if result.heard:
            self.hear(result.heard, elapsed)
        jump = round(now - elapsed - poll.now)
        ours = poll.now + jump
        if abs(jump) > JUMP:  # the clock was set meanwhile: what it had dated moves along
            result.until += jump
            result.readings = [r._replace(at=r.at + jump) if r.at >= poll.now else r for r in result.readings]
            result.outlooks = [replace(o, issued_at=o.issued_at + jump) for o in result.outlooks]
            result.listings = [replace(one, at=one.at + jump) for one in result.listings]
        self._settle(feed, result, poll.booking, now, ours)

    def _settle(self, feed: Feed, result: Result, booking: int | None, now: int, ours: int) -> None:
        self.steps += 1
        self.last = result
        result.readings = self._intake.keep(feed, result.readings, ours)
        result.outlooks = self._intake.expect(feed, result.outlooks)
        result.listings = self._intake.enlist(feed, result.listings)
        result.events = self._intake.tell(feed, result.events, ours)
        turn = self._turns[feed.name] = self._plan(feed, result, now)
        mono = self._clock.monotonic()
        due = None if turn.stopped else int(now + turn.due - mono)
        self._intake.note(feed, Outcome(feed.name, now, result.took, result.what, result.detail), mono, due)
        self._book(feed, result, booking)

    def _book(self, feed: Feed, result: Result, booking: int | None) -> None:
        """Settle the reservation and keep what the vendor said about waiting."""
        quota = self._intake.pacing.quota(feed)
        if quota is None or booking is None:
            return
        if result.spent is not None:  # a child that died cannot tell; its reservation stands
            self._store.ledger.settle(booking, result.spent)
        if result.what == "throttled" and result.account_wide:
            self._store.ledger.wait_until(quota.account, result.until, result.detail)
            try:
                self._store.flush()
            except StoreError as error:
                self._complain(error)

    def _plan(self, feed: Feed, result: Result, now: int) -> Turn:
        """The feed's next turn."""
        idle = result.what in {"throttled", *FOR_A_PERSON} - {"auth"}
        rhythm = Rhythm(0.0) if idle else rhythm_of(feed, self._intake.pacing.pace(feed, now))
        return self._turns[feed.name].after(result.what, self._clock.monotonic(), rhythm, result.until - now)

    def replan(self, now: int) -> None:
        """The wall clock has jumped: what was put off by the wrong date waits until the right one."""
        mono = self._clock.monotonic()
        for name, turn in self._turns.items():
            due = min(turn.due, mono + self._intake.pacing.pace(self._intake.feeds[name], now))
            self._turns[name] = replace(turn, due=due)
            self._intake.take_note(name)  # re-dated, which is nothing to log
