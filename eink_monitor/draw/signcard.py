"""What a person needs to sign in, on the panel: a QR code to scan, and an address and a code to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eink_monitor.draw import fonts
from eink_monitor.draw.canvas import Canvas
from eink_monitor.model import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUIET = 4  # modules of white around a code (ISO/IEC 18004, 9.1)


def modules(text: str) -> Sequence[Sequence[bool]]:
    """The QR code of a text without its white margin, True is dark."""
    import segno  # noqa: PLC0415 - only when a person signs in

    return [[bool(module) for module in row] for row in segno.make_qr(text, error="l", boost_error=False).matrix]


def sign_in_card(label: str, url: str, address: str, code: str, size: tuple[int, int]) -> Frame:
    """A card for ``label``: the QR code of ``url`` as large as fits, beside it ``address`` and ``code`` in letters."""
    canvas = Canvas(*size)
    width, height = size
    cells = modules(url)
    scale = max(1, height // (len(cells) + _QUIET))
    side = len(cells) * scale
    canvas.matrix((height - side) // 2, (height - side) // 2, cells, scale)
    left = height + 2
    room = width - left - 4
    canvas.text(left, 20, label, fonts.TITLE, width=room)
    canvas.text(left, 38, "Sign in: scan this,", fonts.SMALL, width=room)
    canvas.text(left, 52, "or open" if address else "the terminal says more", fonts.SMALL, width=room)
    for number, line in enumerate(_broken(address.removeprefix("https://"), fonts.SMALL, room)[:2]):
        canvas.text(left, 68 + 14 * number, line, fonts.SMALL, width=room)
    if code:
        face = fonts.FIGURE_22 if fonts.face(fonts.FIGURE_22).width(code) <= room else fonts.TITLE
        canvas.text(left, 112, code, face, width=room)
    return canvas.frame("sign in")


def _broken(text: str, face: str, room: int) -> list[str]:
    """A long word in lines that fit."""
    lines = [""]
    for letter in text:
        if fonts.face(face).width(lines[-1] + letter) > room:
            lines.append("")
        lines[-1] += letter
    return lines
