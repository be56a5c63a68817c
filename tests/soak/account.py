"""What a soak came to: every fault with what became of it, and what must be true at the end."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from eink_monitor.config import load
from eink_monitor.metrics import ODOMETER
from eink_monitor.store import Store
from soak.board import FEEDS
from soak.card import Gone
from soak.flatness import slope
from soak.vendors import Moody

Row = tuple[str, str, int, int]

_WARM = 6.0  # 1000 polls
_FEW = 8
_ACCOUNTS = {"car": "skoda", "roof": "solaredge"}
_GROWTH = (("memory", "KiB", 1, 20.0), ("open files", "files", 2, 0.2))  # column, tolerated growth per 1000 polls


@dataclass
class Thrown:
    """A fault thrown at the house, and how it took it.

    ``took`` seconds until the fault was over and noticed, ``recovery`` more until all was well again, which were
    ``until_well`` seconds of the house, most of them for what was ``slowest``; ``gone`` is what may be lost by it,
    ``hurt`` what the house did not survive.
    """

    name: str
    at: int
    took: float = 0.0
    recovery: float = 0.0
    until_well: int = 0
    slowest: str = ""
    gone: Gone = field(default_factory=Gone)
    hurt: str = ""


@dataclass
class Tally:
    """What was done to the house: simulated times of kills, and the sizes (1000 polls, KiB, files) of one daemon.

    ``over`` is why there is no house any more.
    """

    began: int
    ended: int = 0
    seconds: float = 0.0
    polls: int = 0
    over: str = ""
    daemons: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    sizes: list[tuple[float, float, float]] = field(default_factory=list)
    thrown: list[Thrown] = field(default_factory=list)
    vendors: Mapping[str, Moody] = field(default_factory=dict)


def report(folder: Path, tally: Tally, sent: int) -> bool:
    """Print the tables; ``sent`` is the last odometer value anybody sent. Returns whether all is well."""
    events = [json.loads(line) for line in (folder / "events").read_text(encoding="utf-8").splitlines()]
    stored = {number for event, *rest in events if event == "stored" for number in rest}
    config = load(folder / "config.yaml")
    with closing(Store(config.database, config.zone, writes=False)) as store:
        found = {int(run.value) for run in store.readings.runs("car", ODOMETER, 0, 1 << 40)}
        well = {name: past.ok_at or 0 for name in FEEDS if (past := store.outcomes.get(name))}
        waiting = ", ".join(store.facts.salvage)
    rows = list(_rows(events, tally, well))
    log = (folder / "log").read_text(encoding="utf-8", errors="surrogateescape")
    checks = {
        f"the house lives{tally.over and f' no more: {tally.over}'}": not tally.over,
        **_readings(tally, stored, found, sent),
        f"everything that was set aside is saved{waiting and f', but for {waiting}'}": not waiting,
        **_told(log, stored - found),
        **_ledger(config.database, tally),
        **_flat(tally),
    }
    days = (tally.ended - tally.began) / 86400
    lines = [f"{days:.1f} days in {tally.seconds:.0f} s, {tally.polls} polls", ""]
    lines += [f"{'where':<9}{'fault':<26}{'injected':>9}{'survived':>10}"]
    lines += [f"{where:<9}{name:<26}{count:>9}{survived:>10}" for where, name, count, survived in rows]
    lines += ["", *_faults(tally, stored - found)]
    lines += ["", *(f"{'ok ' if good else 'BAD'}  {words}" for words, good in checks.items()), ""]
    sys.stdout.write("\n".join(lines))
    survived = all(count == survived for *_, count, survived in rows) and not any(one.hurt for one in tally.thrown)
    return survived and all(checks.values())


def _faults(tally: Tally, lost: set[int]) -> Iterable[str]:
    """One line per kind of fault that was thrown; a reading counts for the first fault that may have cost it."""
    yield f"{'fault':<24}{'thrown':>8}{'survived':>10}{'lost':>8}{'longest recovery':>20}{'of the house':>16}  for"
    kinds: dict[str, list[Thrown]] = {}
    cost: Counter[str] = Counter()
    for one in tally.thrown:
        kinds.setdefault(one.name, []).append(one)
        cost[one.name] += len(lost & one.gone.odometers)
        lost = lost - one.gone.odometers
    for name, ones in sorted(kinds.items()):
        survived, worst = sum(not one.hurt for one in ones), max(ones, key=lambda one: one.recovery)
        house = f"{worst.until_well / 60:.0f} min"
        counts = f"{len(ones):>8}{survived:>10}{cost[name]:>8}"
        yield f"{name:<24}{counts}{worst.recovery:>18.1f} s{house:>16}  {worst.slowest}"
    yield from (f"BAD  {one.name} at {one.at}: {one.hurt}" for one in tally.thrown if one.hurt)


def _readings(tally: Tally, stored: set[int], found: set[int], sent: int) -> dict[str, bool]:
    gone = Gone()
    for one in tally.thrown:
        gone.add(one.gone)
    lost, strange = stored - found, found - set(range(1, sent + 1))
    excused, forged = lost & gone.odometers, strange & gone.forged
    words = f"readings reported as stored {len(stored)}, found {len(stored & found)}"
    missing = sorted(lost - excused)[:20]
    return {
        f"{words}, stood on damaged pages {len(excused)}, lost {len(lost - excused)} {missing or ''}": bool(stored)
        and lost == excused,
        f"readings found that nobody sent: {len(strange)}, made by damage {len(forged)}": strange == forged,
    }


def _told(log: str, lost: set[int]) -> dict[str, bool]:
    """Whoever reads the log knows of every loss; nothing in it harms a terminal."""
    shares = re.findall(r": ([0-9.]+ %|all) of it was saved, ([0-9]+) rows", log)
    partly = sum(share != "all" for share, _ in shares)
    odd = {f"U+{ord(sign):04X}" for sign in log if sign not in "\n\t" and not sign.isprintable()}
    return {
        f"damaged files saved: {len(shares)}, with a loss that was told {partly}": partly > 0 or not lost,
        f"signs in the log that no terminal should get: {len(odd)} {' '.join(sorted(odd)[:9])}": not odd,
        f"bugs in the log: {log.count('Traceback')}": "Traceback" not in log,
    }


def _rows(events: Iterable[list[str]], tally: Tally, well: Mapping[str, int]) -> Iterable[Row]:
    """One row per kind of fault; it is survived if its victim was well later on."""
    for name, vendor in tally.vendors.items():
        injected = Counter(way for way, _ in vendor.injected)
        survived = Counter(way for way, at in vendor.injected if at < well.get(name, 0))
        yield from ((name, way, count, survived[way]) for way, count in sorted(injected.items()))
    yield from _panel(events)
    latest = min(well.values(), default=0)
    for way, times in (("poll killed", tally.children), ("daemon killed", tally.daemons)):
        yield "process", way, len(times), sum(at < latest for at in times)


def _panel(events: Iterable[list[str]]) -> Iterable[Row]:
    """A panel fault is survived once frames are drawn again, by the same daemon or by the one after it."""
    broken: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    pending = ""
    for event, *what in events:
        if event == "panel broken":
            pending = what[0]
            broken[pending] += 1
        elif pending and event in {"panel well", "drawn"}:
            survived[pending] += 1
            pending = ""
    yield from (("panel", way, count, survived[way]) for way, count in sorted(broken.items()))


def _ledger(database: Path, tally: Tally) -> dict[str, bool]:
    with closing(sqlite3.connect(database)) as db:
        whole = db.execute("PRAGMA integrity_check").fetchone()[0]
        booked = db.execute("SELECT account, sum(calls) FROM call GROUP BY account").fetchall()
    told = {f"integrity check: {whole}": whole == "ok"}
    gone = Gone()
    for one in tally.thrown:
        gone.add(one.gone)
    for name, vendor in tally.vendors.items():
        calls = sum(calls for account, calls in booked if account.startswith(_ACCOUNTS[name]))
        hurt = sum(calls for account, calls in gone.calls.items() if account.startswith(_ACCOUNTS[name]))
        words = f"calls to the vendor of {name}: {vendor.calls} made, {calls} booked"
        told[f"{words}, may have stood on damaged pages {hurt}"] = vendor.calls <= calls + hurt
    return told


def _flat(tally: Tally) -> dict[str, bool]:
    """Memory and open files, flat unless the whole confidence interval of their slope is above what is tolerated.

    Until so many polls are over its caches still fill; a run that ends before cannot tell.
    """
    told = {}
    warm = [row for row in tally.sizes if row[0] >= _WARM]
    for name, unit, column, limit in _GROWTH:
        if len({row[0] for row in warm}) < _FEW:
            told[f"{name}: the run was too short to tell whether it grows"] = True
            continue
        growth, half = slope([(row[0], row[column]) for row in warm])
        values = [row[column] for row in warm]
        words = f"{name}: {min(values):.0f} to {max(values):.0f} {unit}, {growth:+.2f} ± {half:.2f} per 1000 polls"
        told[words] = growth - half <= limit
    return told
