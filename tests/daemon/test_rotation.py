"""Attention in a small house: `when`, `first` and `weight` in the rotation, and what is said of why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.conditions import Condition, Witness
from eink_monitor.config import Slide
from eink_monitor.daemon.control import Request
from eink_monitor.daemon.display_control import carry_out
from eink_monitor.errors import Trouble, Unavailable
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.panel import Need
from eink_monitor.settings import Window
from small_house import START, Says, Scripted, Small, feed, slide, small_house

GONE = Unavailable("the vendor does not answer")


@dataclass
class Wants(Says):
    """Has nothing to say without a reading."""

    def needs(self) -> Iterator[Need]:
        yield Need(self.subject, (PV_POWER,))


def stays(name: str, dwell: int = 180, *, when: str = "", first: str = "", weight: int = 1, subject: str = "") -> Slide:
    return replace(
        slide(name, Wants(subject) if subject else Says(), dwell),
        when=Condition.parse(when) if when else None,
        first=Condition.parse(first) if first else None,
        weight=weight,
    )


def house_of(path: Path, script: list[float | Trouble], *slides: Slide, **more: object) -> Small:
    return small_house(path / "house.db", [feed("roof", Scripted(script))], slides, **more)  # type: ignore[arg-type]


def watched(house: Small, seconds: float, every: int = 60) -> list[str]:
    """Which panel stands at the end of every minute."""
    names = []
    for _ in range(int(seconds / every)):
        house.live(every)
        names.append(house.daemon.drawing.rotation.stands[0].name)
    return names


def why(house: Small) -> str:
    return carry_out(Request("why"), house.daemon.drawing, house.config, house.daemon.clock).words


def test_a_panel_takes_its_turn_only_while_its_condition_holds(tmp_path: Path) -> None:
    house = house_of(
        tmp_path, [100, 100, 100, 900, 900, 900, 900, 100], stays("a"), stays("sun", when="roof.pv_power > 500 W")
    )
    seen = watched(house, HOUR)
    assert "sun" not in seen[:14], "unknown at first, then too little"
    assert seen[15:36].count("sun") == 9, "900 W from the fourth poll on"
    assert "sun" not in seen[38:]


def test_a_panel_comes_next_when_its_first_begins_to_hold_and_only_once(tmp_path: Path) -> None:
    panels = [stays("a"), stays("b"), stays("c"), stays("sun", first="roof.pv_power > 500 W")]
    house = house_of(tmp_path, [100, 900, 900, 900, 900, 900, 100, 900], *panels)
    seen = "".join(name[0] for name in watched(house, 45 * MINUTE, 180))
    assert seen == "abscabcsabcssab", "900 W at the second poll, and again at the eighth, while it stood with 100 W"


def test_a_first_that_holds_from_the_start_comes_first(tmp_path: Path) -> None:
    house = house_of(tmp_path, [900], stays("a"), stays("sun", first="not trouble(roof)"))
    assert watched(house, 6 * MINUTE, 180) == ["a", "sun"]
    assert "`first: not trouble(roof)` began to hold" in why(house)


def test_it_does_not_wait_for_the_end_of_a_long_dwell(tmp_path: Path) -> None:
    house = house_of(
        tmp_path,
        [100, 100, 900],
        stays("a", 3 * HOUR),
        stays("b", 3 * HOUR),
        stays("sun", 600, first="roof.pv_power > 500 W"),
    )
    seen = watched(house, 40 * MINUTE)
    assert seen.index("sun") == 12, "900 W after ten minutes, and looked for every three"
    assert seen.count("sun") == 10, "and it stays for its dwell"
    assert seen[-1] != "sun"


def test_what_a_person_asked_for_stays(tmp_path: Path) -> None:
    house = house_of(
        tmp_path, [100, 900], stays("a", 900), stays("b", 900), stays("sun", first="roof.pv_power > 500 W")
    )
    house.live(MINUTE)
    assert carry_out(Request("show", "b"), house.daemon.drawing, house.config, house.daemon.clock).code == 0
    assert why(house).splitlines()[0] == "now: b, since 20:27 (requested)"
    assert set(watched(house, 14 * MINUTE)) == {"b"}
    assert watched(house, 3 * MINUTE)[-1] == "sun"


def test_weights(tmp_path: Path) -> None:
    house = house_of(tmp_path, [1], stays("a", weight=3), stays("b"), stays("c"))
    seen = "".join(watched(house, 45 * MINUTE, 180))
    assert seen == "abacaabacaabaca"
    assert "(its turn, `weight: 3`)" in why(house)


def test_an_empty_panel_does_not_stand_while_another_has_something_to_say(tmp_path: Path) -> None:
    panels = [stays("a", subject="nobody"), stays("roof", subject="roof"), stays("b", subject="no one")]
    house = house_of(tmp_path, [GONE, 5], *panels)
    seen = watched(house, 30 * MINUTE)
    assert seen[0] == "a", "nobody has anything to say yet"
    assert set(seen[10:]) == {"roof"}
    assert "not now: a (no data yet)" in why(house)


def test_where_no_condition_holds_all_take_turns(tmp_path: Path) -> None:
    house = house_of(tmp_path, [5], stays("a", when="night"), stays("b", when="roof.pv_power > 1 kW"))
    assert set(watched(house, 10 * MINUTE)) == {"a", "b"}
    assert "(its turn; no panel with data has a `when` that holds)" in why(house)
    assert "not now" not in why(house)


def test_nobody_starves_whatever_begins_to_hold(tmp_path: Path) -> None:
    """A `first` at every poll, a heavy weight, long dwells, and a night without any drawing."""
    panels = [
        stays("a", 3600),
        stays("b", 3600, weight=10),
        stays("c", 3600, first="roof.pv_power > 500 W"),
        stays("d", 1800, first="roof.pv_power < 500 W"),
    ]
    script: list[float | Trouble] = [900.0, 100.0] * 2000
    house = house_of(tmp_path, script, *panels, quiet=Window(0, 360))
    seen = watched(house, 4 * DAY, 120)
    for name in "abcd":
        places = [-1, *(place for place, stood in enumerate(seen) if stood == name), len(seen)]
        assert max(after - before for before, after in pairwise(places)) * 120 <= DAY, name


def test_why_in_the_quiet_hours_after_clearing_and_without_panels(tmp_path: Path) -> None:
    house = house_of(tmp_path, [5], stays("a"), quiet=Window(20 * 60, 22 * 60))
    house.live(HOUR)
    assert why(house).splitlines() == ["quiet hours: nothing changes (20:00-22:00)", "next: a (its turn)"]
    house.live(HOUR)
    assert why(house).splitlines()[0] == "now: a, since 22:24 (its turn)"
    house.daemon.drawing.clear()
    assert why(house) == "now: nothing (the display was cleared; `show --ink` or a restart ends that)"
    house.daemon.drawing.picture(house.clock.monotonic())
    assert why(house).startswith("now: the test picture, since 22:2")
    bare = small_house(tmp_path / "bare.db", [])
    assert "there are no panels" in why(bare)


def test_why_says_what_waits_and_what_is_unknown(tmp_path: Path) -> None:
    slides = (
        stays("a"),
        stays("b", when="roof.pv_power > 500 W"),
        stays("c", when="roof.load_power > 500 W"),
        stays("d", when="roof.pv_power < 500 W for 2m", first="trouble(roof)"),
    )
    house = house_of(tmp_path, [5], *slides)
    house.live(7 * MINUTE)
    assert why(house).splitlines() == [
        "now: d, since 20:32 (its turn; `when: roof.pv_power < 500 W for 2m` holds)",
        "stays: 2 min",
        "next: a (its turn)",
        "not now: b (`when: roof.pv_power > 500 W` does not hold)",
        "not now: c (`when: roof.load_power > 500 W` is unknown)",
    ]


def test_a_panel_that_does_not_know_whether_it_speaks_is_shown(tmp_path: Path) -> None:
    @dataclass
    class Broken(Says):
        def needs(self) -> Iterator[Need]:
            raise RuntimeError

    house = house_of(tmp_path, [5], slide("a", Broken()), stays("b"))
    assert set(watched(house, 10 * MINUTE)) == {"a", "b"}


@pytest.mark.parametrize("failures", [1, 5])
def test_a_display_that_fails_is_tried_again_soon(tmp_path: Path, failures: int) -> None:
    house = house_of(tmp_path, [5], stays("a", 3600, first="night"), stays("b", 3600))
    house.wall.failures = failures
    house.live(20 * MINUTE)
    assert [at - START for at in house.wall.tried[:2]] == [0, 30]
    assert house.wall.shown


@dataclass
class Counted:
    """A condition that counts how often it is asked."""

    asked: int = 0

    def holds(self, witness: Witness, at: int) -> bool:
        self.asked += 1
        return False


def test_conditions_are_asked_at_each_turn_and_not_at_each_tick(tmp_path: Path) -> None:
    counted = Counted()
    watchful = replace(stays("b", 900), when=Condition("counted", counted))
    feeds = [feed("roof", Scripted([5]), every=10)]
    house = small_house(tmp_path / "house.db", feeds, [stays("a", 900), watchful])
    house.live(3 * HOUR)
    assert house.daemon.fetching.polls > 1000
    assert counted.asked == house.daemon.drawing.turns == 12
