"""What panels share that show one figure of any subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eink_monitor.locale import say
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.panels._names import MetricName, named
from eink_monitor.panels._sheet import Sheet, SubjectPanel


@dataclass(frozen=True, kw_only=True)
class MetricPanel(SubjectPanel):
    """A panel about one figure, whose word follows the subject's name in the header."""

    metric: MetricName

    @property
    def word(self) -> str:
        """What the figure is called, or empty where it goes by its subject."""
        return named(self.metric.metric).word

    def heading(self, history: History) -> tuple[str, str]:
        """The subject and what is shown of it."""
        return (self.title, "") if self.title else (history.label(self.subject), self.word)

    def needs(self) -> Iterator[Need]:
        """The figure."""
        yield Need(self.subject, (self.metric.metric,))

    def begin(self, sheet: Sheet, icon: str) -> bool:
        """What surrounds the figure; False, with the empty state drawn, if it is not known."""
        # TRANSLATORS: at most 12 letters; in "No {what} yet": of a figure that nobody has named
        what = self.word or say("reading")

        return sheet.begin((self.metric.metric,), icon, say("the first reading"), what)
