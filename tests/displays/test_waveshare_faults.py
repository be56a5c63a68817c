"""Every fault of the wires ends in a sentence that names the cause, in time, and the next good frame is exact."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from eink_monitor.clock import FastClock
from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.displays.waveshare.panel213 import Panel213
from eink_monitor.displays.waveshare.revisions import REVISIONS
from eink_monitor.displays.waveshare.wires import Wires, Wiring
from eink_monitor.errors import DisplayError
from eink_monitor.model.frame import Frame
from ink_bench import MODELS, Mounted, mounted, scene
from virtual_panel import Kind, Policy

FULL, PARTIAL = 1, 2  # the first refresh of a session is full, the second partial


def stuck_from_activation(level: int) -> Callable[[Mounted], None]:
    """BUSY is stuck at a level from the byte 0x20 on."""

    def break_it(ink: Mounted) -> None:
        def watch(_at: float, wire: str, data: bytes) -> None:
            if wire == "SPI" and data == b"\x20" and not ink.panel.board.levels["DC"]:
                ink.panel.faults.busy = level

        ink.panel.board.recorders.append(watch)

    return break_it


def setting(**faults: object) -> Callable[[Mounted], None]:
    """Faults that are there from the beginning of the refresh."""

    def break_it(ink: Mounted) -> None:
        for name, value in faults.items():
            setattr(ink.panel.faults, name, value)

    return break_it


class Fault(NamedTuple):
    """How to break it, the words it must end in, and in how many seconds when full and when partial."""

    break_it: Callable[[Mounted], None]
    words: str
    full: float
    partial: float


FAULTS = [
    pytest.param(Fault(setting(busy=1), "busy 2 s after a reset.*display.model", 2.1, 2.1), id="busy-stuck-high"),
    pytest.param(Fault(setting(busy=0), "no panel answers", 0.3, 0.3), id="absent"),
    pytest.param(Fault(stuck_from_activation(1), "busy (30|5) s after the start", 30.1, 5.1), id="busy-never-falls"),
    pytest.param(Fault(stuck_from_activation(0), "no panel answers", 0.3, 0.3), id="busy-never-rises"),
    pytest.param(Fault(setting(eio_after=0), "Input/output error", 0.1, 0.1), id="eio-at-once"),
    pytest.param(Fault(setting(eio_after=3000), "a write failed", 0.1, 0.1), id="eio-in-old-bank"),
    pytest.param(Fault(setting(eio_after=6000), "a write failed", 0.1, 0.1), id="eio-in-new-bank"),
    pytest.param(Fault(setting(short_after=5000), "a write failed.*cut short", 0.1, 0.1), id="short-write"),
    pytest.param(Fault(setting(cut_after=0.1), "lost power", 5.0, 5.0), id="power-cut"),
    pytest.param(Fault(setting(cut_after=0.3), "lost power|too soon", 5.0, 5.0), id="power-cut-later"),
]


def mend(ink: Mounted) -> None:
    """All faults gone."""
    faults = ink.panel.faults
    faults.busy = faults.eio_after = faults.short_after = faults.cut_after = None
    faults.missing = faults.denied = faults.gpio_denied = False
    faults.claimed.clear()
    ink.panel.board.recorders.clear()
    ink.panel.board.restore_power()


def fails(ink: Mounted, frame: Frame, words: str) -> float:
    """Show a frame, which must fail with these words; returns how long that took."""
    ink.panel.clock.wait(ink.display.ready_in())
    start = ink.panel.clock.monotonic()
    with pytest.raises(DisplayError, match=words) as caught:
        ink.display.show(frame)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 250
    return ink.panel.clock.monotonic() - start


def recovers(ink: Mounted, n: int) -> None:
    """Without the fault the next frame is exact, from a full refresh, and so is the partial one after it."""
    mend(ink)
    found = len(ink.panel.findings)
    ink.panel.policy.slow = 1.0
    assert ink.show(scene(n)) == 0
    assert ink.show(scene(n + 1)) == 0
    assert ink.kinds()[-2:] == ["full", "partial"]
    assert ink.panel.asleep
    assert ink.panel.findings[found:] == []
    assert ink.panel.bus.leaked == 1


@pytest.mark.parametrize("restores", [False, True], ids=["reset-keeps", "reset-restores"])
@pytest.mark.parametrize("when", [FULL, PARTIAL], ids=["full", "partial"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("model", MODELS)
def test_each_fault(model: str, when: int, restores: bool, fault: Fault) -> None:
    with mounted(model, policy=Policy(reset_restores=restores)) as ink:
        assert ink.show(scene(1)) == 0
        if when == FULL:
            ink.display.freshen()
        fault.break_it(ink)
        assert fails(ink, scene(2), fault.words) <= (fault.full if when == FULL else fault.partial)
        assert not ink.panel.board.powered
        recovers(ink, 3)


@pytest.mark.parametrize("model", MODELS)
def test_a_fault_at_any_byte(model: str) -> None:
    dice = random.Random(model)
    with mounted(model) as ink:
        for n in range(0, 60, 3):
            ink.panel.faults.eio_after = dice.randrange(8000)
            fails(ink, scene(n), "a write failed")
            recovers(ink, n + 1)


def test_a_power_cut_in_the_very_first_refresh_is_never_taken_for_the_frame() -> None:
    """No panel is accused of not going to sleep before it has done so once; but then nothing is built on its glass."""
    with mounted() as ink:
        ink.panel.faults.cut_after = 1.0
        ink.display.show(scene(1))
        assert ink.wrong(scene(1)) > 0
        recovers(ink, 2)


@pytest.mark.parametrize("lgpio", [False, True], ids=["RPi.GPIO", "rpi-lgpio"])
def test_what_can_be_wrong_with_the_computer(lgpio: bool) -> None:
    with mounted(lgpio=lgpio) as ink:
        for name, words in (
            ("missing", "SPI is off.*do_spi 0"),
            ("denied", r"/dev/spidev0\.0 may not be used.*usermod -aG spi,gpio"),
            ("gpio_denied", r"GPIO 17 \(RST\) may not be used.*usermod"),
        ):
            ink.display.open(ink.panel.clock, ink.wear)
            setattr(ink.panel.faults, name, True)
            fails(ink, scene(1), words)
            fails(ink, scene(1), words)
            recovers(ink, 2)


@pytest.mark.parametrize(("pin", "name"), [(17, "RST"), (25, "DC"), (24, "BUSY"), (18, "PWR")])
def test_a_line_somebody_else_holds(pin: int, name: str) -> None:
    with mounted(lgpio=True) as ink:
        ink.panel.faults.claimed = {pin}
        fails(ink, scene(1), rf"GPIO {pin} \({name}\) is held by another process: gpioinfo")
        assert ink.panel.gpio.directions == {}
        recovers(ink, 2)


@pytest.mark.parametrize(("missing", "words"), [("spidev", "spidev is missing"), ("RPi.GPIO", "RPi.GPIO is missing")])
def test_a_library_that_is_not_installed(missing: str, words: str) -> None:
    with mounted(without=[missing]) as ink:
        fails(ink, scene(1), words + r".*eink-monitor\[pi\].*python3-spidev")


def test_a_library_that_refuses_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "RPi"
    package.mkdir()
    (package / "__init__.py").touch()
    refusal = "raise RuntimeError('Cannot determine SOC peripheral base address')"
    (package / "GPIO.py").write_text(refusal, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DisplayError, match=r"RPi\.GPIO does not work on this machine .*SOC.*rpi-lgpio"):
        Waveshare("2in13_V4").show(scene(1))


@pytest.mark.parametrize(
    ("model", "wired"),
    [("2in13_V4", "2in13_V2"), ("2in13_V2", "2in13_V3"), ("2in13_V2", "2in13_V4")],
)
def test_a_panel_with_another_controller_is_named(model: str, wired: str) -> None:
    with mounted(model, wired=wired) as ink:
        assert fails(ink, scene(1), f"too early to be true.* not a {model}.*sticker") < 1
        assert ink.panel.kinds & {Kind.UNKNOWN, Kind.LENGTH, Kind.NO_WAVEFORM}


def test_v3_on_the_glass_of_a_v2_is_for_a_persons_eyes() -> None:
    """The one mix-up that BUSY does not give away; the documentation says so."""
    with mounted("2in13_V3", wired="2in13_V2") as ink:
        ink.display.probe()
        assert ink.show(scene(1)) > 1000, "whoever looks at the test picture sees it"


@pytest.mark.parametrize(("model", "wired"), [("2in13_V3", "2in13_V4"), ("2in13_V4", "2in13_V3")])
def test_v3_and_v4_have_one_controller(model: str, wired: str) -> None:
    with mounted(model, wired=wired) as ink:
        assert [ink.show(scene(n)) for n in (1, 2, 3)] == [0, 0, 0]
        assert ink.kinds() == ["full", "partial", "partial"]


@pytest.mark.parametrize(("model", "slow"), [("2in13_V2", 7.5), ("2in13_V3", 9.0), ("2in13_V4", 5.0)])
def test_a_board_with_coloured_ink_is_named_by_its_slowness(model: str, slow: float) -> None:
    """It takes about 15 s for what these do in 2 to 4, and carries the same sticker."""
    with mounted(model, policy=Policy(slow=slow)) as ink:
        words = r"took 1\d s for a refresh, not 2 to 4: it is a \(B\) or \(G\) board.* set display.model to 2in13b_V4"
        assert 10 < fails(ink, scene(1), words) < 20
        assert not ink.panel.board.powered
        recovers(ink, 2)


def test_the_wear_of_failed_refreshes_is_counted() -> None:
    with mounted() as ink:
        ink.show(scene(1))
        stuck_from_activation(1)(ink)
        fails(ink, scene(2), "still busy")
        assert (ink.wear.full, ink.wear.partial, ink.wear.since_full) == (1, 1, 1)
        assert ink.display.ready_in() > 179
        mend(ink)
        ink.panel.clock.wait(180)
        ink.panel.faults.eio_after = 100
        fails(ink, scene(2), "a write failed")
        assert (ink.wear.full, ink.wear.partial, ink.wear.since_full) == (1, 1, 1)
        assert ink.display.ready_in() == 0
        recovers(ink, 3)
        assert (ink.wear.full, ink.wear.partial, ink.wear.since_full) == (2, 2, 1)


def test_probing_tells_what_is_wrong() -> None:
    with mounted() as ink:
        ink.panel.faults.busy = 0
        with pytest.raises(DisplayError, match="no panel answers"):
            ink.display.probe()
        ink.panel.faults.busy = 1
        with pytest.raises(DisplayError, match="busy 2 s after a reset"):
            ink.display.probe()
        recovers(ink, 1)


def test_closing_a_stuck_panel_ends() -> None:
    with mounted() as ink:
        ink.show(scene(1))
        ink.panel.faults.busy = 1
        fails(ink, scene(2), "still busy")
        start = ink.panel.clock.monotonic()
        ink.display.close()
        assert ink.panel.clock.monotonic() - start < 1
        assert ink.panel.bus.leaked == 0


def test_lines_that_are_lost_are_claimed_anew() -> None:
    with mounted() as ink:
        ink.show(scene(1))
        ink.panel.gpio.directions.clear()
        fails(ink, scene(2), r"RST \(GPIO 17\) cannot be set: .*set up")
        recovers(ink, 3)


def test_a_partial_refresh_needs_a_full_one() -> None:
    panel = Panel213(Wires(Wiring()), REVISIONS["2in13_V4"], FastClock(0))
    with pytest.raises(DisplayError, match="needs a full one"):
        panel.refresh(scene(1), partial=True)
