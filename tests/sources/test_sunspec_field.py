"""SunSpec devices as they are in the field: slow, silent, asleep, broken, or something else altogether."""

from __future__ import annotations

import json
import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.inverter import Bus, House, serve_bus
from doors.makers import Maker, Scene, gen24, kostal, sma
from eink_monitor import metrics
from eink_monitor.clock import FastClock
from eink_monitor.errors import BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Duration
from eink_monitor.sources.sunspec import SunSpec, found, search
from eink_monitor.sources.sunspec.models import INVERTERS, METERS, STORAGE, charging, rating, rating_length

NOON = 1_782_640_800  # 2026-06-28 12:00 in Berlin
MIDNIGHT = NOON - 12 * 3600
PLAIN = Scene(ac=3000, grid=-1000)
SUNNY = Scene(ac=3000, grid=-1000, battery=1500, charge=64, given=1000, taken=2500)
REGISTER = st.integers(0, 0xFFFF) | st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFF6, 0xFFFF, 0x7FC0])
KEYS = st.sampled_from(["address", "export_usual", "identity", "inverter", "meters", "model", "storage", "unit"])


def visit(state: Path, now: int = NOON, latest: dict[Metric, float] | None = None) -> Visit:
    known = {("roof", one.name): Reading("roof", one, value, now - 60) for one, value in (latest or {}).items()}
    return Visit("roof", "roof", now, ZoneInfo("Europe/Berlin"), 30, known, state)


def source(port: int, **keys: object) -> SunSpec:
    return SunSpec("127.0.0.1", port, **{"timeout": Duration(1), **keys})  # type: ignore[arg-type]


def values(readings: list[Reading]) -> dict[str, float]:
    return {reading.metric.name: reading.value for reading in readings}


@contextmanager
def bus(units: dict[int, House], **keys: object) -> Iterator[tuple[int, Bus]]:
    one = Bus(units, **keys)  # type: ignore[arg-type]
    with serve_bus(one) as port:
        yield port, one


def simple(**keys: object) -> Maker:
    return Maker(**keys).named("Anybody", "Inverter", "1").whole_inverter(PLAIN)  # type: ignore[arg-type]


def test_an_endless_chain_is_cut_off(tmp_path: Path) -> None:
    house = simple()
    for _ in range(300):
        house.model(64_000, 2, {})
    with bus({1: house}) as (port, line):
        assert values(source(port).poll(visit(tmp_path)))["pv_power"] == 3000
    assert len(line.asked) < 100


@pytest.mark.parametrize("length", [0, 0xFFFF, 0x7FFF])
def test_a_model_of_an_odd_length_ends_the_chain_or_is_skipped(tmp_path: Path, length: int) -> None:
    house = simple()
    at = house.end
    house.model(122, 0, {}).put(at, [122, length])
    with bus({1: house}) as (port, line):
        assert values(source(port).poll(visit(tmp_path)))["pv_power"] == 3000
    assert len(line.asked) < 20


@pytest.mark.parametrize("header", [(103, 0), (103, 3), (0, 50), (0xFFFF, 50)])
def test_an_inverter_whose_header_lies_is_none(tmp_path: Path, header: tuple[int, int]) -> None:
    house = simple()
    house.put(40_002 + 68, list(header))
    with bus({1: house}) as (port, _), pytest.raises(BadAnswer, match="has no inverter"):
        source(port).poll(visit(tmp_path))


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (2, BadAnswer, "has none of the registers that a SunSpec device begins with"),
        (4, Unavailable, "an internal error"),
        (6, Unavailable, "busy"),
        (10, Unreachable, "no unit 1 answers there"),
        (11, Unreachable, "no unit 1 answers there"),
    ],
)
def test_exceptions_are_told_in_words(tmp_path: Path, code: int, kind: type[Trouble], words: str) -> None:
    refused = {at: code for base in (40_000, 50_000, 0) for at in (base, base + 1)}
    with bus({1: simple()}, refused=refused) as (port, _), pytest.raises(kind, match=words):
        source(port).poll(visit(tmp_path))


