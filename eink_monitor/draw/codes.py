"""QR codes as pieces of picture."""

from __future__ import annotations

from functools import lru_cache

from eink_monitor import forked
from eink_monitor.draw.bitmap import Bitmap
from eink_monitor.errors import Trouble

_MOST = 2_953  # bytes; what the largest code holds (ISO/IEC 18004, version 40, level L)


def scaled(text: str, room: int) -> Bitmap | None:
    """The code of a text as large as fits into ``room`` pixels with two modules of white on every side, or None."""
    one = code(text)
    return code(text, scale) if one and (scale := room // (one.width + 4)) else None


def code(text: str, scale: int = 1) -> Bitmap | None:
    """The code of a text, ``scale`` pixels a module, without its white margin; None for a text that no code holds.

    A phone wants four modules of white around it (ISO/IEC 18004, 9.1); most make do with two. On a machine that is
    short of processes or files there is none either; the words beside it remain.
    """
    if not 0 < len(text) <= _MOST or len(text.encode(errors="replace")) > _MOST:
        return None
    try:
        return _drawn(text, scale)
    except Trouble:
        return None


@lru_cache(maxsize=8)
def _drawn(text: str, scale: int) -> Bitmap:
    dot = (1 << scale) - 1
    rows = []
    for modules in _modules(text):
        row = 0
        for module in modules:
            row = row << scale | (dot if module else 0)
        rows += [row] * scale
    return Bitmap(len(rows), len(rows), len(rows), tuple(rows))


@lru_cache(maxsize=4)
def _modules(text: str) -> tuple[bytes, ...]:
    """The rows of a code, a byte a module; worked out in a child, which takes the library's 10 MiB with it."""

    def work_out() -> list[bytes]:  # pragma: no cover - in the child
        import segno  # noqa: PLC0415 - only when a person must sign in

        matrix = segno.make_qr(text, error="l", boost_error=False).matrix  # ValueError: more than 2,953 bytes
        return [bytes(module & 1 for module in row) for row in matrix]

    return tuple(forked.ask(work_out))
