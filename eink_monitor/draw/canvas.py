"""The sheet a panel draws on: 1 bit a pixel, ink or paper, no grey.

Coordinates are units from the top left: pixels on the glass of 250 by 122. Text stands on a ``line`` (its baseline, the
first row below the letters' feet). Whatever would leave the sheet is cut off at the edge, never an error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from eink_monitor.draw import fonts
from eink_monitor.draw.bitmap import Bitmap
from eink_monitor.draw.measure import Measure
from eink_monitor.model.frame import Frame

if TYPE_CHECKING:
    from PIL import Image

# A fill is its first rows, repeated downwards; each row is a pattern of eight pixels, repeated to the right.
SOLID = (0xFF,)
DOTS = (0x88, 0x00, 0x22, 0x00)
GREY = (0xAA, 0x55)
STRIPES = (0x1F, 0x3E, 0x7C, 0xF8, 0xF1, 0xE3, 0xC7, 0x8F)
_THIN = 3  # units; a line, not an area
_LONG = 60  # letters; a text of more is cut to what the sheet is wide before it is drawn


class Canvas:
    """A blank sheet; ``rows`` holds one whole number a row, most significant bit leftmost, 1 is ink.

    ``red`` holds such rows, too: of the ink there, that which is to be red on a display that has red.

    Coordinates are units: pixels on the 2.13" glass, and ``scale`` pixels elsewhere, rounded to whole ones, so that a
    panel is laid out once. ``width`` and ``height`` are in units, ``pixels`` is what the glass has. Letters and icons
    are cut for each scale, never stretched.
    """

    def __init__(self, width: int = 250, height: int = 122, scale: float = 1) -> None:
        self.pixels = (width, height)
        self.scale = scale
        self.width, self.height = int(width / scale), int(height / scale)
        self.rows = [0] * height
        self.red = [0] * height
        self._full = (1 << width) - 1

    @classmethod
    def on(cls, pixels: tuple[int, int]) -> Self:
        """A blank sheet for glass of that size, at the scale that suits it."""
        return cls(*pixels, fonts.scale(*pixels))

    def px(self, units: int) -> int:
        """A distance from the sheet's left or upper edge in pixels."""
        return units if self.scale == 1 else round(units * self.scale)

    def thick(self, units: int) -> int:
        """How many pixels a line is wide; at least one."""
        return max(1, units if self.scale == 1 else round(units * self.scale))

    def measure(self, face: str) -> Measure:
        """How much room a face takes on this sheet."""
        return Measure(fonts.face(fonts.native(face, self.scale)), self.scale)

    def stamp(self, bitmap: Bitmap, x: int, y: int, *, ink: bool = True) -> None:
        """Put a bitmap with its top left corner at (x, y), pixel for pixel: its bits become ink, or paper."""
        self.place(bitmap, self.px(x), self.px(y), ink=ink)

    def place(self, bitmap: Bitmap, x: int, y: int, *, ink: bool = True) -> None:
        """As ``stamp``, at (x, y) in pixels."""
        shift, full, rows = self.pixels[0] - x - bitmap.width, self._full, self.rows
        for at, row in enumerate(bitmap.rows, y):
            if row and 0 <= at < self.pixels[1]:
                bits = (row << shift if shift >= 0 else row >> -shift) & full
                if ink:
                    rows[at] |= bits
                else:
                    self._wipe(at, bits)

    def text(
        self,
        x: int,
        line: int,
        text: str,
        face: str = fonts.TEXT,
        *,
        align: str = "left",
        width: int | None = None,
        ink: bool = True,
        hollow: int = 0,
    ) -> int:
        """Write on a line; ``x`` is the text's left, right or centre as ``align`` says. Returns its width in units.

        With ``width`` a longer text ends in an ellipsis. ``hollow`` draws outlines of that thickness.
        """
        if width is not None:
            text = self.measure(face).fit(text, width)
        elif len(text) > _LONG:  # whatever it is, it ends beyond the edge
            text = text[: self.measure(face).count(text, self.width) + 1]
        bitmap = fonts.line(fonts.native(face, self.scale), text, self.thick(hollow) if hollow else 0)
        left = self.px(x) - {"right": bitmap.width, "centre": bitmap.width // 2}.get(align, 0)
        self.place(bitmap, left, self.px(line) - bitmap.base, ink=ink)
        return math.ceil(bitmap.width / self.scale)

    def icon(self, x: int, y: int, name: str, size: int = 24, *, ink: bool = True, hollow: int = 0) -> None:
        """An icon with its top left corner at (x, y); ``hollow`` draws outlines of that thickness."""
        drawn = fonts.icon(name, self.thick(size))
        self.stamp(drawn.hollow(self.thick(hollow)) if hollow else drawn, x, y, ink=ink)

    def called(self, x: int, y: int, name: str, size: int = 24) -> None:
        """What a drawing of lines and boxes at (x, y) stands for. Nothing is drawn: it is for who reads aloud."""

    def fill(
        self, x: int, y: int, width: int, height: int, pattern: tuple[int, ...] = SOLID, *, ink: bool = True
    ) -> None:
        """Fill a rectangle with a pattern, which is anchored to the sheet, so that neighbours join."""
        if width > 0 and height > 0:
            self._fill(*self._rectangle(x, y, width, height), pattern, ink=ink)

    def _rectangle(self, x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and lower edge in pixels; nothing becomes so thin that it is gone."""
        if self.scale == 1:
            return x, y, x + max(1, width), y + max(1, height)
        left, top = self.px(x), self.px(y)
        right = math.ceil((x + width) * self.scale) if x + width < self.width else self.pixels[0]
        bottom = math.ceil((y + height) * self.scale) if y + height < self.height else self.pixels[1]
        if width <= _THIN:  # lines of one width are alike wherever they stand
            right = left + self.thick(width)
        if height <= _THIN:
            bottom = top + self.thick(height)
        return left, top, right, bottom

    def _fill(self, left: int, top: int, right: int, bottom: int, pattern: tuple[int, ...], *, ink: bool) -> None:
        left, right = max(0, left), min(self.pixels[0], right)
        if right <= left:
            return
        span = ((1 << (right - left)) - 1) << (self.pixels[0] - right)
        dot, lines, solid = self.thick(1), self.pattern(pattern), pattern is SOLID
        for at in range(max(0, top), min(self.pixels[1], bottom)):
            bits = span if solid else span & lines[at // dot % len(lines)]
            if ink:
                self.rows[at] |= bits
            else:
                self._wipe(at, bits)

    def pattern(self, pattern: tuple[int, ...]) -> tuple[int, ...]:
        """The rows of a pattern as wide as the sheet; each holds for as many rows of pixels as a dot is high."""
        return _repeated(pattern, self.pixels[0], self.thick(1))

    def invert(self, x: int, y: int, width: int, height: int) -> None:
        """Swap ink and paper in a rectangle."""
        if width <= 0 or height <= 0:
            return
        left, top, right, bottom = self._rectangle(x, y, width, height)
        left, right = max(0, left), min(self.pixels[0], right)
        span = ((1 << max(0, right - left)) - 1) << (self.pixels[0] - right)
        for at in range(max(0, top), min(self.pixels[1], bottom)):
            self.rows[at] ^= span
            self.red[at] &= ~span

    def _wipe(self, at: int, bits: int) -> None:
        """What becomes paper is no longer red, whatever is drawn there later."""
        self.rows[at] &= ~bits
        self.red[at] &= ~bits

    @contextmanager
    def alarming(self) -> Iterator[None]:
        """Whatever is inked within is red where the display has red ink; elsewhere it is black, as all else is."""
        before = list(self.rows)
        yield
        self.red = [red | row & ~old for red, row, old in zip(self.red, self.rows, before, strict=True)]

    def paste(self, sheet: Canvas, x: int, y: int) -> None:
        """Put another sheet with its top left corner at (x, y), ink and paper, pixel for pixel."""
        (width, height), left, top = sheet.pixels, self.px(x), self.px(y)
        ink, red = (Bitmap(width, height, 0, tuple(rows)) for rows in (sheet.rows, sheet.red))
        self._fill(left, top, left + width, top + height, SOLID, ink=False)
        with self.alarming():
            self.place(red, left, top)
        self.place(ink, left, top)

    def seam(self, x: int) -> None:
        """A line from top to bottom in column ``x`` between two sheets: paper where there is ink on both sides."""
        at = self.pixels[0] - 1 - self.px(x)
        self.rows = [row & ~(1 << at) if row >> at - 1 & 5 == 5 else row | 1 << at for row in self.rows]

    def rule(self, y: int, left: int = 0, right: int | None = None) -> None:
        """A horizontal line one unit thick from ``left`` up to ``right`` (the sheet's edge unless given)."""
        self.fill(left, y, (self.width if right is None else right) - left, 1)

    def box(self, x: int, y: int, width: int, height: int, thickness: int = 1) -> None:
        """The outline of a rectangle, drawn inwards."""
        self._box(self._rectangle(x, y, width, height), self.thick(thickness))

    def _box(self, edges: tuple[int, int, int, int], thick: int) -> None:
        left, top, right, bottom = edges
        self._fill(left, top, right, top + thick, SOLID, ink=True)
        self._fill(left, bottom - thick, right, bottom, SOLID, ink=True)
        self._fill(left, top, left + thick, bottom, SOLID, ink=True)
        self._fill(right - thick, top, right, bottom, SOLID, ink=True)

    def bar(self, x: int, y: int, width: int, height: int, share: float, *, pattern: tuple[int, ...] = SOLID) -> None:
        """A framed bar filled to a share between 0 and 1; the least bit of something shows as one column."""
        left, top, right, bottom = edges = self._rectangle(x, y, width, height)
        thick = self.thick(1)
        self._box(edges, thick)
        room = right - left - 4 * thick
        filled = min(room, max(0, round(room * share)))
        if share > 0:
            filled = max(1, filled)
        start = left + 2 * thick
        self._fill(start, top + 2 * thick, start + filled, bottom - 2 * thick, pattern, ink=True)

    def arrow(
        self, x: int, line: int, length: int, *, thickness: int = 3, head: int = 6, left: bool = False, hollow: int = 0
    ) -> None:
        """A horizontal arrow whose shaft is centred on row ``line``; ``head`` is half the height of its point."""
        length, head, thickness = self.px(length), self.px(head), self.px(thickness)
        shaft, rows = (1 << (length - head)) - 1, []
        for off in range(-head, head + 1):
            point = (1 << (head + 1 - abs(off))) - 1  # pointing left, at the left end; else mirrored
            row = point << (length - head - 1) if left else point << abs(off)
            rows.append(row | (0 if abs(off) > thickness // 2 else shaft if left else shaft << head))
        drawn = Bitmap(length, len(rows), len(rows), tuple(rows))
        outline = drawn.hollow(self.thick(hollow)) if hollow else drawn
        self.place(outline, self.px(x), self.px(line) - head, ink=True)

    def image(self) -> Image.Image:
        """What is drawn so far as pillow has it: mode "1", 0 is ink, as large as ``pixels``; see ``picture``."""
        from PIL import Image  # noqa: PLC0415 - 25 ms and 6 MiB that our own panels do without

        return Image.frombytes("1", self.pixels, self.frame().bits)

    def picture(self, image: Image.Image, x: int = 0, y: int = 0) -> None:
        """Put a picture of pillow's with its top left corner at (x, y), pixel for pixel.

        Raises ``ValueError`` unless its mode is "1".
        """
        if image.mode != "1":
            message = f'a picture must have mode "1" (black and white), not "{image.mode}"'
            raise ValueError(message)
        bits, (width, height), stride = image.tobytes(), image.size, (image.width + 7) // 8
        rows = [int.from_bytes(bits[at * stride : (at + 1) * stride]) >> stride * 8 - width for at in range(height)]
        left, top = self.px(x), self.px(y)
        self._fill(left, top, left + width, top + height, SOLID, ink=True)
        self.stamp(Bitmap(width, height, height, tuple(rows)), x, y, ink=False)

    def frame(self, name: str = "", *, red: bool = False) -> Frame:
        """The finished picture; the bits that pad a row are 0. ``red`` asks for the second plane, too."""
        full = self._full
        bits = self._packed([row ^ full for row in self.rows])
        return Frame(*self.pixels, bits, name, self._packed(self.red) if red and any(self.red) else b"")

    def _packed(self, rows: Sequence[int]) -> bytes:
        stride = (self.pixels[0] + 7) // 8
        pad = stride * 8 - self.pixels[0]
        return b"".join((row << pad).to_bytes(stride, "big") for row in rows)


@lru_cache(maxsize=64)
def _repeated(pattern: tuple[int, ...], width: int, dot: int) -> tuple[int, ...]:
    """The rows of a pattern, its dots so many pixels wide, repeated over whole rows."""
    count = (width + 8 * dot - 1) // (8 * dot)
    rows = []
    for byte in pattern:
        eight = 0
        for bit in range(7, -1, -1):
            eight = eight << dot | (((1 << dot) - 1) * (byte >> bit & 1))
        row = 0
        for _ in range(count):
            row = row << 8 * dot | eight
        rows.append(row >> (count * 8 * dot - width))
    return tuple(rows)
