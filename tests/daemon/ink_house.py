"""A whole house whose display is the waveshare driver on the virtual panel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eink_monitor.clock import FastClock
from eink_monitor.config import Config, load
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.control import Reply, Request
from eink_monitor.daemon.display_control import carry_out
from eink_monitor.daemon.drawing import draw
from eink_monitor.daemon.runner import Runner
from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.displays.waveshare.revisions import REVISIONS
from eink_monitor.model.frame import Frame
from eink_monitor.simulation import StandIn
from eink_monitor.store import Store
from houses import write
from virtual_panel import Rules, VirtualPanel
from virtual_panel.vendor import vendor_driver
from virtual_panel.viewer import rows_of_bits, wrong

HOUSE = """\
database: {folder}/readings.db
timezone: Europe/Berlin
quiet_hours: "00:00-06:00"
display: {{type: waveshare, model: MODEL}}
sources:
  roof: {{type: demo, show: roof, every: 5m}}
  attic: {{type: demo, show: disk, every: 15m}}
panels:
  sun: {{type: solar, subject: roof, dwell: DWELL}}
  flow: {{type: flow, subject: roof, dwell: DWELL}}
  disk: {{type: disk, subject: "attic:backups", dwell: DWELL}}
"""


@dataclass
class InkHouse:
    """A daemon, its panel, and every frame that was newly on the glass, with its time."""

    config: Config
    panel: VirtualPanel
    store: Store
    daemon: Daemon
    wrong: int = 0
    frames: list[tuple[float, Frame]] = field(default_factory=list)

    @property
    def clock(self) -> FastClock:
        """The clock of all of them."""
        assert isinstance(self.panel.clock, FastClock)
        return self.panel.clock

    @property
    def display(self) -> Waveshare:
        """The display of the configuration."""
        assert isinstance(self.config.display, Waveshare)
        return self.config.display

    def live(self, seconds: float) -> None:
        """Let so much time pass; each frame that the daemon believes to show is held against the glass."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            pause = self.daemon.tick()
            self.look()
            self.daemon.wait(min(pause, left), self.daemon.watch())

    def look(self) -> None:
        """Hold the glass against the frame that the daemon believes to show."""
        frame = self.daemon.drawing._last
        if frame is not None and (not self.frames or self.frames[-1][1] != frame):
            self.wrong += wrong(self.panel.glass, frame)
            self.frames.append((self.clock.monotonic(), frame))

    def ask(self, verb: str, panel: str = "") -> Reply:
        """Ask the daemon, as the ear does."""
        return carry_out(Request(verb, panel), self.daemon.drawing, self.config, self.clock)

    def drawn(self, name: str) -> bytes:
        """The glass rows on which a panel, drawn from the store as it is now, must arrive."""
        self.daemon.house.now = self.clock.now()
        return rows_of_bits(draw(self.config.slides[name], self.daemon.house, self.clock.now(), self.display).bits)

    def restart(self) -> None:
        """End the daemon in good order and start another on the same panel, database and clock."""
        self.daemon.stop()
        self.store.close()
        self.store = Store(self.config.database, self.config.zone, durable=False)
        self.daemon = Daemon(self.config, self.store, self.clock, StandIn())


@contextmanager
def ink_house(
    folder: Path,
    model: str = "2in13_V4",
    *,
    dwell: str = "3m",
    lgpio: bool = False,
    runner: Callable[[Config], Runner] = lambda _: StandIn(),
    more: str = "",
) -> Iterator[InkHouse]:
    """A house with three panels under way at noon, stopped afterwards; ``more`` are other keys of its display."""
    text = HOUSE.replace("MODEL", f"{model}, {more}" if more else model)
    config = load(write(folder, text.replace("DWELL", dwell)))
    panel = VirtualPanel(model, FastClock(1_781_690_400), lgpio=lgpio, rules=Rules(min_interval=180))  # 17 June 2026
    with panel.installed() if model in REVISIONS else vendor_driver(panel, f"epd{model}"):
        store = Store(config.database, config.zone, durable=False)
        house = InkHouse(config, panel, store, Daemon(config, store, panel.clock, runner(config)))
        try:
            yield house
        finally:
            house.daemon.stop()
            house.store.close()
    assert panel.bus.leaked == 0
