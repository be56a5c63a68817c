from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.vet import MOST_OUTLOOKS, MOST_SLOTS, heard, sift, vet

NOW = 1_780_000_000
IMPOSSIBLE = [-1.5, 1e9, 10**400, float("nan"), float("inf"), True, None, "5"]
NEVER = [NOW + 301, 0, -(10**30), 10**30, float("nan"), float("inf"), float("-inf"), None, "today", True]


def reading(value: object, at: object = NOW, metric: Metric = metrics.PV_POWER, subject: str = "roof") -> Reading:
    return Reading(subject, metric, value, at)  # type: ignore[arg-type]  # that is what is tested


def visit() -> Visit:
    return Visit("roof", "roof", NOW, ZoneInfo("UTC"), 300, {}, Path())


def test_plausible_readings_come_in_order_and_nothing_is_said() -> None:
    asked = visit()
    assert vet([reading(5, NOW), reading(3.5, NOW - 9)], asked) == [reading(3.5, NOW - 9), reading(5.0, NOW)]
    assert asked.note == ""


@pytest.mark.parametrize("at", [NOW + 1, NOW + 200, NOW + 200.5, NOW + 300])
def test_a_clock_a_little_ahead_is_forgiven(at: float) -> None:
    assert vet([reading(5, at)], visit())[0].at == NOW


@pytest.mark.parametrize("value", IMPOSSIBLE)
def test_an_impossible_value_costs_itself_and_nothing_else(value: object) -> None:
    asked = visit()
    odd = reading(value, metric=metrics.STORAGE_SOC)
    assert vet([reading(3), odd, reading(4, metric=metrics.LOAD_POWER)], asked) == [
        reading(3),
        reading(4, metric=metrics.LOAD_POWER),
    ]
    assert asked.note.startswith("left out: storage_soc ")


@pytest.mark.parametrize("at", NEVER)
def test_an_impossible_date_costs_its_reading_and_nothing_else(at: object) -> None:
    asked = visit()
    assert vet([reading(3), reading(50, at, metrics.STORAGE_SOC)], asked) == [reading(3)]
    assert asked.note.startswith("left out: storage_soc dated ")


@pytest.mark.parametrize("value", IMPOSSIBLE)
def test_an_answer_of_which_nothing_is_plausible_is_a_bad_one(value: object) -> None:
    with pytest.raises(BadAnswer, match=r"^roof: every value of this answer is implausible \(pv_power [^()]*\)$"):
        vet([reading(value)], visit())


@pytest.mark.parametrize("at", NEVER)
def test_an_answer_of_another_time_asks_for_the_clock(at: object) -> None:
    with pytest.raises(BadAnswer, match=r"\(pv_power dated .*\); is this machine's clock right\?$"):
        vet([reading(3, at)], visit())


def test_an_empty_answer_is_a_good_one() -> None:
    assert vet([], visit()) == []


def test_a_batch_of_a_stream_may_be_left_out_as_a_whole() -> None:
    asked = visit()
    assert sift([reading(-6304)], asked) == []
    assert asked.note == "left out: pv_power -6304 W"


def test_what_another_subject_said_is_named_with_it() -> None:
    asked = visit()
    assert sift([reading(1 << 64, metric=metrics.DISK_SIZE, subject="nas:backups")], asked) == []
    assert asked.note == "left out: nas:backups disk_size an infinite number B"


ANYTHING = st.one_of(st.floats(), st.integers(), st.booleans(), st.none(), st.text())


@given(
    st.lists(st.tuples(ANYTHING, ANYTHING, st.sampled_from(list(metrics.METRICS.values())))),
    st.lists(st.integers(0, 100_000)),
)
def test_whatever_comes_the_plausible_is_kept_and_the_note_is_short(
    odd: list[tuple[object, object, Metric]], powers: list[int]
) -> None:
    asked = visit()
    known = [reading(power) for power in powers]
    kept = sift([reading(value, at, metric) for value, at, metric in odd] + known, asked)
    assert all(one in kept for one in known)
    assert all(one.metric.low <= one.value <= one.metric.high and one.at <= NOW for one in kept)
    assert len(kept) >= len(known)
    assert len(asked.note) <= 400
    assert asked.note.isprintable()


