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
    """A panel cannot work unless one of ``any_of`` is published for ``subject``, or, with ``expected``, forecast.

    With ``listed`` it needs that list of the subject, or any for an empty name.
    """

    subject: str
    any_of: tuple[Metric, ...]
    expected: bool = False
    listed: str | None = None


class Panel(ABC):
    """Something to show: one frozen dataclass whose fields are its YAML keys, and one verb, ``draw``."""

    @abstractmethod
    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Draw onto a blank canvas. Never fails for lack of data: for an empty store it draws a sentence."""

    def needs(self) -> Iterator[Need]:
        """What must be published for this panel to work; checked when the configuration is read."""
        return iter(())

    def speaks(self, history: History) -> bool:
        """Whether it has anything to say: anything it needs is known, or its source waits for a person to sign in."""
        needs = list(self.needs())
        if not needs or any(_is_known(history, need) for need in needs):
            return True
        troubles = (history.trouble(need.subject) for need in needs)
        return any(trouble is not None and trouble.what == "auth" for trouble in troubles)


def _is_known(history: History, need: Need) -> bool:
    """Whether anything of it was ever measured, foretold or listed."""
    if need.listed is not None:
        names = [need.listed] if need.listed else history.lists(need.subject)
        return any(history.listing(need.subject, name) is not None for name in names)
    known = history.outlook if need.expected else history.latest
    return any(known(need.subject, metric) is not None for metric in need.any_of)
