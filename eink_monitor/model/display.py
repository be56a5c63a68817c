"""What a display is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eink_monitor.clock import Clock
from eink_monitor.finding import Finding
from eink_monitor.model.frame import Frame, Wear
from eink_monitor.settings import Size, insist

USUAL = Size(250, 122)
"""The size of most displays."""
_SMALLEST = Size(212, 104)  # for which panels are drawn


@dataclass(frozen=True, slots=True)
class Board:
    """Several panels at once on large glass: ``columns`` by ``rows`` of them, each as large as the others."""

    columns: int = 1
    rows: int = 1

    @property
    def panels(self) -> int:
        """How many it shows at once."""
        return self.columns * self.rows

    def cell(self, glass: Size) -> Size:
        """How large one panel is; a rule one pixel thick stands between two."""
        columns, rows = max(self.columns, 1), max(self.rows, 1)
        return Size((glass.width - columns + 1) // columns, (glass.height - rows + 1) // rows)

    def corners(self, glass: Size) -> list[tuple[int, int]]:
        """The top left pixel of every panel, row by row."""
        width, height = self.cell(glass)
        return [(x * (width + 1), y * (height + 1)) for y in range(self.rows) for x in range(self.columns)]

    def fit(self, glass: Size) -> None:
        """Raise ``ValueError`` where a panel would be too small to be read."""
        cell, small = self.cell(glass), "a panel needs at least"
        fits = cell.width >= _SMALLEST.width and cell.height >= _SMALLEST.height
        insist(
            (min(self.columns, self.rows) >= 1, "columns and rows of a board must be at least 1"),
            (fits, f"board leaves {cell} pixels of {glass} to each panel, and {small} {_SMALLEST}"),
        )


ALONE = Board()
"""One panel on the whole glass."""


class Display(ABC):
    """Where frames are shown: one dataclass whose fields are its YAML keys, and one verb, ``show``.

    The daemon calls ``open`` once, then ``show`` at every turn of the rotation: a display knows what it shows, so an
    unchanged frame costs nothing. After each ``show``, whether it succeeded or not, ``wear`` is worth saving.
    """

    @property
    def size(self) -> Size:
        """Its pixels, in landscape."""
        return USUAL

    @property
    def red(self) -> bool:
        """Whether it has red (or yellow) ink beside black; then frames carry a second plane."""
        return False

    @property
    def board(self) -> Board:
        """How many panels it shows at once."""
        return ALONE

    @property
    def sheet(self) -> Size:
        """The pixels of one panel."""
        return self.board.cell(self.size)

    @property
    def label(self) -> str:
        """What kind of display it is, for a test picture to name: its file, or its model where there are several."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def where(self) -> str:
        """Where to find what it shows, for the log ("pictures in /home/pi/out"); empty if it is visible."""
        return ""

    @property
    def modules(self) -> tuple[str, ...]:
        """Import names of the libraries that it cannot work without."""
        return ()

    @property
    def extra(self) -> str:
        """The extra of this package that installs them."""
        return ""

    @property
    def looks(self) -> bool:
        """Whether anybody will see the frame; otherwise it need not be drawn."""
        return True

    def open(self, clock: Clock, wear: Wear) -> None:
        """Give the display a clock and its wear, which it updates in place; touches no hardware yet."""

    def ready_in(self) -> float:
        """Seconds until a frame that is not urgent may be drawn; 0.0 for now."""
        return 0.0

    def press_in(self) -> float:
        """Seconds until a frame may be drawn that somebody wants who pressed a button; 0.0 for now."""
        return 0.0

    @property
    def look_every(self) -> float:
        """Seconds between two looks at its buttons; 0.0 if it has none."""
        return 0.0

    def pressed(self) -> str:
        """The button that was pressed since the last look: "next", "home", or nothing. Raises ``DisplayError``."""
        return ""

    @property
    def every_beat(self) -> bool:
        """Whether ``show`` wants unchanged frames, too: a panel that ages decides by itself when to refresh."""
        return False

    @abstractmethod
    def show(self, frame: Frame, *, urgent: bool = False) -> None:
        """Make the frame visible before returning. Raises ``DisplayError``.

        A display that limits its refreshes does nothing while ``ready_in`` is above 0, unless a person asked
        (``urgent``).
        """

    def collect(self, frames: Iterable[Frame]) -> None:
        """At a start, one frame of every panel, for displays that keep a picture of each. Others ignore them.

        Raises ``DisplayError``.
        """

    def freshen(self) -> None:
        """Make the next frame crisp, whatever it costs: quiet hours are over."""

    def clear(self) -> None:
        """Clear the panel to white, for storage. Raises ``DisplayError``."""

    def examine(self) -> Iterator[Finding]:
        """The findings on the hardware, without a refresh; never raises."""
        return iter(())

    def close(self) -> None:
        """Release what is held; the last frame stays visible. Does nothing in a forked child."""
