"""The real daemon on a fast clock, one part frozen: ``python frozen_house.py FOLDER drawing|fetching|streams|quiet``.

Its timetable, store, panels and watchdog are the real ones; what freezes hangs in a way that the others do not feel.
Any other word freezes nothing. It lives three hours (quiet: a day) and prints how many polls and panels there were.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from eink_monitor.clock import DAY, HOUR, FastClock
from eink_monitor.daemon.control import address
from eink_monitor.daemon.control_socket import ControlSocket
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.service import journal, live
from eink_monitor.service.signals import Signals
from eink_monitor.settings import Window
from small_house import START, Says, Scripted, feed, slide, small_house


class Hurried(FastClock):
    """Never waits for anything, and asks for the end when its time is over."""

    def __init__(self, life: int, stop: Signals) -> None:
        super().__init__(START)
        self._life, self._stop = life, stop

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        ready = super().wait(max(seconds, 1.0))  # what is frozen stays due: real time would pass meanwhile
        self._stop.asked = self.monotonic() >= self._life
        return ready


@dataclass
class Speaks(Scripted):
    """Polled, and listened to as well."""

    @property
    def follows(self) -> bool:
        return True

    def poll(self, visit: Visit) -> Iterable[Reading]:
        return super().poll(visit)


def main(folder: Path, frozen: str) -> None:
    journal.open_journal()
    stop = Signals()
    clock = Hurried(DAY if frozen == "quiet" else 3 * HOUR, stop)
    quiet = Window.parse("20:00-06:00") if frozen == "quiet" else None
    house = small_house(
        folder / "readings.db", [feed("roof", Speaks())], [slide("one", Says())], quiet=quiet, clock=clock
    )
    daemon = house.daemon
    if frozen == "drawing":
        wall = house.wall  # it says after its first frame, for ever, that it will be ready in a minute
        wall.ready_in = lambda: 60.0 if wall.shown else 0.0  # type: ignore[method-assign]
    elif frozen == "fetching":
        daemon.fetching.launch = lambda now, mono: None  # type: ignore[method-assign]
    elif frozen == "streams":
        daemon.following.advance = lambda now: None  # type: ignore[method-assign]
    with closing(ControlSocket(address(house.config.database))) as ear:
        live(daemon, stop, ear)
    house.store.close()
    sys.stdout.write(f"{daemon.fetching.polls} {daemon.drawing.turns}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
