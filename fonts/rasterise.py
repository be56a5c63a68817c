"""Turn outline and bitmap fonts into the 1-bit atlases beside this script. Run once; the results are committed.

At run time nothing here is needed: no FreeType, no text layout, no particular version of pillow, so a panel looks the
same to the bit on every machine. To regenerate, install the Debian packages ``fonts-terminus-otb``,
``fonts-roboto-unhinted`` and ``xfonts-base``, pillow and this project, unpack the npm package ``@mdi/font`` 7.4.47, run

    python fonts/rasterise.py path/to/package/fonts/materialdesignicons-webfont.ttf

(without the path only the letters are cut).

An atlas, ``NAME.json``, is a sheet of glyphs: ``height`` of a glyph, ``baseline`` (rows above it), ``lines`` of the
sheet, each a list of [glyph, width] from left to right, and the ``pixels``, row by row, each row in whole bytes, 1 is
ink: deflated, then in Base64.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
SHEET_WIDTH = 512
OUTLINE_CUT = 115  # of 255; a little under the middle, for heavier strokes
SHARPNESS = 8  # icons are drawn this much larger, then averaged and cut at the middle: more symmetric than FreeType

ASCII = "".join(map(chr, range(0x20, 0x7F)))
LATIN_1 = "".join(map(chr, range(0xA0, 0x100)))
LATIN_A = "".join(map(chr, range(0x100, 0x180))) + "ȘșȚț"
GREEK = "".join(map(chr, [*range(0x386, 0x3CF)]))
CYRILLIC = "".join(map(chr, range(0x400, 0x460))) + "Ґґ"
SIGNS = "∞–—‘’‚“”„•…‹›€←↑→↓↔↕−≈≤≥×✓"
SMALL = "₀₁₂₃‰\u02bc"
NARROW = "\u202f"  # a space that French puts between digits; half as wide as the usual one
UNITS = "0123456789.,:-–−+±/% kMGTWhBVmindC°?∞…of\u00a0\u202f'"

_TERMINUS = "/usr/share/fonts/opentype/terminus/terminus-bold.otb"
_ROBOTO = "/usr/share/fonts/truetype/roboto/unhinted/RobotoCondensed-Bold.ttf"
_MISC = "/usr/share/fonts/X11/misc"
EVERYDAY = ASCII + LATIN_1 + LATIN_A + GREEK + CYRILLIC + SIGNS + SMALL + NARROW

# name: (file, size in px, characters). ``draw/fonts.py`` says which is used on glass of which size.
FACES = {
    "tiny-7": (f"{_MISC}/5x7.pcf.gz", 7, ASCII + LATIN_1 + LATIN_A + SIGNS + NARROW),
    "text-10": (f"{_MISC}/6x10.pcf.gz", 10, EVERYDAY),
    **{f"text-{size}": (_TERMINUS, size, EVERYDAY) for size in (12, 14, 16, 18, 20, 22, 28, 32)},
    **{f"heavy-{size}": (_ROBOTO, size, EVERYDAY) for size in (15, 18, 19, 22, 24, 27, 28, 33, 38, 42, 54, 66, 84)},
    **{f"heavy-{size}": (_ROBOTO, size, UNITS) for size in (64, 96, 192)},
}

HEROES = ("heavy-54", "heavy-64", "heavy-96", "heavy-192")
LIFT = 8.5 / 64  # of a hero's size: so much higher stands its comma, which would reach what stands below

ICON_SIZES = (14, 16, 20, 24, 34, 36, 40, 48, 60, 72, 120)
ICONS = {  # our word for it: the name in Material Design Icons
    "alert": "alert",
    "battery": "battery",
    "battery-empty": "battery-outline",
    "bolt": "lightning-bolt",
    "calendar": "calendar-blank",
    "car": "car-side",
    "chart": "chart-bar",
    "check": "check-bold",
    "clear-day": "weather-sunny",
    "clear-night": "weather-night",
    "cloudy": "weather-cloudy",
    "disk": "harddisk",
    "drop": "water",
    "fog": "weather-fog",
    "freezing": "weather-snowy-rainy",
    "fuel": "gas-station",
    "grid": "transmission-tower",
    "grid-export": "transmission-tower-import",
    "grid-import": "transmission-tower-export",
    "grid-off": "transmission-tower-off",
    "hail": "weather-hail",
    "heart": "heart-pulse",
    "house": "home",
    "key": "key-variant",
    "list": "format-list-bulleted",
    "parcel": "package-variant-closed",
    "partly-cloudy": "weather-partly-cloudy",
    "plug": "power-plug",
    "plug-off": "power-plug-off",
    "pouring": "weather-pouring",
    "price": "tag",
    "rain": "weather-rainy",
    "snow": "weather-snowy",
    "sun": "white-balance-sunny",
    "thermometer": "thermometer",
    "thunder": "weather-lightning-rainy",
    "wait": "timer-sand",
    "wind": "weather-windy",
}


class Glyph(NamedTuple):
    """One picture on the sheet and the word or character that asks for it."""

    name: str
    picture: Image.Image


def main(icon_font: Path | None) -> None:
    """Write every atlas; of icons only where there is a font of them."""
    for name, (path, size, characters) in FACES.items():
        glyphs, baseline = face(Path(path), size, characters)
        if name == "text-10":
            glyphs.append(Glyph("✓", tick(glyphs[0].picture.size, baseline)))
        if name in HEROES:
            glyphs = [_lifted(glyph, round(size * LIFT)) if glyph.name == "," else glyph for glyph in glyphs]
        write(name, glyphs, baseline)
    if icon_font is None:
        return
    names = icon_names(icon_font)
    for size in ICON_SIZES:
        write(f"icons-{size}", [Glyph(word, icon(icon_font, names[mdi], size)) for word, mdi in ICONS.items()], size)


def face(path: Path, size: int, characters: str) -> tuple[list[Glyph], int]:
    """Every character the font really has, in cells of one height, and the rows above the baseline."""
    font = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    absent = bytes(font.getmask("\uffff", mode="1")), font.getbbox("\uffff")
    has = [c for c in characters if c.isspace() or (bytes(font.getmask(c, mode="1")), font.getbbox(c)) != absent]
    boxes = [font.getbbox(c, mode="1", anchor="ls") for c in has]
    top, bottom = int(min(box[1] for box in boxes)), int(max(box[3] for box in boxes))
    return [Glyph(c, _draw(font, c, top, bottom)) for c in has], -top


def _draw(font: ImageFont.FreeTypeFont, character: str, top: int, bottom: int) -> Image.Image:
    """One character in a cell as wide as its advance, wider only if its ink would be cut.

    Outlines are drawn in grey and cut: hinted straight to 1 bit, some letters come out a pixel too high.
    """
    if character == NARROW:
        return Image.new("1", (round(font.getlength(" ", mode="1") / 2), bottom - top))
    advance, margin = round(font.getlength(character, mode="1")), 8
    grey = Image.new("L", (advance + 2 * margin, bottom - top))
    ImageDraw.Draw(grey).text((margin, -top), character, fill=255, font=font, anchor="ls")
    cell = _cut(grey, OUTLINE_CUT)
    ink = cell.getbbox() or (margin, 0, margin, 0)
    return cell.crop((min(margin, ink[0]), 0, max(margin + advance, ink[2]), cell.height))


def tick(size: tuple[int, int], baseline: int) -> Image.Image:
    """The one sign that the smallest everyday face lacks."""
    cell = Image.new("1", size)
    strokes = ImageDraw.Draw(cell)
    for left in (0, 1):
        strokes.line([(left, baseline - 3), (left + 1, baseline - 1), (left + 4, baseline - 7)], fill=1)
    return cell


def _lifted(glyph: Glyph, rows: int) -> Glyph:
    """The same, so many rows higher."""
    picture = Image.new("1", glyph.picture.size)
    picture.paste(glyph.picture, (0, -rows))
    return glyph._replace(picture=picture)


def _cut(grey: Image.Image, least: int) -> Image.Image:
    """Ink wherever at least so much of 255 is."""
    return grey.point(lambda value: 255 * (value >= least)).convert("1", dither=Image.Dither.NONE)


def icon(path: Path, codepoint: int, size: int) -> Image.Image:
    """One icon of the 24-unit grid at ``size`` pixels."""
    font = ImageFont.truetype(str(path), size * SHARPNESS, layout_engine=ImageFont.Layout.BASIC)
    large = Image.new("L", (size * SHARPNESS, size * SHARPNESS))
    ImageDraw.Draw(large).text((large.width // 2, large.height // 2), chr(codepoint), fill=255, font=font, anchor="mm")
    return (
        large.resize((size, size), Image.Resampling.BOX)
        .point(lambda v: 255 * (v >= 128))
        .convert("1", dither=Image.Dither.NONE)
    )


def icon_names(path: Path) -> dict[str, int]:
    """Icon name to codepoint, from the style sheet that comes with the font."""
    sheet = (path.parent.parent / "css" / "materialdesignicons.css").read_text()
    found = {}
    for rule in sheet.split(".mdi-")[1:]:
        name, _, rest = rule.partition("::before")
        if '"\\' in rest:
            found[name] = int(rest.split('"\\')[1].split('"')[0], 16)
    return found


def write(name: str, glyphs: Iterable[Glyph], baseline: int) -> None:
    """Lay the glyphs out in lines and write the sheet and its key."""
    lines: list[list[Glyph]] = [[]]
    for glyph in glyphs:
        if sum(other.picture.width for other in lines[-1]) + glyph.picture.width > SHEET_WIDTH:
            lines.append([])
        lines[-1].append(glyph)
    height = lines[0][0].picture.height
    width = max(sum(glyph.picture.width for glyph in line) for line in lines)
    sheet = Image.new("1", (width, height * len(lines)))
    for row, line in enumerate(lines):
        x = 0
        for glyph in line:
            sheet.paste(glyph.picture, (x, row * height))
            x += glyph.picture.width
    text = f'{{"height":{height},"baseline":{baseline},"width":{width},"lines":[\n'
    text += ",\n".join(_compact([[glyph.name, glyph.picture.width] for glyph in line]) for line in lines)
    pixels = base64.b64encode(zlib.compress(sheet.tobytes(), 9)).decode()
    (HERE / f"{name}.json").write_text(f'{text}\n],"pixels":"{pixels}"}}\n', encoding="utf-8")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