# -- outlooks ----------------------------------------------------------------------------------------------------------


def outlook(*slots: tuple[object, object, object], issued_at: object = NOW, said: str = "") -> Outlook:
    made = tuple(Slot(*slot) for slot in slots)  # type: ignore[arg-type]  # that is what is tested
    return Outlook("roof", metrics.STORAGE_SOC, issued_at, made, said)  # type: ignore[arg-type]  # as above


GOOD = (NOW, NOW + 900, 50.0)


def test_readings_and_outlooks_come_apart() -> None:
    asked = visit()
    assert heard([reading(3), outlook(GOOD)], asked) == ([reading(3)], [outlook(GOOD)], [], [])
    assert heard([outlook(GOOD)], asked) == ([], [outlook(GOOD)], [], [])
    assert heard([], asked) == ([], [], [], [])
    assert asked.note == ""


@pytest.mark.parametrize("value", IMPOSSIBLE)
def test_an_impossible_slot_is_a_gap(value: object) -> None:
    asked = visit()
    odd = (NOW + 900, NOW + 1800, value)
    last = (NOW + 1800, NOW + 2700, 51)
    assert heard([outlook(GOOD, odd, last)], asked).outlooks == [outlook(GOOD, last)]
    assert asked.note.startswith("left out: storage_soc expected ")


@pytest.mark.parametrize("start", [*NEVER[1:], NOW + 400 * 86400])
def test_a_slot_at_an_impossible_time_is_left_out(start: object) -> None:
    asked = visit()
    end = NOW + 900
    assert heard([outlook(GOOD, (start, end, 51))], asked).outlooks == [outlook(GOOD)]
    assert "storage_soc expected dated" in asked.note


def test_slots_come_in_order_without_an_overlap() -> None:
    asked = visit()
    late, over, empty = (NOW + 900, NOW + 1800, 1), (NOW + 899, NOW + 1000, 2), (NOW + 2000, NOW + 2000, 3)
    assert heard([outlook(late, over, empty, GOOD)], asked).outlooks == [outlook(GOOD, late)]
    assert "overlapping dated" in asked.note


@pytest.mark.parametrize("at", NEVER)
def test_an_outlook_issued_at_an_impossible_time_is_left_out(at: object) -> None:
    asked = visit()
    assert heard([reading(3), outlook(GOOD, issued_at=at)], asked) == ([reading(3)], [], [], [])
    assert asked.note.startswith("left out: storage_soc expected dated ")


def test_there_is_a_bound_to_everything() -> None:
    asked = visit()
    many = [(NOW + n * 60, NOW + n * 60 + 60, 5) for n in range(MOST_SLOTS + 7)]
    kept = heard([outlook(*many, said="CC BY 4.0\n" * 50)] * (MOST_OUTLOOKS + 2), asked).outlooks
    assert (len(kept), len(kept[0].slots)) == (MOST_OUTLOOKS, MOST_SLOTS)
    assert len(kept[0].attribution) <= 60
    assert "\n" not in kept[0].attribution
    assert "2 outlooks beyond the first" in asked.note


def test_a_vendors_clock_a_little_ahead_is_forgiven_in_an_outlook_too() -> None:
    assert heard([outlook(GOOD, issued_at=NOW + 200)], visit()).outlooks == [outlook(GOOD)]


@pytest.mark.parametrize("said", [outlook(), outlook((NOW, NOW + 900, 101))])
def test_an_answer_that_expects_nothing_plausible_is_a_bad_one(said: Outlook) -> None:
    with pytest.raises(BadAnswer, match=r"^roof: every value of this answer is implausible"):
        heard([said], visit())
