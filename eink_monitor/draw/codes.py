"""QR codes as pieces of picture."""

from __future__ import annotations

from functools import lru_cache

from eink_monitor.draw.bitmap import Bitmap


def scaled(text: str, room: int) -> Bitmap | None:
    """The code of a text as large as fits into ``room`` pixels with two modules of white on every side, or None."""
    one = code(text)
    return code(text, scale) if one and (scale := room // (one.width + 4)) else None


@lru_cache(maxsize=8)
def code(text: str, scale: int = 1) -> Bitmap | None:
    """The code of a text, ``scale`` pixels a module, without its white margin; None for a text that no code holds.

    A phone wants four modules of white around it (ISO/IEC 18004, 9.1); most make do with two.
    """
    import segno  # noqa: PLC0415 - only when a person must sign in

    if not text:
        return None
    try:
        matrix = segno.make_qr(text, error="l", boost_error=False).matrix
    except ValueError:  # more than 2,953 bytes
        return None
    dot = (1 << scale) - 1
    rows = []
    for modules in matrix:
        row = 0
        for module in modules:
            row = row << scale | (dot if module else 0)
        rows += [row] * scale
    return Bitmap(len(rows), len(rows), len(rows), tuple(rows))
