"""How much room a text takes, in the units that a canvas is drawn in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from eink_monitor.draw import fonts


@dataclass(frozen=True, slots=True)
class Measure:
    """A face on glass of some scale: pixels within, units of the canvas (a pixel at a scale of 1) without."""

    face: fonts.Face
    scale: float = 1.0

    def width(self, text: str) -> int:
        """How many units a text takes, rounded up."""
        return math.ceil(self.face.width(text) / self.scale)

    def rise(self, text: str) -> int:
        """How many units the ink of a text reaches above its line, rounded up."""
        glyphs = [self.face.glyph(letter) for letter in text]
        above = (one.base - row for one in glyphs for row, ink in enumerate(one.rows[: one.base]) if ink)
        return math.ceil(max(above, default=0) / self.scale)

    def fall(self, text: str) -> int:
        """How many units the ink of a text reaches below its line, rounded up."""
        glyphs = [self.face.glyph(letter) for letter in text]
        below = (row + 1 for one in glyphs for row, ink in enumerate(one.rows[one.base :]) if ink)
        return math.ceil(max(below, default=0) / self.scale)

    def count(self, text: str, width: int, start: int = 0) -> int:
        """How many letters of a text, from ``start`` on, fit ``width`` units; looks at those and one more."""
        return self.face.count(text, int(width * self.scale), start)

    def fit(self, text: str, width: int) -> str:
        """The text, or as much of its beginning as fits ``width`` units together with an ellipsis."""
        return self.face.fit(text, int(width * self.scale))
