"""What a source is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from eink_monitor.clock import Clock
from eink_monitor.errors import Trouble
from eink_monitor.model.poll import Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.said import Said
from eink_monitor.model.signin import Credential, SignIn

GROUPS: Mapping[str, str] = {
    "roof": "Solar roofs",
    "battery": "House batteries",
    "meter": "Electricity and other meters",
    "wallbox": "Wallboxes",
    "car": "Cars",
    "climate": "Temperature, air and weather",
    "price": "Prices and forecasts",
    "disk": "Disks",
    "backup": "Backups",
    "shop": "Shops and payments",
    "ads": "Advertising",
    "parcels": "Parcels",
    "company": "Companies",
    "site": "Websites and services",
    "other": "Anything else",
}
"""The kinds of source, in the order in which `eink-monitor add` shows them."""


class Suggestion(NamedTuple):
    """Something that a source could read, offered to a person who sets it up.

    ``words`` say what it is ("Kitchen: 21.4 °C"), ``settings`` are the keys of the block that make the source read it.
    Those of several are merged: blocks key by key, lists joined.
    """

    words: str
    settings: Mapping[str, object]


class SharedLine(ABC):
    """What one source wants of a connection that it shares with others: those with an equal ``key`` have one child.

    A broker is asked by one connection, however many sources listen to it.
    """

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """The connection: where it leads, and as whom."""

    @abstractmethod
    def follow(
        self, company: Mapping[str, tuple[SharedLine, Visit]], clock: Clock
    ) -> Iterator[tuple[str, list[Reading] | Trouble]]:
        """For everyone on the line, by the name of its feed: batches without end, as a source's ``follow`` has them.

        A ``Trouble`` among them is of that feed alone, and the rest goes on; one that is raised ends the line.
        """


class Source(ABC):
    """Where readings come from: one frozen dataclass whose fields are its YAML keys, and one verb, ``poll``.

    ``metrics`` lists what it can publish; ``lag`` is by how many seconds its vendor's data trails reality at best;
    ``preload`` names light modules worth importing once in the daemon instead of in every child. ``extra`` is the extra
    of this package that installs what ``modules`` names. ``door`` is the address, without https://, where a person
    signs in again. ``demo`` readings are deleted once a real source reports on the same subject. ``together`` tells,
    after a comma, how several of its kind can be one subject. ``family`` is what its ``thing`` is ("car") where sources
    of several types may ask the same one. One ``at_large`` may publish any subject, as its settings say. One that
    ``runs_programs`` does so only where the configuration allows it. One is as fresh as the oldest of its subjects, or,
    where they are ``independent`` things that come and go, as the newest.

    ``usual`` is what ``every`` is where the configuration does not say it, in seconds; 0 where that is as for any.

    For `eink-monitor add`: ``group`` is one of ``GROUPS``, ``guide`` the steps to what it takes, ``words`` say of a
    field what it is, ``stopgap`` are keys without which it could not be asked for ``suggestions``.
    """

    metrics: ClassVar[tuple[Metric, ...]] = ()
    lag: ClassVar[int] = 0
    preload: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    door: ClassVar[str] = ""
    demo: ClassVar[bool] = False
    together: ClassVar[str] = ""
    family: ClassVar[str] = ""
    at_large: ClassVar[bool] = False
    runs_programs: ClassVar[bool] = False
    independent: ClassVar[bool] = False
    usual: ClassVar[int] = 0
    group: ClassVar[str] = "other"
    guide: ClassVar[str] = ""
    words: ClassVar[Mapping[str, str]] = {}
    stopgap: ClassVar[Mapping[str, object]] = {}

    @abstractmethod
    def poll(self, visit: Visit) -> Iterable[Said]:
        """Fetch once. Raises only the errors of ``eink_monitor.errors``. Runs in a child process with a deadline."""

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """Which metrics of which subjects it publishes; most sources have one subject only."""
        return {subject: self.metrics}

    def expects(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """Of which metrics of which subjects it yields an ``Outlook``; most sources yield none."""
        return {}

    def titles(self, subject: str) -> Mapping[str, str]:
        """What panels call subjects other than its own, where their names are not what people call them."""
        return {}

    def lists(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """The names of the ``Listing``s that it yields ("parcels"), by subject; most sources yield none."""
        return {}

    def tells(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """The kinds of the ``Event``s that it yields ("charging.session"), by subject; most sources yield none."""
        return {}

    def quota(self) -> Quota | None:
        """The vendor account's budgets, or None where calls are free."""
        return None

    def cost(self, visit: Visit) -> int:
        """At most how many vendor calls the next poll would make; 0 where calls are free."""
        return 0 if self.quota() is None else 1

    def pace(self, visit: Visit) -> int:
        """Seconds this source wants between polls; the ledger may stretch them."""
        return visit.every

    def patience(self, every: int) -> int:
        """Seconds after which a reading from here counts as stale."""
        return 3 * every + self.lag

    def patience_with(self, metric: Metric, every: int) -> int:
        """As ``patience``, of one metric: longer where a source asks for it more rarely than for the rest."""
        return self.patience(every)

    @property
    def renews(self) -> str:
        """What a person must renew when the vendor refuses us ("API key"); empty if signing in again does it."""
        return ""

    @property
    def way_in(self) -> str:
        """The address, without https://, where a person signs in again, as configured."""
        return self.door

    @property
    def modules(self) -> tuple[str, ...]:
        """Import names of the libraries that it needs, as configured."""
        return ()

    @property
    def thing(self) -> object:
        """Which device of its kind it reads, to tell two apart; None if that does not matter."""
        return None

    @property
    def follows(self) -> bool:
        """Whether ``follow`` has something to add to ``poll``."""
        return False

    @property
    def polls(self) -> bool:
        """Whether ``poll`` is wanted besides ``follow``; if not, the stream must send something every ``every``."""
        return True

    @property
    def line(self) -> SharedLine | None:
        """Of a source that follows: the connection that it may share with others; None if it has one of its own."""
        return None

    def follow(self, visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        """Readings as the vendor sends them, batch by batch, without end; not asked where there is a ``line``.

        Runs in a child process that lives long; raises ``Trouble`` when the stream ends.
        """
        return iter(())

    def doubts(self) -> Iterator[tuple[str, str]]:
        """What is valid but probably unintended: what is wrong with it, and what to write instead."""
        return iter(())

    @property
    def local(self) -> bool:
        """Whether it is on the local network, where a call costs nothing: failures never put it off for long."""
        return False

    def sign_in(self) -> SignIn | None:
        """How a person signs in, or None if not needed."""
        return None

    def sign_out(self, visit: Visit) -> str:
        """Revoke and forget the sign-in; returns a sentence about what was done."""
        return "There is no sign-in to forget."

    def shares(self, state: Path) -> tuple[Path, ...]:
        """Folders beside ``state``, its own, that it shares with the other feeds of its vendor account."""
        return ()

    def suggestions(self, visit: Visit) -> Sequence[Suggestion]:
        """What could be read where it points to, the most useful first, for a person who sets it up to choose from.

        Runs in a child process as ``poll`` does, and raises the same errors.
        """
        return ()

    def credentials(self, visit: Visit) -> list[Credential]:
        """The credentials and their expiry; makes no call."""
        return []
