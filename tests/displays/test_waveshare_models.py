"""Every model of our table through Waveshare's real driver: what is on the virtual glass is the frame, to the pixel."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eink_monitor.displays._models import MODELS, alike
from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.displays.waveshare.revisions import REVISIONS
from eink_monitor.displays.waveshare.vendor import _planes
from eink_monitor.errors import DisplayError
from eink_monitor.model.display import Board
from eink_monitor.model.frame import Frame, Wear
from eink_monitor.settings import Duration, Size
from ink_bench import Mounted, mounted
from virtual_panel import Kind, Rules, VirtualPanel
from virtual_panel.vendor import installed, vendor_driver
from virtual_panel.viewer import picture, wrong

if not installed():
    if os.environ.get("CI"):
        pytest.fail("these need the vendor's driver: run `make test`", pytrace=False)
    pytest.skip("the vendor's driver is not installed: run `make test`", allow_module_level=True)

THEIRS = [name for name in MODELS if name not in REVISIONS]
RED = [name for name in THEIRS if MODELS[name].red]
LOW = [name for name in THEIRS if not MODELS[name].busy]
# What the drivers do that the datasheets do not allow, and that costs no pixel.
SINS = {
    Kind.BUSY: {"2in13d", "2in7", "2in7b", "2in9", "2in9b_V4", "2in9d"},  # to sleep before the power is off, 71, FF
    Kind.UNKNOWN: {"2in7b_V2", "2in9b_V4"},  # 00 and 71 are commands of the other family
    Kind.OVERFLOW: {"4in2"},  # sends 20,000 bytes where 15,000 have a place
    Kind.LENGTH: {"7in5_V2"},  # one byte to 50, which takes two
    Kind.NO_SENSOR: {"2in7_V2", "2in7b_V2", "4in2_V2"},  # leaves 18 as it is
}


@contextmanager
def theirs(name: str, wired: str = "", **fields: Any) -> Iterator[Mounted]:  # noqa: ANN401 - the keys of YAML
    """A display of that model on the glass of that model, or another."""
    panel = VirtualPanel(wired or name, rules=Rules(min_interval=180, full_every=25 * 3600))
    with vendor_driver(panel, f"epd{name}") as epd:
        assert sorted((epd.width, epd.height)) == sorted(MODELS[name].size)
        display, wear = Waveshare(name, **fields), Wear()
        display.open(panel.clock, wear)
        yield Mounted(panel, display, wear)
        display.close()
    assert panel.bus.leaked == 0
    assert panel.asleep


def noise(size: Size, seed: int, *, red: bool = False) -> Frame:
    """Half the pixels black, anywhere; with ``red`` half of those are red."""
    dice, length = random.Random(seed), (size.width + 7) // 8 * size.height
    black = dice.randbytes(length)
    plane = bytes(mine & ~paper for mine, paper in zip(dice.randbytes(length), black, strict=True))
    return Frame(*size, black, f"noise {seed}", plane if red else b"")


def shown(ink: Mounted, frame: Frame) -> int:
    """Show a frame as soon as that is allowed; how many pixels are wrong then."""
    ink.panel.clock.wait(ink.display.ready_in())
    ink.display.show(frame)
    ink.panel.board.settle()
    return wrong(ink.panel.glass, frame)


@pytest.mark.parametrize("name", THEIRS)
def test_what_is_on_the_glass_is_the_frame(name: str) -> None:
    model = MODELS[name]
    with theirs(name) as ink:
        assert (ink.display.size, ink.display.red) == (model.size, model.red)
        ink.display.probe()
        assert ink.panel.refreshes == []
        for seed in range(3):
            assert shown(ink, noise(model.size, seed, red=model.red)) == 0
        ink.panel.clock.wait(180)
        ink.display.clear()
        assert wrong(ink.panel.glass, Frame(*model.size, b"\xff" * len(noise(model.size, 0).bits))) == 0
        assert (ink.wear.full, ink.wear.partial) == (len(ink.panel.refreshes), 0) == (4, 0)
        assert ink.panel.kinds == {kind for kind, names in SINS.items() if name in names}


@pytest.mark.parametrize("name", ["2in13b_V4", "2in13g", "2in9d", "4in2_V2", "7in5b_V2"])
def test_upside_down(name: str) -> None:
    frame = noise(MODELS[name].size, 7, red=MODELS[name].red)
    pictures = []
    for rotate in (0, 180):
        with theirs(name, rotate=rotate) as ink:
            shown(ink, frame)
            pictures.append(picture(ink.panel.glass))
    upright, turned = pictures
    assert turned.transpose(Image.Transpose.ROTATE_180).tobytes() == upright.tobytes()


def test_black_and_white_glass_does_not_look_at_red() -> None:
    with theirs("2in9_V2") as ink:
        frame = noise(MODELS["2in9_V2"].size, 1, red=True)
        ink.display.show(frame)
        ink.panel.board.settle()
        assert ink.panel.glass.wrong(b"") != 0
        assert wrong(ink.panel.glass, Frame(frame.width, frame.height, frame.bits)) == 0


@given(st.binary(min_size=9, max_size=9), st.binary(min_size=9, max_size=9))
def test_no_pixel_is_black_and_red(bits: bytes, red: bytes) -> None:
    red = bytes(mine & ~paper for mine, paper in zip(red, bits, strict=True))
    black_alone, red_alone = _planes(Frame(24, 3, bits, red=red))
    for ink, black, second in zip(bits, black_alone.bits, red_alone.bits, strict=True):
        assert black | second == 0xFF
        assert black & second == ink


# -- its maker's rules -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["2in13b_V4", "7in5_V2"])
def test_nobody_hurries_glass_that_is_refreshed_fully_only(name: str) -> None:
    size = MODELS[name].size
    with theirs(name) as ink:
        assert shown(ink, noise(size, 1)) == 0
        ink.panel.clock.wait(100)
        words = rf"{name} must rest for another (79|80) s, .*try again then"
        with pytest.raises(DisplayError, match=words):
            ink.display.show(noise(size, 2), urgent=True)
        with pytest.raises(DisplayError, match=words):
            ink.display.clear()
        ink.display.show(noise(size, 2))
        assert wrong(ink.panel.glass, noise(size, 1)) == 0
        ink.panel.clock.wait(80)
        ink.display.show(noise(size, 2), urgent=True)
        assert wrong(ink.panel.glass, noise(size, 2)) == 0
        assert Kind.HASTE not in ink.panel.kinds


def test_a_restart_does_not_hurry_it_either() -> None:
    with theirs("4in2") as ink:
        shown(ink, noise(Size(400, 300), 1))
        ink.panel.clock.wait(60)
        ink.display.open(ink.panel.clock, ink.wear)
        with pytest.raises(DisplayError, match="must rest for"):
            ink.display.show(noise(Size(400, 300), 2), urgent=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"min_interval": Duration(60)}, "min_interval must be at least 3m"),
        ({"busy": 5}, "rst, dc, busy, pwr, bus, device, speed must be left out: .* 4in2_V2 knows no others"),
        ({"board": Board(2, 2)}, "board leaves 199x149 pixels of 400x300 to each panel"),
    ],
)
def test_what_it_cannot_do_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Waveshare("4in2_V2", **fields)


def test_several_panels_find_room() -> None:
    assert Waveshare("7in5b_V2", board=Board(3, 3)).sheet == (266, 159)
    assert Waveshare("4in2_V2", board=Board(1, 2)).sheet == (400, 149)
    assert Waveshare("vendor:epd4in2_V2").size == Waveshare("4in2_V2").size


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", THEIRS)
def test_a_panel_that_is_not_there_is_missed(name: str) -> None:
    with theirs(name) as ink:
        ink.panel.faults.busy = 0  # the line is pulled down
        for ask in (ink.display.probe, lambda: ink.display.show(noise(MODELS[name].size, 1))):
            start = ink.panel.clock.monotonic()
            with pytest.raises(DisplayError, match=f"no panel answers as {name} .*the ribbon cable"):
                ask()
            assert ink.panel.clock.monotonic() - start < 14
        assert ink.wear.full == 0
        ink.panel.faults.busy = None
        assert shown(ink, noise(MODELS[name].size, 1)) == 0


@pytest.mark.parametrize("name", THEIRS)
def test_a_panel_that_is_stuck_is_told(name: str) -> None:
    with theirs(name) as ink:
        ink.panel.faults.busy = 1
        words = "still busy after [16]0 s" if MODELS[name].busy else "no panel answers|too early to be true"
        with pytest.raises(DisplayError, match=words):
            ink.display.show(noise(MODELS[name].size, 1))
        ink.panel.faults.busy = None
        ink.panel.clock.wait(180)
        assert shown(ink, noise(MODELS[name].size, 1)) == 0


@pytest.mark.parametrize(
    ("name", "wired"),
    [("2in13b_V4", "2in13b_V3"), ("2in13b_V3", "2in13b_V4"), ("2in9_V2", "2in9d"), ("2in9bc", "2in9b_V4")],
)
def test_a_panel_of_the_other_family_is_told_by_its_wires(name: str, wired: str) -> None:
    with theirs(name, wired) as ink:
        for ask in (ink.display.probe, lambda: ink.display.show(noise(MODELS[name].size, 1))):
            with pytest.raises(DisplayError, match=r"no panel answers as|is still busy after 10 s"):
                ask()
        findings = [str(finding) for finding in ink.display.examine()]
        assert findings[0].startswith(f"bad   panel          no panel answers as {name}")
        assert re.search(rf"\(BUSY of [^)]*{wired}[^)]* rests {'low' if MODELS[wired].busy else 'high'}\)", findings[0])
        assert wired not in findings[1]
        ink.panel.board.cut_power()


@pytest.mark.parametrize("name", ["2in13b_V4", "7in5_V2", "4in2"])
def test_what_no_wire_tells_is_said_in_words(name: str) -> None:
    with theirs(name) as ink:
        findings = [str(finding) for finding in ink.display.examine()]
    assert findings[0] == "ok    panel          a panel answers"
    assert all(other in findings[-1] for other in alike(name)[1:])
    assert len(findings) == (2 if len(alike(name)) > 1 else 1)
    assert ink.panel.refreshes == []


def test_our_own_driver_knows_the_other_family_too() -> None:
    with mounted("2in13_V4", wired="2in13b_V3") as ink, pytest.raises(DisplayError, match=r"2in13b_V3, .* rests high"):
        ink.display.probe()
