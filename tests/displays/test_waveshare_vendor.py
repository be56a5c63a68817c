"""Panels through Waveshare's own package: the real one on the virtual panel, and its odder shapes in a small copy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.clock import FastClock
from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.displays.waveshare.vendor import VendorPanel, centred
from eink_monitor.errors import DisplayError
from eink_monitor.model.frame import Frame, Wear
from ink_bench import Mounted, scene
from virtual_panel import VirtualPanel
from virtual_panel.vendor import installed, vendor_driver

CONFIG = """
BUSY_PIN, SHOWN, CALLS, BUSY = 24, [], [], [0]
def digital_read(pin): return BUSY[0]
def delay_ms(milliseconds): raise RuntimeError("slept for real")
def module_init(): CALLS.append("init"); return 0
def module_exit(): CALLS.append("exit")
"""
MODEL = """
from . import epdconfig
class EPD:
    width, height = {size}
    {extra}
    def wait(self):
        while epdconfig.digital_read(24) == 1: pass
        epdconfig.delay_ms(2000)
    def init(self{init}): self.asked = [{asked}]; epdconfig.module_init(); self.wait(); return {result}
    def getbuffer(self, image): return image.copy()
    def display(self, black{planes}): epdconfig.SHOWN[:] = [black{planes}]; {display}
    def sleep(self): epdconfig.delay_ms(2000); epdconfig.module_exit()
"""


def model(size: tuple[int, int] = (128, 296), **parts: str) -> str:
    """The source of a driver of that shape."""
    defaults = {"extra": "", "init": "", "asked": "", "planes": "", "result": "0", "display": "self.wait()"}
    return MODEL.format(size=size, **{**defaults, **parts})


MODELS = {
    "epd2in66": model(),
    "epd2in9_lut": model(extra="lut_full_update = [1, 2]", init=", lut", asked="lut"),
    "epd2in9_mode": model(extra="FULL_UPDATE, lut_full_update = 7, [1]", init=", update", asked="update"),
    "epd2in9_plain": model(init=", mode", asked="mode"),
    "epd2in66b": model(planes=", red"),
    "epd1in54_V2": model((200, 200)),
    "epd_refuses": model(result="-1"),
    "epd_breaks": model(display="raise OSError(9, 'Bad file descriptor')"),
    "epd_needs": "import no_such_gpio",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A ``waveshare_epd`` of the shapes above, importable."""
    folder = tmp_path / "waveshare_epd"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "epdconfig.py").write_text(CONFIG, encoding="utf-8")
    for name, source in MODELS.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith("waveshare_epd")]:
        del sys.modules[name]


def config(name: str) -> list[object]:
    """One of the lists that the copy's ``epdconfig`` keeps."""
    kept: list[object] = vars(sys.modules["waveshare_epd.epdconfig"])[name]
    return kept


def opened(name: str) -> tuple[Waveshare, FastClock, Wear]:
    """A display of that vendor model, opened."""
    display, clock, wear = Waveshare(f"vendor:{name}"), FastClock(1000), Wear()
    display.open(clock, wear)
    return display, clock, wear


@pytest.mark.usefixtures("package")
def test_the_frame_stands_in_the_middle_and_is_refreshed_fully() -> None:
    display, clock, wear = opened("epd2in66")
    for n in range(3):
        display.show(scene(n))
        clock.wait(180)
    shown = config("SHOWN")[0]
    assert isinstance(shown, Image.Image)
    assert shown.size == (296, 128)
    assert shown.crop((23, 3, 273, 125)).tobytes() == scene(2).bits
    assert shown.tobytes().count(b"\xff") > 1000
    assert (wear.full, wear.partial) == (3, 0)
    assert config("CALLS") == ["init", "exit"] * 3
    heard = len(config("CALLS"))
    display.show(scene(2))
    assert len(config("CALLS")) == heard
    display.probe()
    display.close()
    assert config("CALLS")[-1] == "exit"


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(("name", "asked"), [("epd2in9_lut", [[1, 2]]), ("epd2in9_mode", [7]), ("epd2in9_plain", [0])])
def test_older_drivers_are_asked_for_the_full_waveform(name: str, asked: list[object]) -> None:
    display, _, _ = opened(name)
    display.show(scene(1))
    assert vars(vars(display._ink)["_epd"])["asked"] == asked


