"""The waveshare display mounted on the virtual panel, and frames to show on it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.model.frame import Frame, Wear
from virtual_panel import Policy, Rules, VirtualPanel
from virtual_panel.viewer import rows_of_bits

MODELS = ("2in13_V2", "2in13_V3", "2in13_V4")
WIDTH, HEIGHT = 250, 122


@dataclass
class Mounted:
    """A display, the panel it drives, and its wear."""

    panel: VirtualPanel
    display: Waveshare
    wear: Wear

    def show(self, frame: Frame) -> int:
        """Show a frame as soon as that is allowed; returns how many pixels of the glass are wrong then."""
        self.panel.clock.wait(self.display.ready_in())
        self.display.show(frame)
        return self.wrong(frame)

    def wrong(self, frame: Frame) -> int:
        """How many pixels of the glass are not as in a frame."""
        return self.panel.wrong(rows_of_bits(frame.bits))

    def kinds(self) -> list[str]:
        """The refreshes so far."""
        return [refresh.kind for refresh in self.panel.refreshes]


@contextmanager
def mounted(
    model: str = "2in13_V4",
    *,
    policy: Policy | None = None,
    supply: str = "pin",
    lgpio: bool = False,
    without: Sequence[str] = (),
    pins: dict[int, str] | None = None,
    node: tuple[int, int] = (0, 0),
    wired: str | None = None,
    **fields: Any,  # noqa: ANN401 - the keys of the display's YAML block
) -> Iterator[Mounted]:
    """A display of that model and those fields, opened on a virtual panel of the same model (or ``wired``)."""
    rules = Rules(min_interval=int(fields.get("min_interval", 180)))
    panel = VirtualPanel(wired or model, policy=policy, supply=supply, lgpio=lgpio, rules=rules, pins=pins, node=node)
    with panel.installed(without=without):
        display, wear = Waveshare(model, **fields), Wear()
        display.open(panel.clock, wear)
        yield Mounted(panel, display, wear)
        display.close()
    assert panel.bus.leaked == 0


def noise(seed: int) -> Frame:
    """Half the pixels black, anywhere."""
    return Frame(WIDTH, HEIGHT, random.Random(seed).randbytes(32 * HEIGHT), f"noise {seed}")


def golden() -> list[Frame]:
    """Every panel as the house draws it: the golden images."""
    frames = []
    for file in sorted((Path(__file__).parent / "panels" / "golden").glob("*.png")):
        with Image.open(file) as image:
            frames.append(Frame(*image.size, image.convert("1", dither=Image.Dither.NONE).tobytes(), file.stem))
    return frames


def scene(n: int) -> Frame:
    """What a panel looks like: a header, a number, a curve; different for each ``n``."""
    image = Image.new("1", (WIDTH, HEIGHT), 1)
    pencil = ImageDraw.Draw(image)
    pencil.rectangle((0, 0, WIDTH, 14), fill=0)
    for digit, height in enumerate(str(n * 7919)):
        pencil.rectangle((10 + 14 * digit, 24, 19 + 14 * digit, 26 + 5 * int(height)), fill=0)
    pencil.line([(x, 118 - (x * (n + 3) % 41)) for x in range(0, WIDTH, 6)], fill=0, width=2)
    return Frame(WIDTH, HEIGHT, image.tobytes(), f"scene {n}")
