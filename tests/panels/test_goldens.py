"""Every panel in every state, pixel for pixel.

``EINK_MONITOR_GOLDENS=write pytest tests/panels`` draws them anew, and the pictures in ``docs/panels`` with them; look
at each before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.config.plugins import names
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.pictures import contact, write_png
from eink_monitor.locale import ENGLISH, load, speaking
from eink_monitor.model.frame import Frame
from eink_monitor.model.panel import Panel
from scenes import GLASS, ON_ALL_GLASS, SCENES, Scene

GOLDEN = Path(__file__).parent / "golden"
DOCS = Path(__file__).parents[2] / "docs" / "panels"
WRITE = os.environ.get("EINK_MONITOR_GOLDENS") == "write"


def draw(scene: Scene, name: str, glass: tuple[int, int] = GLASS[0]) -> Frame:
    canvas = Canvas.on(glass)
    scene.panel.draw(canvas, scene.house, scene.now)
    return canvas.frame(name)


def assert_same(frame: Frame, path: Path) -> None:
    with Image.open(path) as golden:
        assert (golden.mode, golden.size) == ("1", (frame.width, frame.height))
        wrong = sum(a != b for a, b in zip(golden.tobytes(), frame.bits, strict=True))
    assert not wrong, f"{path.name}: {wrong} bytes differ; see this file's docstring"


def pixels(path: Path) -> tuple[tuple[int, int], bytes]:
    with Image.open(path) as picture:
        return picture.size, picture.tobytes()


@pytest.mark.parametrize("name", SCENES)
def test_a_panel_is_drawn_as_its_golden_image(name: str) -> None:
    frame = draw(SCENES[name], name)
    path = GOLDEN / f"{name}.png"
    if WRITE:
        write_png(frame, path)
    assert_same(frame, path)


@pytest.mark.parametrize("glass", GLASS[1:])
@pytest.mark.parametrize("name", ON_ALL_GLASS)
def test_a_panel_is_drawn_as_its_golden_image_on_other_glass(name: str, glass: tuple[int, int]) -> None:
    frame = draw(SCENES[name], name, glass)
    path = GOLDEN / f"{glass[0]}x{glass[1]}" / f"{name}.png"
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        write_png(frame, path)
    assert_same(frame, path)


def test_no_golden_image_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == set(SCENES)
    others = {f"{width}x{height}/{name}" for width, height in GLASS[1:] for name in ON_ALL_GLASS}
    assert {f"{path.parent.name}/{path.stem}" for path in GOLDEN.glob("*/*.png")} == others


@pytest.mark.parametrize("panel", names(Panel))  # type: ignore[type-abstract]  # the kind is what is asked for
def test_every_panel_has_the_three_states_and_a_picture_in_the_docs(panel: str, tmp_path: Path) -> None:
    assert {f"{panel}-{state}" for state in ("full", "empty", "stale")} <= set(SCENES)
    for picture, locale in ((DOCS / f"{panel}.png", ENGLISH), (DOCS / "de" / f"{panel}.png", load("de"))):
        fresh = picture if WRITE else tmp_path / "fresh.png"
        with speaking(locale):
            write_png(draw(SCENES[f"{panel}-full"], panel), fresh, scale=2)
        assert pixels(picture) == pixels(fresh)


def test_the_contact_sheet_in_the_docs_shows_every_golden_image(tmp_path: Path) -> None:
    fresh = DOCS / "contact.png" if WRITE else tmp_path / "fresh.png"
    contact([draw(scene, name) for name, scene in SCENES.items()], fresh, columns=4)
    assert pixels(DOCS / "contact.png") == pixels(fresh)
