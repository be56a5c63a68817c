"""Anything that answers over HTTP: described in the configuration, without a line of Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.model.poll import Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import Source, Suggestion
from eink_monitor.sources.http.asking import authority, place
from eink_monitor.sources.http.auth import SignedJwt
from eink_monitor.sources.http.block import HttpBlock
from eink_monitor.sources.http.explained import KEY
from eink_monitor.sources.http.lists import Happened, Listed


@dataclass(frozen=True, kw_only=True)
class HttpSource(HttpBlock, Source):
    """Any device or service that answers over HTTP: JSON, CSV, XML, plain text or a header; see docs/http.md."""

    words: ClassVar[Mapping[str, str]] = {"url": "the address that answers; http:// only at home"}
    guide: ClassVar[str] = "Open its address in a browser first: what is there can be read. docs/http.md has examples."
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm", "eink_monitor.sources.http.polling")
    extra: ClassVar[str] = "sealed"

    def __post_init__(self) -> None:
        """Raises ``ValueError`` with all that is wrong with the block as a whole."""
        super().__post_init__()
        self.check({})
        self.origins({})

    @property
    def local(self) -> bool:
        """Whether all that it asks is at home."""
        return self.home

    @property
    def modules(self) -> tuple[str, ...]:
        """Signing with a key takes a library."""
        return ("cryptography",) if isinstance(self.auth, SignedJwt) else ()

    @property
    def renews(self) -> str:
        """What it was given to prove who asks."""
        return "auth" if self.auth else ""

    @property
    def who(self) -> str:
        """The host, as sentences call it."""
        return place(authority(self.url.text)).partition(":")[0]

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics that the block names, known or declared by it."""
        return published(self, subject)

    def lists(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """The names of ``list``."""
        return named(self, subject)[0]

    def tells(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """The kinds of ``events``."""
        return named(self, subject)[1]

    def quota(self) -> Quota | None:
        """What ``calls_per_*`` say."""
        budgets = self.budgets()
        return Quota(self.account or self.who, budgets) if budgets else None

    def cost(self, visit: Visit) -> int:  # noqa: ARG002 - the same at any time
        """All calls of a poll that may be needed; what was not is given back."""
        return self.calls if self.budgets() else 0

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Nothing to read; or a key where servers log it."""
        if not self.readings and not any(self.listed()):
            yield "it reads nothing", "name a value below `readings:`; `eink-monitor poll NAME --explain` lists them"

        query = "".join(f"&{name}=x" for name in self.query)
        if KEY.search(f"{self.url.text}{query}"):
            yield (
                "its address holds what looks like a key, and servers log addresses",
                "put it into a header if you can",
            )

    def suggestions(self, visit: Visit) -> Sequence[Suggestion]:
        """The numbers of the answer."""
        from eink_monitor.sources.http.offers import offers

        return offers(self, visit, self.who)

    def poll(self, visit: Visit) -> Iterable[Said]:
        """One request, with those before it."""
        from eink_monitor.sources.http.polling import polled

        return polled(self, visit, {}, self.who)


def named(block: HttpBlock, subject: str) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    """The names of the lists of a block, and the kinds of its events, by their subject."""
    lists = tuple(one.name for one in block.listed() if isinstance(one, Listed))
    kinds = tuple(one.kind for one in block.listed() if isinstance(one, Happened))
    return {subject: lists} if lists else {}, {subject: kinds} if kinds else {}


def published(block: HttpBlock, subject: str) -> Mapping[str, tuple[Metric, ...]]:
    """The metrics of a block by the subjects that they are of."""
    found: dict[str, tuple[Metric, ...]] = {}
    for name, declared in block.readings.items():
        on = declared.on(subject)
        found[on] = (*found.get(on, ()), declared.metric(name))
    return found or {subject: ()}