@pytest.mark.usefixtures("package")
def test_the_second_colour_stays_away() -> None:
    display, _, _ = opened("epd2in66b")
    display.show(scene(1))
    _black, red = config("SHOWN")
    assert isinstance(red, Image.Image)
    assert set(red.tobytes()) == {0xFF}


@pytest.mark.usefixtures("package")
def test_an_endless_wait_ends_and_the_next_frame_comes() -> None:
    display, clock, wear = opened("epd2in66")
    display.show(scene(1))
    clock.wait(180)
    config("BUSY")[0] = 1
    start = clock.monotonic()
    with pytest.raises(DisplayError, match="epd2in66 is still busy after 10 s"):
        display.show(scene(2))
    assert clock.monotonic() - start < 11
    assert config("CALLS")[-1] == "exit"
    assert wear.full == 1
    config("BUSY")[0] = 0
    display.show(scene(2))
    assert wear.full == 2


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("epd1in54_V2", "a panel of 200x200 is too small for a frame of 250x122"),
        ("epd_refuses", "epd_refuses could not be started"),
        ("epd_breaks", r"driver epd_breaks failed .*Bad file descriptor"),
        ("epd_needs", r"driver epd_needs failed .*no_such_gpio.*gpiozero"),
        ("epd2in65", "no epd2in65, did you mean vendor:epd2in66"),
        ("zebra", "Waveshare's package has no zebra$"),
    ],
)
def test_what_goes_wrong_is_told(name: str, words: str) -> None:
    display, _, _ = opened(name)
    with pytest.raises(DisplayError, match=words):
        display.show(scene(1))


def test_without_the_package_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [
        place for place in sys.path if not any((Path(place) / name).exists() for name in ("epaper", "waveshare_epd"))
    ]
    monkeypatch.setattr(sys, "path", kept)
    display, _, _ = opened("epd2in66")
    with pytest.raises(DisplayError, match="pip install waveshare-epaper gpiozero lgpio"):
        display.show(scene(1))
    display.close()


@pytest.mark.usefixtures("package")
def test_a_child_keeps_off() -> None:
    display, clock, _ = opened("epd2in66")
    display.show(scene(1))
    child = os.fork()
    if child == 0:
        try:
            clock.wait(180)
            display.show(scene(2), urgent=True)
        except DisplayError as error:
            display.close()
            os._exit(0 if str(os.getppid()) in str(error) and config("CALLS") == ["init", "exit"] else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_upside_down_and_portrait_sizes() -> None:
    frame = scene(4)
    upright, turned = centred(frame, 122, 250), centred(frame, 250, 122, upside_down=True)
    assert upright.tobytes() == frame.bits
    assert turned.transpose(Image.Transpose.ROTATE_180).tobytes() == frame.bits


def test_partial_refreshes_are_not_the_vendors() -> None:
    with pytest.raises(DisplayError, match="only does full refreshes"):
        VendorPanel("epd2in66", FastClock(0)).refresh(scene(1), partial=True)


@pytest.mark.skipif(not installed(), reason="the vendor's package is not installed")
@pytest.mark.parametrize("name", ["V2", "V3", "V4"])
def test_the_real_package_on_the_virtual_panel(name: str) -> None:
    panel = VirtualPanel(f"2in13_{name}")
    with vendor_driver(panel, f"epd2in13_{name}"):
        ink = Mounted(panel, Waveshare(f"vendor:epd2in13_{name}"), Wear())
        ink.display.open(panel.clock, ink.wear)
        for n in range(3):
            assert ink.show(scene(n)) == 0
        panel.faults.busy = 1
        panel.clock.wait(180)
        with pytest.raises(DisplayError, match=f"epd2in13_{name} is still busy after 10 s"):
            ink.display.show(Frame(250, 122, b"\0" * 3904))
        panel.faults.busy = None
        assert ink.show(scene(5)) == 0
        assert panel.bus.leaked == 0
        assert ink.kinds() == ["full"] * 4
        ink.display.close()
