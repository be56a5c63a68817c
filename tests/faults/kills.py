"""Kill the daemon, or a child of its, at random moments, again and again: ``python -m faults.kills --runs 200``.

The daemon, its polls and its database are the real ones; the vendor is a real server that counts every call and takes
each refresh token once (and once more, should its answer have been lost). The clock is fast, so a second is hours.
"""

from __future__ import annotations

import argparse
import logging
import os
import select
import signal
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import ClassVar, NoReturn
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, MINUTE, FastClock, stopwatch
from eink_monitor.daemon.polls import Forked
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.simulation import silence
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.store import Store
from loopback.server import Asked, LoopbackServer, Said
from small_house import START, Says, feed, slide, small_house

UTC = ZoneInfo("UTC")
QUOTA = Quota("cloud", (Budget(1_000_000, "day"),))


class Vendor(LoopbackServer):
    """Counts calls; a refresh token is good once."""

    def __init__(self) -> None:
        super().__init__()
        self.token = 0
        self.calls = 0
        self.lost = 0

    def answer(self, asked: Asked) -> Said:
        if asked.path == "/data":
            self.calls += 1
            return Said(200, {"value": self.calls % 1000})
        shown = int(asked.params["refresh"])
        if shown not in {self.token, self.token - 1}:
            self.lost += 1
            return Said(401, {})
        self.token = shown + 1
        return Said(200, {"refresh": self.token})


@dataclass
class Paid(Source):
    """Makes one call that counts; ``signs_in`` anew at every poll before it."""

    url: str
    signs_in: bool = True

    metrics: ClassVar[tuple[Metric, ...]] = (PV_POWER,)

    def quota(self) -> Quota | None:
        return QUOTA

    def poll(self, visit: Visit) -> Iterable[Reading]:
        if self.signs_in:
            self._sign_in(visit)
        visit.spend()
        with urlopen(f"{self.url}/data", timeout=5) as answer:
            value = int(answer.read().split(b":")[1].strip(b" }"))
        return [Reading(visit.subject, PV_POWER, value, visit.now)]

    def _sign_in(self, visit: Visit) -> None:
        with TokenStore(visit.state, visit.feed).locked() as tokens:
            known = tokens.load()
            with urlopen(f"{self.url}/token?refresh={known.refresh if known else 0}", timeout=5) as answer:
                fresh = answer.read().split(b":")[1].strip(b" }")
            tokens.save(Tokens("access", fresh.decode(), visit.now + DAY))


@dataclass
class Tally:
    """What came of it."""

    runs: int = 0
    children: int = 0
    readings: int = 0
    calls: int = 0
    booked: int = 0
    wrong: list[str] = field(default_factory=list)


def torment(folder: Path, runs: int, seed: int = 0) -> Tally:
    """Live and die so many times on one database."""
    chance, tally = Random(seed), Tally()
    path = folder / "readings.db"
    Store(path, UTC).close()
    with Vendor() as vendor:
        for run in range(runs):
            promised = _once(path, vendor.url, START + run * DAY, chance, tally)
            _examine(path, vendor, promised, run, tally)
        tally.calls = vendor.calls
    tally.runs = runs
    return tally


def _once(path: Path, url: str, start: int, chance: Random, tally: Tally) -> int:
    """One life of the daemon; returns when the last reading was measured that it had promised to be stored."""
    reader, writer = os.pipe()
    daemon = os.fork()
    if daemon == 0:
        _live(path, url, start, writer)
    os.close(writer)
    promises = b""
    lived = chance.choice((0, 0, 4, 8, 16)) * 8  # bytes of promises: slow machines live as much as fast ones
    patience = stopwatch() + 60
    end = stopwatch() + chance.uniform(0.05, 0.5)
    while (left := end - stopwatch()) > 0:
        if select.select([reader], [], [], min(left, 0.05))[0]:
            promises += os.read(reader, 65536)
        if len(promises) < lived and stopwatch() < patience:
            end = stopwatch() + chance.uniform(0.0, 0.05)
        if chance.random() < 0.1:
            tally.children += _kill_a_child(daemon, chance)
    os.kill(daemon, signal.SIGKILL)
    os.waitpid(daemon, 0)
    while piece := os.read(reader, 65536):
        promises += piece
    os.close(reader)
    whole = len(promises) // 8 * 8
    return int.from_bytes(promises[whole - 8 : whole]) if whole else 0


def _kill_a_child(daemon: int, chance: Random) -> int:
    with suppress(OSError):
        children = Path(f"/proc/{daemon}/task/{daemon}/children").read_text(encoding="ascii").split()
        if children:
            os.kill(int(chance.choice(children)), signal.SIGKILL)
            return 1
    return 0


def _live(path: Path, url: str, start: int, writer: int) -> NoReturn:
    """The daemon's life; says after every commit up to when all readings are stored."""
    try:
        feeds = [feed("paid", Paid(url), every=MINUTE), feed("ahead", Paid(url, signs_in=False), every=MINUTE)]
        house = small_house(path, feeds, [slide("s", Says())], clock=FastClock(start), runner=Forked, durable=True)
        while True:
            known, commits = house.store.readings.latest("paid", PV_POWER), house.store.commits
            house.live(MINUTE)
            if known and house.store.commits > commits:
                os.write(writer, known.at.to_bytes(8))
    finally:
        os._exit(1)


def _examine(path: Path, vendor: Vendor, promised: int, run: int, tally: Tally) -> None:
    store = Store(path, UTC)
    newest = store.readings.latest("paid", PV_POWER)
    tally.booked = sum(row[0] for row in store._disk.execute("SELECT calls FROM call"))
    tally.readings = store.rows()["reading"]
    if store._disk.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        tally.wrong.append(f"run {run}: the database is damaged")
    if promised and (newest is None or newest.at < promised):
        tally.wrong.append(f"run {run}: a reading that was stored is not there")
    if tally.booked < vendor.calls:
        tally.wrong.append(f"run {run}: {tally.booked} calls booked, {vendor.calls} made")
    if vendor.lost:
        tally.wrong.append(f"run {run}: a token was lost")
    store.close()


def main() -> int:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    logging.getLogger("eink_monitor").disabled = True  # it would tell of every poll that was killed
    with tempfile.TemporaryDirectory() as folder, silence():
        tally = torment(Path(folder), wanted.runs, wanted.seed)
    print(f"{tally.runs} kills of the daemon, {tally.children} of its children: {tally.readings} readings, ", end="")  # noqa: T201
    print(f"{tally.calls} calls made, {tally.booked} booked, {len(tally.wrong)} violations")  # noqa: T201
    print("\n".join(tally.wrong))  # noqa: T201
    return bool(tally.wrong)


if __name__ == "__main__":
    sys.exit(main())
