"""Every panel in every state, pixel for pixel.

``EINK_MONITOR_GOLDENS=write .venv/bin/pytest tests/panels/test_goldens.py`` (a few seconds; without ``-n``) draws them
anew, and the pictures in ``docs/panels`` with them; files whose pixels stay the same are left alone. Look at each
before it is committed.
"""

from __future__ import annotations

import os
import shutil
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
    drawn = (frame.width, frame.height), frame.bits
    if WRITE and not (path.exists() and pixels(path) == drawn):
        path.parent.mkdir(exist_ok=True)
        write_png(frame, path)
    assert path.exists(), f"there is no {path.name} yet; see this file's docstring"
    with Image.open(path) as golden:
        assert golden.mode == "1"
    assert pixels(path) == drawn, f"{path.name} is drawn otherwise; see this file's docstring"


def assert_kept(fresh: Path, path: Path) -> None:
    if WRITE and not (path.exists() and pixels(path) == pixels(fresh)):
        shutil.copy(fresh, path)
    assert path.exists(), f"there is no {path.name} yet; see this file's docstring"
    assert pixels(path) == pixels(fresh), f"{path.name} is drawn otherwise; see this file's docstring"


def pixels(path: Path) -> tuple[tuple[int, int], bytes]:
    with Image.open(path) as picture:
        return picture.size, picture.tobytes()


@pytest.mark.parametrize("name", SCENES)
def test_a_panel_is_drawn_as_its_golden_image(name: str) -> None:
    assert_same(draw(SCENES[name], name), GOLDEN / f"{name}.png")


@pytest.mark.parametrize("glass", GLASS[1:])
@pytest.mark.parametrize("name", ON_ALL_GLASS)
def test_a_panel_is_drawn_as_its_golden_image_on_other_glass(name: str, glass: tuple[int, int]) -> None:
    assert_same(draw(SCENES[name], name, glass), GOLDEN / f"{glass[0]}x{glass[1]}" / f"{name}.png")


def test_no_golden_image_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == set(SCENES)
    others = {f"{width}x{height}/{name}" for width, height in GLASS[1:] for name in ON_ALL_GLASS}
    assert {f"{path.parent.name}/{path.stem}" for path in GOLDEN.glob("*/*.png")} == others


@pytest.mark.parametrize("panel", names(Panel))  # type: ignore[type-abstract]  # the kind is what is asked for
def test_every_panel_has_the_three_states_and_a_picture_in_the_docs(panel: str, tmp_path: Path) -> None:
    assert {f"{panel}-{state}" for state in ("full", "empty", "stale")} <= set(SCENES)
    for picture, locale in ((DOCS / f"{panel}.png", ENGLISH), (DOCS / "de" / f"{panel}.png", load("de"))):
        with speaking(locale):
            write_png(draw(SCENES[f"{panel}-full"], panel), tmp_path / "fresh.png", scale=2)
        assert_kept(tmp_path / "fresh.png", picture)


def test_the_contact_sheet_in_the_docs_shows_every_golden_image(tmp_path: Path) -> None:
    contact([draw(scene, name) for name, scene in SCENES.items()], tmp_path / "fresh.png", columns=4)
    assert_kept(tmp_path / "fresh.png", DOCS / "contact.png")
