"""What the store remembers about itself: named values that survive a restart.

``Facts`` is the table of all there are.

A stored value of the wrong kind is damage, and counts as unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.part import Part

Stored = int | str | None
T = TypeVar("T", bound=int | str)
D = TypeVar("D", bound=Stored)


class Fact(Generic[T, D]):
    """A number or a text, ``default`` while it is unknown; what ``survives`` also applies to a new database."""

    def __init__(self, kind: type[T], default: D, *, survives: bool = False) -> None:
        self._kind = kind
        self._default = default
        self.survives = survives

    def __set_name__(self, owner: type[Facts], name: str) -> None:
        self._name = name

    def __get__(self, facts: Facts, owner: type[Facts]) -> T | D:
        value = facts.stored(self._name)
        return value if isinstance(value, self._kind) else self._default

    def __set__(self, facts: Facts, value: T | D) -> None:
        facts.store(self._name, value)


class Names:
    """Several names in one text, a ``separator`` between them."""

    def __init__(self, separator: str, *, survives: bool = False) -> None:
        self.separator = separator
        self.survives = survives

    def __set_name__(self, owner: type[Facts], name: str) -> None:
        self._name = name

    def __get__(self, facts: Facts, owner: type[Facts]) -> tuple[str, ...]:
        return tuple(filter(None, str(facts.stored(self._name) or "").split(self.separator)))

    def __set__(self, facts: Facts, names: tuple[str, ...]) -> None:
        facts.store(self._name, self.separator.join(names) or None)


class Each(Generic[T]):
    """A fact about each of several things, stored as "measured by roof"."""

    def __init__(self, facts: Facts, words: str, kind: type[T]) -> None:
        self._facts = facts
        self._words = words
        self._kind = kind

    def __getitem__(self, thing: str) -> T | None:
        value = self._facts.stored(f"{self._words} {thing}")
        return value if isinstance(value, self._kind) else None

    def __setitem__(self, thing: str, value: T) -> None:
        self._facts.store(f"{self._words} {thing}", value)


class Facts(Part):
    """Facts in memory and on disk. Instants are in seconds since 1970."""

    boot = Fact(str, "", survives=True)  # which boot the ledger was last written in
    boot_call = Fact(int, 0, survives=True)  # its first booking
    boot_offset = Fact(int, None, survives=True)  # s, how far the wall clock was ahead of the monotonic one
    unsure_call = Fact(int, None, survives=True)  # the first booking whose time is unknown
    uncounted = Fact(int, 0)  # when the count of calls was lost with a damaged database
    damaged = Fact(int, 0)  # when that was
    salvage = Names(";", survives=True)  # damaged files that are to be saved, the next one first
    salvaged = Names(";", survives=True)  # those that are saved
    saved = Fact(int, None, survives=True)  # rows of them, None until one is done with
    lost = Fact(int, 0, survives=True)  # about how many rows could not be read
    checked = Fact(int, 0)  # when the whole database was last found intact
    mishap = Fact(str, "")  # what last happened to its files, in a sentence
    mishap_at = Fact(int, 0)
    invented = Names("\n")  # subjects of demo data; databases know it by this name

    def __init__(self, disk: OpenDatabase) -> None:
        self.measured_by = Each(self, "measured by", int)  # when a feed that shares a subject last brought it
        self.door_of = Each(self, "door of", str)  # the feed that brought the newest of a shared "subject metric"
        self._disk = disk
        self._changed: dict[str, Stored] = {}
        self._known: dict[str, Stored] = {}

    def reload(self) -> None:
        """Read them from disk again."""
        self._known = dict(self._disk.execute("SELECT name, value FROM fact").fetchall())

    def stored(self, name: str) -> Stored:
        """What is known under a name, as it is stored."""
        return self._changed.get(name, self._known.get(name))

    def store(self, name: str, value: Stored) -> None:
        """Remember; None forgets. Durable with the next transaction."""
        if value != self.stored(name):
            self._changed[name] = value

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._changed)

    def drop(self) -> None:
        """Forget what is only in memory: it is about another database."""
        self._changed.clear()

    def finish(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        self._disk.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", self._changed.items())

    def written(self) -> None:
        """The transaction is durable."""
        self._known.update(self._changed)
        self._changed.clear()


def survivors() -> Iterator[str]:
    """The names of the facts that also apply to a new database."""
    return (name for name, fact in vars(Facts).items() if isinstance(fact, Fact | Names) and fact.survives)
