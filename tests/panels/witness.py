"""A canvas that watches where text and icons go."""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.draw import fonts
from eink_monitor.draw.bitmap import Bitmap
from eink_monitor.draw.canvas import Canvas


class Mark(NamedTuple):
    """The rectangle a text's or icon's ink takes, and its bits row by row, placed on the sheet."""

    top: int
    bottom: int
    left: int
    right: int
    rows: dict[int, int]
    ink: bool


class Listener(Canvas):
    """Hears what is written on the sheet: every text, and the face it was written in."""

    def __init__(self, width: int = 250, height: int = 122) -> None:
        super().__init__(width, height)
        self.heard: list[tuple[str, str]] = []

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
        return super().text(x, line, text, face, align=align, width=width, ink=ink, hollow=hollow)


class WitnessCanvas(Listener):
    """Complains at once about text that leaves the sheet or falls on something other than plain paper or plain ink."""

    def __init__(self, width: int = 250, height: int = 122) -> None:
        super().__init__(width, height)
        self.marks: list[Mark] = []

    @property
    def missing(self) -> set[str]:
        """Letters that their face does not have."""
        return {letter for text, face in self.heard for letter in text if letter not in fonts.face(face)}

    def stamp(self, bitmap: Bitmap, x: int, y: int, *, ink: bool = True) -> None:
        shift = self.width - x - bitmap.width
        placed = {y + n: row << shift if shift >= 0 else row >> -shift for n, row in enumerate(bitmap.rows) if row}
        if placed:
            every = 0
            for row in bitmap.rows:
                every |= row
            left = x + bitmap.width - every.bit_length()
            right = x + bitmap.width - ((every & -every).bit_length() - 1)
            mark = Mark(min(placed), max(placed) + 1, left, right, placed, ink)
            assert 0 <= mark.left < mark.right <= self.width, f"{mark[:4]} leaves the sheet sideways"
            assert 0 <= mark.top < mark.bottom <= self.height, f"{mark[:4]} leaves the sheet"
            cell = ((1 << (mark.right - mark.left)) - 1) << (self.width - mark.right)
            for at in range(mark.top, mark.bottom):
                wanted = 0 if ink else cell
                assert self.rows[at] & cell == wanted, f"{mark[:4]} collides with something in row {at}"
            self.marks.append(mark)
        super().stamp(bitmap, x, y, ink=ink)

    def assert_intact(self) -> None:
        """Nothing that was drawn later lies on a text; a reversed area may have swapped ink and paper."""
        for mark in self.marks:
            shown = [(self.rows[at] & bits, bits) for at, bits in mark.rows.items()]
            all_ink = all(now == bits for now, bits in shown)
            no_ink = all(now == 0 for now, _ in shown)
            assert all_ink or no_ink, f"{mark[:4]} was drawn over"
