"""A program of your own that prints JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Personal, insist
from eink_monitor.sources._declared import Declared
from eink_monitor.sources._expression import NOTHING, Answered, Expression
from eink_monitor.sources._template import Scope
from eink_monitor.sources._times import instant

_MOST_WORDS, _LONGEST_WORD = 50, 4_000


@dataclass(frozen=True, kw_only=True)
class Command(Source):
    """The JSON that a program prints; only where the configuration says `allow_commands: true`.

    ``run`` is the program, in full, and what it is told; no shell reads it. It runs as this program does. ``at`` finds
    when all of it was measured; without it that is when the program has ended, so let it measure when it is run.
    """

    run: Personal[tuple[str, ...]]
    readings: Mapping[str, Declared] = field(default_factory=dict)
    at: Expression = NOTHING

    runs_programs: ClassVar[bool] = True
    guide: ClassVar[str] = "The program must be root's, or of whoever runs eink-monitor: docs/command.md."
    words: ClassVar[Mapping[str, str]] = {"run": "the program with its full path, and what it is told, as a list"}

    def __post_init__(self) -> None:
        """Raises ``ValueError``."""
        named = self.run[0] if self.run else ""
        insist(
            (
                named.startswith("/"),
                "run must begin with the full path of a program: [/usr/local/bin/read-meter, --json]",
            ),
            (len(self.run) <= _MOST_WORDS, f"run: at most {_MOST_WORDS} words"),
            (all("\0" not in word and len(word) <= _LONGEST_WORD for word in self.run), "run: a word is too long"),
            (bool(self.readings), "readings: name at least one value of what it prints"),
        )
        for name, declared in self.readings.items():
            declared.metric(name)

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """What ``readings`` say."""
        found: dict[str, tuple[Metric, ...]] = {}
        for name, declared in self.readings.items():
            on = declared.on(subject)
            found[on] = (*found.get(on, ()), declared.metric(name))
        return found

    @property
    def local(self) -> bool:
        """Running it costs nothing that we know of."""
        return True

    def doubts(self) -> Iterator[tuple[str, str]]:
        """A program that others could change is not run."""
        from eink_monitor.sources.command.program import distrust

        if told := distrust(self.run):
            yield told

    def poll(self, visit: Visit) -> Iterator[Reading]:
        """Run it once. Raises ``BadAnswer`` where nothing of ``readings`` is in what it prints."""
        from eink_monitor.sources.command.program import printed

        who = Path(self.run[0]).name
        document = printed(self.run, visit)
        answered = Answered(Scope(visit.now, visit.zone, {}, who))
        whole = self._instant(self.at, document, answered) if self.at else visit.now
        found = 0
        for name, declared in self.readings.items():
            try:
                raw = declared.path.find(document, answered)
                at = self._instant(declared.at, document, answered) if declared.at else whole
            except BadAnswer as error:
                visit.remarks.add(error.fact)
                continue
            if raw is None or at is None:
                visit.remarks.add(f"{name}: nothing there" if raw is None else f"{name}: no time beside it")
            elif reading := declared.reading(name, raw, at, visit):
                found += 1
                yield reading
        if not found and not visit.remarks.left_out:
            raise BadAnswer(f"{who} printed none of the values ({visit.note or 'all are missing'})")

    def _instant(self, expression: Expression, document: object, answered: Answered) -> int | None:
        return instant(expression.find(document, answered), answered.scope.zone)
