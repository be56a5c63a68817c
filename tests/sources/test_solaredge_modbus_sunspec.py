"""SunSpec decoding: every register value is a plausible number, absent, or a bad answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.errors import BadAnswer
from eink_monitor.sources._inverter import models
from eink_monitor.sources._inverter import registers as sunspec
from eink_monitor.sources.solaredge_modbus import registers as solaredge

REGISTER = st.integers(0, 0xFFFF) | st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFF6, 0xFFFF])


def block(length: int) -> st.SearchStrategy[list[int]]:
    return st.lists(REGISTER, min_size=length, max_size=length)


@given(block(64))
def test_identity_is_printable(registers: list[int]) -> None:
    who = models.COMMON.decode(registers)
    assert (who.model + who.option + who.serial).isprintable()
    assert who.role in {"grid", "house", "other"}


@given(block(20))
def test_battery_figures_are_finite_or_absent(registers: list[int]) -> None:
    cell = solaredge.BATTERY.decode(registers)
    assert all(value is None or math.isfinite(value) for value in (cell.power, cell.capacity, cell.charge))


@given(block(models.INVERTER.count), block(models.METER.count))
def test_inverter_and_meter_decode_or_are_bad(inverter: list[int], meter: list[int]) -> None:
    for part, registers, scales in ((models.INVERTER, inverter, (13, 24, 35)), (models.METER, meter, (20, 52))):
        senseless = any(10 < registers[at] < 0xFFF6 and registers[at] != 0x8000 for at in scales)
        try:
            part.decode(registers)
        except BadAnswer:
            assert senseless


@pytest.mark.parametrize(
    ("register", "unsigned", "signed"),
    [(0, 0, 0), (0x7FFF, 32767, 32767), (0x8000, 32768, None), (0x8001, 32769, -32767), (0xFFFF, None, -1)],
)
def test_not_implemented_markers(register: int, unsigned: int | None, signed: int | None) -> None:
    assert sunspec.uint16([register], 0) == unsigned
    assert sunspec.int16([register], 0) == signed


@pytest.mark.parametrize(("words", "value"), [([0, 0], None), ([0xFFFF, 0xFFFF], None), ([1, 2], 65538.0 * 100)])
def test_energy_counters(words: list[int], value: float | None) -> None:
    counter = sunspec.energy([*words, 2], 0, 2)
    assert (counter.value if counter else None) == value
    assert counter is None or counter.wrap == (1 << 32) * 100
    assert sunspec.energy([1, 2, 0x8000], 0, 2) is None


@pytest.mark.parametrize(
    ("words", "value"),
    [([0, 0x42FE], 127.0), ([0, 0x7FC0], None), ([0, 0xFF80], None), ([0xFFFF, 0xFF7F], None), ([0, 0xC47A], -1000.0)],
)
def test_little_endian_words_of_a_float(words: list[int], value: float | None) -> None:
    assert solaredge.float32(words, 0) == value


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([1, 0, 0, 0], 1),
        ([4, 3, 2, 1], 0x0001_0002_0003_0004),
        ([0xFFFF, 0xFFFF, 0xFFFF, 0x0FFF], float(0x0FFF_FFFF_FFFF_FFFF)),
        ([0, 0, 0, 0], None),
        ([0xFFFF] * 4, None),
    ],
)
def test_counters_of_four_registers(words: list[int], value: float | None) -> None:
    assert solaredge.uint64([9, *words, 9], 1) == value
