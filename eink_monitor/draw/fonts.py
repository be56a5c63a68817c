"""Letters and icons, cut from the 1-bit atlases in ``fonts/`` when first asked for and kept.

A panel asks for a role (``SMALL``, ``FIGURE_28``), named by its face on the 2.13" glass; larger and smaller glass has a
face of its own for each, cut at its size, never stretched. ``text-*`` is everyday text, ``tiny-7`` is for axis labels,
``heavy-*`` for figures; the largest hold digits and units only.
"""

from __future__ import annotations

import base64
import json
import zlib
from functools import lru_cache
from pathlib import Path

from eink_monitor.draw.bitmap import Bitmap, box

TINY, SMALL, TEXT, TITLE = "tiny-7", "text-12", "text-14", "text-16"
FIGURE_18, FIGURE_22, FIGURE_28, FIGURE_64 = "heavy-18", "heavy-22", "heavy-28", "heavy-64"
ELLIPSIS = "…"

_SCALES = (0.85, 1.5, 3.0)
_FACES = {  # role: its faces at these scales
    TINY: ("tiny-7", "text-12", "text-20"),
    SMALL: ("text-10", "text-18", "text-28"),
    TEXT: ("text-12", "text-20", "text-32"),
    TITLE: ("text-14", "text-22", "heavy-38"),
    FIGURE_18: ("heavy-15", "heavy-27", "heavy-54"),
    FIGURE_22: ("heavy-19", "heavy-33", "heavy-66"),
    FIGURE_28: ("heavy-24", "heavy-42", "heavy-84"),
    FIGURE_64: ("heavy-54", "heavy-96", "heavy-192"),
}
_ROOM = 250, 122  # what a panel needs at least, in pixels at a scale of 1
_TOLERANCE = 0.01


def scale(width: int, height: int) -> float:
    """How large letters and lines are on glass of so many pixels: 1 on 250 by 122, at least 0.85."""
    most = min(width / _ROOM[0], height / _ROOM[1]) + _TOLERANCE
    return max((one for one in (1.0, *_SCALES) if one <= most), default=min(_SCALES))


def native(role: str, factor: float) -> str:
    """The face that is cut for a role at that scale."""
    return role if factor == 1 else _FACES[role][_SCALES.index(factor)]


def folder() -> Path:
    """Where the atlases are: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "fonts"
    return inside if inside.is_dir() else package.parent / "fonts"


class Face:
    """One atlas: glyphs by character, or icons by name."""

    def __init__(self, name: str) -> None:
        key = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
        self.height: int = key["height"]
        self.base: int = key["baseline"]
        pixels, stride = zlib.decompress(base64.b64decode(key["pixels"])), (key["width"] + 7) // 8
        self._sheet = [int.from_bytes(pixels[at : at + stride]) for at in range(0, len(pixels), stride)]
        self._places: dict[str, tuple[int, int, int]] = {}
        for row, line in enumerate(key["lines"]):
            right = 8 * stride
            for glyph, advance in line:
                right -= advance
                self._places[glyph] = (row * self.height, right, advance)
        self._cut: dict[str, Bitmap] = {}
        self._space = self._places.get("n", (0, 0, self.height))[2]

    def __contains__(self, glyph: str) -> bool:
        return glyph in self._places

    def glyph(self, glyph: str) -> Bitmap:
        """One character or icon; a visible empty box for one that the atlas lacks."""
        if glyph not in self._cut:
            self._cut[glyph] = self._find(glyph)
        return self._cut[glyph]

    def _find(self, glyph: str) -> Bitmap:
        if glyph not in self._places:
            return box(self._space, self.height, self.base)
        top, right, advance = self._places[glyph]
        mask = (1 << advance) - 1
        rows = tuple((row >> right) & mask for row in self._sheet[top : top + self.height])
        return Bitmap(advance, self.height, self.base, rows)

    def width(self, text: str) -> int:
        """How many pixels a text takes."""
        places, space = self._places, self._space
        return sum(places[c][2] if c in places else space for c in text)

    def count(self, text: str, width: int, start: int = 0) -> int:
        """How many letters of a text, from ``start`` on, fit ``width`` pixels; looks at those and one more."""
        places, space = self._places, self._space
        for at in range(start, len(text)):
            width -= places[text[at]][2] if text[at] in places else space
            if width < 0:
                return at - start
        return max(0, len(text) - start)

    def fit(self, text: str, width: int) -> str:
        """The text, or as much of its beginning as fits ``width`` pixels together with an ellipsis."""
        if self.count(text, width) == len(text):
            return text
        room = width - self.width(ELLIPSIS)
        return text[: self.count(text, room)].rstrip() + ELLIPSIS if room >= 0 else ""


@lru_cache(maxsize=32)
def face(name: str) -> Face:
    """The face of that name; read from disk once."""
    return Face(name)


def unwritable(name: str) -> str:
    """The letters of a name that a face in which names are written lacks, each once; empty if all can be written."""
    faces = [face(one) for one in (SMALL, TEXT, TITLE, FIGURE_18, FIGURE_22)]
    return "".join(dict.fromkeys(letter for letter in name if any(letter not in one for one in faces)))


@lru_cache(maxsize=128)  # what nine panels hold; 1.5 KiB each, and every age and figure would be kept for days
def line(name: str, text: str, hollow: int = 0) -> Bitmap:
    """A line of text in a face, as one bitmap; ``hollow`` draws only its outline, that many pixels wide."""
    glyphs = [face(name).glyph(c) for c in text]
    whole = Bitmap(0, face(name).height, face(name).base, (0,) * face(name).height)
    for glyph in glyphs:
        whole = whole.beside(glyph)
    return whole.hollow(hollow) if hollow else whole


def icon(name: str, size: int) -> Bitmap:
    """An icon at 16, 24 or 40 pixels; an empty box if there is none of that name."""
    return face(f"icons-{size}").glyph(name)
