"""A house lives on a simulated clock: which panel stands on the wall when, and why; and what the guide says of that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, local, midnight
from eink_monitor.conditions import Condition
from eink_monitor.config import load
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.rotation import Stand
from eink_monitor.simulation import StandIn, silence
from eink_monitor.store import Store
from houses import write

GUIDE = (Path(__file__).parents[1] / "docs" / "attention.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE)
HEAD = "database: {folder}/readings.db\ntimezone: Europe/Berlin\ndisplay: {{type: 'null'}}\n"
WEDNESDAY = date(2026, 6, 17)

SURPLUS = "roof.grid_power < -2 kW for 10m and between 10:00 and 16:00"
WEEK = """\
quiet_hours: "01:00-05:00"
sources:
  roof: {{type: demo, show: roof}}
  car: {{type: demo, show: car}}
  nas: {{type: demo, show: disk, every: 15m, outage: "13:00-14:00"}}
  tariff: {{type: demo, show: price}}
panels:
  sun: {{type: solar, subject: roof, when: day, weight: 2}}
  store: {{type: battery, subject: roof, when: night or roof.storage_soc < 20 %}}
  car: {{type: car, subject: car, first: car.charging}}
  backup: {{type: disk, subject: "nas:backups", when: not trouble(nas)}}
  health: {{type: health, first: trouble() for 5m}}
  surplus: {{type: grid, subject: roof, first: SURPLUS}}
  power: {{type: flow, subject: roof, first: tariff.price_eur > 28 ct/kWh for 15m}}
""".replace("SURPLUS", SURPLUS)


@dataclass
class Week:
    """A house under way, and every panel that stood on the wall."""

    daemon: Daemon
    clock: FastClock
    stands: list[Stand] = field(default_factory=list)
    refreshes: list[int] = field(default_factory=list)

    def live(self, until: int) -> None:
        drawing = self.daemon.drawing
        while (now := self.clock.now()) < until:
            pause = self.daemon.tick()
            self.stands += [stand for stand in drawing.rotation.stands if stand not in self.stands[-1:]]
            self.clock.wait(min(pause, until - now), self.daemon.watch())

    def at(self, instant: int) -> Stand:
        return next(stand for stand in reversed(self.stands) if stand.since <= instant)


def lived(folder: Path, text: str, first: date, days: int) -> Week:
    config = load(write(folder, HEAD + text))
    clock = FastClock(midnight(first, config.zone))
    store = Store(config.database, config.zone, durable=False)
    week = Week(Daemon(config, store, clock, StandIn()), clock)
    with silence():
        for _ in range(days):
            before = week.daemon.wear.full + week.daemon.wear.partial
            week.live(clock.now() + DAY)
            week.refreshes.append(week.daemon.wear.full + week.daemon.wear.partial - before)
    store.close()
    return week


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return lived(tmp_path_factory.mktemp("week"), WEEK, date(2026, 6, 15), 7)


def instant(week: Week, text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=week.daemon.config.zone).timestamp())


@pytest.mark.parametrize(
    ("at", "panel", "why"),
    [
        # the sun, with two turns where others have one, and the night
        ("2026-06-16T11:43", "sun", "its turn, `weight: 2`; `when: day` holds"),
        ("2026-06-16T11:46", "backup", "its turn; `when: not trouble(nas)` holds"),
        ("2026-06-16T11:49", "sun", "its turn, `weight: 2`; `when: day` holds"),
        ("2026-06-17T00:01", "store", "its turn; `when: night or roof.storage_soc < 20 %` holds"),
        ("2026-06-17T03:00", "backup", "its turn; `when: not trouble(nas)` holds"),  # quiet hours: the ink stays
        ("2026-06-17T05:01", "car", "its turn"),
        # more sun than the house can use
        ("2026-06-16T10:43", "surplus", f"`first: {SURPLUS}` began to hold"),
        # a fault
        ("2026-06-17T13:01", "backup", "its turn; `when: not trouble(nas)` holds"),
        ("2026-06-17T13:07", "health", "`first: trouble() for 5m` began to hold"),
        # a car that charges: shown when it began, and before in its turn
        ("2026-06-17T18:02", "car", "its turn"),
        ("2026-06-17T18:04", "car", "`first: car.charging` began to hold"),
        ("2026-06-20T16:34", "car", "`first: car.charging` began to hold"),
        # power is dear
        ("2026-06-17T18:16", "power", "`first: tariff.price_eur > 28 ct/kWh for 15m` began to hold"),
    ],
)
def test_what_stands_on_the_wall_and_why(week: Week, at: str, panel: str, why: str) -> None:
    stand = week.at(instant(week, at))
    assert (stand.name, stand.why) == (panel, why)


def waits(week: Week, name: str) -> Iterator[int]:
    """How long (s) it took each time until the panel stood again."""
    before = week.stands[0].since
    for stand in week.stands:
        if stand.name == name:
            yield stand.since - before
            before = stand.since
    yield week.clock.now() - before


@pytest.mark.parametrize("name", ["sun", "store", "car", "backup", "health", "surplus", "power"])
def test_no_panel_waits_for_more_than_a_day(week: Week, name: str) -> None:
    assert max(waits(week, name)) <= DAY


def test_the_display_is_spared(week: Week) -> None:
    assert all(later.since - sooner.since >= 3 * MINUTE for sooner, later in pairwise(week.stands))
    assert all(300 < number <= (DAY - 4 * HOUR) // (3 * MINUTE) for number in week.refreshes), week.refreshes
    assert week.daemon.wear.partial <= 5 * week.daemon.wear.full


def test_no_panel_stands_while_its_condition_does_not_hold(week: Week) -> None:
    for stand in week.stands[5:]:
        hour = local(stand.since, week.daemon.config.zone).hour
        assert stand.name != "store" or not 10 <= hour < 18
        assert stand.name != "sun" or 4 <= hour < 22


# -- the guide ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("block", "below"), EXAMPLES, ids=["day and night", "what wants to be seen", "dear power"])
def test_the_examples_of_the_guide_do_what_it_says(tmp_path: Path, block: str, below: str) -> None:
    example = lived(tmp_path, block.replace("{", "{{").replace("}", "}}"), WEDNESDAY, 1)
    told = re.findall(r"^\| (\d\d:\d\d) \| `(\w+)` \| (.*) \|$", below, re.MULTILINE)
    assert len(told) >= 3
    for at, panel, why in told:
        stand = example.at(instant(example, f"{WEDNESDAY}T{at}"))
        assert (at, stand.name, stand.why) == (at, panel, why)


def test_what_show_why_prints_is_what_the_guide_prints(tmp_path: Path) -> None:
    (printed,) = re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL)
    example = lived(tmp_path, EXAMPLES[0][0].replace("{", "{{").replace("}", "}}"), WEDNESDAY, 0)
    example.live(instant(example, f"{WEDNESDAY}T22:00") + 1)
    said = example.daemon.drawing.why(example.clock.now(), example.clock.monotonic())
    assert said.splitlines() == printed.splitlines()


CONDITIONS = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| `.*?(?= \| )", GUIDE.split("## Why")[0], re.MULTILINE)))


@pytest.mark.parametrize("text", [text for text in CONDITIONS if text not in {"when", "first", "weight"}])
def test_every_condition_of_the_guide_is_one(text: str) -> None:
    assert str(Condition.parse(text)) == text
