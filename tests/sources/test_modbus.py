"""The door to any Modbus device, against pymodbus's own simulator: types, tables, orders, and what goes wrong."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.inverter import Bus, House, serve, serve_bus, serve_tables, words
from eink_monitor.errors import BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Duration
from eink_monitor.sources import _modbus
from eink_monitor.sources._template import Template
from eink_monitor.sources.modbus import ModbusSource
from eink_monitor.sources.modbus.block import ModbusBlock
from eink_monitor.sources.modbus.polling import polled
from eink_monitor.sources.modbus.register import RegisterReading, Whole
from eink_monitor.sources.modbus.requests import MOST_BITS, Stretch, together
from houses import complaints

NOON = 1_782_640_800
FORMS = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q"}
FLOATS = {"float32": "f", "float64": "d"}


def visit(state: Path) -> Visit:
    return Visit("meter", "meter", NOON, ZoneInfo("Europe/Berlin"), 30, {}, state)


def value(register: int, **keys: object) -> RegisterReading:
    return RegisterReading(register=Whole(register), **keys)  # type: ignore[arg-type]


def source(port: int, readings: dict[str, RegisterReading], **keys: object) -> ModbusSource:
    asked = {"timeout": Duration(1), **keys}
    return ModbusSource(host=Template("127.0.0.1"), port=Template(str(port)), readings=readings, **asked)  # type: ignore[arg-type]


def told(readings: list[Reading]) -> dict[str, float]:
    assert {(one.subject.split(":")[0], one.at) for one in readings} <= {("meter", NOON)}
    return {one.metric.name: one.value for one in readings}


def registers(form: str, number: float, word_order: str = "big", byte_order: str = "big") -> list[int]:
    raw = struct.pack(f">{form}", number)
    parts = [int.from_bytes(raw[at : at + 2], byte_order) for at in range(0, len(raw), 2)]  # type: ignore[arg-type]
    return parts if word_order == "big" else parts[::-1]


def laid(start: int, parts: list[int]) -> dict[int, int]:
    return {start + n: part for n, part in enumerate(parts)}


@pytest.mark.parametrize("word_order", ["big", "little"])
@pytest.mark.parametrize("byte_order", ["big", "little"])
def test_every_type_in_every_order(tmp_path: Path, word_order: str, byte_order: str) -> None:
    numbers = {"int16": -1234, "uint16": 54_321, "int32": -70_000, "uint32": 4_000_000_000, "int64": -(1 << 40)}
    numbers |= {"uint64": 1 << 40, "float32": -12.5, "float64": 1e9 + 0.25}  # type: ignore[dict-item]
    known: dict[int, int] = {}
    readings = {}
    for number, (kind, said) in enumerate(numbers.items()):
        known |= laid(10 * number, registers((FORMS | FLOATS)[kind], said, word_order, byte_order))
        readings[f"some_{kind}"] = value(10 * number, type=kind)
    with serve(known) as port:
        job = visit(tmp_path)
        made = source(port, readings, word_order=word_order, byte_order=byte_order)
        assert told(list(made.poll(job))) == {f"some_{kind}": said for kind, said in numbers.items()}
    assert job.note == ""


def test_every_table_is_asked_for_its_own(tmp_path: Path) -> None:
    readings = {
        "held": value(3),
        "measured": value(3, kind="input"),
        "valve": value(5, kind="coil", unit="0/1"),
        "contact": value(5, kind="discrete", unit="0/1"),
    }
    with serve_tables({3: 7}, {3: 8}, {4: 0, 5: 1, 6: 0}) as port:
        found = told(list(source(port, readings).poll(visit(tmp_path))))
    assert found == {"held": 7, "measured": 8, "valve": 1, "contact": 0}


def test_units_are_converted_and_known_metrics_are_known(tmp_path: Path) -> None:
    readings = {
        "grid_power": value(0, type="int32", unit="kW", scale=-0.001),
        "purchased_lifetime": value(2, type="float32", unit="kWh"),
        "outdoor_temperature": value(4, type="int16", unit="°F", scale=0.1),
    }
    known = laid(0, registers("i", -1500)) | laid(2, registers("f", 1234.5)) | laid(4, registers("h", 500))
    with serve(known) as port:
        made = source(port, readings)
        found = told(list(made.poll(visit(tmp_path))))
    assert found == pytest.approx({"grid_power": 1500, "purchased_lifetime": 1_234_500, "outdoor_temperature": 10})
    assert {metric.name for metric in made.publishes("meter")["meter"]} == set(readings)


def test_a_scale_may_stand_in_a_register(tmp_path: Path) -> None:
    readings = {
        "load_power": value(0, type="int16", scale_register=Whole(9)),
        "grid_power": value(1, scale_register=Whole(8)),
    }
    with serve({0: 1234, 9: 0xFFFF, 1: 5, 8: 0x8000}) as port:
        assert told(list(source(port, readings).poll(visit(tmp_path)))) == pytest.approx({"load_power": 123.4})


def test_bits_texts_and_states(tmp_path: Path) -> None:
    readings = {
        "locked": value(0, bit=3, unit="0/1"),
        "open": value(0, bit=2, unit="0/1"),
        "state": value(1, values={"2": 0, "3": 1}),
        "mode": value(10, type="text", length=4, values={"Charging": 1, "Idle": 0}),
    }
    with serve({0: 0b1000, 1: 3} | laid(10, words("Charging", 4))) as port:
        found = told(list(source(port, readings).poll(visit(tmp_path))))
    assert found == {"locked": 1, "open": 0, "state": 1, "mode": 1}


def test_what_is_none_is_absent_without_a_word(tmp_path: Path) -> None:
    readings = {
        "here": value(0),
        "gone": value(1, invalid=(Whole(0xFFFF), Whole(0x8000))),
        "negative": value(1, type="int16", invalid=(Whole(0xFFFF),)),
        "never": value(2, type="float32"),
        "nowhere": value(4, type="float32"),
    }
    known = {0: 1, 1: 0xFFFF} | laid(2, registers("f", math.nan)) | laid(4, [0x7F7F, 0xFFFF])
    with serve(known) as port:
        job = visit(tmp_path)
        assert told(list(source(port, readings).poll(job))) == {"here": 1}
    assert job.note == ""


@pytest.mark.parametrize(("counts_from", "register"), [(0, 52), (1, 53), (30_001, 30_053), (40_001, 40_053)])
def test_registers_count_as_the_document_does(tmp_path: Path, counts_from: int, register: int) -> None:
    with serve({52: 77}) as port:
        made = source(port, {"x": value(register)}, counts_from=counts_from)
        assert told(list(made.poll(visit(tmp_path)))) == {"x": 77}


def test_near_registers_are_asked_for_at_once_and_far_ones_apart(tmp_path: Path) -> None:
    house = House(end=60_000)
    house.put(0, list(range(300)))
    readings = {f"x{at}": value(at) for at in (0, 1, 9, 30, 31, 299)}
    bus = Bus({1: house})
    with serve_bus(bus) as port:
        found = told(list(source(port, readings).poll(visit(tmp_path))))
    assert found == {name: float(name[1:]) for name in readings}
    assert [at for _, at in bus.asked] == [0, 30, 299]


def test_registers_that_are_refused_together_are_asked_for_alone(tmp_path: Path) -> None:
    readings = {"a": value(0), "b": value(4), "c": value(6)}
    with serve({0: 1, 4: 5}) as port:
        job = visit(tmp_path)
        assert told(list(source(port, readings).poll(job))) == {"a": 1, "b": 5}
    assert job.note == "c: the device has no holding register 6"


def test_a_device_without_any_of_them_is_told(tmp_path: Path) -> None:
    with serve({1: 1}) as port, pytest.raises(BadAnswer, match="has none of these registers at unit 1"):
        list(source(port, {"a": value(100)}).poll(visit(tmp_path)))


def test_a_device_that_says_only_nonsense_is_told(tmp_path: Path) -> None:
    readings = {"mode": value(0, type="text", length=1, values={"A": 1})}
    with serve({0: 0x4242}) as port, pytest.raises(BadAnswer, match="nothing that counts"):
        list(source(port, readings).poll(visit(tmp_path)))


def test_a_block_without_registers_is_a_beginning(tmp_path: Path) -> None:
    made = source(9, {})
    assert [what for what, _ in made.doubts()] == ["it reads nothing"]
    with pytest.raises(BadAnswer, match="names no register"):
        list(made.poll(visit(tmp_path)))
    assert list(source(9, {"x": value(1)}).doubts()) == []


def test_a_value_that_is_nonsense_costs_itself(tmp_path: Path) -> None:
    readings = {"good": value(4), "mode": value(0, type="text", length=1, values={"A": 1})}
    with serve({0: 0x4242, 4: 9}) as port:
        job = visit(tmp_path)
        assert told(list(source(port, readings).poll(job))) == {"good": 9}
    assert job.note == "left out: mode not a number"


@pytest.mark.parametrize(("host", "home"), [("meter.local", True), ("192.168.1.9", True), ("meter.example.com", False)])
def test_it_is_at_home_if_its_address_is(host: str, home: bool) -> None:
    made = ModbusSource(host=Template(host), readings={"x": value(0)})
    assert (made.local, made.modules, made.cost(visit(Path()))) == (home, ("pymodbus.client",), 0)


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [(4, Unavailable, "an internal error"), (6, Unavailable, "busy"), (11, Unreachable, "no unit 1 behind it")],
)
def test_exceptions_are_told_in_words(tmp_path: Path, code: int, kind: type[Trouble], message: str) -> None:
    bus = Bus({1: House()}, refused={0: code})
    with serve_bus(bus) as port, pytest.raises(kind, match=message):
        list(source(port, {"a": value(0)}).poll(visit(tmp_path)))


def test_devices_are_only_ever_read() -> None:
    """Functions 1 to 4, and no other."""
    assert {name.partition("_")[0] for name in _modbus._TABLES.values()} == {"read"}
    texts = [file.read_text("utf-8") for file in Path(_modbus.__file__).parent.rglob("*.py")]
    assert not [text for text in texts if "pymodbus" in text and re.search(r"\.(write|mask)_(coil|reg)", text)]


def test_silence_and_a_broken_line_are_told(tmp_path: Path) -> None:
    for keys in ({"mute": {1: range(9)}}, {"hung_up": range(9)}):
        with serve_bus(Bus({1: House()}, **keys)) as port, pytest.raises(Unreachable, match="hung up or gave no"):
            list(source(port, {"a": value(0)}).poll(visit(tmp_path)))


def test_a_person_is_told_how_each_value_was_found(tmp_path: Path) -> None:
    readings = {"grid_power": value(52, type="int16", scale=-1, unit="W"), "open": value(60), "gone": value(99)}
    with serve({52: 0xFE0C, 60: 7}) as port:
        job = visit(tmp_path)
        job.explained = []
        list(source(port, readings).poll(job))
    assert job.explained == [
        "unit 1, holding 52 to 60: no such registers",
        "unit 1, holding 52 to 52: answered",
        "unit 1, holding 60 to 60: answered",
        "unit 1, holding 99 to 99: no such registers",
        "grid_power: 52 (holding, int16): FE0C says -500: 500 W",
        "open: 60 (holding, uint16): 0007 says 7: 7",
    ]


def test_a_part_of_a_thing_is_a_subject_of_its_own(tmp_path: Path) -> None:
    readings = {"warmth": value(0, unit="°C", subject="tank")}
    with serve({0: 55}) as port:
        made = source(port, readings)
        (reading,) = made.poll(visit(tmp_path))
    assert (reading.subject, reading.value) == ("meter:tank", 55)
    assert list(made.publishes("meter")) == ["meter:tank"]


def test_a_block_with_names_is_filled_when_it_is_polled(tmp_path: Path) -> None:
    made = source(502, {"x": value(0)})
    block = ModbusBlock(
        host=Template("{{host}}"), port=Template("{{port}}"), unit=Template("{{unit}}"), readings=made.readings
    )
    block.check({"host": False, "port": False, "unit": False})
    with serve({0: 5}, 7) as port:
        values = {"host": "127.0.0.1", "port": str(port), "unit": "7"}
        assert told(list(polled(block, visit(tmp_path), values, "mine"))) == {"x": 5}
        assert block.places(values) == {f"127.0.0.1:{port}"}
    with pytest.raises(BadAnswer, match="port must be"):
        list(polled(block, visit(tmp_path), {"host": "h", "port": "x", "unit": "1"}, "mine"))
    with pytest.raises(ValueError, match=r"nobody says what \{\{unit\}\} stands for"):
        block.check({"host": False, "port": False})
    with pytest.raises(ValueError, match=r"\{\{host\}\} is a secret"):
        block.check({"host": True, "port": False, "unit": False})


@pytest.mark.parametrize(
    ("keys", "words_of_error"),
    [
        ({"path": "x"}, "a register has neither"),
        ({"register": Whole(-1)}, "register must be"),
        ({"type": "text", "values": {"a": 1}}, "length: how many"),
        ({"length": 2}, "length is for type: text"),
        ({"type": "text", "length": 2}, "a text needs what stands"),
        ({"bit": 16}, "bit must be"),
        ({"type": "float32", "bit": 1}, "bit must be"),
        ({"kind": "coil", "bit": 1}, "a coil is one bit"),
        ({"kind": "discrete", "scale_register": Whole(1)}, "scale_register is for numbers"),
    ],
)
def test_readings_that_contradict_themselves_say_so(keys: dict[str, object], words_of_error: str) -> None:
    with pytest.raises(ValueError, match=words_of_error):
        RegisterReading(**{"register": Whole(0), **keys})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "words_of_error"),
    [
        ({"counts_from": -1}, "counts_from must be"),
        ({"counts_from": 40_001}, "there is no such register"),
        ({"gap": 126}, "gap must be"),
        ({"at_once": 0}, "at_once must be"),
        ({"timeout": Duration(0)}, "timeout must be"),
        ({"pause": Duration(31)}, "pause must be"),
        ({"between": Duration(11)}, "between must be"),
        ({"host": Template("a/b")}, "host must be"),
        ({"port": Template("0")}, "port must be"),
        ({"unit": Template("256")}, "unit must be"),
        ({"host": Template("{{x}}")}, "nobody says"),
        ({"readings": {"Bad": value(0)}}, "the name of a metric"),
        ({"at_once": 4, "readings": {"x": value(0, type="text", length=5, values={"a": 1})}}, "at_once allows"),
    ],
)
def test_settings_that_cannot_work_say_so(keys: dict[str, object], words_of_error: str) -> None:
    with pytest.raises(ValueError, match=words_of_error):
        ModbusSource(**{"host": Template("meter.local"), "readings": {"x": value(5)}, **keys})  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "number"), [("40083", 40_083), ("0x9C93", 40_083), ("-1", -1)])
def test_register_numbers_are_read_as_documents_write_them(text: str, number: int) -> None:
    assert Whole.parse(text) == number
    with pytest.raises(ValueError, match="is not a whole number"):
        Whole.parse(f"{text}g")


STRETCHES = st.builds(Stretch, st.sampled_from(["holding", "coil"]), st.integers(0, 0xFF00), st.integers(1, 125))


@given(st.lists(STRETCHES, min_size=1, max_size=30), st.integers(0, 125))
def test_stretches_hold_all_that_is_wanted_within_the_limits(wanted: list[Stretch], gap: int) -> None:
    asked = together(wanted, gap, 125)
    assert all(any(whole.holds(one) for whole in asked) for one in wanted)
    assert all(one.size <= (125 if one.kind == "holding" else MOST_BITS) for one in asked)
    assert len(asked) <= len(set(wanted))


@given(
    st.sampled_from([*FORMS, *FLOATS, "text"]),
    st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4),
    st.sampled_from(["big", "little"]),
    st.sampled_from(["big", "little"]),
    st.none() | st.integers(0, 0xFFFF),
)
def test_any_registers_are_a_finite_number_a_text_or_nothing(
    kind: str, parts: list[int], word_order: str, byte_order: str, exponent: int | None
) -> None:
    more: dict[str, object] = {"length": 3, "values": {"a": 1}} if kind == "text" else {"scale_register": Whole(9)}
    one = value(0, type=kind, **more)
    found = one.decode(parts[: one.width], word_order, byte_order)  # type: ignore[arg-type]
    assert found is None or isinstance(found, str) or math.isfinite(found)
    assert found is None or one.scaled(found, exponent) is None or isinstance(one.scaled(found, exponent), float | str)


@pytest.mark.parametrize(
    ("reading", "place", "words_of_error"),
    [
        ("flow: {register: 0x0836, kind: input, type: int16, scale: 0.1, unit: °C, invalid: [0x8000, -1]}", "", ""),
        ("Bad: {register: 5}", "3:5", "the name of a metric"),
        ("worse: {register: x}", "7:25", "is not a whole number"),
        ("worse: {register: 1, type: int8}", "7:34", "int16"),
        ("worse: {register: 1, type: text}", "7:14", "length: how many registers"),
        ("grid_power: {register: 1, unit: °C}", "3:5", "counted in W"),
    ],
)
def test_a_block_is_read_from_the_configuration(tmp_path: Path, reading: str, place: str, words_of_error: str) -> None:
    file = tmp_path / "config.yaml"
    block = "    type: modbus\n    host: heat.local\n    counts_from: 1\n    readings:\n      "
    rest = "display: {type: 'null'}\npanels: {h: {type: health}}\n"
    file.write_text(f"sources:\n  heat:\n{block}{reading}\n{rest}", encoding="utf-8")
    said = complaints(file)
    assert bool(said) is bool(place)
    for line in said:
        assert line.startswith(f"{place}:")
        assert words_of_error in line
