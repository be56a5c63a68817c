"""A canvas that watches where text and icons go."""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.draw import fonts
from eink_monitor.draw.bitmap import Bitmap
from eink_monitor.draw.canvas import SOLID, Canvas

_OUTLINE = 2  # px; what is thicker is a figure's own ink


class Mark(NamedTuple):
    """The rectangle a text's or icon's ink takes, and its bits row by row, placed on the sheet."""

    top: int
    bottom: int
    left: int
    right: int
    rows: dict[int, int]
    ink: bool


class Listener(Canvas):
    """Hears what is drawn on the sheet: every text with its face, and whatever stands there in solid ink."""

    def __init__(self, width: int = 250, height: int = 122, scale: float = 1) -> None:
        super().__init__(width, height, scale)
        self.heard: list[tuple[str, str]] = []
        self.solid: list[tuple[object, ...]] = []

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
        self.heard.append((text, face))
        if ink and not hollow:
            self.solid.append((text, face))
        elif not ink:  # what lies below is the plate of a header, a strip or a tag
            self.solid = [thing for thing in self.solid if not _holds(thing, x - 1, line)]
        return super().text(x, line, text, face, align=align, width=width, ink=ink, hollow=hollow)

    def icon(self, x: int, y: int, name: str, size: int = 24, *, ink: bool = True, hollow: int = 0) -> None:
        if ink and not hollow:
            self.solid.append((name, size))
        super().icon(x, y, name, size, ink=ink, hollow=hollow)

    def fill(
        self, x: int, y: int, width: int, height: int, pattern: tuple[int, ...] = SOLID, *, ink: bool = True
    ) -> None:
        if ink and pattern == SOLID and min(width, height) > _OUTLINE:
            self.solid.append((x, y, width, height))
        super().fill(x, y, width, height, pattern, ink=ink)

    def arrow(
        self, x: int, line: int, length: int, *, thickness: int = 3, head: int = 6, left: bool = False, hollow: int = 0
    ) -> None:
        if not hollow:
            self.solid.append((x, line, left))
        super().arrow(x, line, length, thickness=thickness, head=head, left=left, hollow=hollow)


def _holds(thing: tuple[object, ...], x: int, y: int) -> bool:
    match thing:
        case (int(left), int(top), int(width), int(height)):
            return left <= x < left + width and top <= y < top + height
    return False


class WitnessCanvas(Listener):
    """Complains at once about text that leaves the sheet or falls on something other than plain paper or plain ink."""

    def __init__(self, width: int = 250, height: int = 122, scale: float = 1) -> None:
        super().__init__(width, height, scale)
        self.marks: list[Mark] = []

    @property
    def missing(self) -> set[str]:
        """Letters that their face does not have."""
        return {letter for text, face in self.heard for letter in text if letter not in self.measure(face).face}

    def place(self, bitmap: Bitmap, x: int, y: int, *, ink: bool = True) -> None:
        width, height = self.pixels
        shift = width - x - bitmap.width
        placed = {y + n: row << shift if shift >= 0 else row >> -shift for n, row in enumerate(bitmap.rows) if row}
        if placed:
            every = 0
            for row in bitmap.rows:
                every |= row
            left = x + bitmap.width - every.bit_length()
            right = x + bitmap.width - ((every & -every).bit_length() - 1)
            mark = Mark(min(placed), max(placed) + 1, left, right, placed, ink)
            assert 0 <= mark.left < mark.right <= width, f"{mark[:4]} leaves the sheet sideways"
            assert 0 <= mark.top < mark.bottom <= height, f"{mark[:4]} leaves the sheet"
            cell = ((1 << (mark.right - mark.left)) - 1) << (width - mark.right)
            for at in range(mark.top, mark.bottom):
                wanted = 0 if ink else cell
                assert self.rows[at] & cell == wanted, f"{mark[:4]} collides with something in row {at}"
            self.marks.append(mark)
        super().place(bitmap, x, y, ink=ink)

    def assert_intact(self) -> None:
        """Nothing that was drawn later lies on a text; a reversed area may have swapped ink and paper."""
        for mark in self.marks:
            shown = [(self.rows[at] & bits, bits) for at, bits in mark.rows.items()]
            all_ink = all(now == bits for now, bits in shown)
            no_ink = all(now == 0 for now, _ in shown)
            assert all_ink or no_ink, f"{mark[:4]} was drawn over"
