"""The contract of recipes through Modbus: each is proven by recordings of registers, as makers' lists lay them out.

A recording is ``tests/recipes/NAME/*.json``: ``now``, ``settings``, the ``unit`` that answers with which ``registers``
(by the address on the wire), ``exceptions`` by address, ``nobody`` for other units; and ``readings`` (subject, metric,
value, at) with the ``note``, or ``error`` with ``words``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doors.inverter import Bus, House, serve_bus
from eink_monitor.config import recipes
from eink_monitor.errors import Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources._modbus import Line
from eink_monitor.vet import sift
from loopback.recipes import Recording, recordings, told, visit

FILES = {file.stem: file for file in recipes.SHIPPED.glob("*.yaml")}
NAMES = sorted(name for name, file in FILES.items() if "\nmodbus:" in file.read_text(encoding="utf-8"))
PLAYED = [(name, one) for name in NAMES for one in recordings(name)]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a slow dongle wants for itself, ours does not."""
    begin = Line.__init__

    def at_once(self: Line, *args: object, **keys: object) -> None:
        begin(self, *args, **{**keys, "pause": 0})  # type: ignore[arg-type]

    monkeypatch.setattr(Line, "__init__", at_once)


def bus(recording: Recording) -> Bus:
    house = House(end=60_000)
    for at, words in recording["registers"].items():
        house.put(int(at), words)
    refused = {int(at): code for at, code in recording.get("exceptions", {}).items()}
    return Bus({recording["unit"]: house}, refused=refused, nobody=recording.get("nobody", 0))


def polled(name: str, recording: Recording, port: int, state: Path) -> tuple[list[Reading], Visit]:
    kind = recipes.made(FILES[name])
    taken = {key: take.value(take.default) for key, take in kind.recipe.takes.items() if take.default}
    known = {"host": "127.0.0.1", "port": port, "unit": recording["unit"], **recording.get("settings", {})}
    made = kind(**{**taken, **{key: value for key, value in known.items() if key in kind.recipe.takes}})
    here = visit(made, recording, state)
    return sift([one for one in made.poll(here) if isinstance(one, Reading)], here), here


@pytest.mark.parametrize("name", NAMES)
def test_each_has_recordings_of_good_days_and_bad_ones(name: str) -> None:
    errors = ["error" in recording for recording in recordings(name).values()]
    assert any(errors)
    assert not all(errors)


@pytest.mark.parametrize(("name", "one"), PLAYED)
def test_registers_become_what_they_must(name: str, one: str, tmp_path: Path) -> None:
    recording = recordings(name)[one]
    with serve_bus(bus(recording)) as port:
        if "error" in recording:
            with pytest.raises(Trouble) as raised:
                polled(name, recording, port, tmp_path)
            assert raised.value.what == recording["error"]
            assert recording["words"] in str(raised.value)
            return
        readings, here = polled(name, recording, port, tmp_path)
    assert sorted(told(readings)["readings"]) == recording["readings"]
    assert recording.get("note", here.note) == here.note


@pytest.mark.parametrize("name", NAMES)
def test_any_registers_raise_nothing_but_trouble(name: str, tmp_path: Path) -> None:
    recording = next(one for one in recordings(name).values() if "error" not in one)
    line = bus(recording)
    (house,) = line.units.values()
    odd = st.integers(0, 0xFFFF) | st.sampled_from([0, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0, 0x7F7F])
    with serve_bus(line) as port:

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.dictionaries(st.sampled_from(sorted(house.registers)), odd, max_size=20))
        def mutated(wrong: dict[int, int]) -> None:
            kept = dict(house.registers)
            house.registers.update(wrong)
            try:
                readings, _ = polled(name, recording, port, tmp_path)
            except Trouble:
                return
            finally:
                house.registers = kept
            assert all(one.metric.low <= one.value <= one.metric.high for one in readings)

        mutated()
