"""A small house for the tests: scripted sources, a panel that says what it sees, a clock that jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from eink_monitor.clock import FastClock
from eink_monitor.config import Config, Feed, Slide
from eink_monitor.daemon import Daemon
from eink_monitor.draw.canvas import Canvas
from eink_monitor.errors import DisplayError, Trouble
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.display import Display
from eink_monitor.model.frame import Frame
from eink_monitor.model.history import History
from eink_monitor.model.panel import Panel
from eink_monitor.model.poll import Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, Window
from eink_monitor.store import Store
from houses.inline import Inline

START = 1_780_000_000  # 28 May 2026, 20:26:40 UTC
UTC = ZoneInfo("UTC")


@dataclass
class Scripted(Source):
    """Answers what its script says, one entry a poll, the last one for ever: a value, or an error to raise."""

    script: list[float | Trouble] = field(default_factory=lambda: [1.0])
    budget: Quota | None = None
    wish: int = 0
    asked: list[int] = field(default_factory=list)

    metrics: ClassVar[tuple[Metric, ...]] = (PV_POWER,)

    def quota(self) -> Quota | None:
        return self.budget

    def pace(self, visit: Visit) -> int:
        return self.wish or visit.every

    def poll(self, visit: Visit) -> Iterable[Reading]:
        self.asked.append(visit.now)
        if self.budget:
            visit.spend()
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(entry, Trouble):
            raise entry
        return [Reading(visit.subject, PV_POWER, entry, visit.now)]


@dataclass
class Says(Panel):
    """Draws the newest value as so many pixels; fails when told to."""

    subject: str = "roof"
    fails: bool = False

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        if self.fails:
            raise RuntimeError("a bug in a panel")
        reading = history.latest(self.subject, PV_POWER)
        canvas.fill(0, 0, int(reading.value) if reading else 200, 10)


@dataclass
class Wall(Display):
    """Remembers what was shown, when; fails as often as told to."""

    clock: FastClock
    failures: int = 0
    shown: list[tuple[int, Frame]] = field(default_factory=list)
    tried: list[int] = field(default_factory=list)
    closed: bool = False

    def show(self, frame: Frame, *, urgent: bool = False) -> None:
        self.tried.append(self.clock.now())
        if self.failures:
            self.failures -= 1
            raise DisplayError("the panel is not there; is the cable in?")
        self.shown.append((self.clock.now(), frame))

    def close(self) -> None:
        self.closed = True


@dataclass
class Small:
    """Everything of a small house under way."""

    clock: FastClock
    store: Store
    wall: Wall
    config: Config
    daemon: Daemon

    def live(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            self.clock.wait(min(self.daemon.tick(), left), self.daemon.watch())


def feed(name: str, source: Source, every: int = 300, deadline: int = 60, subject: str = "") -> Feed:
    """A feed of the small house."""
    return Feed(name, "scripted", source, Duration(every), Duration(deadline), subject or name, name)


def slide(name: str, panel: Panel, dwell: int = 180) -> Slide:
    """A slide of the small house."""
    return Slide(name, "says", panel, Duration(dwell))


def small_house(
    path: Path,
    feeds: Iterable[Feed],
    slides: Iterable[Slide] = (),
    *,
    quiet: Window | None = None,
    clock: FastClock | None = None,
    zone: ZoneInfo = UTC,
    runner: Callable[[Config], object] | None = None,
    durable: bool = False,
    wall: Callable[[FastClock], Wall] = Wall,
    beside: bool = False,
) -> Small:
    """Start a small house on the database at ``path``, whatever state that is in; ``durable`` as in life.

    ``beside`` stands for a verb that works on the database of a daemon.
    """
    clock = clock or FastClock(START)
    display = wall(clock)
    config = Config(
        file=path.with_name("config.yaml"),
        database=path,
        zone=zone,
        display=display,
        feeds={one.name: one for one in feeds},
        slides={one.name: one for one in slides},
        quiet_hours=quiet,
    )
    store = Store(path, zone, durable=durable, lasting=None if beside else clock.now())
    _left.append(store)
    daemon = Daemon(config, store, clock, runner(config) if runner else Inline())  # type: ignore[arg-type]
    return Small(clock, store, display, config, daemon)


_left: list[Store] = []


def leave() -> None:
    """Close what the houses of a test have opened, as the end of their process would."""
    while _left:
        _left.pop().close()
