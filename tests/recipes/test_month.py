"""A month of all recipes whose vendor counts calls: no account is overdrawn, whoever restarts it or cannot wait."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor import config as configuration
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock
from eink_monitor.config import Config, Feed, recipes
from eink_monitor.config.recipes import RecipeSource
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Done
from eink_monitor.model.poll import Budget, Visit
from eink_monitor.settings import Secret
from eink_monitor.simulation import StandIn, live, silence
from eink_monitor.store import Store
from loopback.recipes import filled

ZONE = ZoneInfo("Europe/Bucharest")
START = int(datetime(2026, 10, 1, tzinfo=ZONE).timestamp())  # a month with a day of 25 hours
SPANS = {"minute": MINUTE, "hour": HOUR, "day": DAY}
DAYS = 31


class Counting(StandIn):
    """Counts what each poll costs at most, by itself."""

    def __init__(self) -> None:
        self.calls: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)

    def start(self, feed: Feed, visit: Visit) -> Done:
        quota = feed.source.quota()
        assert quota
        self.calls[quota.account].append((visit.now, visit.allowance))
        return super().start(feed, visit)


def house(folder: Path) -> Config:
    """A source of each recipe whose vendor counts."""
    sources = {}
    for name, file in recipes.files().items():
        kind = recipes.made(file)
        scheme = {"scheme": "https"} if "scheme" in kind.recipe.takes else {}
        settings = filled(kind, "https://vendor.local", scheme)
        if kind(**settings).quota():
            sources[name] = {"type": name, **{key: plain(value) for key, value in settings.items()}}
    block = {"display": {"type": "null"}, "timezone": ZONE.key, "sources": sources, "panels": {"h": {"type": "health"}}}
    (folder / "config.yaml").write_text(json.dumps(block), encoding="utf-8")
    return configuration.load(folder / "config.yaml")


def plain(value: object) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


def test_no_account_is_overdrawn_in_a_month(tmp_path: Path) -> None:
    config = replace(house(tmp_path), database=tmp_path / "readings.db")
    assert all(isinstance(feed.source, RecipeSource) for feed in config.feeds.values())
    clock, counting, chance = FastClock(START), Counting(), random.Random(31)
    with silence():
        for day in range(1, DAYS + 1):
            store = Store(config.database, ZONE, durable=False)
            daemon = Daemon(config, store, clock, counting)
            live(daemon, START + day * DAY - chance.randrange(HOUR, 20 * HOUR))
            for name in config.feeds:
                for _ in range(chance.choice((0, 0, 1, 30))):  # somebody tries again and again
                    daemon.fetching.poll_now(name)
            if day % 2:  # and the power goes
                live(daemon, START + day * DAY)
            daemon.stop()
            store.close()
    reached = False
    for feed in config.feeds.values():
        quota = feed.source.quota()
        assert quota
        calls = counting.calls[quota.account]
        assert len(calls) > DAYS, feed.name
        assert {budget: most(calls, budget) for budget in quota.budgets if most(calls, budget) > budget.calls} == {}
        reached |= any(most(calls, budget) == budget.calls for budget in quota.budgets)
    assert reached, "those who could not wait were held back"


def most(calls: list[tuple[int, int]], budget: Budget) -> int:
    """The most calls that an account made in any span of a budget; the whole of it is a month."""
    if budget.span == "month":
        return sum(cost for _, cost in calls)
    first = found = within = 0
    for at, cost in calls:
        within += cost
        while calls[first][0] <= at - SPANS[budget.span]:
            within -= calls[first][1]
            first += 1
        found = max(found, within)
    return found
