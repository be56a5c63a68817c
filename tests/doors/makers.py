"""Plants of several makers as SunSpec register maps, laid out as the published models and the makers' notes say."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import NamedTuple

from doors.inverter import MISSING, House, long, words

_NONE = 0xFFFF
_MINUS = 0x10000


class Scene(NamedTuple):
    """Powers in W (grid: import positive, battery: charging positive), charge in percent, counters in Wh."""

    ac: int = 4321
    grid: int = -1500
    battery: int = 0
    charge: float = 50.0
    made: int = 12_345_678
    fed: int = 500_000
    bought: int = 300_000
    given: int = 0
    taken: int = 0
    status: int = 4
    warmth: float = 45.1


def big(value: float) -> list[int]:
    """A float as SunSpec has it: high word first."""
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def longer(value: int) -> list[int]:
    return [value >> 48 & 0xFFFF, value >> 32 & 0xFFFF, value >> 16 & 0xFFFF, value & 0xFFFF]


@dataclass
class Maker(House):
    """A chain of models of any maker, wherever it begins."""

    def named(self, maker: str, model: str, serial: str, option: str = "") -> Maker:
        fields = {0: words(maker, 16), 16: words(model, 16), 32: words(option, 8), 48: words(serial, 16)}
        self.model(1, 66, fields)
        return self

    def whole_inverter(self, scene: Scene, kind: int = 103, scale: int = 0) -> Maker:
        """Models 101 to 103: whole numbers with scale factors."""
        ac = MISSING if scene.status in (1, 2) else round(scene.ac / 10**scale)
        warmth = [MISSING, round(scene.warmth * 10), MISSING, MISSING, _MINUS - 1]
        fields = {12: [ac, scale], 22: [*long(scene.made), 0], 31: warmth, 36: [scene.status, 0]}
        self.model(kind, 50, fields)
        return self

    def float_inverter(self, scene: Scene, kind: int = 113) -> Maker:
        """Models 111 to 113: floats, NaN for what is not implemented."""
        none = big(math.nan)
        ac = none if scene.status in (1, 2) else big(scene.ac)
        fields = {20: ac, 30: big(scene.made), 38: big(scene.warmth) + none * 3, 46: [scene.status, 0]}
        self.model(kind, 60, fields)
        return self

    def whole_meter(self, scene: Scene, kind: int = 203, *, plus: int = 1) -> Maker:
        """Models 201 to 204; ``plus`` is -1 where a positive power means export."""
        power = plus * scene.grid
        self.model(kind, 105, {16: [power], 20: [0], 36: long(scene.fed), 44: long(scene.bought), 52: [0]})
        return self

    def float_meter(self, scene: Scene, kind: int = 213) -> Maker:
        """Models 211 to 214."""
        self.model(kind, 124, {26: big(scene.grid), 58: big(scene.fed), 66: big(scene.bought)})
        return self

    def nameplate(self, watts: int) -> Maker:
        """Model 120."""
        self.model(120, 26, {0: [4], 1: [watts // 10, 1]})
        return self

    def battery_802(self, power: int, charge: float, *, state: int = 6, capacity: int = 10_000) -> Maker:
        """Model 802, with the power as this maker signs it."""
        fields = {1: [capacity // 100], 2: [50, 50], 9: [round(charge)], 14: [state], 45: [power], 51: [2], 52: [2]}
        self.model(802, 62, fields)
        return self

    def storage_124(self, charge: float, state: int = 6) -> Maker:
        """Model 124 as a Fronius has it: the charge in hundredths of a percent."""
        self.model(124, 24, {0: [5000], 6: [round(charge * 100)], 9: [state], 20: [_MINUS - 2]})
        return self

    def inputs(self, *parts: tuple[str, int | None, int]) -> Maker:
        """Model 160: name, power and energy of every DC input."""
        fields = {0: [_MINUS - 2, _MINUS - 1, 0, 0], 6: [len(parts)]}
        for number, (name, power, energy) in enumerate(parts):
            start = 8 + 20 * number
            fields |= {start: [number + 1, *words(name, 8)], start + 11: [_NONE if power is None else power]}
            fields[start + 12] = long(energy)
        self.model(160, 8 + 20 * len(parts), fields)
        return self


def gen24(scene: Scene, *, floats: bool, battery: bool = True) -> dict[int, House]:
    """A Fronius GEN24 at unit 1 and its meter at 200: the battery is two of the four inputs of model 160."""
    inverter = Maker().named("Fronius", "Symo GEN24 10.0", "34119102")
    inverter = inverter.float_inverter(scene) if floats else inverter.whole_inverter(scene)
    inverter.nameplate(10_000).model(121, 30, {}).model(122, 44, {}).model(123, 24, {})
    modules = max(0, scene.ac + scene.battery)
    taking, giving = (max(0, scene.battery), max(0, -scene.battery)) if battery else (None, None)
    inverter.inputs(
        ("MPPT 1", modules // 2, 9_000),
        ("MPPT 2", modules - modules // 2, 9_000),
        ("StCha 3", taking, scene.taken),
        ("StDisCha 4", giving, scene.given),
    )
    inverter.storage_124(scene.charge if battery else 655.35)
    meter = Maker().named("Fronius", "Smart Meter TS 65A-3", "2244501")
    return {1: inverter, 200: meter.float_meter(scene) if floats else meter.whole_meter(scene)}


def datamanager(scene: Scene) -> dict[int, House]:
    """A Fronius Symo behind a Datamanager: floats, its meter at 240."""
    inverter = Maker().named("Fronius", "Symo 8.2-3-M", "31190334").float_inverter(scene).nameplate(8_200)
    return {1: inverter, 240: Maker().named("Fronius", "Smart Meter 63A", "17170023").float_meter(scene)}


def sma(scene: Scene) -> dict[int, House]:
    """An SMA Sunny Tripower at unit 126: network models first, whole numbers with scale factors, no meter."""
    chain = Maker().named("SMA", "STP 10.0-3AV-40", "3010547821").model(11, 13, {}).model(12, 98, {})
    assert isinstance(chain, Maker)
    chain.whole_inverter(scene, scale=1).nameplate(10_000).model(121, 30, {}).model(122, 44, {})
    chain.inputs(("String A", scene.ac // 2, 1), ("String B", scene.ac - scene.ac // 2, 1))
    return {126: chain}


def kostal(scene: Scene, *, state: int = 6) -> dict[int, House]:
    """A Kostal Plenticore at unit 71: one inverter shown twice, its meter, and a battery whose plus is discharge."""
    chain = Maker().named("KOSTAL", "PLENTICORE plus 10", "90341001LF000")
    chain.whole_inverter(scene).float_inverter(scene).nameplate(10_000).model(123, 24, {})
    modules = max(0, scene.ac + scene.battery)
    chain.inputs(("String 1", modules, 1), ("String 2", 0, 1), ("String 3", 0, 1))
    chain.whole_meter(scene)
    return {71: chain.battery_802(-scene.battery, scene.charge, state=state)}


def der(scene: Scene) -> dict[int, House]:
    """An inverter of the newer family at base 0: 701, 702, 713 and 714, and a meter of its own in the chain."""
    chain = Maker(end=2).named("Anybody", "Hybrid 8", "X1")
    fields = {1: [1, 3, 1], 8: [scene.ac], 17: longer(scene.made), 34: [MISSING], 35: [round(scene.warmth * 10)]}
    fields |= {114: [0], 118: [0], 120: [_MINUS - 1]}
    chain.model(701, 153, fields).model(702, 50, {0: [8_000], 43: [0]}).model(703, 17, {})
    chain.model(713, 7, {0: [1000], 2: [round(scene.charge * 10)], 5: [1], 6: [_MINUS - 1]})
    modules = max(0, scene.ac + scene.battery)
    ports = {2: [2], 15: [0, 0], 18: [1, 1], 18 + 12: [modules], 18 + 25: [2, 2], 18 + 25 + 12: [-scene.battery]}
    ports |= {18 + 25 + 13: longer(scene.given), 18 + 25 + 17: longer(scene.taken)}
    chain.model(714, 68, ports)
    return {1: chain.named("Anybody", "Meter", "X2").whole_meter(scene)}
