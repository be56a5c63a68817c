from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.model import Metric, Reading
from eink_monitor.vet import vet

NOW = 1_780_000_000


def reading(value: object, at: int = NOW, metric: Metric = metrics.PV_POWER) -> Reading:
    return Reading("roof", metric, value, at)  # type: ignore[arg-type]  # that is what is tested


def test_plausible_readings_come_in_order() -> None:
    assert vet([reading(5, NOW), reading(3.5, NOW - 9)], NOW) == [reading(3.5, NOW - 9), reading(5.0, NOW)]


def test_a_clock_a_little_ahead_is_forgiven() -> None:
    assert vet([reading(5, NOW + 200)], NOW)[0].at == NOW


@pytest.mark.parametrize("value", [-1, 1e9, 10**400, float("nan"), float("inf"), True, None, "5"])
def test_impossible_values(value: object) -> None:
    with pytest.raises(BadAnswer, match=r"roof: pv_power is not a plausible value \(0 to 100000 W\)"):
        vet([reading(3), reading(value)], NOW)


@pytest.mark.parametrize("at", [NOW + 301, 0, -(10**30), 10**30])
def test_impossible_dates(at: int) -> None:
    with pytest.raises(BadAnswer, match=r"roof: pv_power is dated .* clock right"):
        vet([reading(3, at)], NOW)


@given(st.one_of(st.floats(), st.integers()), st.integers(), st.sampled_from(list(metrics.METRICS.values())))
def test_what_passes_is_in_range(value: float, at: int, metric: Metric) -> None:
    try:
        (passed,) = vet([reading(value, at, metric)], NOW)
    except BadAnswer as error:
        assert metric.name in str(error)  # noqa: PT017 - both ways out are right
    else:
        assert metric.low <= passed.value <= metric.high
        assert passed.at <= NOW
