"""No plausible house makes a panel crash, lie, clip or overlap."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR, MINUTE, day_bounds, local, midnight
from eink_monitor.config import load as load_config
from eink_monitor.config.plugins import load, names
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.house import House
from eink_monitor.model.frame import Frame
from eink_monitor.model.history import FeedStatus
from eink_monitor.model.panel import Panel
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.panels._names import MetricName
from eink_monitor.panels.battery import Battery
from eink_monitor.panels.car import Car
from eink_monitor.panels.disk import Disk, trend
from eink_monitor.panels.energy import Energy
from eink_monitor.panels.flow import Flow
from eink_monitor.panels.grid import Grid
from eink_monitor.panels.health import Health
from eink_monitor.panels.history import DailyHistory
from eink_monitor.panels.solar import Solar
from eink_monitor.settings import Duration
from eink_monitor.store import Store
from houses import write
from paper_house import BERLIN, PaperHouse, feed
from scenes import (
    AT,
    BMW_DOOR,
    CHARGE,
    DISK,
    ENYAQ,
    GLASS,
    NOW,
    ROOF_DOOR,
    SCENES,
    car,
    counted,
    disk,
    mounted,
    roof,
    tiles,
)
from witness import WitnessCanvas

FAULTS = ("auth", "gone", "throttled", "unavailable", "bad-answer", "timeout")
AROUND = st.integers(NOW - 3 * DAY, NOW + 10 * MINUTE)


def draw(panel: Panel, house: PaperHouse, now: int = NOW) -> Frame:
    canvas = WitnessCanvas()
    panel.draw(canvas, house, now)
    canvas.assert_intact()
    return canvas.frame()


def value(metric: Metric) -> st.SearchStrategy[float]:
    """From the ends of what is plausible, and from what is usual."""
    top = min(metric.high, 1e16)
    usual = st.floats(max(metric.low, -20_000), min(top, 20_000))
    return st.one_of(st.sampled_from([metric.low, top]), usual, st.floats(metric.low, top))


def statuses() -> st.SearchStrategy[FeedStatus]:
    moment = st.none() | st.integers(NOW - 400 * DAY, NOW + 40 * DAY)
    return st.builds(
        FeedStatus,
        name=st.just("feed"),
        label=st.text(max_size=30),
        type=st.just("demo"),
        what=st.sampled_from(["ok", None, *FAULTS]),
        door=st.sampled_from(["", ROOF_DOOR, BMW_DOOR]) | st.text(max_size=80),
        warning=st.text(max_size=90),
        detail=st.text(max_size=200),
        since=moment,
        at=moment,
        ok_at=moment,
        due=moment,
        measured_at=moment,
        patience=st.integers(60, DAY),
        calls_used=st.none() | st.integers(0, 99_999),
        calls_limit=st.none() | st.integers(0, 99_999),
        shown=st.booleans(),
    )


_POINTS = {metric: st.lists(st.tuples(AROUND, value(metric)), max_size=2) for metric in m.METRICS.values()}


@st.composite
def houses(draw_from: st.DrawFn) -> PaperHouse:
    house = PaperHouse(labels={"it": draw_from(st.text(max_size=40))}, patience_seconds=draw_from(st.integers(60, DAY)))
    for metric, points in _POINTS.items():
        house.add("it", metric, draw_from(points))
    trouble = draw_from(st.none() | statuses().filter(lambda status: status.what in FAULTS))
    return replace(house, troubles={"it": trouble} if trouble else {})


@pytest.mark.parametrize("glass", GLASS)
@pytest.mark.parametrize("name", SCENES)
def test_no_scene_clips_overlaps_or_lacks_a_letter(name: str, glass: tuple[int, int]) -> None:
    panel, house, now = SCENES[name]
    canvas = WitnessCanvas.on(glass)
    panel.draw(canvas, house, now)
    canvas.assert_intact()
    assert canvas.missing == set()


@given(value=st.floats(-1e5, 1e11))
def test_the_faces_hold_whatever_a_number_can_become(value: float) -> None:
    texts = [words.power(value), words.energy(value), words.size(value), (words.percent(value), words.distance(value))]
    assert {c for text in texts for c in text[0] if c not in fonts.face(fonts.FIGURE_64)} == set()
    times = words.age(value) + words.stamp(int(abs(value) % 1e10), NOW, BERLIN)
    assert {c for c in times if c not in fonts.face(fonts.TITLE)} == set()


def test_a_house_that_only_knows_its_own_use_has_no_arrows() -> None:
    draw(Flow("roof"), PaperHouse().set("roof", AT, {m.LOAD_POWER: 640}))


PANELS = [
    *(Solar("it"), Flow("it"), Battery("it"), Grid("it"), Energy("it"), DailyHistory("it"), Car("it"), Disk("it")),
    DailyHistory("it", metric="consumption", days=33),
]


@pytest.mark.parametrize("panel", PANELS)
@settings(max_examples=40, deadline=None)
@given(house=houses(), now=st.just(NOW) | AROUND)
def test_any_house_fits_on_the_sheet(panel: Panel, house: PaperHouse, now: int) -> None:
    frame = draw(panel, house, now)
    assert len(frame.bits) == 32 * 122


@settings(max_examples=40, deadline=None)
@given(feeds=st.lists(statuses(), max_size=12))
def test_any_health_fits_on_the_sheet(feeds: list[FeedStatus]) -> None:
    draw(Health(), PaperHouse(statuses=feeds))


@pytest.mark.parametrize("name", names(Panel))  # type: ignore[type-abstract]  # the kind is what is asked for
def test_a_panel_says_what_it_needs(name: str) -> None:
    panel: Any = load(Panel, name)
    figures = tiles(("it", m.PV_POWER), ("it", m.SOC))
    settings: dict[str, Any] = {"subject": "it", "metric": MetricName("soc"), "tiles": figures}
    fields = {field.name: settings[field.name] for field in dataclasses.fields(panel) if field.name in settings}
    if name == "history":
        fields.pop("metric")
    needs = list(panel(**fields).needs())
    assert bool(needs) == (name != "health")
    assert all(need.subject == "it" and (need.any_of or need.listed is not None) for need in needs)


def test_what_was_measured_on_another_day_is_not_shown_as_todays() -> None:
    late = int(datetime(2026, 6, 15, 23, 58, tzinfo=BERLIN).timestamp())
    one, other = ({m.FEED_IN_TODAY: energy, m.GRID_POWER: 5} for energy in (7_200, 9_900))
    houses_of_both = [PaperHouse().set("roof", late, values) for values in (one, other)]
    before = [draw(Grid("roof"), house, late + MINUTE) for house in houses_of_both]
    after = [draw(Grid("roof"), house, late + 5 * MINUTE) for house in houses_of_both]
    assert before[0] != before[1]
    assert after[0] == after[1]


def test_last_months_sum_is_not_shown_as_this_months() -> None:
    late = int(datetime(2026, 5, 31, 23, 58, tzinfo=BERLIN).timestamp())
    homes = [PaperHouse().set("roof", late, {m.PV_POWER: 0, m.PRODUCTION_MONTH: energy}) for energy in (1e5, 2e5)]
    assert draw(Solar("roof"), homes[0], late + MINUTE) != draw(Solar("roof"), homes[1], late + MINUTE)
    assert draw(Solar("roof"), homes[0], late + 5 * MINUTE) == draw(Solar("roof"), homes[1], late + 5 * MINUTE)


def test_a_stale_panel_differs_from_a_fresh_one_and_from_a_little_staler_one_only_in_its_age() -> None:
    house = roof()
    patience = house.patience("roof", m.STORAGE_SOC)
    fresh, stale = (draw(Battery("roof"), house, AT + patience + extra) for extra in (0, 1))
    assert fresh != stale
    assert draw(Battery("roof"), house, AT + patience + 2) == stale


def test_a_fresh_panel_does_not_change_while_nothing_new_is_measured() -> None:
    frames = {draw(Grid("roof"), roof(), AT + seconds).bits for seconds in range(0, HOUR, 7 * MINUTE)}
    assert len(frames) == 1


def test_the_oldest_of_the_main_figures_dates_the_panel() -> None:
    house = roof()
    house.readings["roof", "load_power"] = [(AT - 30 * MINUTE, 640)]
    older = roof()
    older.readings["roof", "load_power"] = [(AT - 20 * MINUTE, 640)]
    assert draw(Flow("roof"), house) != draw(Flow("roof"), older)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 6, 16), 24), (date(2026, 10, 25), 25)])
def test_the_curve_spans_the_day_from_midnight_to_midnight(day: date, hours: int) -> None:
    start, end = day_bounds(day, BERLIN)
    assert end - start == hours * HOUR
    house = PaperHouse(gap_seconds=HOUR).add("roof", m.PV_POWER, [(at, 1000) for at in range(start, end, 10 * MINUTE)])
    canvas = Canvas()
    Solar("roof").draw(canvas, house, end - 1)
    top = f"{canvas.rows[84]:0250b}"  # a day of 1 kW is a line along the top of the chart, and a ring at its end
    assert top[:130] == "0" * 6 + "1" * 124
    assert f"{canvas.rows[82]:0250b}"[:136].strip("0") == "111111", "the top of the ring"
    assert 130 <= f"{canvas.rows[82]:0250b}".index("1") + 3 <= 134


def test_a_gap_is_drawn_as_a_gap() -> None:
    house = PaperHouse(gap_seconds=HOUR).add("roof", m.PV_POWER, [(AT - 5 * HOUR, 900), (AT - 4 * HOUR, 900)])
    house.add("roof", m.PV_POWER, [(AT - 2 * HOUR, 900), (AT - HOUR, 900), (AT, 900)])
    gapped, whole = Canvas(), Canvas()
    Solar("roof").draw(gapped, house, NOW)
    Solar("roof").draw(whole, replace(house, gap_seconds=2 * HOUR), NOW)
    assert 9 <= (whole.rows[84] & ~gapped.rows[84]).bit_count() <= 11, "two hours are ten columns or so, ends excluded"


def test_an_alarm_reverses_the_half_it_concerns() -> None:
    calm, full = draw(DISK, disk()), draw(Disk("nas:/backup", full_at=79), disk())
    old = draw(Disk("nas:/backup", backup_max_age=Duration(HOUR)), disk())
    changed_above = [n // 32 for n, (a, b) in enumerate(zip(calm.bits, full.bits, strict=True)) if a != b]
    changed_below = [n // 32 for n, (a, b) in enumerate(zip(calm.bits, old.bits, strict=True)) if a != b]
    assert min(changed_above) > 18
    assert max(changed_above) < 79
    assert min(changed_below) > 79


@pytest.mark.parametrize(("metric", "strict", "lax"), [(m.DISK_FULL_AT, 79, 80), (m.BACKUP_MAX_AGE, HOUR, DAY)])
def test_the_limits_of_the_source_count_where_the_panel_has_none(metric: Metric, strict: int, lax: int) -> None:
    told = {limit: disk().set("nas:/backup", AT, {metric: limit}) for limit in (strict, lax)}
    assert draw(DISK, told[lax]) == draw(DISK, disk())
    assert draw(DISK, told[strict]) != draw(DISK, disk())
    own = Disk("nas:/backup", full_at=90, backup_max_age=Duration(2 * DAY))
    assert draw(own, told[strict]) == draw(DISK, disk()), "what the panel says counts more"


def test_a_disk_of_unknown_size_shows_what_is_free_and_is_never_full() -> None:
    house = PaperHouse().set("nas:/backup", AT, {m.DISK_FREE: 412e9})
    assert draw(Disk("nas:/backup", full_at=1), house) == draw(Disk("nas:/backup", full_at=100), house)
    assert draw(DISK, house) != draw(DISK, PaperHouse().set("nas:/backup", AT, {m.DISK_FREE: 300e9}))


def test_a_disk_that_came_back_is_no_longer_missing() -> None:
    house = mounted(disk(), 2, AT - HOUR)
    assert draw(DISK, house) == draw(DISK, disk())


def test_the_trend_is_the_slope_of_the_days() -> None:
    days = PaperHouse().add("it", m.DISK_USED, [(NOW - back * DAY, 1e12 - back * 3e9) for back in range(10)])
    known = days.daily("it", m.DISK_USED, date(2026, 6, 1), date(2026, 6, 30))
    assert trend(known) == pytest.approx(3e9)
    assert trend(dict(list(known.items())[:2])) is None


def test_time_to_full_in_the_past_is_not_promised() -> None:
    house = car("Car", {**ENYAQ, **CHARGE})
    without = car("Car", {**ENYAQ, **CHARGE, m.TIME_TO_FULL: 0})
    assert draw(Car("car"), house, AT + 2 * HOUR) == draw(Car("car"), without, AT + 2 * HOUR)


def test_a_fault_is_named_in_words() -> None:
    house = roof()
    frames = {
        draw(Solar("roof"), replace(house, troubles={"roof": feed("roof", what)})).bits for what in (*FAULTS, "killed")
    }
    assert len(frames) == len(FAULTS), "each has its own words; what is unknown is failing like a timeout"


def test_a_sign_in_shows_the_code_where_there_is_an_address() -> None:
    auth = feed("car", "auth")
    for panel, house in ((Car("car"), car("BMW i4", ENYAQ)), (Solar("roof"), roof())):
        without, other, whole = (
            draw(panel, replace(house, troubles=dict.fromkeys(("car", "roof"), auth._replace(door=door))))
            for door in ("", ROOF_DOOR, BMW_DOOR)
        )
        assert len({without, other, whole}) == 3
    gone = replace(car("BMW i4", ENYAQ), troubles={"car": feed("car", "gone")._replace(door=BMW_DOOR)})
    assert draw(Car("car"), gone) == draw(Car("car"), replace(gone, troubles={"car": feed("car", "gone")}))


def test_too_many_faults_leave_no_room_for_the_code() -> None:
    two, four = ([feed(str(number), "auth")._replace(at=AT) for number in range(count)] for count in (2, 4))
    for statuses, drawn in ((two, True), (four, False)):
        bare = draw(Health(), PaperHouse(statuses=[status._replace(door="") for status in statuses]))
        told = draw(Health(), PaperHouse(statuses=[status._replace(door=ROOF_DOOR) for status in statuses]))
        at_the_right = [[frame.bits[row * 32 + 24 : row * 32 + 31] for row in range(60, 118)] for frame in (bare, told)]
        assert (at_the_right[0] != at_the_right[1]) is drawn


def test_what_will_expire_is_said_while_all_is_well() -> None:
    well = [feed(name)._replace(at=AT, measured_at=AT) for name in ("roof", "car")]
    warned = [well[0], well[1]._replace(warning="BMW sign-in expires in 2 days; eink-monitor login car")]
    assert draw(Health(), PaperHouse(statuses=well)) != draw(Health(), PaperHouse(statuses=warned))
    ill = [feed("nas", "unavailable", "the NAS is off")._replace(at=AT)]
    first, second = (draw(Health(), PaperHouse(statuses=[*feeds, *ill])) for feeds in (well, warned))
    below = 90 * 32
    assert first.bits[below:] == second.bits[below:], "what is wrong now comes first"


@contextmanager
def stored(folder: Path, paper: PaperHouse) -> Iterator[House]:
    """A house on a card, told the same."""
    folder.mkdir()
    text = "timezone: Europe/Berlin\ndisplay: {{type: 'null'}}\npanels: {{}}\n"
    text += "database: {folder}/r.db\nsources: {{roof: {{type: demo, show: roof, every: 1h}}}}\n"
    config = load_config(write(folder, text))
    readings = [
        Reading(subject, m.METRICS[name], value, at)
        for (subject, name), points in paper.readings.items()
        for at, value in points
    ]
    with closing(Store(config.database, config.zone)) as store:
        store.add(sorted(readings, key=lambda reading: reading.at), 2 * HOUR)
        store.flush()
        yield House(config, store, NOW)


def test_a_day_is_whole_if_its_counter_was_read_at_its_end(tmp_path: Path) -> None:
    """A gap costs a counter nothing; when it was last read hours before the others, its rest is not known."""
    panel, name = DailyHistory("roof", title="Roof"), ("roof", m.PRODUCTION_TODAY.name)
    whole, cut = counted(cut=()), counted(cut=(3,))
    start = midnight(local(NOW, BERLIN).date() - timedelta(days=3), BERLIN)
    gap = replace(whole, readings={name: [p for p in whole.readings[name] if not 9 <= (p[0] - start) / HOUR <= 17]})
    one = replace(cut, readings={name: [p for p in cut.readings[name] if start <= p[0] <= start + DAY or p[0] == AT]})
    assert draw(panel, gap) == draw(panel, whole) != draw(panel, cut)
    for number, paper in enumerate((whole, cut, gap, one)):
        canvas = WitnessCanvas()
        with stored(tmp_path / str(number), paper) as house:
            panel.draw(canvas, house, NOW)
        assert canvas.frame() == draw(panel, paper), "a card tells what paper does"
