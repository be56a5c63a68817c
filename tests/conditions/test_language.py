"""What a condition may say, and what is said of one that may not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.conditions import Condition, ConditionError
from eink_monitor.conditions.logic import For, Not, Several
from eink_monitor.conditions.terms import Age, Between, Comparison, Daylight, InTrouble, Stale, Weekday
from eink_monitor.metrics import CHARGING, DISK_FREE, METRICS, NEWEST_BACKUP, PV_POWER, SOC
from eink_monitor.model.reading import Metric
from eink_monitor.settings import Mistake, Window
from eink_monitor.units import converted, units

POWER = Comparison("roof", PV_POWER, ">", 500)
CHARGES = Comparison("car", CHARGING, "=", 1)
NIGHT = Daylight(up=False)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("roof.pv_power > 500 W", POWER),
        ("roof.pv_power>0.5kW", POWER),
        ("  roof . pv_power\n > 500\n W ", POWER),
        ("roof.pv_power ≥ 500 W", Comparison("roof", PV_POWER, ">=", 500)),
        ("roof.grid_power < −2 kW", Comparison("roof", METRICS["grid_power"], "<", -2000)),
        ("car.charging", CHARGES),
        ("car.charging == 0", Comparison("car", CHARGING, "=", 0)),
        ("car.soc != 80 %", Comparison("car", SOC, "!=", 80)),
        ('"my nas:backups".disk_free < 50 GB', Comparison("my nas:backups", DISK_FREE, "<", 50e9)),
        ("'and'.soc < 5%", Comparison("and", SOC, "<", 5)),
        ("nas:backups.disk_free < 1 TiB", Comparison("nas:backups", DISK_FREE, "<", 2.0**40)),
        ("roof.inverter_status = fault", Comparison("roof", METRICS["inverter_status"], "=", 7)),
        ('roof.inverter_status = "Shutting down"', Comparison("roof", METRICS["inverter_status"], "=", 6)),
        ("car.time_to_full < 1 h", Comparison("car", METRICS["time_to_full"], "<", 60)),
        ("stale(car)", Stale("car")),
        ("stale(car.soc)", Stale("car", SOC)),
        ("trouble(nas)", InTrouble("nas")),
        ("trouble()", InTrouble()),
        ("age(car) > 2h", Age("car", None, ">", 7200)),
        ("age(car.soc) <= 1h 30m", Age("car", SOC, "<=", 5400)),
        ("age(nas:backups.newest_backup) > 2d", Age("nas:backups", NEWEST_BACKUP, ">", 172800, dated=True)),
        ("between 10:00 and 16:00", Between(Window(600, 960))),
        ("between 22:00 and 6:00 and night", Several((Between(Window(1320, 360)), NIGHT), each=True)),
        ("weekday(mon-fri)", Weekday(frozenset(range(5)))),
        ("weekday(sat-mon, Wednesday)", Weekday(frozenset({5, 6, 0, 2}))),
        ("day", Daylight(up=True)),
        ("day.soc < 5 %", Comparison("day", SOC, "<", 5)),
        ("not night", Not(NIGHT)),
        ("not not night", Not(Not(NIGHT))),
        (
            "night or car.charging and day",
            Several((NIGHT, Several((CHARGES, Daylight(up=True)), each=True)), each=False),
        ),
        (
            "(night or car.charging) and day",
            Several((Several((NIGHT, CHARGES), each=False), Daylight(up=True)), each=True),
        ),
        ("roof.pv_power > 500 W for 5m", For(POWER, 300)),
        ("roof.pv_power > 500 W for 1h 30m and night", Several((For(POWER, 5400), NIGHT), each=True)),
        ("not car.charging for 2 h", Not(For(CHARGES, 7200))),
        ("(not car.charging) for 1d", For(Not(CHARGES), 86400)),
    ],
)
def test_what_may_be_said(text: str, term: object) -> None:
    assert Condition.parse(text).term == term


def wrong(text: str) -> list[tuple[int, str]]:
    with pytest.raises(ConditionError) as caught:
        Condition.parse(text)
    return [(mistake.at, mistake.message) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, "expected a condition before the end, such as `roof.pv_power > 500 W` or `stale(car)`"),
        ("car.charging and", 16, "expected a condition before the end, such as"),
        ("roof", 4, "which metric? Write for example `roof.pv_power > 500 W`"),
        ("roof.pv_powr > 1 W", 5, "unknown metric `pv_powr`; did you mean `pv_power`?"),
        ("roof.5 > 1 W", 5, "expected a metric before `5`"),
        ("roof.pv_power > 500", 16, "500 of what? Write `500 W`"),
        ("roof.pv_power > 5 kw", 18, "`kw` is not a unit of `pv_power`; write `kW`"),
        ("roof.pv_power > 5 km", 18, "`km` is not a unit of `pv_power`; write W or kW or MW"),
        ("roof.pv_power > 5 W/h", 18, "`W/h` is not a unit of `pv_power`; write W or kW or MW"),
        ("roof.pv_power 500 W", 14, "expected `>`, `>=`, `<`, `<=`, `=` or `!=` before `500`, as in `pv_power > 1 W`"),
        ("roof.pv_power > W", 16, "expected a number before `W`, such as `500 W`"),
        ("roof.inverter_status = falt", 23, "unknown state `falt`; did you mean `fault`?"),
        ("nas.newest_backup > 5 s", 4, "`newest_backup` is an instant; ask for its age: `age(nas.newest_backup) > 2d`"),
        ("stal(car)", 0, "unknown function `stal`; did you mean `stale`?"),
        ("stale(car", 9, "expected `)` before the end"),
        ("stale()", 6, "expected a name before `)`, such as `roof`"),
        ("age(car)", 8, "expected `>`, `>=`, `<`, `<=`, `=` or `!=` before the end, as in `age(car.soc) > 2h`"),
        ("age(car) > 5", 11, '"5" is not a duration; write for example 30s, 5m, 1h 30m or 7d'),
        ("weekday(mo)", 8, "unknown day `mo`; did you mean `mon`?"),
        ("between 10:00 and noon", 18, "expected a time such as `10:00` before `noon`"),
        ("between 10:00 to 16:00", 14, "write for example `between 10:00 and 16:00`"),
        ("between 10:00 and 25:00", 8, "these are not two times of day; write for example `between 22:00 and 06:00`"),
        ("car.charging for", 16, "expected how long before the end, such as `for 5m`"),
        ("car.charging for 2d", 13, "`for` takes 1s to 1d"),
        ("(car.charging for 5m or night) for 5m", 31, "this already contains a `for`; one is enough"),
        ("(car.charging", 0, "this parenthesis is never closed; add `)`"),
        ("car.charging)", 12, "`)` is out of place; join two conditions with `and` or `or`"),
        ("car.charging && night", 13, "`&` means nothing in a condition; write `and`"),
        ('"car.charging', 0, '`"` means nothing in a condition: the quote is never closed'),
        ("for 5m", 0, "expected a condition before `for`, such as"),
        ("not " * 21 + "day", 80, "more than 20 nested parentheses and `not`"),
        ("(" * 500 + "day" + ")" * 497, 20, "more than 20 nested parentheses and `not`"),
        ("day or " * 200, 1000, "a condition has at most 1000 characters"),
    ],
)
def test_a_mistake_is_told_at_its_letter(text: str, at: int, message: str) -> None:
    ((where, words),) = wrong(text)
    assert (where, words[: len(message)]) == (at, message)


def test_all_mistakes_in_names_and_units_are_told_at_once() -> None:
    text = "roof.pv_powr > 5 and stal(car, (x)) or car.soc < 5 km and weekday(mondey) for 2d"
    assert [at for at, _ in wrong(text)] == [5, 21, 51, 66, 74]


def test_what_it_speaks_of_is_known() -> None:
    said = Condition.parse("roof.pv_power > 1 W and stale(car) or trouble(nas) and night").mentions
    assert [(one.what, one.subject, one.at, one.metric, one.metric_at) for one in said] == [
        ("subject", "roof", 0, PV_POWER, 5),
        ("subject", "car", 30, None, 0),
        ("trouble", "nas", 46, None, 0),
        ("day", "night", 55, None, 0),
    ]


@pytest.mark.parametrize("metric", METRICS.values(), ids=str)
def test_every_metric_can_be_compared_in_each_of_its_units(metric: Metric) -> None:
    if metric is NEWEST_BACKUP:
        return
    for unit in units(metric):
        number = "" if unit[:1].isdigit() else unit
        term = Condition.parse(f"roof.{metric.name} >= 1 {number}").term
        assert isinstance(term, Comparison)
        assert term.number == 1 or unit != metric.unit


PRICE = Metric("price", "EUR/kWh", 0.0001, -5, 5, "a price")


@pytest.mark.parametrize(("number", "unit", "own"), [(30, "ct/kWh", 0.3), (90, "EUR/MWh", 0.09), (2, "EUR/kWh", 2)])
def test_prices_are_converted_above_and_below_the_line(number: float, unit: str, own: float) -> None:
    assert converted(number, unit, PRICE) == pytest.approx(own)


WORDS = st.sampled_from(
    [
        *("roof", ".", "pv_power", "soc", ">", "<=", "500", "W", "kW", "%", "for", "5m", "1h", "and", "or", "not", "("),
        *(")", "between", "10:00", "16:00", "weekday", "mon-fri", ",", "stale", "age", "trouble", "day", "night", "°C"),
        *('"', "'", "/", "ct", "-3", "99999999999999999999", "é", "\0", "\ud800", " ", "\n"),
    ]
)


@settings(max_examples=600)
@given(
    st.one_of(
        st.text(max_size=60), st.lists(WORDS, max_size=40).map("".join), st.lists(WORDS, max_size=40).map(" ".join)
    )
)
def test_any_text_is_a_condition_or_has_a_mistake_within(text: str) -> None:
    mistakes: tuple[Mistake, ...] = ()
    try:
        condition = Condition.parse(text)
    except ConditionError as error:
        mistakes = error.mistakes
    assert all(0 <= mistake.at <= len(text) and mistake.message for mistake in mistakes)
    if not mistakes:
        assert Condition.parse(str(condition)).term == condition.term
        assert all(text[one.at :].lstrip("\"'").startswith(one.subject) for one in condition.mentions)
