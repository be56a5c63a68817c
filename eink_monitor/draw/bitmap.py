"""A piece of picture: rows of bits as whole numbers, so that one operation draws a whole row.

Python's integers are the fastest 1-bit image library at this size: stamping a line of text is sixteen shifts and ors.
"""

from __future__ import annotations

from typing import NamedTuple


class Bitmap(NamedTuple):
    """``height`` rows of ``width`` bits, the most significant bit leftmost, 1 is ink; ``base`` rows lie above the line.

    For an icon ``base`` is its height.
    """

    width: int
    height: int
    base: int
    rows: tuple[int, ...]

    def beside(self, other: Bitmap) -> Bitmap:
        """This bitmap with another of the same height at its right."""
        shift = other.width
        rows = tuple((left << shift) | right for left, right in zip(self.rows, other.rows, strict=True))
        return Bitmap(self.width + shift, self.height, self.base, rows)

    def hollow(self, thickness: int) -> Bitmap:
        """Only the outline, ``thickness`` pixels wide inside the shape."""
        inner = list(self.rows)
        for _ in range(thickness):
            above, below = [0, *inner[:-1]], [*inner[1:], 0]
            inner = [
                row & (row << 1) & (row >> 1) & up & down for row, up, down in zip(inner, above, below, strict=True)
            ]
        return self._replace(rows=tuple(row & ~core for row, core in zip(self.rows, inner, strict=True)))


def box(width: int, height: int, base: int) -> Bitmap:
    """An empty frame of that size, two thirds of a cell: how a character without a glyph is shown."""
    bar, sides = (1 << (width - 1)) - 2, (1 << (width - 2)) | 2
    top = max(0, base - base * 3 // 4)
    rows = [0] * height
    rows[top:base] = [sides] * (base - top)
    rows[top] = rows[base - 1] = bar
    return Bitmap(width, height, base, tuple(rows))
