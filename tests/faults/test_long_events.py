"""Events longer than a page of a damaged database: saved where their pages are left, and counted where they are not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY
from eink_monitor.model.event import Event
from eink_monitor.store import Store
from eink_monitor.store.repair import job
from eink_monitor.store.repair.overflow import rows_of
from eink_monitor.store.repair.salvage import Salvaged, salvage
from small_house import START as NOW

UTC = ZoneInfo("UTC")
PAGE, COLUMNS = 1024, 7
INNER = 5  # the kind of a page above the leaves of a table


def alert(number: int, letters: int, letter: str = "x") -> Event:
    return Event("house", "alert", f"key {number}", NOW - number, None, {}, {"text": letter * letters})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "old.db", UTC, lasting=NOW)) as store:
        store._disk.execute("PRAGMA wal_autocheckpoint = 0")
        yield store


def put(store: Store, events: Iterable[Event], *, in_log: bool = False) -> None:
    store.events.add(events)
    store.flush()
    if not in_log:
        store._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copied(store: Store) -> tuple[bytearray, bytearray]:
    """The database and its log as a power cut leaves them; the page above those of the events is lost."""
    data = bytearray(store.path.read_bytes())
    root = store._disk.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchone()[0]
    if data[(root - 1) * PAGE] == INNER:
        data[(root - 1) * PAGE : root * PAGE] = bytes(PAGE)
    return data, bytearray(store.path.with_name("old.db-wal").read_bytes())


def saved(tmp_path: Path, data: bytearray, log: bytes | bytearray = b"") -> tuple[Salvaged, Sequence[Event]]:
    """What a salvage says, and the events that are in the good database after it."""
    old, new = tmp_path / "set aside", tmp_path / "new.db"
    old.write_bytes(data)
    old.with_name("set aside-wal").write_bytes(log)
    with closing(Store(new, UTC, lasting=NOW)) as store:
        said = salvage(old, new)
        assert job.main("salvage", new, old).startswith("ok") is not bool(said.missing)
        return said, store.events.get("house", "", 0, NOW + DAY)


def last_page(data: bytearray, word: bytes) -> int:
    """Where the last page begins that holds a word."""
    return data.rindex(word) // PAGE * PAGE


def test_a_long_event_is_saved_without_its_tree(store: Store, tmp_path: Path) -> None:
    """Around each size at which SQLite keeps more or less of a row on its own page."""
    sizes = [*range(880, 1000), *range(1900, 1990), 2950, 20_000]
    many = [alert(number, size) for number, size in enumerate(sizes)]
    put(store, many)
    said, there = saved(tmp_path, copied(store)[0])
    assert (said.saved, said.missing) == (len(many), 0)
    assert sorted(there, key=lambda event: -event.start) == many


def test_in_a_log_it_is_the_event_as_it_was_last(store: Store, tmp_path: Path) -> None:
    put(store, [alert(1, 3000, "a"), alert(2, 10, "a")])
    for letter in "bcd":
        put(store, [alert(1, 3000, letter), alert(2, 2000, letter)], in_log=True)
    said, there = saved(tmp_path, *copied(store))
    assert (said.saved, said.missing) == (2, 0)
    assert list(there) == [alert(2, 2000, "d"), alert(1, 3000, "d")]


def test_no_event_is_put_together_from_two_versions(store: Store, tmp_path: Path) -> None:
    """An update writes only those pages that it changes; every version found is one that was stored."""
    told = [alert(1, 3000, letter) for letter in "ijkm"]
    put(store, told[:1])
    for event in told[1:]:
        put(store, [event], in_log=True)
    data, log = copied(store)
    (tmp_path / "set aside").write_bytes(data)
    (tmp_path / "set aside-wal").write_bytes(log)
    found = [row[6] for row in rows_of(tmp_path / "set aside", COLUMNS)]
    assert found == [json.dumps(event.rest(), separators=(",", ":")) for event in reversed(told)]


@pytest.mark.parametrize("harm", ["erased", "cut off", "ring", "another"])
def test_where_a_part_is_lost_the_file_is_kept(store: Store, tmp_path: Path, harm: str) -> None:
    """The key is known, so it counts as missing; what is whole is saved all the same."""
    put(store, [alert(1, 20), alert(2, 2500, "y"), alert(3, 20)])
    data, _ = copied(store)
    last = last_page(data, b"yyyy")
    if harm == "erased":
        data[last : last + PAGE] = bytes(PAGE)
    elif harm == "cut off":
        del data[last:]
    else:
        data[last : last + 4] = (last // PAGE + 1 if harm == "ring" else 2).to_bytes(4)
    said, there = saved(tmp_path, data)
    assert (said.saved, said.missing) == (2, 1)
    assert [event.key for event in there] == ["key 3", "key 1"]


def test_an_event_whose_key_is_lost_is_missing_too(store: Store, tmp_path: Path) -> None:
    put(store, [Event("house", "alert", "k" * 2500, NOW, None, {}, {})])
    data, _ = copied(store)
    last = last_page(data, b"k[{},{}]")
    data[last : last + PAGE] = b"\xff" * PAGE
    said, there = saved(tmp_path, data)
    assert (said.saved, said.missing, list(there)) == (0, 1, [])


def test_what_the_good_one_has_is_not_missing(store: Store, tmp_path: Path) -> None:
    """SQL could read it when the damage was found, or it was told again since."""
    put(store, [alert(2, 2500, "y")])
    data, _ = copied(store)
    last = last_page(data, b"yyyy")
    data[last : last + PAGE] = bytes(PAGE)
    with closing(Store(tmp_path / "new.db", UTC, lasting=NOW)) as new:
        put(new, [alert(2, 9)])
    said, there = saved(tmp_path, data)
    assert (said.saved, said.missing, list(there)) == (1, 0, [alert(2, 9)])


def test_whatever_the_bytes_reading_ends_and_raises_nothing(store: Store, tmp_path: Path) -> None:
    put(store, [alert(1, 3000, "a")])
    put(store, [alert(number, 900 * number) for number in range(2, 12)], in_log=True)
    data, log = (bytes(part) for part in copied(store))
    for seed in range(150):
        chance, files = Random(seed), [bytearray(data), bytearray(log)]
        for _ in range(chance.choice((1, 10, 200))):
            harmed = chance.choice(files)
            at = chance.randrange(len(harmed))
            harmed[at] = chance.randrange(256)
        (tmp_path / "set aside").write_bytes(files[0])
        (tmp_path / "set aside-wal").write_bytes(files[1][: chance.randrange(len(files[1]))])
        assert all(len(row) == COLUMNS for row in rows_of(tmp_path / "set aside", COLUMNS))
