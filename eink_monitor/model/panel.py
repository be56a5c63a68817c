"""What a panel is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from eink_monitor.model.history import History
from eink_monitor.model.reading import Metric

if TYPE_CHECKING:
    from eink_monitor.draw.canvas import Canvas


class Need(NamedTuple):
    """A panel cannot work unless one of ``any_of`` is published for ``subject``, or, with ``expected``, foretold."""

    subject: str
    any_of: tuple[Metric, ...]
    expected: bool = False


class Panel(ABC):
    """What the ink can show: one frozen dataclass whose fields are its YAML keys, and one verb, ``draw``."""

    @abstractmethod
    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Draw onto a blank canvas. Never fails for lack of data: an empty store gets words, not an exception."""

    def needs(self) -> Iterator[Need]:
        """What must be published for this panel to make sense; checked when the configuration is read."""
        return iter(())
