"""The atlases load, hold what is written with them, and show what they lack."""

from __future__ import annotations

import base64
import json
import string
import subprocess
import sys
import zlib

import pytest
from PIL import Image

from eink_monitor.draw import fonts
from eink_monitor.draw.canvas import Canvas

NAMES = sorted(path.stem for path in fonts.folder().glob("*.json"))
LARGEST = ("heavy-64", "heavy-96", "heavy-192")
EVERYDAY = [name for name in NAMES if name.startswith(("text", "heavy")) and name not in LARGEST]


@pytest.mark.parametrize("name", NAMES)
def test_every_glyph_is_cut_from_its_place_on_the_sheet(name: str) -> None:
    face = fonts.Face(name)
    key = json.loads((fonts.folder() / f"{name}.json").read_text(encoding="utf-8"))
    pixels, stride = zlib.decompress(base64.b64decode(key["pixels"])), (key["width"] + 7) // 8
    sheet = Image.frombytes("1", (8 * stride, len(pixels) // stride), pixels)
    for row, line in enumerate(key["lines"]):
        x = 0
        for glyph, width in line:
            cell = sheet.crop((x, row * face.height, x + width, (row + 1) * face.height))
            drawn = [f"{bits:0{width}b}" for bits in face.glyph(glyph).rows]
            assert drawn == [
                "".join("1" if cell.getpixel((c, r)) else "0" for c in range(width)) for r in range(face.height)
            ]
            x += width


@pytest.mark.parametrize("name", EVERYDAY)
def test_everyday_faces_hold_the_names_of_europe(name: str) -> None:
    face = fonts.Face(name)
    text = string.printable[:95] + "ŠkodaÉmileÅseŁódźGroßmutterİĂȘțθήЇЖд°–…€·−"
    assert {c for c in text if c not in face} == set()


@pytest.mark.parametrize("name", [*EVERYDAY, "tiny-7"])
def test_all_faces_with_letters_hold_those_of_the_languages_that_panels_speak(name: str) -> None:
    letters = "äöüßÄÖÜéèêëàâçîïôœŒùûÿŸæÆñÑáíóúìòåÅøØąćęłńśźżĄĆĘŁŃŚŹŻčďěňřšťůýžČĎĚŇŘŠŤŮÝŽ¿¡’…–−"
    assert {c for c in letters if c not in fonts.Face(name)} == set()


@pytest.mark.parametrize("name", [*EVERYDAY, *LARGEST])
def test_digits_can_be_grouped_as_the_french_do(name: str) -> None:
    face = fonts.Face(name)
    assert 0 < face.width("\u202f") < face.width("\u00a0")


@pytest.mark.parametrize("name", ["heavy-28", *LARGEST])
def test_the_largest_faces_hold_what_a_hero_can_be(name: str) -> None:
    assert {c for c in "0123456789.–−%off" if c not in fonts.Face(name)} == set()


def test_every_icon_comes_in_every_size() -> None:
    whole = set(fonts.Face("icons-24")._places)
    for size in (16, 24, 40):
        for scale in (1, 0.85, 1.5, 3):
            assert set(fonts.Face(f"icons-{Canvas(scale=scale).thick(size)}")._places) == whole


@pytest.mark.parametrize(
    ("size", "scale"),
    [((212, 104), 0.85), ((250, 122), 1), ((296, 128), 1), ((264, 176), 1), ((400, 300), 1.5), ((800, 480), 3)],
)
def test_every_glass_has_a_face_of_its_own_for_every_role(size: tuple[int, int], scale: float) -> None:
    canvas = Canvas.on(size)
    assert canvas.scale == scale
    assert canvas.width >= 249
    assert canvas.height >= 122
    for role in fonts._FACES:
        tall, usual = canvas.measure(role).face.height / scale, fonts.face(role).height
        assert abs(tall - usual) <= max(3, 0.3 * usual), role


def test_a_missing_glyph_is_a_visible_box() -> None:
    face = fonts.Face("text-14")
    assert "\u4e2d" not in face
    box = face.glyph("\u4e2d")
    assert (box.width, box.height) == (8, 14)
    assert sum(row.bit_count() for row in box.rows) > 20
    assert fonts.icon("no such icon", 24).width == 24


def test_a_text_too_long_ends_in_an_ellipsis() -> None:
    face = fonts.face("text-14")
    assert face.fit("Škoda Enyaq", 88) == "Škoda Enyaq"
    assert face.fit("Škoda Enyaq", 87) == "Škoda Eny…"
    assert face.fit("Škoda Enyaq", 56) == "Škoda…"
    assert face.fit("Škoda", 7) == ""
    assert all(face.width(face.fit("mmmmmmmm", room)) <= room for room in range(70))


def test_every_face_has_its_licence() -> None:
    kinds = {name.rpartition("-")[0] for name in NAMES}
    assert kinds == {path.name.removeprefix("LICENSE-") for path in fonts.folder().glob("LICENSE-*")}


def test_drawing_needs_no_pillow() -> None:
    code = "import sys, eink_monitor.panels.solar, eink_monitor.displays.png; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
