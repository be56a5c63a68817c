"""Damaged databases without end: seeded ways to harm the file of a house, and what must hold for each.

Whatever the damage: a frame at the first tick, storing again within a minute, everything that can still be read is
back, and nothing that was set aside is gone. As a program it tries as many as it is told to:
``python -m faults.corpus --number 5000``. One seed alone: ``--seed 749 --number 1``.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import cast
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, MINUTE, FastClock, stopwatch
from eink_monitor.draw.canvas import Canvas
from eink_monitor.errors import Trouble
from eink_monitor.metrics import GRID_POWER, LOAD_POWER, METRICS, ODOMETER, PV_POWER
from eink_monitor.model.event import Event
from eink_monitor.model.history import History
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Budget, Outcome, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.simulation import silence
from eink_monitor.store import Store
from eink_monitor.store.repair.damage import damaged
from eink_monitor.store.repair.pages import Scan, names
from eink_monitor.store.repair.salvage import salvage
from small_house import START, Says, Scripted, feed, slide, small_house

UTC = ZoneInfo("UTC")
DAYS = 3
NOW = START + DAYS * DAY
QUOTA = Quota("cloud", (Budget(50, "day"),))
PAGE, SECTOR = 1024, 512
_TOLD = 250  # after so many of them it says how far it is
_CONTENT = re.compile(rb"CREATE TABLE|roof|pv_power|unavailable|a sentence|Open-Meteo|garage")
_SERIES = (("roof", PV_POWER), ("roof", LOAD_POWER), ("roof", GRID_POWER), ("car", ODOMETER))
Row = tuple[int, str, str, int, int]
Harm = Callable[[bytearray, Random], None]


def _outlook(subject: str, at: int) -> Outlook:
    """Two days in quarter hours, more than fits into a page."""
    start = at - at % 900
    slots = (Slot(start + n * 900, start + (n + 1) * 900, 1000 + n) for n in range(192))
    return Outlook(subject, PV_POWER, at, tuple(slots), "Open-Meteo (CC BY 4.0)")


def build(path: Path) -> bytes:
    """Three days of a house; returns the log beside it as a killed daemon leaves it."""
    store = Store(path, UTC, durable=False)
    chance = Random(7)
    for number, at in enumerate(range(START, NOW, 300)):
        for subject, metric in _SERIES:
            store.add([Reading(subject, metric, chance.randrange(900), at)], 750)
        if number % 20 == 0:
            store.note(Outcome("roof", at, 0.1, chance.choice(["ok", "unavailable"]), "a sentence"), at + 300, 0)
            store.reserve(QUOTA, 1, at)
            store.outlooks.add([_outlook(subject, at) for subject in ("roof", "garage")])
            items = tuple(Item(f"parcel {n}", "GLS", at, None, "in delivery", n == 3) for n in range(30))
            store.listings.add([Listing("post", "parcels", at, items)])
            store.events.add([Event("car", "charging.session", str(at), at, None, {"energy_wh": number})])
            store.flush()
        if number == 800:
            store._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            store._disk.execute("PRAGMA wal_autocheckpoint = 0")
    store.wear.keep({"full": 41, "partial": 1234})
    store.flush()
    main, log = path.read_bytes(), path.with_name(f"{path.name}-wal").read_bytes()
    store.close()
    path.with_suffix(".killed").write_bytes(main)
    return log


def rows(path: Path) -> set[Row]:
    """Every closed run."""
    query = "SELECT r.at, subject, metric, r.value, held FROM reading r JOIN series s ON s.id = r.series"
    with closing(sqlite3.connect(path)) as db:
        return set(db.execute(query))


# -- ways to harm ------------------------------------------------------------------------------------------------------


def bits(data: bytearray, chance: Random) -> None:
    for _ in range(chance.choice((1, 1, 3, 30, 300))):
        at = chance.randrange(len(data) * 8)
        data[at // 8] ^= 1 << at % 8


def header_byte(data: bytearray, chance: Random) -> None:
    data[chance.randrange(100)] = chance.randrange(256)


def header_bit(data: bytearray, chance: Random) -> None:
    data[chance.randrange(100)] ^= 1 << chance.randrange(8)


def header_field(data: bytearray, chance: Random) -> None:
    at = chance.randrange(4, 25) * 4
    data[at : at + 4] = chance.randbytes(4)


def first_page(data: bytearray, chance: Random) -> None:
    at = chance.randrange(100, PAGE)
    size = min(chance.choice((1, 2, 8, 64)), PAGE - at)
    data[at : at + size] = chance.randbytes(size)


def content(data: bytearray, chance: Random) -> None:
    """Where texts stand: definitions of tables, names, sentences; often no UTF-8 any more."""
    places = [found.start() for found in _CONTENT.finditer(bytes(data))]
    at = chance.choice(places) + chance.randrange(-4, 40)
    data[at : at + 3] = bytes(chance.choice((0xFF, 0x80, 0, chance.randrange(256))) for _ in range(3))


def page_heads(data: bytearray, chance: Random) -> None:
    for _ in range(chance.choice((1, 5, 50))):
        at = chance.randrange(1, len(data) // PAGE) * PAGE + chance.randrange(12)
        data[at] = chance.randrange(256)


def sectors(data: bytearray, chance: Random) -> None:
    for _ in range(chance.choice((1, 1, 4, 20))):
        at = chance.randrange(len(data) // SECTOR) * SECTOR
        data[at : at + SECTOR] = bytes(SECTOR) if chance.random() < 0.5 else chance.randbytes(SECTOR)


def pages(data: bytearray, chance: Random) -> None:
    for _ in range(chance.choice((1, 1, 4, 20))):
        one, two = (chance.randrange(len(data) // PAGE) * PAGE for _ in range(2))
        data[one : one + PAGE], data[two : two + PAGE] = data[two : two + PAGE], data[one : one + PAGE]


def copied(data: bytearray, chance: Random) -> None:
    one, two = (chance.randrange(len(data) // PAGE) * PAGE for _ in range(2))
    data[one : one + PAGE] = data[two : two + PAGE]


def erased(data: bytearray, chance: Random) -> None:
    size = chance.choice((4096, 16384, 32768))
    at = chance.randrange(0, len(data) - size)
    data[at : at + size] = chance.choice((b"\xff", b"\0")) * size


def cut_off(data: bytearray, chance: Random) -> None:
    del data[chance.randrange(len(data) // 3, len(data)) :]


def too_long(data: bytearray, chance: Random) -> None:
    data += chance.randbytes(chance.randrange(1, 9000))


def start_lost(data: bytearray, chance: Random) -> None:
    size = chance.choice((16, 100, 512, 1024, 4096))
    data[:size] = chance.choice((bytes(size), chance.randbytes(size), b"\xff" * size))


def numbers(data: bytearray, chance: Random) -> None:
    """Cells whose numbers become immense: eight bytes of ones in the middle of pages."""
    for _ in range(chance.choice((1, 20, 200))):
        at = chance.randrange(PAGE, len(data) - 8)
        data[at : at + 8] = b"\x7f" + b"\xff" * 7


HARMS: tuple[Harm, ...] = (
    bits, header_byte, header_bit, header_field, first_page, content, page_heads, sectors, pages, copied, erased,
    cut_off, too_long, start_lost, numbers,
)  # fmt: skip


# -- what must hold ----------------------------------------------------------------------------------------------------


@dataclass
class Foresees(Says):
    """Asks for an outlook, a listing and events, too, whatever the card has made of it."""

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        if outlook := history.outlook(self.subject, PV_POWER):
            outlook.energy(now, now + DAY)
        history.listing("post", "parcels")
        history.events("car", "", 0, now)
        super().draw(canvas, history, now)


@dataclass
class Tally:
    """What was tried, and what did not hold."""

    tried: int = 0
    set_aside: int = 0
    read: int = 0
    back: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        share = f"{self.set_aside} set aside, {self.back} of {self.read} readable rows are back"
        return (
            f"{self.tried} damaged databases: {share}, {self.slowest:.1f} s the slowest, {len(self.wrong)} violations"
        )


class Corpus:
    """Made of one database in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._whole = folder / "whole.db"
        self._log = build(self._whole)
        self._truth = rows(self._whole)
        self._main = self._whole.read_bytes()
        self._killed = self._whole.with_suffix(".killed").read_bytes()

    def put(self, path: Path, seed: int) -> str:
        """Write damaged database number ``seed``; returns what was done to it."""
        chance = Random(seed)
        harm = HARMS[seed % len(HARMS)]
        logged = chance.random() < 0.3
        data, log = bytearray(self._killed if logged else self._main), bytearray(self._log if logged else b"")
        hit = "database"
        if logged and chance.random() < 0.4 and harm not in {content, start_lost}:
            hit = "log"
            harm(log, chance)
        else:
            harm(data, chance)
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        path.write_bytes(data)
        if log:
            path.with_name(f"{path.name}-wal").write_bytes(log)
        return f"{seed}: {harm.__name__} in the {hit}"

    def try_one(self, seed: int, tally: Tally) -> None:
        """Let a house start on it, and note what does not hold."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "readings.db"
            what = self.put(path, seed)
            tally.tried += 1
            began = stopwatch()
            try:
                complaint = self._lives(path, tally)
            except Trouble as error:
                complaint = f"ended with {error.exit_code}: {error}"
            except Exception as error:  # noqa: BLE001 - this is what is looked for
                complaint = f"ended with {error!r}"
            tally.slowest = max(tally.slowest, stopwatch() - began)
            if complaint:
                tally.wrong.append(f"{what}: {complaint}")

    def _lives(self, path: Path, tally: Tally) -> str:
        house = small_house(path, [feed("roof", Scripted(), every=20)], [slide("s", Foresees())], clock=FastClock(NOW))
        try:
            house.daemon.tick()
            if not house.wall.shown:
                return "no frame at the first tick"
            house.live(MINUTE)
            house.daemon.keeping._flush(house.store.flush)
            if not _is_whole(path):  # what the check finds that runs beside the daemon
                house.store.recover(house.clock.now())
                house.live(MINUTE)
                house.store.flush()
            if house.store.fault or house.daemon.house.card:
                return f"not storing: {house.store.fault or house.daemon.house.card}"
            if not _is_stored(path, house.clock.now()):
                return "nothing new is stored"
            return self._is_back(house.store, path, tally)
        finally:
            house.daemon.stop()
            house.store.close()

    def _is_back(self, store: Store, path: Path, tally: Tally) -> str:
        quarantined = store.facts.salvage
        tally.set_aside += bool(quarantined)
        if sorted(quarantined) != sorted(file.name for file in damaged(path)):
            return f"{quarantined} are to be saved, and there are {damaged(path)}"
        for name in quarantined:
            done = salvage(path.with_name(name), path)
            if done.missing:
                return f"{done.missing} of the rows of {name} are not there"
        if not _is_whole(path):
            return "the new database is not whole"
        stored = {row[:3] for row in rows(path)}
        readable = set().union(*(_readable(path.with_name(name), self._truth) for name in quarantined))
        back = sum(row[:3] in stored for row in readable)
        tally.read, tally.back = tally.read + len(readable), tally.back + back
        return f"{len(readable)} rows can be read, {back} are back" if back < len(readable) else ""


def _is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as db:
        try:
            return bool(db.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
        except (sqlite3.Error, UnicodeDecodeError):
            return False


def _is_stored(path: Path, now: int) -> bool:
    with closing(sqlite3.connect(path)) as db:
        newest = db.execute("SELECT max(end) FROM series WHERE subject = 'roof'").fetchone()[0]
    return bool(newest and now - MINUTE <= newest <= now)


def _readable(quarantined: Path, truth: set[Row]) -> set[Row]:
    """The true rows that can be seen in the pages of a damaged file, and of which series they are beyond doubt."""
    named = {number: [name for name in told if name[1] in METRICS] for number, told in names(quarantined).items()}
    seen: set[Row] = set()
    for record in Scan().records_of(quarantined):
        if len(record) == len(("at", "series", "value", "held")):
            at, number, value, held = cast("list[int]", record)
            told = named.get(number, [])
            seen.update((at, *name, value, held) for name in told if len(told) == 1)
    return seen & truth


def main() -> int:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    tally = tried(range(wanted.seed, wanted.seed + wanted.number), _tell)
    print(f"{tally}\n" + "\n".join(tally.wrong))  # noqa: T201
    return bool(tally.wrong)


def tried(seeds: range, tell: Callable[[Tally], None] = lambda _: None) -> Tally:
    """What came of so many of them; ``tell`` hears of it every now and then."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, silence():
        corpus = Corpus(Path(folder))
        for seed in seeds:
            corpus.try_one(seed, tally)
            if tally.tried % _TOLD == 0:
                tell(tally)
    return tally


def _tell(tally: Tally) -> None:
    print(tally, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
