"""A frame in a terminal of any width.

250 columns show it in half blocks, pixel by pixel. 125 columns show it in Braille letters, of which each holds two by
four pixels. Where there are fewer the picture is made smaller, until it fits.
"""

from __future__ import annotations

from eink_monitor.draw.pictures import half_blocks
from eink_monitor.model.frame import Frame

_NARROWEST = 20
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # bit of each dot: four rows of two, U+2800 onwards


def can_show(encoding: str | None) -> bool:
    """Whether a terminal of that encoding (None: a text in memory) has the letters of a preview."""
    try:
        "█▀▄⣿".encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def preview(frame: Frame, columns: int) -> str:
    """The frame as lines of at most ``columns`` letters (but never fewer than 20)."""
    if columns >= frame.width:
        return half_blocks(frame)
    wide = min(frame.width, 2 * max(columns, _NARROWEST))
    return "\n".join(_letters(_shrunk(frame, wide)))


def _letters(dots: list[list[bool]]) -> list[str]:
    lines = []
    for top in range(0, len(dots), 4):
        cells = [0] * ((len(dots[0]) + 1) // 2)
        for bits, row in zip(_BRAILLE, dots[top : top + 4], strict=False):
            for x, ink in enumerate(row):
                cells[x // 2] |= bits[x % 2] if ink else 0
        lines.append("".join(chr(0x2800 + cell) for cell in cells))
    return lines


def _shrunk(frame: Frame, wide: int) -> list[list[bool]]:
    """The ink in ``wide`` columns of dots: a dot where at least a third of the pixels it stands for are ink."""
    high = max(1, round(frame.height * wide / frame.width))
    columns = [range(x * frame.width // wide, max((x + 1) * frame.width // wide, 1)) for x in range(wide)]
    lines = [range(y * frame.height // high, max((y + 1) * frame.height // high, 1)) for y in range(high)]
    ink = _ink(frame)
    return [[3 * sum(ink[y][x] for y in ys for x in xs) >= len(xs) * len(ys) for xs in columns] for ys in lines]


def _ink(frame: Frame) -> list[list[bool]]:
    stride = (frame.width + 7) // 8
    return [
        [not frame.bits[y * stride + x // 8] >> (7 - x % 8) & 1 for x in range(frame.width)]
        for y in range(frame.height)
    ]
