"""What a soak came to: every fault with what became of it, and what must be true at the end."""

from __future__ import annotations

import json
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
from soak.flatness import slope
from soak.vendors import Moody

Row = tuple[str, str, int, int]

_WARM = 6.0  # 1000 polls
_FEW = 8
_ACCOUNTS = {"car": "skoda", "roof": "solaredge"}
_GROWTH = (("memory", "KiB", 1, 20.0), ("open files", "files", 2, 0.2))  # column, tolerated growth per 1000 polls


@dataclass
class Tally:
    """What was done to the house: simulated times of kills, and the sizes (1000 polls, KiB, files) of one daemon."""

    began: int
    ended: int = 0
    seconds: float = 0.0
    polls: int = 0
    daemons: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    sizes: list[tuple[float, float, float]] = field(default_factory=list)
    vendors: Mapping[str, Moody] = field(default_factory=dict)


def report(folder: Path, tally: Tally, sent: int) -> bool:
    """Print the table; ``sent`` is the last odometer value anybody sent. Returns whether all is well."""
    events = [json.loads(line) for line in (folder / "events").read_text(encoding="utf-8").splitlines()]
    stored = {number for event, *rest in events if event == "stored" for number in rest}
    config = load(folder / "config.yaml")
    with closing(Store(config.database, config.zone, writes=False)) as store:
        found = {int(run.value) for run in store.readings.runs("car", ODOMETER, 0, 1 << 40)}
        well = {name: past.ok_at or 0 for name in config.feeds if (past := store.outcomes.get(name))}
    rows = list(_rows(events, tally, well))
    checks = {
        f"readings reported as stored {len(stored)}, found {len(stored & found)}": bool(stored) and stored <= found,
        f"readings found that nobody sent: {len(found - set(range(1, sent + 1)))}": found <= set(range(1, sent + 1)),
        **_ledger(config.database, tally),
        **_flat(tally),
    }
    days = (tally.ended - tally.began) / 86400
    lines = [f"{days:.1f} days in {tally.seconds:.0f} s, {tally.polls} polls", ""]
    lines += [f"{'where':<9}{'fault':<26}{'injected':>9}{'survived':>10}"]
    lines += [f"{where:<9}{name:<26}{count:>9}{survived:>10}" for where, name, count, survived in rows]
    lines += ["", *(f"{'ok ' if good else 'BAD'}  {words}" for words, good in checks.items()), ""]
    sys.stdout.write("\n".join(lines))
    return all(checks.values()) and all(count == survived for *_, count, survived in rows)


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
    for name, vendor in tally.vendors.items():
        calls = sum(calls for account, calls in booked if account.startswith(_ACCOUNTS[name]))
        told[f"calls to the vendor of {name}: {vendor.calls} made, {calls} booked"] = vendor.calls <= calls
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