def test_a_place_that_is_refused_does_not_hide_the_next(tmp_path: Path) -> None:
    with bus({1: simple(end=50_002)}, refused={40_000: 4}) as (port, _):
        assert values(source(port).poll(visit(tmp_path)))["pv_power"] == 3000


def test_something_else_is_told(tmp_path: Path) -> None:
    house = House(end=60_000)
    house.put(40_000, [1, 2])
    with bus({1: house}) as (port, _), pytest.raises(BadAnswer, match="at unit 1 is no SunSpec device"):
        source(port).poll(visit(tmp_path))
    nothing = House().common("X", "1").model(64_000, 4, {})
    with bus({1: nothing}) as (port, _), pytest.raises(BadAnswer, match=r"meter or battery \(models 64000\)"):
        source(port).poll(visit(tmp_path))


def test_a_meter_where_an_inverter_should_be_is_told(tmp_path: Path) -> None:
    with bus(gen24(PLAIN, floats=True)) as (port, _), pytest.raises(BadAnswer, match=r"unit 200 .* shows no inverter"):
        source(port, unit=200).poll(visit(tmp_path))


def test_a_wrong_unit_is_told_with_the_usual_ones(tmp_path: Path) -> None:
    with bus(sma(PLAIN)) as (port, line), pytest.raises(Unreachable, match="126 at SMA, 71 at Kostal"):
        source(port).poll(visit(tmp_path))
    assert len(line.asked) == 2, "a silent unit is asked once more, patiently, and that is that"


def test_a_line_that_breaks_halfway_costs_the_poll_or_the_part(tmp_path: Path) -> None:
    houses = kostal(SUNNY)
    ends = sorted(houses[71].registers)
    for at in range(40_000, ends[-1], 40):
        with bus(houses, hung_up=range(at, at + 40)) as (port, _):
            job = visit(tmp_path / str(at))
            try:
                told = values(source(port, unit=71).poll(job))
            except Unavailable:
                continue
        assert told["inverter_status"] == 4
        assert set(told) < set(values_of(tmp_path, houses)) or "leave" not in job.note


def values_of(tmp_path: Path, houses: dict[int, House]) -> dict[str, float]:
    with bus(houses) as (port, _):
        return values(source(port, unit=71).poll(visit(tmp_path / "whole")))


def test_a_silent_battery_hides_what_depends_on_it(tmp_path: Path) -> None:
    houses = kostal(SUNNY)
    with bus(houses) as (port, line):
        assert values(source(port, unit=71).poll(visit(tmp_path)))["pv_power"] == 4500
        at = next(at for at, value in houses[71].registers.items() if value == 802)
        line.mute = {71: range(at, at + 64)}
        job = visit(tmp_path, NOON + 30)
        told = values(source(port, unit=71).poll(job))
    assert not {"pv_power", "storage_power", "storage_soc"} & told.keys()
    assert (told["grid_power"], told["load_power"]) == (-1000, 2000)
    assert "the battery (unit 71, model 802) does not answer" in job.note


def test_a_meter_that_falls_silent_is_told_and_hides_the_house(tmp_path: Path) -> None:
    houses = gen24(PLAIN, floats=True, battery=False)
    with bus(houses, nobody=11) as (port, line):
        assert values(source(port).poll(visit(tmp_path)))["load_power"] == 2000
        line.units = {1: houses[1]}
        job = visit(tmp_path, NOON + 30)
        told = values(source(port).poll(job))
    assert told["pv_power"] == 3000
    assert not {"grid_power", "load_power"} & told.keys()
    assert job.note == 'the meter "Smart Meter TS 65A-3" (unit 200) does not answer, so it is left out'


