"""Planning held against a plain count of what was spent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor import quota as planning
from eink_monitor.clock import DAY, HOUR, local
from eink_monitor.model.poll import Budget, Quota
from eink_monitor.quota import SPANS, Call

ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia")]
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2030, 12, 31, tzinfo=UTC).timestamp())

zones = st.sampled_from(ZONES)
instants = st.integers(START, END)
quotas = (
    st.lists(st.sampled_from(["minute", "hour", "day", "month"]), min_size=1, max_size=4, unique=True)
    .flatmap(lambda spans: st.tuples(*(st.builds(Budget, st.integers(1, 40), st.just(span)) for span in spans)))
    .map(lambda budgets: Quota("account", budgets))
)
gaps = st.sampled_from([0, 1, 30, 59, 60, 61, 600, HOUR - 1, HOUR, HOUR + 1, 6 * HOUR, DAY - 1, DAY, DAY + 1, 9 * DAY])


def calls_until(now: int, back: Sequence[int], sizes: Sequence[int]) -> list[Call]:
    """Calls in order of time, the last at ``now`` or before."""
    at, calls = now, []
    for gap, size in zip(back, sizes, strict=False):
        at -= gap
        calls.append(Call(at, size))
    return calls[::-1]


def check_budgets(quota: Quota, calls: Sequence[Call], zone: ZoneInfo) -> None:
    """Count again, in another way: no window that ends with a call holds too many."""
    for budget in quota.budgets:
        for last in calls:
            if budget.span == "month":
                month = local(last.at, zone).strftime("%Y-%m")
                inside = sum(call.calls for call in calls if local(call.at, zone).strftime("%Y-%m") == month)
            else:
                inside = sum(call.calls for call in calls if last.at - SPANS[budget.span] < call.at <= last.at)
            assert inside <= budget.calls


history = st.tuples(st.lists(gaps, max_size=30), st.lists(st.integers(0, 5), min_size=30, max_size=30))


@settings(max_examples=200, deadline=None)
@given(quotas, instants, zones, history, st.integers(1, 40))
def test_what_opens_is_open(
    quota: Quota, now: int, zone: ZoneInfo, past: tuple[list[int], list[int]], cost: int
) -> None:
    calls = calls_until(now, *past)
    left = planning.affordable(quota, calls, now, zone)
    assert left >= 0
    cost = min(cost, *(budget.calls for budget in quota.budgets))
    opens = planning.opens_at(quota, calls, cost, now, zone)
    assert opens >= now
    assert (opens == now) is (left >= cost)
    assert planning.affordable(quota, calls, opens, zone) >= cost
    if opens > now:
        assert planning.affordable(quota, calls, opens - 1, zone) < cost


@pytest.mark.parametrize("span", ["minute", "hour", "day"])
def test_what_costs_more_than_there_is_waits_a_whole_span(span: str) -> None:
    quota = Quota("account", (Budget(3, span),))
    for calls in ([], [Call(START - 30, 2)]):
        assert planning.opens_at(quota, calls, 4, START, ZONES[0]) == START + SPANS[span]


@settings(max_examples=200, deadline=None)
@given(quotas, instants, zones, history)
def test_what_is_spent(quota: Quota, now: int, zone: ZoneInfo, past: tuple[list[int], list[int]]) -> None:
    calls = calls_until(now, *past)
    horizon = planning.horizon(quota, now, zone)
    recent = [call for call in calls if call.at >= horizon]
    assert planning.spent(quota, recent, now, zone) == planning.spent(quota, calls, now, zone)
    for entry, budget in zip(planning.spent(quota, calls, now, zone), quota.budgets, strict=True):
        assert (entry.span, entry.limit) == (budget.span, budget.calls)
        assert entry.frees_at >= now
        later = planning.spent(Quota("account", (budget,)), calls, entry.frees_at, zone)[0]
        assert later.used < entry.used or sum(call.calls for call in calls) == 0 or entry.used == 0 or zero_first(calls)


def zero_first(calls: Sequence[Call]) -> bool:
    """A reservation that was settled to nothing frees nothing."""
    return any(call.calls == 0 for call in calls)


@settings(max_examples=200, deadline=None)
@given(quotas, instants, zones, history, st.lists(st.floats(0, 1), max_size=4))
def test_a_stretch_never_hurries(
    quota: Quota, now: int, zone: ZoneInfo, past: tuple[list[int], list[int]], rates: list[float]
) -> None:
    wishes = [lambda _, rate=rate: rate for rate in rates]
    factor = planning.stretch(quota, calls_until(now, *past), wishes, now, zone)
    assert factor >= 1
    assert planning.stretch(quota, calls_until(now, *past), [], now, zone) == 1


def test_a_stretch_spreads_a_day_s_calls_over_the_day() -> None:
    quota, now = Quota("account", (Budget(48, "day"),)), START
    assert planning.stretch(quota, [], [lambda _: 1 / 300], now, ZONES[0]) == pytest.approx(6.25), (
        "25 hours of calls into a day's budget"
    )
    assert planning.stretch(quota, [], [lambda _: 1 / 300] * 2, now, ZONES[0]) == pytest.approx(12.5)


def test_a_month_is_dealt_out_day_by_day() -> None:
    zone = ZONES[0]
    quota = Quota("account", (Budget(310, "month"),))
    start = planning.month_start(int(datetime(2026, 10, 10, tzinfo=UTC).timestamp()), zone)
    each = 10 / DAY  # a day's share
    assert planning.stretch(quota, [], [lambda _: each], start, zone) == pytest.approx(1)
    assert planning.stretch(quota, [], [lambda _: 2 * each], start, zone) == pytest.approx(2)
    spent = [Call(start, 10)]  # today's share is gone: the rest of the day must wait
    assert planning.stretch(quota, spent, [lambda _: each], start + 60, zone) > 10
    assert planning.stretch(quota, spent, [lambda _: each], start + DAY, zone) == pytest.approx(1)


def test_what_earlier_days_have_spent_is_missing_from_each_day_to_come() -> None:
    zone, quota = ZONES[0], Quota("account", (Budget(310, "month"),))
    start = planning.month_start(int(datetime(2026, 10, 10, tzinfo=UTC).timestamp()), zone)
    spent = [Call(start - 1, 50), Call(start, 100)]  # the month before is none of its business
    assert planning.stretch(quota, spent, [lambda _: 20 / DAY], start + 10 * DAY, zone) == pytest.approx(2)


def test_the_rest_of_a_day_is_as_long_as_it_is() -> None:
    """An hour and a half before midnight, ten calls to go: a wish for ten in that time is granted as it is."""
    zone, quota = ZONES[0], Quota("account", (Budget(310, "month"),))
    now = planning.month_start(int(datetime(2026, 10, 10, tzinfo=UTC).timestamp()), zone) + DAY - 90 * 60
    assert planning.stretch(quota, [], [lambda _: 10 / (90 * 60)], now, zone) == pytest.approx(1)
    assert planning.stretch(quota, [], [lambda _: 15 / (90 * 60)], now, zone) == pytest.approx(1.5)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_months_follow_each_other(zone: ZoneInfo) -> None:
    at = planning.month_start(START + 40 * DAY, zone)
    for _ in range(120):
        following = planning.next_month(at, zone)
        here = local(following, zone)
        assert (here.day, here.hour, here.minute, here.second) == (1, 0, 0, 0)
        assert 28 <= (following - at) / DAY < 31.1
        assert planning.month_start(following, zone) == following
        assert planning.month_start(following - 1, zone) == at
        assert planning.next_month(following - 1, zone) == following
        at = following


@settings(max_examples=25, deadline=None)
@given(quotas, instants, zones, st.lists(st.tuples(gaps, st.integers(1, 6), st.integers(0, 6)), max_size=100))
def test_no_demand_breaks_a_budget(
    quota: Quota, start: int, zone: ZoneInfo, demand: list[tuple[int, int, int]]
) -> None:
    """The hard stop: book what is affordable, settle for what was used, wait for the opening every other time."""
    now, calls = start, list[Call]()
    for number, (gap, cost, used) in enumerate(demand):
        now += gap
        if planning.affordable(quota, calls, now, zone) < cost:
            if number % 2 or cost > min(budget.calls for budget in quota.budgets):
                continue
            now = planning.opens_at(quota, calls, cost, now, zone)
            assert planning.affordable(quota, calls, now, zone) >= cost
        calls.append(Call(now, min(used, cost)))
    check_budgets(quota, calls, zone)


@pytest.mark.parametrize(  # months in which the clocks change, and two in which they do not
    ("zone", "month"), list(zip(ZONES, ["2026-03", "2026-11", "2026-02", "2026-04"], strict=True))
)
def test_a_month_at_full_speed(zone: ZoneInfo, month: str) -> None:
    quota = Quota("account", (Budget(2, "minute"), Budget(5, "hour"), Budget(15, "day"), Budget(300, "month")))
    middle = int(datetime.fromisoformat(f"{month}-15T00:00:00+00:00").timestamp())
    now, end = planning.month_start(middle, zone) - 2 * DAY, planning.next_month(middle, zone) + 2 * DAY
    calls: list[Call] = []
    while now < end:
        now = planning.opens_at(quota, calls, 1, now, zone)
        calls.append(Call(now, 1))
    for budget in quota.budgets[:3]:
        later = calls[budget.calls :]
        assert all(late.at - early.at >= SPANS[budget.span] for early, late in zip(calls, later, strict=False))
    assert sum(call.calls for call in calls if local(call.at, zone).strftime("%Y-%m") == month) == 300
