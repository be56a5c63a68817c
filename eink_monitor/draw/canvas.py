"""The sheet a panel draws on: 1 bit a pixel, ink or paper, no grey.

Coordinates are pixels from the top left. Text stands on a ``line`` (its baseline, the first row below the letters'
feet). Whatever would leave the sheet is cut off at the edge, never an error.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from eink_monitor.draw import fonts
from eink_monitor.draw.bitmap import Bitmap
from eink_monitor.model.frame import Frame

if TYPE_CHECKING:
    from PIL import Image

# A fill is its first rows, repeated downwards; each row is a pattern of eight pixels, repeated to the right.
SOLID = (0xFF,)
DOTS = (0x88, 0x00, 0x22, 0x00)
GREY = (0xAA, 0x55)
STRIPES = (0x1F, 0x3E, 0x7C, 0xF8, 0xF1, 0xE3, 0xC7, 0x8F)
_LONG = 60  # letters; a text of more is cut to what the sheet is wide before it is drawn


class Canvas:
    """A blank sheet; ``rows`` holds one whole number a row, most significant bit leftmost, 1 is ink."""

    def __init__(self, width: int = 250, height: int = 122) -> None:
        self.width = width
        self.height = height
        self.rows = [0] * height
        self._full = (1 << width) - 1

    def stamp(self, bitmap: Bitmap, x: int, y: int, *, ink: bool = True) -> None:
        """Put a bitmap with its top left corner at (x, y): its bits become ink, or paper."""
        shift, full, rows = self.width - x - bitmap.width, self._full, self.rows
        for at, row in enumerate(bitmap.rows, y):
            if row and 0 <= at < self.height:
                bits = (row << shift if shift >= 0 else row >> -shift) & full
                rows[at] = rows[at] | bits if ink else rows[at] & ~bits

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
        """Write on a line; ``x`` is the text's left, right or centre as ``align`` says. Returns its width in pixels.

        With ``width`` a longer text ends in an ellipsis. ``hollow`` draws outlines of that thickness.
        """
        if width is not None:
            text = fonts.face(face).fit(text, width)
        elif len(text) > _LONG:  # whatever it is, it ends beyond the edge
            text = text[: fonts.face(face).count(text, self.width) + 1]
        bitmap = fonts.line(face, text, hollow)
        if align == "right":
            x -= bitmap.width
        elif align == "centre":
            x -= bitmap.width // 2
        self.stamp(bitmap, x, line - bitmap.base, ink=ink)
        return bitmap.width

    def icon(self, x: int, y: int, name: str, size: int = 24, *, ink: bool = True, hollow: int = 0) -> None:
        """An icon with its top left corner at (x, y); ``hollow`` draws outlines of that thickness."""
        drawn = fonts.icon(name, size)
        self.stamp(drawn.hollow(hollow) if hollow else drawn, x, y, ink=ink)

    def called(self, x: int, y: int, name: str, size: int = 24) -> None:
        """What a drawing of lines and boxes at (x, y) stands for. Nothing is drawn: it is for who reads aloud."""

    def fill(
        self, x: int, y: int, width: int, height: int, pattern: tuple[int, ...] = SOLID, *, ink: bool = True
    ) -> None:
        """Fill a rectangle with a pattern, which is anchored to the sheet, so that neighbours join."""
        left, right = max(0, x), min(self.width, x + width)
        if right <= left:
            return
        span = ((1 << (right - left)) - 1) << (self.width - right)
        for at in range(max(0, y), min(self.height, y + height)):
            bits = span & self.dots(pattern, at)
            self.rows[at] = self.rows[at] | bits if ink else self.rows[at] & ~bits

    def dots(self, pattern: tuple[int, ...], row: int) -> int:
        """One whole row of a pattern."""
        return _repeated(pattern[row % len(pattern)], self.width)

    def invert(self, x: int, y: int, width: int, height: int) -> None:
        """Swap ink and paper in a rectangle."""
        left, right = max(0, x), min(self.width, x + width)
        if right <= left:
            return
        span = ((1 << (right - left)) - 1) << (self.width - right)
        for at in range(max(0, y), min(self.height, y + height)):
            self.rows[at] ^= span

    def rule(self, y: int, left: int = 0, right: int | None = None) -> None:
        """A horizontal line one pixel thick from ``left`` up to ``right`` (the sheet's edge unless given)."""
        self.fill(left, y, (self.width if right is None else right) - left, 1)

    def box(self, x: int, y: int, width: int, height: int, thickness: int = 1) -> None:
        """The outline of a rectangle, drawn inwards."""
        self.fill(x, y, width, thickness)
        self.fill(x, y + height - thickness, width, thickness)
        self.fill(x, y, thickness, height)
        self.fill(x + width - thickness, y, thickness, height)

    def bar(self, x: int, y: int, width: int, height: int, share: float, *, pattern: tuple[int, ...] = SOLID) -> None:
        """A framed bar filled to a share between 0 and 1; the least bit of something shows as one column."""
        self.box(x, y, width, height)
        room = width - 4
        filled = min(room, max(0, round(room * share)))
        if share > 0:
            filled = max(1, filled)
        self.fill(x + 2, y + 2, filled, height - 4, pattern)

    def arrow(
        self, x: int, line: int, length: int, *, thickness: int = 3, head: int = 6, left: bool = False, hollow: int = 0
    ) -> None:
        """A horizontal arrow whose shaft is centred on row ``line``; ``head`` is half the height of its point."""
        shaft, rows = (1 << (length - head)) - 1, []
        for off in range(-head, head + 1):
            point = (1 << (head + 1 - abs(off))) - 1  # pointing left, at the left end; else mirrored
            row = point << (length - head - 1) if left else point << abs(off)
            rows.append(row | (0 if abs(off) > thickness // 2 else shaft if left else shaft << head))
        drawn = Bitmap(length, len(rows), len(rows), tuple(rows))
        self.stamp(drawn.hollow(hollow) if hollow else drawn, x, line - head)

    def image(self) -> Image.Image:
        """What is drawn so far as pillow has it: mode "1", 0 is ink. Draw on it, then hand it to ``picture``."""
        from PIL import Image  # noqa: PLC0415 - 25 ms and 6 MiB that our own panels do without

        return Image.frombytes("1", (self.width, self.height), self.frame().bits)

    def picture(self, image: Image.Image, x: int = 0, y: int = 0) -> None:
        """Put a picture of pillow's with its top left corner at (x, y). ``ValueError`` unless its mode is "1"."""
        if image.mode != "1":
            message = f'a picture must have mode "1" (black and white), not "{image.mode}"'
            raise ValueError(message)
        bits, (width, height), stride = image.tobytes(), image.size, (image.width + 7) // 8
        rows = [int.from_bytes(bits[at * stride : (at + 1) * stride]) >> stride * 8 - width for at in range(height)]
        self.fill(x, y, width, height)
        self.stamp(Bitmap(width, height, height, tuple(rows)), x, y, ink=False)

    def frame(self, name: str = "") -> Frame:
        """The finished picture; 1 is white, the bits that pad a row are 0."""
        stride = (self.width + 7) // 8
        pad, full = stride * 8 - self.width, self._full
        bits = b"".join(((row ^ full) << pad).to_bytes(stride, "big") for row in self.rows)
        return Frame(self.width, self.height, bits, name)


@lru_cache(maxsize=64)
def _repeated(byte: int, width: int) -> int:
    """Eight pixels of a pattern, repeated over a whole row."""
    count = (width + 7) // 8
    return int.from_bytes(bytes([byte]) * count, "big") >> (count * 8 - width)