def test_at_night_a_meter_still_tells_what_the_house_uses(tmp_path: Path) -> None:
    houses = gen24(Scene(ac=0, grid=420), floats=True, battery=False)
    with bus(houses, nobody=11) as (port, line):
        source(port).poll(visit(tmp_path, MIDNIGHT - 6 * 3600))
        line.units = {200: houses[200]}
        job = visit(tmp_path, MIDNIGHT, {metrics.INVERTER_STATUS: 2, metrics.PV_POWER: 0})
        told = values(source(port).poll(job))
    assert (told["pv_power"], told["grid_power"], told["load_power"]) == (0, 420, 420)
    assert job.note == "unit 1 sleeps"


def test_an_inverter_that_is_off_at_night_sleeps(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    job = visit(tmp_path, MIDNIGHT, {metrics.INVERTER_STATUS: 2, metrics.PV_POWER: 0})
    assert source(port).poll(job) == []
    assert job.note == "the inverter sleeps"
    with pytest.raises(Unreachable, match="Modbus TCP is off in its menu"):
        source(port).poll(visit(tmp_path, NOON))


def test_a_kept_chain_is_not_walked_again(tmp_path: Path) -> None:
    with bus(gen24(SUNNY, floats=False)) as (port, line):
        first = source(port).poll(visit(tmp_path))
        walked, line.asked = len(line.asked), []
        assert source(port).poll(visit(tmp_path)) == first
    assert walked > 20
    assert len(line.asked) <= 6


def test_a_person_is_told_what_was_found_and_where(tmp_path: Path) -> None:
    with bus(gen24(SUNNY, floats=True)) as (port, _):
        source(port).poll(visit(tmp_path))
        job = visit(tmp_path)
        job.explained = []
        source(port).poll(job)
    assert job.explained[0] == "unit 1: inverter Fronius Symo GEN24 10.0, model 113 at 40072, made for 10000 W"
    assert "unit 200: meter Fronius Smart Meter TS 65A-3, model 213 at 40072, measures the grid" in job.explained
    assert "found Fronius" in job.note


@pytest.fixture
def usual_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    """A bus at what is the second of the usual ports here; nobody listens at the first."""
    line = Bus({}, nobody=11)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        free = closed.getsockname()[1]
    with serve_bus(line) as port:
        monkeypatch.setattr(search, "_PORTS", (free, port))
        yield line


def test_who_sets_it_up_is_shown_every_inverter_once(tmp_path: Path, usual_port: Bus) -> None:
    twice = Maker().named("Anybody", "Big", "7").whole_inverter(PLAIN)
    usual_port.units = {**sma(PLAIN), **kostal(PLAIN), 2: twice, 3: twice, 1: gen24(PLAIN, floats=True)[200]}
    found_there = SunSpec("127.0.0.1").suggestions(visit(tmp_path))
    names = ["SMA STP 10.0-3AV-40 at unit 126", "KOSTAL PLENTICORE plus 10 at unit 71", "Anybody Big at unit 2"]
    assert [one.words for one in found_there] == names
    assert [one.settings["units"] for one in found_there] == [[126], [71], [2]]


def test_who_sets_it_up_may_say_another_port(tmp_path: Path) -> None:
    with bus(sma(PLAIN)) as (port, _):
        (one,) = SunSpec("127.0.0.1", port).suggestions(visit(tmp_path))
    assert one.settings == {"port": port, "units": [126]}


def test_who_sets_it_up_where_nobody_is_hears_why(tmp_path: Path, usual_port: Bus) -> None:
    assert usual_port.asked == []
    with pytest.raises(Unreachable, match="refused the connection"):
        SunSpec("127.0.0.1").suggestions(visit(tmp_path))


def test_an_open_line_walks_the_chain_once(tmp_path: Path) -> None:
    with bus(gen24(SUNNY, floats=False)) as (port, line):
        beats = source(port, keep_open=True).follow(visit(tmp_path), FastClock(NOON))
        first = values(next(beats))
        walked, line.asked = len(line.asked), []
        assert values(next(beats)) == first
        beats.close()
    assert len(line.asked) <= 6 < walked


def test_a_device_that_changed_is_looked_for_again(tmp_path: Path) -> None:
    with bus({1: simple()}) as (port, line):
        source(port).poll(visit(tmp_path))
        line.units = {1: Maker().named("Anybody", "New", "9").float_inverter(Scene(ac=77))}
        with pytest.raises(Unavailable, match="not where it was"):
            source(port).poll(visit(tmp_path, NOON + 30))
        assert values(source(port).poll(visit(tmp_path, NOON + 60)))["pv_power"] == 77


def test_a_fronius_without_a_meter_is_asked_for_one_once_a_day(tmp_path: Path) -> None:
    with bus({1: gen24(PLAIN, floats=True, battery=False)[1]}, nobody=11) as (port, line):
        for after in (0, 30, 86_500):
            source(port).poll(visit(tmp_path, NOON + after))
    assert [unit for unit, _ in line.asked if unit != 1] == [200, 240, 200, 240]


@pytest.mark.parametrize(
    "answer", [b"", b"\0" * 9, b"\0\1\0\0\0\3\1\3\0", b"\0\1\0\0\0\5\1\3\2\0\7", b"HTTP/1.1 400 Bad\r\n\r\n"]
)
def test_short_and_foreign_answers_are_trouble(tmp_path: Path, answer: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            with listener.accept()[0] as line:
                if not (request := line.recv(12)):
                    return
                line.sendall(request[:2] + answer[2:])

    thread = threading.Thread(target=run)
    thread.start()
    port = listener.getsockname()[1]
    with pytest.raises(Trouble):
        source(port).poll(visit(tmp_path))
    socket.create_connection(("127.0.0.1", port)).close()
    thread.join(5)
    listener.close()
    assert not thread.is_alive()


def test_a_damaged_memory_of_what_was_found_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    with bus(gen24(SUNNY, floats=False)) as (port, _):
        first = source(port).poll(visit(tmp_path))
        whole = json.loads(path.read_text())
        far = json.dumps(whole).replace('"address": 40072', '"address": 70000')
        for odd in (
            "",
            "[]",
            "{",
            far,
            json.dumps(whole)[:-30],
            json.dumps(whole).replace('"length": 50', '"length": "x"'),
        ):
            path.write_text(odd)
            assert source(port).poll(visit(tmp_path)) == first


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    )
)
def test_any_memory_can_be_read(tmp_path_factory: pytest.TempPathFactory, kept: object) -> None:
    path = tmp_path_factory.mktemp("kept") / "models.json"
    path.write_text(json.dumps({"setting": "1", "at": NOON, "plants": {"1": kept}}))
    assert set(found.load(path, 1, NOON)) <= {1}


@given(st.data())
def test_any_registers_decode(data: st.DataObject) -> None:
    for block in (*INVERTERS, *METERS):
        block.decode(data.draw(st.lists(REGISTER, min_size=block.count, max_size=block.count)))
    for read, shortest, longest in STORAGE.values():
        told = read(data.draw(st.lists(REGISTER, min_size=shortest, max_size=min(longest, shortest + 50))))
        assert told.charge is None or math.isfinite(told.charge)
    for model in (120, 702):
        made_for = rating(model, data.draw(st.lists(REGISTER, min_size=rating_length(model), max_size=60)))
        assert made_for is None or made_for > 0


@given(st.floats(), st.none() | st.integers(0, 9), st.none() | st.floats(), st.sampled_from(["auto", "plus"]))
def test_a_battery_has_one_of_two_signs(power: float, state: int | None, balance: float | None, sign: str) -> None:
    found_power = charging(power, state, balance, sign)
    assert math.isnan(power) or abs(found_power) == abs(power)
